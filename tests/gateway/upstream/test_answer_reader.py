"""The reader on bytes alone. Real sockets that misbehave are in test_upstream_misbehaviour."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.errors import UpstreamFailed
from maskproxy.gateway.upstream.answer_reader import AnswerReader

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def read(
    data: bytes, method: str = "GET", cuts: list[int] | None = None, *, eof: bool = False
) -> tuple[AnswerReader, bytes]:
    reader = AnswerReader(method)
    places = [0, *sorted({cut % (len(data) + 1) for cut in cuts or []}), len(data)]
    body = b""
    for start, end in itertools.pairwise(places):
        if start < end:
            body += b"".join(reader.feed(data[start:end]))
    if eof:
        reader.finish(goodbye=True)
    return reader, body


def sized(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def chunked(parts: list[bytes], last: bytes = b"0\r\n\r\n") -> bytes:
    return CHUNKED + b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts if part) + last


cuts = st.lists(st.integers(0, 10_000), max_size=12)
parts = st.lists(st.binary(max_size=80), max_size=6)


@given(st.binary(max_size=300), cuts)
def test_a_sized_body_is_read_alike_however_it_is_cut(body: bytes, cuts: list[int]) -> None:
    reader, got = read(sized(body), cuts=cuts)
    assert (got, reader.ended, reader.surplus) == (body, True, False)


@given(parts, cuts)
def test_a_chunked_body_is_read_alike_however_it_is_cut(parts: list[bytes], cuts: list[int]) -> None:
    reader, got = read(chunked(parts), cuts=cuts)
    assert (got, reader.ended, reader.surplus) == (b"".join(parts), True, False)


@given(
    parts,
    cuts,
    st.binary(min_size=1, max_size=40) | st.sampled_from([b"\r\n", b"\r", b"\n", sized(b"no"), chunked([b"no"])]),
)
@settings(max_examples=200)
def test_what_follows_the_end_never_joins_the_body_and_is_noticed(
    parts: list[bytes], cuts: list[int], extra: bytes
) -> None:
    for answer in (chunked(parts), sized(b"".join(parts))):
        reader, got = read(answer + extra, cuts=cuts)
        assert (got, reader.ended, reader.surplus) == (b"".join(parts), True, True)


@given(parts, st.data())
def test_an_answer_cut_short_is_never_taken_as_whole(parts: list[bytes], data: st.DataObject) -> None:
    for answer in (chunked(parts), sized(b"".join(parts) + b"x")):
        cut = data.draw(st.integers(0, len(answer) - 1))
        reader, _ = read(answer[:cut])
        assert not reader.ended
        with pytest.raises(UpstreamFailed) as failure:
            reader.finish(goodbye=True)
        assert failure.value.retry == (cut == 0)


@given(st.binary(max_size=300), cuts)
def test_whatever_comes_is_read_or_refused(noise: bytes, cuts: list[int]) -> None:
    for start in (b"", b"HTTP/1.1 200 OK\r\n", CHUNKED):
        try:
            read(start + noise, cuts=cuts, eof=True)
        except UpstreamFailed:
            continue


@given(st.binary(max_size=100), cuts)
def test_a_body_until_the_close_ends_there(body: bytes, cuts: list[int]) -> None:
    for head in (b"HTTP/1.0 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"):
        reader, got = read(head + body, cuts=cuts)
        assert not reader.ended
        with pytest.raises(UpstreamFailed):
            reader.finish(goodbye=False)
        reader.finish(goodbye=True)
        assert (got, reader.ended) == (body, True)


@given(cuts)
def test_interim_answers_are_skipped(cuts: list[int]) -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    reader, got = read(interim + sized(b"body"), cuts=cuts)
    assert reader.head is not None
    assert (reader.head.status, got, reader.surplus) == (200, b"body", False)


@pytest.mark.parametrize(("count", "fine"), [(8, True), (9, False)])
def test_interim_answers_are_counted(count: int, fine: bool) -> None:
    data = b"HTTP/1.1 102 Processing\r\n\r\n" * count + sized(b"")
    if fine:
        assert read(data)[0].ended
    else:
        with pytest.raises(UpstreamFailed):
            read(data)


@pytest.mark.parametrize("answer", [sized(b""), b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"])
def test_an_empty_answer_ends_with_its_head(answer: bytes) -> None:
    reader, got = read(answer)
    assert (got, reader.ended, reader.surplus) == (b"", True, False)
    assert read(answer + b"hello")[0].surplus


def test_trailers_and_extensions_are_dropped() -> None:
    reader, got = read(CHUNKED + b'5;a=b;c="d e"\r\nhello\r\n0;x\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n')
    assert (got, reader.ended, reader.surplus) == (b"hello", True, False)


@pytest.mark.parametrize(
    "framing",
    [
        *(b"5;" + b"a" * 5_000 + b"\r\nhello\r\n", b"0\r\n" + b"X-T: a\r\n" * 700, b"0\r\nX-T: " + b"a" * 5_000),
        *(b"1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nx\r\n" * 400, b"0" * 5_000),
    ],
    ids=["one extension", "many trailers", "one trailer", "many extensions", "leading zeros"],
)
@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_what_is_framing_and_not_body_has_a_limit(framing: bytes, step: int) -> None:
    with pytest.raises(UpstreamFailed):
        read(CHUNKED + framing, cuts=list(range(0, len(framing), step)))


def test_a_long_stream_of_honest_chunks_never_reaches_that_limit() -> None:
    reader = AnswerReader("GET")
    reader.feed(CHUNKED)
    for _ in range(5_000):
        assert reader.feed(b"1\r\nx\r\n") == [b"x"]
        assert reader.feed(b"00000001\r\n") == []
        assert reader.feed(b"x") == [b"x"]
        assert reader.feed(b"\r\n") == []


@pytest.mark.parametrize(
    "framing",
    [
        *(
            b"5\nhello\r\n",
            b"5\r\nhello\n",
            b"5\r\nhelloX\r\n",
            b"-5\r\nhello\r\n",
            b"+5\r\nhello\r\n",
            b"0x5\r\nhello\r\n",
        ),
        *(
            b" 5\r\nhello\r\n",
            b"5 \r\nhello\r\n",
            b"5\t\r\nhello\r\n",
            b"\r\n5\r\nhello\r\n",
            b"g\r\n",
            b"5\rhello",
            b";a\r\n",
        ),
        *(
            b"fffffffffffffffff\r\n",
            b"10000000000000005\r\nhello\r\n",
            b"5;a\nb\r\nhello\r\n",
            b"5\r\nhello\r\r\n",
            b"5_0\r\n",
        ),
        *(
            b"0\r\nX : y\r\n\r\n",
            b"0\r\n X: y\r\n\r\n",
            b"0\r\nX\r\n\r\n",
            b"0\r\nX: \x00\r\n\r\n",
            b"0\r\n\rX",
            b"0\r\n\n",
        ),
    ],
)
def test_chunks_outside_the_grammar_are_refused(framing: bytes) -> None:
    with pytest.raises(UpstreamFailed):
        read(CHUNKED + framing, eof=True)


def test_a_head_that_never_ends_is_refused_at_its_limit() -> None:
    endless = b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000
    assert read(endless[:65_000], cuts=list(range(0, 65_000, 1_000)))[0].head is None
    with pytest.raises(UpstreamFailed):
        read(endless, cuts=list(range(0, 70_000, 1_000)))
