"""From hits, which are a superset, to what is known of a text: matches, open tails, our own placeholders."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from maskproxy.masking.automaton import TEXT_EDGE
from maskproxy.masking.characters import ceil, floor
from maskproxy.masking.encoded import CORE_BYTES, PERCENT_CORE_BYTES
from maskproxy.masking.engine import Hit
from maskproxy.masking.matcher import OpenTail
from maskproxy.masking.placeholders import Placeholders
from maskproxy.masking.rules import RuleSet
from maskproxy.masking.settling import Evidence
from maskproxy.masking.wrapped import EncodedTail

_MISSES_A_LOOK = 8
"""What is seen at once not to be a match, by the byte behind it, costs so much less."""


class View(NamedTuple):
    """A part of a stream: its bytes, their offset in the stream, what stood before them, whether the stream ends."""

    text: bytes
    base: int
    before: int
    final: bool
    freed: int
    """The offset in the stream before which everything was released."""


def note_hits(evidence: Evidence, rules: RuleSet, placeholders: Placeholders, view: View, hits: Iterable[Hit]) -> int:
    """Confirm each hit and note what it is; give how many were looked at closely.

    Matches of one rule that overlap are noted as one.
    """
    text, base, before, final, _ = view
    size = len(text)
    looks = misses = 0
    rule, begins, ends = -1, 0, 0
    for index, core_end in sorted(set(hits)):
        if index >= rules.percent_index:
            core_bytes = PERCENT_CORE_BYTES if index == rules.percent_index else CORE_BYTES
            looks += _note_encoded(evidence, rules, view, index, core_end, core_bytes)
            continue
        if index == rules.placeholder_index:
            looks += 1
            for start in rules.placeholder.starts(text, core_end, before):
                if placeholders.verify(text[start:core_end]):
                    evidence.own.add((base + start, base + core_end))
            continue
        matcher = rules.matchers[index]
        if matcher.tail is not None:
            looks += 1
            _note_tails(evidence, rules, view, index, core_end)
            continue
        right = text[core_end] if core_end < size else TEXT_EDGE
        if not ((core_end < size or final or matcher.free_right) and matcher.shape.right >> right & 1):
            misses += 1
            continue
        looks += 1
        for start, end in matcher.secrets(text, core_end, before):
            if index == rule and start < ends and begins < end:
                begins, ends = min(begins, start), max(ends, end)
                continue
            if rule >= 0:
                evidence.matches.add((rule, base + floor(text, begins), base + ceil(text, ends)))
            rule, begins, ends = index, start, end
    if rule >= 0:
        evidence.matches.add((rule, base + floor(text, begins), base + ceil(text, ends)))
    return looks + misses // _MISSES_A_LOOK


def _note_tails(evidence: Evidence, rules: RuleSet, view: View, index: int, core_end: int) -> None:
    matcher, base = rules.matchers[index], view.base
    assert matcher.tail is not None
    for first, end in matcher.secrets(view.text, core_end, view.before):
        start = floor(view.text, first)
        key = (index, base + first, base + end)
        latest = evidence.latest.get(index)
        if key in evidence.tails or (latest is not None and latest.covers(base + start, base + end)):
            continue
        tail = OpenTail(index, matcher.tail, base + start, base + end)
        tail.extend(view.text, base, final=view.final)
        evidence.tails[key] = evidence.latest[index] = tail


def _note_encoded(evidence: Evidence, rules: RuleSet, view: View, index: int, core_end: int, core_bytes: int) -> bool:
    """Note a span of which every core is equally long; give whether it is new."""
    end = view.base + core_end
    start = end - core_bytes
    if start < view.freed:
        return False  # of a span that was judged up to there, and goes on or not by its own lines
    latest = evidence.latest.get(index)
    if latest is not None and latest.covers(start, end):
        return False
    if index == rules.base64_index:
        tail: OpenTail | EncodedTail = EncodedTail(index, start, end)
    else:
        reader = rules.matchers[index].tail
        assert reader is not None
        tail = OpenTail(index, reader, start, end)
    tail.extend(view.text, view.base, final=view.final)
    evidence.tails[index, start, end] = evidence.latest[index] = tail
    return True
