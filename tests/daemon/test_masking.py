import asyncio
import base64
import urllib.request
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from maskproxy.dev.planted import Planted, github_token, leaks, private_key
from tests.daemon.place import Place, head_of
from tests.daemon.program import WAIT_S, gone
from tests.daemon.streams import begin, block, chunk, end, texts
from tests.gateway.house import HOST, SERVICE_KEY, Answer, Received, Reply, plain, read_answer

pytestmark = pytest.mark.asyncio(loop_scope="module")

WAYS = pytest.mark.parametrize("tunnel", [HOST, ""], ids=["HTTPS_PROXY", "base URL"])


def secrets() -> Iterator[Planted]:
    yield github_token()
    yield private_key()


def in_pieces(body: bytes, size: int) -> Reply:
    """An answer whose every piece is a chunk, a TLS record and, as far as the system lets us, a segment of its own."""

    async def reply(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for start in range(0, len(body), size):
            writer.write(chunk(body[start : start + size]))
            await asyncio.sleep(0)
        writer.write(chunk(b""))

    return reply


async def post_in_pieces(place: Place, body: bytes, size: int, tunnel: str) -> Answer:
    """A request of which every piece is a segment of its own."""
    token = place.token()
    reader, writer = await (place.tunnel(token, tls=True) if tunnel else place.connect())
    try:
        whole = head_of("/v1/messages", len(body), token, host=tunnel) + body
        for start in range(0, len(whole), size):
            writer.write(whole[start : start + size])
            await asyncio.sleep(0)
        async with asyncio.timeout(WAIT_S):
            return await read_answer(reader)
    finally:
        await gone(writer)


@WAYS
async def test_a_secret_cut_at_every_delta_and_every_segment_of_an_answer_is_masked(shared: Place, tunnel: str) -> None:
    secret = github_token()
    text = f"the token is {secret.value}, take care"
    at = text.index(secret.value)
    cuts = [[text[:cut], text[cut:]] for cut in range(at, at + len(secret.value) + 1)]
    blocks = [*cuts, list(text), [text]]
    body = begin() + b"".join(block(index, deltas) for index, deltas in enumerate(blocks)) + end()
    shared.origin.reply = in_pieces(body, 7)
    answer = await shared.post("/v1/messages", b'{"stream":true}', tunnel=tunnel)
    said = texts(answer.body)
    assert answer.complete
    assert len(said) == len(blocks)
    assert len(set(said.values())) == 1
    assert said[0].startswith("the token is MASKED_")
    assert said[0].endswith(", take care")
    assert leaks([secret], {"the answer": answer.body, "the recording": shared.recorded_bytes()}) == []


@WAYS
async def test_an_answer_that_comes_byte_by_byte_is_masked(shared: Place, tunnel: str) -> None:
    secret = github_token()
    shared.origin.reply = in_pieces(begin() + block(0, ["so: ", secret.value[:9], secret.value[9:] + "."]) + end(), 1)
    answer = await shared.post("/v1/messages", b'{"stream":true}', tunnel=tunnel)
    assert answer.complete
    assert texts(answer.body)[0].startswith("so: MASKED_")
    assert leaks([secret], {"the answer": answer.body}) == []


@WAYS
async def test_a_request_that_comes_byte_by_byte_is_masked(shared: Place, tunnel: str) -> None:
    planted = list(secrets())
    words = " and ".join(secret.value for secret in planted).replace("\n", "\\n")
    shared.origin.reply = plain(b'{"ok":true}')
    shared.origin.received.clear()
    body = f'{{"messages":[{{"role":"user","content":"{words}"}}]}}'.encode()
    answer = await post_in_pieces(shared, body, 1, tunnel)
    assert answer.status == 200
    assert answer.value("x-maskproxy-masked") == "2"
    received = shared.origin.received[-1]
    assert received.body.count(b"MASKED_") == 2
    assert received.value("content-length") == str(len(received.body))
    assert received.value("x-api-key") == SERVICE_KEY
    assert leaks(planted, {"upstream": received.body, "the recording": shared.recorded_bytes()}) == []


@WAYS
async def test_no_credential_crosses(shared: Place, tunnel: str) -> None:
    """Both credentials echoed by an upstream: in a field, in JSON, and in a stream."""
    token = shared.token()
    echo = f'{{"key":"{SERVICE_KEY}","token":"{token}"}}'.encode()
    shared.origin.received.clear()
    shared.origin.reply = plain(echo, more=f"X-Echo: {SERVICE_KEY}\r\n")
    whole = await shared.post("/v1/messages", b"{}", token, tunnel=tunnel)
    shared.origin.reply = in_pieces(begin() + block(0, [*SERVICE_KEY, " ", *token]) + end(), 512)
    streamed = await shared.post("/v1/messages", b"{}", token, tunnel=tunnel)
    credentials = [Planted("service key", SERVICE_KEY), Planted("caller's token", token)]
    places = {"the answer": whole.body + repr(whole.fields).encode(), "the stream": streamed.body}
    assert whole.status == streamed.status == 200
    assert leaks(credentials, places | {"the recording": shared.recorded_bytes()}) == []
    assert leaks(credentials[1:], {"upstream": repr(shared.origin.received).encode()}) == []


async def test_a_client_of_the_standard_library_goes_through_https_proxy(shared: Place) -> None:
    secret = github_token()
    shared.origin.reply = plain(f'{{"content":"{secret.value}"}}'.encode())
    proxy = f"http://me:{quote(shared.token(), safe='')}@127.0.0.1:{shared.program.ports[0]}"
    trust = urllib.request.HTTPSHandler(context=shared.client_context(inner=True))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"https": proxy}), trust)
    body = f'{{"messages":[{{"role":"user","content":"{secret.value}"}}]}}'.encode()
    request = urllib.request.Request(f"https://{HOST}/v1/messages", body, {"Content-Type": "application/json"})

    def ask() -> tuple[int, bytes]:
        with opener.open(request, timeout=WAIT_S) as response:
            return response.status, response.read()

    status, got = await asyncio.to_thread(ask)
    received = shared.origin.received[-1]
    assert status == 200
    assert received.value("proxy-authorization") is None
    assert leaks([secret], {"upstream": received.body, "the answer": got}) == []


