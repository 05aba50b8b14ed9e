import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.developer.heads import Head, absolute_target, connect_target, knows, read_answer, read_request
from maskproxy.errors import BadRequest
from maskproxy.origins import Address


def head(*fields: tuple[str, str], target: str = "http://a/") -> Head:
    return Head(("GET", target, "HTTP/1.1"), fields)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GET /\r\n\r\n",
        b"GET  / HTTP/1.1\r\n\r\n",
        b"get / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/2.0\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        b"GET / HTTP/1.1\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: a\nb: c\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: a\rb\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: a\x00\r\n\r\n",
        b"GET / HTTP/1.1\r\n: a\r\n\r\n",
    ],
)
def test_what_two_readers_could_take_differently_is_refused(data: bytes) -> None:
    with pytest.raises(BadRequest):
        read_request(data)


@given(st.binary(max_size=200))
def test_anything_is_read_or_refused_and_what_is_read_is_passed_as_one_head(data: bytes) -> None:
    for read in (read_request, read_answer):
        try:
            one = read(data)
        except BadRequest:
            continue
        passed = one.passed(one.start)
        assert passed.count(b"\r\n\r\n") == 1
        again = read(passed)
        assert again.start == one.start
        assert ("Connection", "close") in again.fields


@pytest.mark.parametrize(
    ("fields", "length"),
    [
        ([], 0),
        ([("Content-Length", "12")], 12),
        ([("content-length", "12"), ("Content-Length", "12")], 12),
        ([("Transfer-Encoding", "Chunked")], None),
    ],
)
def test_a_body_ends_where_it_is_said(fields: list[tuple[str, str]], length: int | None) -> None:
    assert head(*fields).body == length


@pytest.mark.parametrize(
    "fields",
    [
        [("Content-Length", "1"), ("Content-Length", "2")],
        [("Content-Length", "+1")],
        [("Content-Length", "1, 1")],
        [("Transfer-Encoding", "gzip, chunked")],
        [("Transfer-Encoding", "chunked"), ("Content-Length", "1")],
        [("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")],
    ],
)
def test_an_end_that_can_be_read_in_two_ways_is_refused(fields: list[tuple[str, str]]) -> None:
    with pytest.raises(BadRequest):
        head(*fields).body  # noqa: B018 - a property that raises


def test_hop_by_hop_fields_stay_here() -> None:
    one = head(
        ("Connection", "a, B"), ("A", "1"), ("b", "2"), ("Upgrade", "x"), ("Proxy-Authorization", "s"), ("C", "3")
    )
    assert one.passed(one.start) == b"GET http://a/ HTTP/1.1\r\nC: 3\r\nConnection: close\r\n\r\n"


def test_targets() -> None:
    assert connect_target(head(target="[::1]:8443")) == Address("::1", 8443)
    assert absolute_target(head(target="http://A.example:81")) == (Address("a.example", 81), "/", "A.example:81")
    for target in ("a", "a:0", "http://a", ":1", "a.:443", "*.a:443"):
        with pytest.raises(BadRequest):
            connect_target(head(target=target))
    for target in ("/", "https://a/", "http://u@a/", "http://a:x/", "http:///", "ftp://a/", "http://[/"):
        with pytest.raises(BadRequest):
            absolute_target(head(target=target))


@given(st.text("ab:=", max_size=12), st.text("ab:=", max_size=12))
def test_only_the_secret_opens(shown: str, secret: str) -> None:
    value = "bAsIc " + base64.b64encode(f"maskproxy:{shown}".encode()).decode()
    assert knows(head(("Proxy-Authorization", value)), secret) == (shown == secret)
    assert not knows(head(("Proxy-Authorization", f"Bearer {shown}")), secret)
