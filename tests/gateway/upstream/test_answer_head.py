import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from maskproxy.errors import UpstreamFailed
from maskproxy.gateway.upstream.answer_head import check_partial_head, read_answer_head


def head(*lines: bytes, status: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return b"".join(line + b"\r\n" for line in (status, *lines, b""))


def test_a_head_is_read_with_its_fields_in_order_and_their_edges_trimmed() -> None:
    read = read_answer_head(head(b"Content-Type:text/plain", b"X-A: \t a b \t", b"x-a:", b"Content-Length: 12"), "GET")
    assert (read.status, read.reason, read.length, read.chunked, read.keep) == (200, "OK", 12, False, True)
    assert read.fields == [("Content-Type", "text/plain"), ("X-A", "a b"), ("x-a", ""), ("Content-Length", "12")]


def test_bytes_beyond_ascii_survive() -> None:
    read = read_answer_head(head("X-Name: J\u00fcrgen".encode(), b"X-Raw: \xff", b"Content-Length: 0"), "GET")
    assert read.fields[0] == ("X-Name", "J\u00fcrgen")
    assert read.fields[1][1].encode("utf-8", "surrogateescape") == b"\xff"


@pytest.mark.parametrize("line", [b"HTTP/1.1 200 ", b"HTTP/1.1 200", b"HTTP/1.1 200 Very \xc3\xa4 good"])
def test_the_reason_may_be_anything_or_nothing(line: bytes) -> None:
    assert read_answer_head(head(b"Content-Length: 0", status=line), "GET").status == 200


@pytest.mark.parametrize(
    "line",
    [
        *(
            b"HTTP/0.9 200 OK",
            b"HTTP/1.2 200 OK",
            b"HTTP/2 200 OK",
            b"HTTP/2.0 200 OK",
            b"http/1.1 200 OK",
            b"ICY 200 OK",
        ),
        *(
            b"HTTP/1.1  200 OK",
            b"HTTP/1.1 20 OK",
            b"HTTP/1.1 2000 OK",
            b"HTTP/1.1 000 No",
            b"HTTP/1.1 600 No",
            b"HTTP/1.1 999 No",
        ),
        *(
            b" HTTP/1.1 200 OK",
            b"HTTP/1.1\t200 OK",
            b"HTTP/1.1 200\tOK",
            b"HTTP/1.1 +20 OK",
            b"HTTP/1.1 200 O\x00K",
            b"",
            b"200 OK",
        ),
        *(b"HTTP/1.1 200 O\rK", b"HTTP/1.1 200 O\nK", b"HTTP/1.1 200 \x1b[31m", b"GET / HTTP/1.1"),
    ],
)
def test_other_status_lines_are_refused(line: bytes) -> None:
    with pytest.raises(UpstreamFailed):
        read_answer_head(head(b"Content-Length: 0", status=line), "GET")


@pytest.mark.parametrize(
    "line",
    [
        *(
            b"X-A : b",
            b" X-A: b",
            b"\tX-A: b",
            b": b",
            b"X-A",
            b"X A: b",
            b"X\x00A: b",
            b"X-A: b\x00",
            b"X-A: a\rb",
            b"X-A: a\nb",
        ),
        *(
            b"X-A: \x7f",
            b"X-A: \x1b",
            b"X-(A): b",
            b"X-\xc3\xa4: b",
            b'"X": b',
            b"X-A: a\r\n b",
            b"X-A: a\n b",
            b"X-A: b\r",
        ),
        *(b"X-Long: " + b"a" * 16_400, b"a" * 16_400 + b": b"),
    ],
)
def test_fields_outside_the_grammar_are_refused(line: bytes) -> None:
    with pytest.raises(UpstreamFailed):
        read_answer_head(head(b"Content-Length: 0", line), "GET")


@pytest.mark.parametrize(
    "lines",
    [
        *(
            [b"Content-Length: 5", b"Content-Length: 5"],
            [b"Content-Length: 5", b"content-length: 6"],
            [b"Content-Length: 5, 5"],
        ),
        *(
            [b"Content-Length: +5"],
            [b"Content-Length: -5"],
            [b"Content-Length: 0x5"],
            [b"Content-Length: 5 5"],
            [b"Content-Length:"],
        ),
        *(
            [b"Content-Length: 5.0"],
            [b"Content-Length: 18446744073709551621"],
            [b"Content-Length: \xd9\xa5"],
            [b"Content-Length: 5_0"],
        ),
        *([b"Content-Length: 5", b"Transfer-Encoding: chunked"], [b"Transfer-Encoding: chunked", b"CONTENT-LENGTH: 5"]),
        *([b"Transfer-Encoding: identity"], [b"Transfer-Encoding: gzip"], [b"Transfer-Encoding: gzip, chunked"]),
        *([b"Transfer-Encoding: chunked, chunked"], [b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"]),
        *(
            [b"Transfer-Encoding: xchunked"],
            ["Transfer-Encoding: chun\u212aed".encode()],
            [b"Transfer-Encoding: chunked;q=1"],
            [b"Transfer-Encoding:"],
            [b"Transfer-Encoding: ,"],
        ),
        *([b"Transfer-Encoding: \x0bchunked"], [b'Transfer-Encoding: "chunked"'], []),
    ],
)
def test_framing_that_two_readers_could_take_differently_is_refused(lines: list[bytes]) -> None:
    with pytest.raises(UpstreamFailed) as failure:
        read_answer_head(head(*lines), "GET")
    assert failure.value.detail
    assert not failure.value.retry


def test_http_1_0_knows_no_transfer_coding_and_is_never_kept() -> None:
    with pytest.raises(UpstreamFailed):
        read_answer_head(head(b"Transfer-Encoding: chunked", status=b"HTTP/1.0 200 OK"), "GET")
    read = read_answer_head(head(b"Connection: keep-alive", b"Content-Length: 3", status=b"HTTP/1.0 200 OK"), "GET")
    assert (read.length, read.keep) == (3, False)


@pytest.mark.parametrize("connection", [b"close", b"Close", b"keep-alive, close", b" close ,x", b"x,\tCLOSE"])
def test_an_announced_close_is_heard(connection: bytes) -> None:
    read = read_answer_head(head(b"Connection: " + connection), "GET")
    assert read.until_close
    assert not read.keep
    assert not read_answer_head(head(b"Connection: a", b"Connection: " + connection, b"Content-Length: 0"), "GET").keep


@pytest.mark.parametrize("connection", [b"keep-alive", b"closed", b"x-close", b""])
def test_other_connection_options_keep_it(connection: bytes) -> None:
    assert read_answer_head(head(b"Connection: " + connection, b"Content-Length: 0"), "GET").keep


@pytest.mark.parametrize(("method", "status"), [("HEAD", b"HTTP/1.1 200 OK"), ("GET", b"HTTP/1.1 304 Not Modified")])
@pytest.mark.parametrize("lines", [[], [b"Content-Length: 99"], [b"Transfer-Encoding: chunked"]])
def test_an_answer_that_cannot_have_a_body_has_none(method: str, status: bytes, lines: list[bytes]) -> None:
    read = read_answer_head(head(*lines, status=status), method)
    assert (read.length, read.chunked, read.keep) == (0, False, True)


@pytest.mark.parametrize("lines", [[b"Content-Length: 9"], [b"Transfer-Encoding: chunked"]])
def test_a_204_that_announces_a_body_is_the_last_of_its_connection(lines: list[bytes]) -> None:
    read = read_answer_head(head(*lines, status=b"HTTP/1.1 204 No Content"), "GET")
    assert (read.length, read.keep) == (0, False)
    assert read_answer_head(head(status=b"HTTP/1.1 204 No Content"), "GET").keep


@pytest.mark.parametrize("lines", [[b"Content-Length: 0"], [b"Transfer-Encoding: chunked"]])
def test_an_interim_answer_has_no_length(lines: list[bytes]) -> None:
    with pytest.raises(UpstreamFailed):
        read_answer_head(head(*lines, status=b"HTTP/1.1 100 Continue"), "GET")


def test_fields_are_counted() -> None:
    assert len(read_answer_head(head(b"Content-Length: 0", *[b"A: b"] * 255), "GET").fields) == 256
    with pytest.raises(UpstreamFailed):
        read_answer_head(head(b"Content-Length: 0", *[b"A: b"] * 256), "GET")


def test_the_head_has_a_limit_and_a_field_has_one() -> None:
    assert read_answer_head(head(b"Content-Length: 0", *[b"A: " + b"b" * 16_000] * 4), "GET").status == 200
    with pytest.raises(UpstreamFailed):
        read_answer_head(head(b"Content-Length: 0", *[b"A: " + b"b" * 16_000] * 5), "GET")


@pytest.mark.parametrize(
    "held", [b"PRI * HTTP/2.0\r\n", b"<html>", b"\x00", b"\r\n", b"HTTP/1.1 200 OK\n\n", b"HTTP/2 2"]
)
def test_what_can_no_longer_become_a_head_is_refused_at_once(held: bytes) -> None:
    with pytest.raises(UpstreamFailed):
        check_partial_head(held, 0)


def test_a_beginning_of_a_head_is_waited_for() -> None:
    whole = head(b"Content-Length: 0")
    for cut in range(len(whole)):
        check_partial_head(whole[:cut], max(cut - 1, 0))
    with pytest.raises(UpstreamFailed):
        check_partial_head(b"HTTP/1.1 200 OK\r\nA: " + b"b" * 65_536, 0)


@given(st.binary(max_size=200))
@example(b"Transfer-Encoding\x0b: chunked")
def test_whatever_a_field_holds_it_is_read_or_refused(line: bytes) -> None:
    try:
        read = read_answer_head(head(b"Content-Length: 1", line), "GET")
    except UpstreamFailed:
        return
    assert read.length == 1
    assert not any(c in "\r\n\0" for name, value in read.fields for c in name + value)
