import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.errors import Unrestorable
from maskproxy.masking import PlaceholderKey, Restorer, Vault

KEY = PlaceholderKey(b"restorer" * 4)
MINE = KEY.scoped("me")
SECRETS = [b"first secret", "zweites Gehöimnis\n\"'".encode(), b"MASKED_ is not one"]
NAMES = [MINE.make(f"rule-{n}", secret) for n, secret in enumerate(SECRETS)]
NEW = MINE.make("new", b"made up")
UNKNOWN = KEY.scoped("another").make("rule-0", SECRETS[0])
FORGED = NAMES[0][:-1] + (b"a" if NAMES[0][-1:] != b"a" else b"b")


def vault() -> Vault:
    made = Vault()
    for number, (name, secret) in enumerate(zip(NAMES, SECRETS, strict=True)):
        made.keep(f"rule-{number}", name, secret)
    return made


def restorer() -> Restorer:
    return Restorer(vault(), MINE, lambda name: name == NEW)


def restore(pieces: list[bytes]) -> bytes:
    stream = restorer()
    return b"".join([*map(stream.feed, pieces), stream.finish()])


PARTS = st.lists(
    st.sampled_from(
        [*NAMES, NEW, FORGED, b"MASKED_", b"MASKED", b"M", b"A", b"_", b"text ", "é".encode(), NAMES[0][:30]]
    )
)


@given(PARTS, st.data())
def test_no_cut_is_seen_and_nothing_else_changes(parts: list[bytes], data: st.DataObject) -> None:
    text = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    expected = text
    for name, secret in zip(NAMES, SECRETS, strict=True):
        # By hand, and at once: no secret here holds a whole placeholder.
        expected = expected.replace(name, secret)
    assert restore(pieces) == expected


@pytest.mark.parametrize("cut", range(len(NAMES[0]) + 1))
def test_at_every_byte_of_a_placeholder(cut: int) -> None:
    assert restore([b"<" + NAMES[0][:cut], NAMES[0][cut:] + b">"]) == b"<" + SECRETS[0] + b">"


@pytest.mark.parametrize("cut", [0, 10, len(UNKNOWN)])
def test_one_of_somebody_else_is_told_and_not_let_out(cut: int) -> None:
    stream = restorer()
    given_out = stream.feed(b"x" + UNKNOWN[:cut]) if cut < len(UNKNOWN) else b""
    assert given_out in (b"x", b"")
    with pytest.raises(Unrestorable) as raised:
        stream.feed(UNKNOWN[cut:] if cut < len(UNKNOWN) else UNKNOWN)
    assert UNKNOWN.decode() not in str(raised.value)


def test_only_what_may_become_a_placeholder_waits() -> None:
    stream = restorer()
    assert stream.feed(b"Many words, MASKED tape") == b"Many words, MASKED tape"
    assert stream.feed(b"MASKED_A_") == b""
    assert stream.feed(b"b ") == b"MASKED_A_b "
    assert stream.feed(NAMES[0]) == SECRETS[0]
