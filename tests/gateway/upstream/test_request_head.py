import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.errors import BadRequest
from maskproxy.gateway.upstream.request_head import write_request_head


def write(method: str = "POST", target: str = "/v1/messages", host: str = "api.example.com", **fields: str) -> bytes:
    pairs = [(name.replace("_", "-"), value) for name, value in fields.items()]
    return write_request_head(method, target, host, pairs, length=None, chunked=False)


def test_a_head_is_the_line_the_host_the_fields_and_the_framing() -> None:
    fields = [("x-api-key", "k"), ("Accept", "*/*"), ("X-Empty", "")]
    assert write_request_head("POST", "/v1/messages?beta=true", "a:8443", fields, length=12, chunked=False) == (
        b"POST /v1/messages?beta=true HTTP/1.1\r\nHost: a:8443\r\nx-api-key: k\r\nAccept: */*\r\nX-Empty: \r\n"
        b"Content-Length: 12\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("method", "length", "chunked", "framing"),
    [
        ("POST", 0, False, b"Content-Length: 0\r\n"),
        ("POST", None, True, b"Transfer-Encoding: chunked\r\n"),
        *((method, None, False, b"Content-Length: 0\r\n") for method in ("POST", "PUT", "PATCH")),
        *((method, None, False, b"") for method in ("GET", "HEAD", "DELETE", "OPTIONS")),
    ],
)
def test_framing_follows_the_body(method: str, length: int | None, chunked: bool, framing: bytes) -> None:
    written = write_request_head(method, "/", "a", [], length=length, chunked=chunked)
    assert written == method.encode() + b" / HTTP/1.1\r\nHost: a\r\n" + framing + b"\r\n"


@pytest.mark.parametrize(
    "method", ["", "GE T", "GET\r\n", "CONNECT", "G\u00c9T", "GET /x HTTP/1.1\r\nHost: b\r\n\r\nGET"]
)
def test_other_methods_are_refused(method: str) -> None:
    with pytest.raises(BadRequest):
        write(method=method)


@pytest.mark.parametrize(
    "target",
    ["", "v1", "http://b/", "//a b", "/a b", "/a\r\nX: y", "/a\tb", "/a\x00", "/a#b", "/a HTTP/1.1\r\nX:y", "/\ud800"],
)
def test_other_targets_are_refused(target: str) -> None:
    with pytest.raises(BadRequest):
        write(target=target)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Host",
            "host",
            "Content-Length",
            "CONTENT-LENGTH",
            "Transfer-Encoding",
            "Connection",
            "Keep-Alive",
            "TE",
            "Trailer",
        ),
        *("Upgrade", "Proxy-Authorization", "proxy-connection", "", "a b", "a:", "a\r\nb", "\u00e4", "a\x00", " a"),
    ],
)
def test_fields_that_are_ours_or_no_fields_are_refused(name: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        write_request_head("GET", "/", "a", [("X-Good", "1"), (name, "v")], length=None, chunked=False)
    assert str(refusal.value) == "The request's head cannot be sent upstream as it is."


@pytest.mark.parametrize("name", ["Hostname", "Tea", "X-Host", "Connection-Id", "Proxies", "Trailers", "x-proxy-a"])
def test_fields_that_only_look_like_ours_pass(name: str) -> None:
    assert f"\r\n{name}: v\r\n".encode() in write_request_head(
        "GET", "/", "a", [(name, "v")], length=None, chunked=False
    )


@pytest.mark.parametrize("value", ["a\rb", "a\nb", "a\r\nX: y", "a\x00b", "\x1b[0m", "\x7f", "a\r\n b", "\ud800"])
def test_values_that_could_end_a_line_are_refused(value: str) -> None:
    with pytest.raises(BadRequest):
        write(x_field=value)


@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=30)), max_size=4), st.text(max_size=20))
def test_what_is_written_is_one_head_whatever_is_handed_in(fields: list[tuple[str, str]], target: str) -> None:
    try:
        written = write_request_head("POST", "/" + target, "a", fields, length=7, chunked=False)
    except BadRequest:
        return
    assert written.index(b"\r\n\r\n") == len(written) - 4
    assert written.count(b"\r\n") == len(fields) + 4
    assert written.count(b"\r") == written.count(b"\n") == len(fields) + 4
    assert written.lower().count(b"\r\ncontent-length:") == 1
    assert written.lower().count(b"\r\nhost:") == 1
