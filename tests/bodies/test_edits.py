from __future__ import annotations

from maskproxy.bodies.edits import Edit, forwarded, recorded, splice


def test_splice_replaces_spans() -> None:
    edits = [Edit(1, 3, b"XY", record_only=False), Edit(3, 4, b"", record_only=False)]
    assert splice(b"abcdef", edits) == b"aXYef"
    assert splice(b"abc", []) == b"abc"


def test_each_body_gets_its_own_edits_in_order() -> None:
    both, theirs, ours = (
        Edit(3, 4, b"", record_only=False),
        Edit(0, 1, b"", record_only=True),
        Edit(1, 1, b"", record_only=False, forward_only=True),
    )
    assert forwarded([both, theirs, ours]) == [ours, both]
    assert recorded([both, theirs, ours]) == [theirs, both]
