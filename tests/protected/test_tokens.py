"""What tokens leave out, and what they keep."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.protected.tokens import tokens

CODE = """def price(base, rate):
    total = base * (1 + rate)  # with tax
    return round(total, 2)
"""


def words(text: str) -> list[bytes]:
    return tokens(text.encode()).words


@pytest.mark.parametrize(
    "same",
    [
        CODE.replace("    ", "\t\t"),
        CODE.replace("  # with tax", ""),
        CODE.replace("with tax", "gross"),
        CODE.replace("\n", "\r\n"),
        "".join(f"{n:6}\t{line}\n" for n, line in enumerate(CODE.splitlines(), 1)),
        "".join(f"{n:>5}→{line}\n" for n, line in enumerate(CODE.splitlines(), 98)),
        "".join(f"+{line}\n" for line in CODE.splitlines()),
        "".join(f"> {line}\n" for line in CODE.splitlines()),
        CODE.replace("):\n", '):\n    """Gross,\n    as # people /* pay."""\n'),
        CODE.replace("    return", "    # the end\n\n    return"),
    ],
)
def test_what_people_and_tools_change_does_not_count(same: str) -> None:
    assert words(same) == words(CODE)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a /* b\nc */ d // e\nf", ["a", "d", "f"]),
        ("-- b\na -- c\n", ["a", "-", "-", "c"]),
        ('x = "it\'s", y;', ["x", "=", "it", "s", "y"]),
        ("glob src/*.py x", ["glob", "src", "/", "*", ".", "py", "x"]),
        ("/* never closed", ["/", "*", "never", "closed"]),
        ("größe = 1", ["größe", "=", "1"]),
        ("12: x\n", ["x"]),
        ("{12: x}\n", ["{", "12", ":", "x", "}"]),
    ],
)
def test_what_is_left(text: str, left: list[str]) -> None:
    assert words(text) == [word.encode() for word in left]


def test_lines_are_those_of_the_text() -> None:
    found = tokens(b'a\n/* x\ny */ b\n\n"""doc\nmore"""\nc # d\n     7\te')
    assert found == ([b"a", b"b", b"c", b"e"], [1, 3, 7, 8])


@given(st.text(alphabet="ab/*\"'#-\n\t 1:|>+é"))
def test_any_text_is_read_and_lines_do_not_go_back(text: str) -> None:
    found = tokens(text.encode())
    assert found.lines == sorted(found.lines)
    assert all(1 <= line <= text.count("\n") + 1 for line in found.lines)
    assert len(found.words) == len(found.lines)


def test_comments_that_nobody_closes_cost_no_more_than_their_length() -> None:
    assert len(tokens(b"/* x " * 20_000).words) == 60_000
