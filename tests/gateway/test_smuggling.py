"""Requests that two parsers could read in two ways: 400 and the end of the connection; upstream sees nothing."""

import pytest

from tests.gateway.house import House

HEAD = "POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
BODY = '{"model":"m","messages":[]}'
CL = f"Content-Length: {len(BODY)}\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"
CHUNKS = f"{len(BODY):x}\r\n{BODY}\r\n0\r\n\r\n"

CASES = {
    "CL and TE": HEAD + CL + CHUNKED + "\r\n" + CHUNKS,
    "TE and CL": HEAD + CHUNKED + CL + "\r\n" + CHUNKS,
    "two lengths": HEAD + CL + "Content-Length: 3\r\n\r\n" + BODY,
    "one length twice": HEAD + CL + CL + "\r\n" + BODY,
    "a list of lengths": HEAD + f"Content-Length: {len(BODY)}, {len(BODY)}\r\n\r\n" + BODY,
    "a signed length": HEAD + f"Content-Length: +{len(BODY)}\r\n\r\n" + BODY,
    "a negative length": HEAD + "Content-Length: -1\r\n\r\n" + BODY,
    "a hexadecimal length": HEAD + "Content-Length: 0x1b\r\n\r\n" + BODY,
    "an empty length": HEAD + "Content-Length:\r\n\r\n" + BODY,
    "a length in words": HEAD + "Content-Length: ten\r\n\r\n" + BODY,
    "a length that overflows": HEAD + "Content-Length: 18446744073709551643\r\n\r\n" + BODY,
    "TE twice": HEAD + CHUNKED + CHUNKED + "\r\n" + CHUNKS,
    "TE identity": HEAD + "Transfer-Encoding: identity\r\n\r\n" + CHUNKS,
    "TE gzip, chunked": HEAD + "Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNKS,
    "TE chunked, identity": HEAD + "Transfer-Encoding: chunked, identity\r\n\r\n" + CHUNKS,
    "TE xchunked": HEAD + "Transfer-Encoding: xchunked\r\n\r\n" + CHUNKS,
    "TE behind a vertical tab": HEAD + "Transfer-Encoding: \x0bchunked\r\n\r\n" + CHUNKS,
    "TE quoted": HEAD + 'Transfer-Encoding: "chunked"\r\n\r\n' + CHUNKS,
    "TE name with a space": HEAD + "Transfer-Encoding : chunked\r\n\r\n" + CHUNKS,
    "TE name with a tab": HEAD + "Transfer-Encoding\t: chunked\r\n\r\n" + CHUNKS,
    "TE folded": HEAD + "Transfer-Encoding:\r\n chunked\r\n\r\n" + CHUNKS,
    "TE on HTTP/1.0": HEAD.replace("1.1", "1.0") + CHUNKED + "\r\n" + CHUNKS,
    "obs-fold": HEAD + CL + "X-A: a\r\n b\r\n\r\n" + BODY,
    "obs-fold with a tab": HEAD + CL + "X-A: a\r\n\tb\r\n\r\n" + BODY,
    "a fold before every field": HEAD.replace("Host", " Host") + CL + "\r\n" + BODY,
    "bare LF behind a field": HEAD + CL + "X-A: a\nX-B: b\r\n\r\n" + BODY,
    "bare LF everywhere": (HEAD + CL + "\r\n").replace("\r\n", "\n") + BODY,
    "bare LF at the end of the head": HEAD + CL.rstrip() + "\r\n\n" + BODY,
    "bare CR in a value": HEAD + CL + "X-A: a\rb\r\n\r\n" + BODY,
    "bare CR behind a field": HEAD + CL + "X-A: a\rX-B: b\r\n\r\n" + BODY,
    "NUL in a value": HEAD + CL + "X-A: a\0b\r\n\r\n" + BODY,
    "NUL in a name": HEAD + CL + "X\0A: a\r\n\r\n" + BODY,
    "an empty name": HEAD + CL + ": a\r\n\r\n" + BODY,
    "no colon": HEAD + CL + "X-A\r\n\r\n" + BODY,
    "a chunk size that is none": HEAD + CHUNKED + "\r\nzz\r\n" + BODY + "\r\n0\r\n\r\n",
    "a negative chunk size": HEAD + CHUNKED + "\r\n-1b\r\n" + BODY + "\r\n0\r\n\r\n",
    "a chunk size with 0x": HEAD + CHUNKED + "\r\n0x1b\r\n" + BODY + "\r\n0\r\n\r\n",
    "a chunk size that overflows": HEAD + CHUNKED + "\r\n1000000000000001b\r\n" + BODY + "\r\n0\r\n\r\n",
    "a chunk that is longer than said": HEAD + CHUNKED + "\r\n5\r\n" + BODY + "\r\n0\r\n\r\n",
    "a chunk that ends in LF": HEAD + CHUNKED + f"\r\n{len(BODY):x}\n{BODY}\n0\n\n",
    "a chunk extension with LF": HEAD + CHUNKED + f"\r\n{len(BODY):x};a\nb\r\n{BODY}\r\n0\r\n\r\n",
    "two hosts": HEAD + "Host: b\r\n" + CL + "\r\n" + BODY,
    "no host": HEAD.replace("Host: localhost\r\n", "") + CL + "\r\n" + BODY,
    "a host with a path": HEAD.replace("localhost", "localhost/x") + CL + "\r\n" + BODY,
    "a host with a user": HEAD.replace("localhost", "me@localhost") + CL + "\r\n" + BODY,
    "a host with a space": HEAD.replace("localhost", "local host") + CL + "\r\n" + BODY,
    "two hosts in one": HEAD.replace("localhost", "localhost, b") + CL + "\r\n" + BODY,
    "an empty host": HEAD.replace("localhost", "") + CL + "\r\n" + BODY,
    "absolute form": HEAD.replace("/v1", "http://localhost/v1") + CL + "\r\n" + BODY,
    "absolute form with a user": HEAD.replace("/v1", "http://me:pw@localhost/v1") + CL + "\r\n" + BODY,
    "HTTP/2.0 in the line": HEAD.replace("HTTP/1.1", "HTTP/2.0") + CL + "\r\n" + BODY,
    "HTTP/1.2 in the line": HEAD.replace("HTTP/1.1", "HTTP/1.2") + CL + "\r\n" + BODY,
    "HTTP/0.9": HEAD.replace("HTTP/1.1", "HTTP/0.9") + CL + "\r\n" + BODY,
    "no version": HEAD.replace(" HTTP/1.1", "") + CL + "\r\n" + BODY,
    "a version in lower case": HEAD.replace("HTTP", "http") + CL + "\r\n" + BODY,
    "a tab for a space": HEAD.replace("POST ", "POST\t") + CL + "\r\n" + BODY,
    "a preface of HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a TLS hello in clear": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "Connection names a framing field": HEAD + CL + "Connection: content-length\r\n\r\n" + BODY,
    "an upgrade": HEAD + CL + "Connection: upgrade\r\nUpgrade: h2c\r\n\r\n" + BODY,
    "two credentials": HEAD + "Authorization: Bearer x\r\n" + CL + "\r\n" + BODY,
    "too many fields": HEAD + "".join(f"X-{n}: a\r\n" for n in range(200)) + CL + "\r\n" + BODY,
    "a huge field": HEAD + "X-A: " + "a" * 65536 + "\r\n" + CL + "\r\n" + BODY,
    "a huge target": HEAD.replace("/v1", "/" + "a" * 65536) + CL + "\r\n" + BODY,
    "CONNECT with a body": "CONNECT api.anthropic.com:443 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
    "CONNECT without a port": "CONNECT api.anthropic.com HTTP/1.1\r\n\r\n",
    "CONNECT with bare LF": "CONNECT api.anthropic.com:443 HTTP/1.1\nHost: x\n\r\n\r\n",
    "CONNECT with a path": "CONNECT /v1 HTTP/1.1\r\n\r\n",
}


