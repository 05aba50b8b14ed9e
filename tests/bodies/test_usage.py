import itertools
import json

from hypothesis import given
from hypothesis import strategies as st

from maskproxy.bodies.usage import BatchUsage, UsageReader

INPUT = {"input_tokens": 30, "cache_creation_input_tokens": 5, "cache_read_input_tokens": 900, "output_tokens": 1}


def sse(*events: dict[str, object]) -> bytes:
    return b"".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in events)


STREAM = sse(
    {"type": "message_start", "message": {"id": "m", "usage": INPUT}},
    {"type": "content_block_delta", "delta": {"type": "text_delta", "text": '"usage": {"output_tokens": 7000}'}},
    {"type": "content_block_start", "content_block": {"input": {"usage": {"output_tokens": 7000}}}},
    {"type": "message_delta", "usage": {"output_tokens": 20}},
    {"type": "message_delta", "usage": {"output_tokens": 50, "input_tokens": 30}},
    {"type": "message_stop"},
)


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_a_stream_is_counted_wherever_it_is_cut(cuts: list[int]) -> None:
    reader, before = UsageReader(), 0
    places = [0, *sorted(cuts), len(STREAM)]
    for start, end in itertools.pairwise(places):
        reader.feed(STREAM[start:end])
        assert reader.tokens >= before
        before = reader.tokens
    assert reader.tokens == 30 + 5 + 50


def test_of_a_stream_that_breaks_off_counts_what_was_told() -> None:
    reader = UsageReader()
    reader.feed(STREAM[: STREAM.index(b"message_delta")])
    assert reader.tokens == 36


def test_a_document_is_counted_by_its_own_usage() -> None:
    reader = UsageReader()
    reader.whole(json.dumps({"content": [{"input": {"usage": {"input_tokens": 9}}}], "usage": INPUT}).encode())
    assert reader.tokens == 36


def test_what_is_no_usage_counts_nothing() -> None:
    for body in (b"", b"[]", b"{", b'{"usage": 7}', b'{"usage": {"input_tokens": -5, "output_tokens": true}}'):
        reader = UsageReader()
        reader.whole(body)
        assert reader.tokens == 0


def test_the_results_of_a_batch_are_added_up() -> None:
    good = json.dumps({"custom_id": "a", "result": {"type": "succeeded", "message": {"usage": INPUT}}}).encode()
    usage = BatchUsage()
    usage.feed(b"\n".join([good, b'{"result": {"type": "errored"}}', b'{"usage": {"input_tokens": 5}}', b""]))
    usage.feed(good)
    assert usage.tokens == 72
