"""What a head may look like, as tables."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.errors import BadRequest
from maskproxy.gateway import heads

Raw = list[tuple[bytes, bytes]]
HOST: Raw = [(b"Host", b"api.anthropic.com")]

BAD_AUTHORITIES = [
    "", " ", "a b", "a:", "a:0", "a:65536", "a:-1", "a:+1", "a:1:2", "user@a", "user:pw@a:443", "a/b", "http://a",
    "a..b", ".a", "a.", "-a", "a-", "[::1", "::1", "[::1]x", "[::1]:", "[zz]", "a\u00e9", "a\t", "a#", "a?b", "%61",
    "a" * 254,
]  # fmt: skip


@pytest.mark.parametrize("text", BAD_AUTHORITIES)
def test_odd_hosts_are_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        heads.parse_authority(text)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("API.Anthropic.com", "api.anthropic.com", None),
        ("api.anthropic.com:443", "api.anthropic.com", 443),
        ("[::1]:8443", "::1", 8443),
        ("[2001:DB8:0::1]", "2001:db8::1", None),
        ("127.0.0.1:1", "127.0.0.1", 1),
        ("localhost", "localhost", None),
    ],
)
def test_hosts_are_read(text: str, host: str, port: int | None) -> None:
    assert heads.parse_authority(text) == heads.Authority(host, port)


BAD_REQUESTS: list[tuple[str, str, tuple[int, int], Raw]] = [
    ("GET", "/", (0, 9), HOST),
    ("GET", "/", (2, 0), HOST),
    ("PRI", "*", (2, 0), HOST),
    ("GET", "/", (1, 2), HOST),
    ("CONNECT", "a:443", (1, 1), HOST),
    ("GET", "http://api.anthropic.com/", (1, 1), HOST),
    ("GET", "*", (1, 1), HOST),
    ("GET", "/a#b", (1, 1), HOST),
    ("GET", "/a b", (1, 1), HOST),
    ("GET", "/\u00e9", (1, 1), HOST),
    ("GET", "/", (1, 1), []),
    ("GET", "/", (1, 1), HOST + HOST),
    ("GET", "/", (1, 1), [(b"Host", b"a b")]),
    ("GET", "/", (1, 1), [*HOST, (b"X", b"a\0b")]),
    ("GET", "/", (1, 1), [*HOST, (b"X", b"a\rb")]),
    ("GET", "/", (1, 1), [*HOST, (b"X y", b"a")]),
    ("GET", "/", (1, 1), [*HOST, (b"", b"a")]),
    ("POST", "/", (1, 1), [*HOST, (b"Content-Length", b"1"), (b"Content-Length", b"1")]),
    ("POST", "/", (1, 1), [*HOST, (b"Content-Length", b"1, 1")]),
    ("POST", "/", (1, 1), [*HOST, (b"Content-Length", b"+1")]),
    ("POST", "/", (1, 1), [*HOST, (b"Content-Length", b"0x1")]),
    ("POST", "/", (1, 1), [*HOST, (b"Content-Length", b"9" * 19)]),
    ("POST", "/", (1, 1), [*HOST, (b"Content-Length", b"1"), (b"Transfer-Encoding", b"chunked")]),
    ("POST", "/", (1, 0), [*HOST, (b"Transfer-Encoding", b"chunked")]),
    ("POST", "/", (1, 1), [*HOST, (b"Transfer-Encoding", b"gzip, chunked")]),
    ("POST", "/", (1, 1), [*HOST, (b"Transfer-Encoding", b"chunked, chunked")]),
    ("POST", "/", (1, 1), [*HOST, (b"Transfer-Encoding", b"identity")]),
    ("POST", "/", (1, 1), [*HOST, (b"Transfer-Encoding", b"\x0bchunked")]),
    ("GET", "/", (1, 1), [*HOST, (b"Upgrade", b"h2c")]),
    ("GET", "/", (1, 1), [*HOST, (b"Expect", b"200-ok")]),
    ("GET", "/", (1, 1), [*HOST, (b"Connection", b"close, Host")]),
    ("GET", "/", (1, 1), [*HOST, (b"Connection", b"content-length")]),
    ("GET", "/", (1, 1), [*HOST, (b"Authorization", b"Bearer a"), (b"authorization", b"Bearer b")]),
    ("GET", "/", (1, 1), [*HOST, (b"x-api-key", b"a"), (b"X-API-Key", b"a")]),
]


@pytest.mark.parametrize(("method", "target", "version", "raw"), BAD_REQUESTS)
def test_doubtful_heads_are_refused(method: str, target: str, version: tuple[int, int], raw: Raw) -> None:
    with pytest.raises(BadRequest):
        heads.check_request(method, target, version, raw)


def test_a_good_head_is_read() -> None:
    head = heads.check_request("POST", "/v1/messages?beta=true", (1, 1), [*HOST, (b"Content-Length", b"12")])
    assert (head.path, head.content_length, head.has_body) == ("/v1/messages", 12, True)
    assert not heads.check_request("GET", "/", (1, 0), []).has_body
    assert heads.check_request("POST", "/", (1, 1), [*HOST, (b"Transfer-Encoding", b"Chunked")]).has_body


def test_nothing_of_the_caller_or_of_the_hop_goes_upstream() -> None:
    fields = [
        ("Host", "x"),
        ("Authorization", "Bearer t"),
        ("X-Api-Key", "t"),
        ("Proxy-Authorization", "Basic t"),
        ("Connection", "x-mine, close"),
        ("X-Mine", "1"),
        ("X-Goog-Api-Key", "t"),
        ("Accept-Encoding", "br"),
        ("Range", "bytes=0-1"),
        ("x-maskproxy-session", "s"),
        ("anthropic-version", "2023-06-01"),
    ]
    assert heads.for_upstream(fields, credential_field="x-goog-api-key") == [
        ("anthropic-version", "2023-06-01"),
        ("Accept-Encoding", "identity"),
    ]


def test_an_answer_keeps_only_what_still_describes_it() -> None:
    fields = [
        ("Content-Type", "application/json"),
        ("ETag", '"1"'),
        ("Content-Length", "3"),
        ("Content-Encoding", "gzip"),
        ("Connection", "X-Hop"),
        ("X-Hop", "1"),
        ("Alt-Svc", 'h3=":443"'),
        ("Digest", "x"),
        ("request-id", "req_1"),
    ]
    assert heads.for_client(fields) == [("Content-Type", "application/json"), ("request-id", "req_1")]


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("value", "token"),
    [
        ("Bearer a.b.c", "a.b.c"),
        ("bearer a.b.c", "a.b.c"),
        (basic("me:a.b.c"), "a.b.c"),
        (basic("me:a:b"), "a:b"),
        (basic("me:"), None),
        (basic("me"), None),
        ("Basic ***", None),
        ("Digest a", None),
        ("", None),
    ],
)
def test_the_token_of_a_tunnel(value: str, token: str | None) -> None:
    assert heads.caller_token([("Proxy-Authorization", value)], proxy=True) == token


def test_the_token_of_a_base_url_request() -> None:
    assert heads.caller_token([("Authorization", "Bearer a"), ("x-api-key", "a")], proxy=False) == "a"
    assert heads.caller_token([("x-api-key", "a")], proxy=False) == "a"
    assert heads.caller_token([("Authorization", basic("me:a"))], proxy=False) is None
    with pytest.raises(BadRequest):
        heads.caller_token([("Authorization", "Bearer a"), ("x-api-key", "b")], proxy=False)


@pytest.mark.parametrize(
    "head",
    [
        b"CONNECT a HTTP/1.1\r\n\r\n",
        b"CONNECT a:443 HTTP/2.0\r\n\r\n",
        b"CONNECT  a:443 HTTP/1.1\r\n\r\n",
        b"CONNECT a:443\r\n\r\n",
        b"CONNECT user@a:443 HTTP/1.1\r\n\r\n",
        b"CONNECT a:443 HTTP/1.1\r\nX: 1\r\n folded\r\n\r\n",
        b"CONNECT a:443 HTTP/1.1\r\nX 1\r\n\r\n",
        b"CONNECT a:443 HTTP/1.1\r\nX : 1\r\n\r\n",
        b"CONNECT a:443 HTTP/1.1\r\nContent-Length: 1\r\n\r\n",
        b"CONNECT a:443 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"CONNECT a:443 HTTP/1.1\r\nX: a\nY: b\r\n\r\n",
        b"CONNECT a:443 HTTP/1.1\r\nProxy-Authorization: a\r\nproxy-authorization: b\r\n\r\n",
    ],
)
def test_doubtful_connects_are_refused(head: bytes) -> None:
    with pytest.raises(BadRequest):
        heads.parse_connect(head)


def test_connect_is_read_also_without_a_host_field() -> None:
    head = heads.parse_connect(b"CONNECT Api.Anthropic.com:443 HTTP/1.1\r\nX: 1\r\n\r\n")
    assert (head.target, head.fields) == (heads.Authority("api.anthropic.com", 443), [("X", "1")])


@given(st.binary(max_size=200))
def test_any_bytes_give_a_head_or_a_refusal(data: bytes) -> None:
    try:
        head = heads.parse_connect(b"CONNECT " + data + b"\r\n\r\n")
    except BadRequest:
        return
    assert head.target.port


def test_a_dropped_field_is_dropped_in_every_spelling() -> None:
    fields = [("X_Api_Key", "a"), ("x-goog_api-key", "b"), ("Content_Length", "5"), ("X_App", "cli")]
    kept = heads.for_upstream(fields, credential_field="x-goog-api-key")
    assert kept == [("X_App", "cli"), ("Accept-Encoding", "identity")]


def test_values_are_utf_8_or_replaced() -> None:
    raw = [(b"Host", b"a"), (b"X-A", "J\u00fc".encode()), (b"X-B", b"J\xfc")]
    fields = heads.check_request("GET", "/", (1, 1), raw).fields
    assert fields[1:] == [("X-A", "J\u00fc"), ("X-B", "J\ufffd")]
    assert heads.for_client([("X-A", "J\u00fc"), ("X-B", "J\udcfc")]) == fields[1:]
