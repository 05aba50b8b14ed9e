from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.bodies.events import Event, EventReader
from maskproxy.errors import TooLarge

lines = st.lists(st.sampled_from(["data: a", "data:b", "data", "event: x", ": note", "id: 1", "", ""]))


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    eol = draw(st.sampled_from(["\n", "\r\n", "\r", None]))
    text = "".join(line + (eol or draw(st.sampled_from(["\n", "\r\n", "\r"]))) for line in draw(lines))
    text = draw(st.sampled_from(["", "\ufeff"])) + text
    return (text + draw(st.sampled_from(["", "data: cut", "\r", "\n"]))).encode()


def said(events: list[bytes]) -> list[bytes]:
    """The data of each event, as a browser's parser gives it."""
    return [data for raw in events if (data := Event(raw).data) is not None]


def browser(stream: bytes) -> list[bytes]:
    """WHATWG HTML, 9.2.6, written down line by line; but for the byte order mark and the unfinished last event."""
    events: list[bytes] = []
    buffer: list[bytes] = []
    for line in re.split(rb"\r\n|\n|\r", stream.removeprefix(b"\xef\xbb\xbf")):
        if not line:
            if buffer:
                events.append(b"\n".join(buffer))
            buffer = []
        elif line.partition(b":")[0] == b"data":
            value = line.partition(b":")[2]
            buffer.append(value.removeprefix(b" "))
    if buffer:
        events.append(b"\n".join(buffer))
    return events


@given(stream=streams(), data=st.data())
def test_every_cut_gives_the_same_bytes_and_the_same_events(stream: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=10)))
    reader = EventReader()
    events: list[bytes] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        events += reader.feed(stream[start:end])
    events.append(reader.finish())
    assert b"".join(events) == stream
    assert said(events) == browser(stream)


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r", b"\n\r\n"])
def test_an_event_comes_out_as_soon_as_it_ends(end: bytes) -> None:
    reader = EventReader()
    assert reader.feed(b"data: x") == []
    assert reader.feed(end) == [b"data: x" + end]
    assert reader.held_bytes == 0


def test_an_event_without_an_end_is_bounded() -> None:
    reader = EventReader(limit_bytes=100)
    assert reader.feed(b"x" * 60) == []
    with pytest.raises(TooLarge):
        reader.feed(b"x" * 60)


def test_a_long_event_in_tiny_pieces_is_not_searched_over_and_over() -> None:
    reader = EventReader()
    for _ in range(200_000):
        assert reader.feed(b"0123456789") == []
    assert [len(event) for event in reader.feed(b"\n\n")] == [2_000_002]


@given(stream=streams())
def test_an_event_that_is_not_changed_is_the_same_bytes(stream: bytes) -> None:
    event = Event(stream)
    assert event.rewritten([]) == stream
    assert event.rewritten([], event.data) == stream


def test_new_data_takes_the_place_of_the_old() -> None:
    event = Event(b": n\r\ndata: one\r\nevent: x\r\ndata:two\r\n\r\n")
    assert event.data == b"one\ntwo"
    assert event.rewritten([], b"1\n2") == b": n\r\ndata: 1\r\nevent: x\r\ndata:2\r\n\r\n"
    assert Event(event.rewritten([], b"1\n2\n3")).data == b"1\n2\n3"
    assert Event(event.rewritten([], b"all")).data == b"all"
    assert Event(Event(b"data\n\n").rewritten([], b"new")).data == b"new"
    assert event.rewritten([(0, 3, b": m")]) == event.raw.replace(b": n", b": m")