@pytest.mark.parametrize("name", CASES)
async def test_doubtful_requests_reach_nobody(house: House, name: str) -> None:
    request = CASES[name].replace("{token}", house.token())
    answer = await house.raw(request.encode("latin-1"))
    assert house.origin.received == []
    assert answer[:13] in {b"HTTP/1.1 400 ", b"HTTP/1.0 400 "}, answer[:100]
    assert answer.count(b"\r\n\r\n") == 1


async def test_the_same_head_without_the_doubt_goes_through(house: House) -> None:
    request = (HEAD + CL + "Connection: close\r\n\r\n" + BODY).replace("{token}", house.token())
    answer = await house.raw(request.encode())
    assert answer.startswith(b"HTTP/1.1 200")
    assert [r.body for r in house.origin.received] == [BODY.encode()]


async def test_an_answer_to_nonsense_repeats_none_of_it(house: House) -> None:
    answer = await house.raw(b"GET / HTTP/1.1\r\nHost: a\r\nX-Secret: " + b"hunter2" * 5000 + b"\r\n\r\n")
    assert b"hunter2" not in answer
    assert b"invalid_request_error" in answer
    assert "hunter2" not in house.log.getvalue()


async def test_requests_in_one_segment_are_answered_in_order(house: House) -> None:
    one = (HEAD + CL + "\r\n" + BODY).replace("{token}", house.token())
    last = (HEAD + CL + "Connection: close\r\n\r\n" + BODY).replace("{token}", house.token())
    answer = await house.raw((one + one + last).encode())
    assert answer.count(b"HTTP/1.1 200") == 3
    assert len(house.origin.received) == 3
