import pytest

from tests.clients.prefix import differences

BILLED = b'{"type":"text","text":"x-anthropic-billing-header: cc_version=2; cch=%s;"},'
FIRST = (
    b'{"model":"m","messages":[{"role":"user","content":"a \\"b\\""},'
    b'{"role":"user","content":[{"type":"text","text":"q \\"]","cache_control":{"type":"ephemeral"}}]}],'
    b'"system":[' + BILLED % b"1" + b'{"type":"text","text":"s"}],"tools":[{"name":"T"}],"stream":true}'
)
SECOND = (
    b'{"model":"m","messages":[{"role":"user","content":"a \\"b\\""},{"role":"user","content":"q \\"]"},'
    b'{"role":"assistant","content":[{"type":"text","text":"r"}]},'
    b'{"role":"user","content":[{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}]}],'
    b'"system":[' + BILLED % b"2" + b'{"type":"text","text":"s"}],"tools":[{"name":"T"}],"stream":true}'
)


def test_what_the_client_itself_changes_is_no_difference() -> None:
    assert differences(FIRST, SECOND) == []


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        (b'"m"', b'"n"', "model"),
        (b'"text":"s"', b'"text": "s"', "system"),
        (b'{"name":"T"}', b'{"name":"U"}', "tools"),
        (b"a \\", b"A \\", "messages"),
        (b'"a \\"b\\""', b'"a \\u0022b\\""', "messages"),
        (b'"q \\"]"', b'"q \\"] "', "messages"),
        (b'{"role":"user","content":"q \\"]"},', b"", "messages"),
    ],
)
def test_any_other_byte_is_one(old: bytes, new: bytes, part: str) -> None:
    assert old in SECOND
    assert differences(FIRST, SECOND.replace(old, new, 1)) == [part]
