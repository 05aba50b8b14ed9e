from __future__ import annotations

from maskproxy.bodies.around import Around
from maskproxy.bodies.claude_stream import ClaudeStream
from maskproxy.bodies.text import BinaryBody, TextBody
from maskproxy.errors import Unrestorable
from tests.bodies.fake_masking import SEALS, fake_masking


def test_all_goes_through_as_the_mask_inside_gives_it() -> None:
    inside, alone = TextBody(fake_masking()), TextBody(fake_masking())
    around = Around(inside)
    made = [around.feed(b"a KEY01234567 and"), around.finish()]
    assert made == [alone.feed(b"a KEY01234567 and"), alone.finish()]
    assert around.findings is inside.findings
    assert around.findings == alone.findings != []
    assert around.streams
    assert around.stopped is None


def test_what_is_counted_and_why_a_stream_stopped_is_told() -> None:
    media = BinaryBody(fake_masking(), refuse=False)
    Around(media).feed(b"\x89PNG\0" * 600)
    assert Around(media).unread_bytes == 3000
    stream = ClaudeStream(fake_masking(), seals=SEALS)
    stream.stopped = Unrestorable("Read the file again.")
    assert Around(Around(stream)).stopped is stream.stopped