async def test_nothing_that_is_refused_or_failed_is_told_in_clear(shared: Place) -> None:
    """Secrets in every place that a log is tempted by. `shared` looks through the whole log at its end."""
    secret = github_token()
    shared.secrets.append(secret.value)
    token = shared.token()
    wrong = token[:-8] + "AAAAAAAA"
    shared.secrets.append(wrong)
    basic = base64.b64encode(f"{secret.value}:{wrong}".encode()).decode()
    own = f"Host: localhost\r\nAuthorization: Bearer {token}\r\n"
    lines = [
        f"GET /{secret.value} HTTP/1.1\r\nHost: {secret.value}\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {wrong}\r\n\r\n",
        f"{secret.value} / HTTP/1.1\r\nHost: localhost\r\nX: {secret.value}\r\n\r\n",
        f"POST /v1/messages HTTP/1.1\r\n{own}Content-Length: 42\r\n\r\n{secret.value}]]",
        f"POST /v1/{secret.value} HTTP/1.1\r\n{own}x-api-key: {secret.value}\r\nContent-Length: 0\r\n\r\n",
        f"CONNECT {secret.value}:443 HTTP/1.1\r\nHost: {secret.value}\r\nProxy-Authorization: Bearer {token}\r\n\r\n",
        f"CONNECT x:443 HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Basic {basic}\r\n\r\n",
    ]
    for line in lines:
        reader, writer = await shared.connect()
        writer.write(line.encode())
        async with asyncio.timeout(WAIT_S):
            answer = await read_answer(reader)
        await gone(writer)
        assert 400 <= answer.status < 500, line
        assert leaks([secret], {"the answer": answer.body + repr(answer.fields).encode()}) == []
    assert leaks([secret], {"the log": shared.program.said, "the recording": shared.recorded_bytes()}) == []
