import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.config.document import LIMIT_BYTES, join, parse

ENVIRON = {"HOME_PORT": "8080", "NAME": "claude"}


def test_values_keep_their_types() -> None:
    value, faults = parse(b"a: 1\nb: [true, null, 1.5]\nc: {d: text}\n", {})
    assert faults == []
    assert value == {"a": 1, "b": [True, None, 1.5], "c": {"d": "text"}}


def test_the_environment_fills_text() -> None:
    value, faults = parse(b'a: "127.0.0.1:${HOME_PORT}"\nb: ["x-${NAME}"]\nc: "$${NAME} $NAME"\n', ENVIRON)
    assert faults == []
    assert value == {"a": "127.0.0.1:8080", "b": ["x-claude"], "c": "${NAME} $NAME"}


def test_what_the_environment_holds_is_not_filled_again() -> None:
    value, faults = parse(b'a: "${A}"', {"A": "${B}", "B": "b"})
    assert (value, faults) == ({"a": "${B}"}, [])


def test_unset_and_misspelt_variables_are_faults() -> None:
    _, faults = parse(b'a: {b: ["${UNSET}"]}\nc: "${no name}"', {})
    assert faults == [
        ("a.b[0]", "The environment variable UNSET is not set."),
        ("c", "Write ${NAME} with the name of an environment variable, or $${ for ${."),
    ]


def test_a_duplicate_key_is_a_fault_with_its_line() -> None:
    _, faults = parse(b"a:\n  b: 1\n  b: 2\n", {})
    assert faults == [("a.b", "The key is given twice; the second time in line 3.")]


def test_aliases_work_and_merge_keys_do_not() -> None:
    value, faults = parse(b"a: &x {k: 1}\nb: *x\n", {})
    assert (value, faults) == ({"a": {"k": 1}, "b": {"k": 1}}, [])
    _, faults = parse(b"a: &x {k: 1}\nb: {<<: *x}\n1: one\n", {})
    assert [path for path, _ in faults] == ["b", ""]


BOMB = (
    b"a: &a ["
    + b"x," * 20
    + b"]\n"
    + b"".join(b"%c: &%c [" % (97 + i, 97 + i) + b"*%c," % (96 + i) * 20 + b"]\n" for i in range(1, 12))
)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (BOMB, "too many values"),
        (b"a: " + b"[" * 5000, "nests too deeply"),
        (b"a: &x [*x]", "nests too deeply"),
        (b"a: " + b"x" * LIMIT_BYTES, "over 1 MiB"),
        (b"\xff\xfe\x00a", "not UTF-8"),
        (b"a: \x01", "character that is not allowed"),
        (b"- a\n", "no mapping"),
        (b"", "no mapping"),
        (b"a: [1\nb: 2", "not valid YAML"),
        (b"a: 1\n---\nb: 2\n", "not valid YAML"),
        (b"a: *nowhere", "not valid YAML"),
    ],
)
def test_what_is_refused_whole(text: bytes, sentence: str) -> None:
    value, faults = parse(text, {})
    assert value == {}
    assert len(faults) == 1
    assert sentence in faults[0][1]


@pytest.mark.parametrize("tag", [b"!!python/object/apply:os.system ['true']", b"!!python/name:os.system", b"!own x"])
def test_no_tag_makes_an_object(tag: bytes) -> None:
    assert parse(b"a: 1\nb: " + tag, {}) == ({"a": 1, "b": None}, [("b", "The value cannot be read.")])


def test_a_number_too_long_to_read_is_a_fault() -> None:
    assert parse(b"a: " + b"9" * 5000, {})[1] == [("a", "The value cannot be read.")]


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_give_a_mapping_or_faults(text: bytes) -> None:
    value, faults = parse(text, {})
    assert value or faults or b"{" in text


def test_paths() -> None:
    assert join(join(join("", "routes"), 0), "name") == "routes[0].name"
