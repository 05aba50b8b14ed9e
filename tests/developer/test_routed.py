import pytest

from maskproxy.developer.gateway import Answered, shown
from maskproxy.developer.routed import read
from maskproxy.errors import Denied, MaskproxyError, NotFound, TooMany, Unauthenticated, Unavailable

GOOD = {"hosts": ["API.example.com", "10.0.0.1"], "base_url": True, "ca": None}


def test_hosts_are_as_connect_names_them() -> None:
    hosts = read({**GOOD, "more": 1})
    assert hosts.hosts == {"api.example.com", "10.0.0.1"}
    assert hosts.takes("api.example.com")
    assert not hosts.takes("example.com")


@pytest.mark.parametrize(
    "changes",
    [{"hosts": None}, {"hosts": []}, {"hosts": ["a", "*.b"]}, {"hosts": ["a", 7]}, {"base_url": 1}, {"ca": 7}],
)
def test_what_is_not_understood_whole_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(Unavailable, match="cannot be read"):
        read(GOOD | changes)


@pytest.mark.parametrize(
    ("status", "error"), [(401, Unauthenticated), (403, Denied), (404, NotFound), (429, TooMany), (302, Unavailable)]
)
def test_refusals_come_in_the_gateways_words(status: int, error: type[MaskproxyError]) -> None:
    with pytest.raises(error, match="Not so"):
        Answered(status, "", b'{"error": {"message": "Not so."}}').told()
    with pytest.raises(error, match="Not that"):
        Answered(status, "", b'{"error": "x", "error_description": "Not that."}').told()
    with pytest.raises(error, match="The gateway refused"):
        Answered(status, "", b'{"error": {"message": 7}}').told()


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"\xff", b"[" * 100_000])
def test_what_is_no_gateway_is_told(body: bytes) -> None:
    with pytest.raises(Unavailable, match="no gateway"):
        Answered(200, "", body).told()


def test_nothing_from_elsewhere_moves_the_terminal() -> None:
    assert shown("a\x1b[2J\u202eb\n") == "a\\x1b[2J\\u202eb\\n"
    assert len(shown("x" * 9000)) == 1000
