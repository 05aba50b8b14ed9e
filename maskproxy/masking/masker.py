"""Masking of texts and text streams.

Promises: for every way of cutting the input the concatenated output is the same, and equals masking the whole at once;
a byte is held back only while it may still belong to a secret, or be part of a character that is not complete; no byte
of a secret leaves before the whole is known; bytes that are no secret are untouched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from maskproxy.masking.automaton import TEXT_EDGE, Thread
from maskproxy.masking.characters import ceil, floor
from maskproxy.masking.literals import Literals
from maskproxy.masking.masked import Masked
from maskproxy.masking.matcher import OpenTail
from maskproxy.masking.placeholders import PendingPlaceholder, Placeholders
from maskproxy.masking.rules import RuleSet
from maskproxy.masking.settling import CANDIDATE_LIMIT, Candidate, Evidence

_NOTHING = Masked(b"")
_KNOWN_LENGTH = 12
_SHORT = 256
"""Up to this length a text is tried forwards from each place; a longer one is read once, backwards."""
_KNOWN_LIMIT = 1024


class Finding(NamedTuple):
    """One masked span: byte offsets in the text, or in the stream that was fed."""

    rule: str
    start: int
    end: int
    placeholder: str


class Masking:
    """The rules, one scope's placeholders and one exchange's own secrets, ready to mask."""

    __slots__ = ("literals", "placeholders", "rules", "urgent")

    def __init__(
        self,
        rules: RuleSet,
        placeholders: Placeholders,
        literals: Sequence[tuple[str, bytes]] = (),
        urgent: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        """`literals`: (rule id, exact bytes) that are secrets in this exchange, each at least 6 bytes long.

        `urgent`: rules that the finding of every span names in which they have a part, the greatest number first.
        """
        self.rules = rules
        self.placeholders = placeholders
        self.literals = Literals(literals)
        self.urgent = urgent

    def knowing(self, secrets: Sequence[tuple[str, bytes]]) -> Masking:
        """Give the same with further literals: (rule id, exact bytes)."""
        return Masking(self.rules, self.placeholders, [*self.literals.pairs(), *secrets], self.urgent)

    def text(self, data: bytes) -> tuple[Masked, list[Finding]]:
        """Mask a whole text."""
        masker = Masker(self)
        return masker.whole(data), masker.findings

    def find(self, data: bytes) -> list[Finding]:
        """Give what `text` would mask."""
        return self.text(data)[1]

    def masker(self) -> Masker:
        """Start masking a stream."""
        return Masker(self)

    def may_hold(self, data: bytes) -> bool:
        """Scan raw bytes for anything that could be a secret, JSON-escaped or not.

        False only if no string in it, once decoded, and no `key: value` of it can hold a finding. A placeholder of
        ours may make it True.
        """
        return self.rules.may_hold(data) or self.literals.may_be_in(data)

    def may_hold_own(self, data: bytes) -> bool:
        """Tell whether raw bytes may hold one of the exchange's own secrets, JSON-escaped or not."""
        return self.literals.may_be_in(data)

    def holds_own(self, text: bytes) -> bool:
        """Tell whether one of them stands in a text."""
        return bool(self.literals.spans(text))


class _Group:
    """A span being masked: survivors that overlap."""

    __slots__ = ("end", "pending", "rule", "start")

    def __init__(self, rule: str, start: int, end: int, pending: PendingPlaceholder) -> None:
        self.rule = rule
        self.start = start
        self.end = end
        self.pending = pending


class Masker:
    """One text stream. Memory is bounded by the longest rule and `CANDIDATE_LIMIT`, whatever is fed in pieces."""

    __slots__ = (
        "_base",
        "_before",
        "_buffer",
        "_dead",
        "_evidence",
        "_forward",
        "_group",
        "_known",
        "_literals",
        "_masking",
        "_seen",
        "_shortest",
        "_thread",
        "findings",
    )

    def __init__(self, masking: Masking) -> None:
        self._masking = masking
        self._known = masking.rules.known_alive[TEXT_EDGE]
        self._forward = masking.rules.forward
        self._literals = masking.literals
        self._shortest = min(masking.rules.shortest, masking.literals.shortest)
        self._buffer = b""
        self._base = 0
        self._before = TEXT_EDGE
        self._thread: tuple[int, int, Thread | None] = (-1, 0, None)
        """The matches that may have begun where the held text begins: that place, how far they were followed, where."""
        self._dead = 0
        """Nothing that begins before here can become a match any more: it could not when last asked."""
        self._seen = 0
        """Matches that end here or before have been noted; what ends at a text's end is judged again with more."""
        self._evidence: Evidence | None = None
        self._group: _Group | None = None
        self.findings: list[Finding] = []

    @property
    def held(self) -> int:
        """How many bytes are held back."""
        return len(self._buffer)

    def feed(self, data: bytes) -> Masked:
        """Take the next piece; give what can leave."""
        if self._evidence is not None:
            return self._settle(self._buffer + data, final=False) if data else _NOTHING
        text = self._buffer + data
        alive = self._known.get(text)
        if alive is None:
            alive = self._alive(text)
        if self._literals:
            alive = min(alive, self._literals.alive(text))
        if not alive:
            self._buffer = text
            return _NOTHING
        if len(text) >= self._shortest and self._detect(text, final=False):
            return self._settle(text, final=False, alive=alive)
        self._buffer = text[alive:]
        self._base += alive
        before = self._before = text[alive - 1]
        self._known = self._masking.rules.known_alive[before]
        return text[:alive]  # type: ignore[return-value] # as Masked(...), without the call

    def finish(self) -> Masked:
        """End the stream; give the rest."""
        if self._evidence is not None:
            return self._settle(self._buffer, final=True)
        text, self._buffer = self._buffer, b""
        return self._last(text)

    def whole(self, data: bytes) -> Masked:
        """Mask a text that is here from beginning to end."""
        return self._last(data)

    def survivors(self, data: bytes) -> list[tuple[int, int, int]]:
        """Give index of the rule, start and end of every candidate that passes, before those of all rules merge."""
        self._buffer = data
        if not self._detect(data, final=True):
            return []
        evidence = self._evidence
        assert evidence is not None
        evidence.extend_tails(data, 0, final=True)
        candidates = evidence.candidates(lambda at: ceil(data, at))
        evidence.settle(candidates, len(data), self._check, final=True)
        return [(c.rule, c.start, c.end) for c in candidates if c.verdict]

    def _last(self, text: bytes) -> Masked:
        if len(text) >= self._shortest and self._detect(text, final=True):
            return self._settle(text, final=True, alive=len(text))
        return Masked(text)

    def _alive(self, text: bytes) -> int:
        """Give where the longest end of text begins that may still become a rule's match or a whole character."""
        size = len(text)
        if size > _KNOWN_LENGTH and self._goes_on(text):
            return 0
        dead = max(0, self._dead - self._base)
        if size - dead <= _SHORT:
            alive = self._forward.alive(text, dead, text[dead - 1] if dead else self._before)
        else:
            alive = min(size, self._masking.rules.beginnings.longest(text, size, dead, self._before))
        self._dead = self._base + alive
        if alive and text[alive if alive < size else -1] >= 0x80:
            alive = floor(text, alive)
        if size <= _KNOWN_LENGTH and text:
            if len(self._known) >= _KNOWN_LIMIT:
                self._known.clear()
            self._known[text] = alive
        return alive

    def _goes_on(self, text: bytes) -> bool:
        """Tell whether all of text may still become a match. Reads only what is new since it was asked last."""
        base, at, thread = self._thread
        if base != self._base or at > len(text):
            at, thread = 0, self._forward.begin(self._before)
        while thread is not None and at < len(text):
            thread = thread[text[at]]
            at += 1
        self._thread = (self._base, at, thread)
        return thread is not None

    def _detect(self, text: bytes, *, final: bool) -> bool:
        """Look for matches in the text that is held back and note them; give whether there is anything to settle."""
        masking, size = self._masking, len(text)
        rules = masking.rules
        hits = rules.hits(text)
        literals = masking.literals.spans(text) if masking.literals else []
        if not hits and not literals:
            return self._evidence is not None
        evidence = Evidence() if self._evidence is None else self._evidence
        seen, self._seen = self._seen - self._base, self._base + size - 1
        for index, core_end in sorted({hit for hit in hits if hit[1] > seen}):
            if index == rules.placeholder_index:
                self._note_own(evidence, text, core_end)
                continue
            matcher = rules.matchers[index]
            if matcher.tail is not None:
                self._note_tails(evidence, text, index, core_end, final=final)
                continue
            right = text[core_end] if core_end < size else TEXT_EDGE
            if (core_end < size or final or matcher.free_right) and matcher.shape.right >> right & 1:
                for start, end in matcher.secrets(text, core_end, self._before):
                    evidence.matches.add((index, self._base + floor(text, start), self._base + ceil(text, end)))
        for number, start, end in literals:
            evidence.matches.add((len(rules.rules) + number, self._base + start, self._base + end))
        if evidence:
            self._evidence = evidence
        return self._evidence is not None

    def _note_own(self, evidence: Evidence, text: bytes, end: int) -> None:
        for start in self._masking.rules.placeholder.starts(text, end, self._before):
            if self._masking.placeholders.verify(text[start:end]):
                evidence.own.add((self._base + start, self._base + end))

    def _note_tails(self, evidence: Evidence, text: bytes, index: int, core_end: int, *, final: bool) -> None:
        matcher, base = self._masking.rules.matchers[index], self._base
        assert matcher.tail is not None
        for first, end in matcher.secrets(text, core_end, self._before):
            start = floor(text, first)
            key = (index, base + first, base + end)
            latest = evidence.latest.get(index)
            if key in evidence.tails or (latest is not None and latest.covers(base + start, base + end)):
                continue
            tail = OpenTail(index, matcher.tail, base + start, base + end)
            tail.extend(text, base, final=final)
            evidence.tails[key] = evidence.latest[index] = tail

    def _settle(self, text: bytes, *, final: bool, alive: int | None = None) -> Masked:
        """Judge what can be judged, release what is decided."""
        evidence, base, size = self._evidence, self._base, len(text)
        assert evidence is not None
        self._buffer = text
        evidence.extend_tails(text, base, final=final)
        if not final and self._waits_inside(evidence, size):
            return _NOTHING
        if alive is None:
            alive = size if final else self._alive(text)
            if self._literals and not final:
                alive = min(alive, self._literals.alive(text))
            if not alive and not final and size <= CANDIDATE_LIMIT:
                return _NOTHING
            self._detect(text, final=final)
        evidence.extend_tails(text, base, final=final)
        candidates = evidence.candidates(lambda at: base + ceil(text, at - base))
        frontier = evidence.settle(candidates, base + alive, self._check, final=final)
        if frontier == base and not final:
            return _NOTHING
        goes_on = evidence.forget(candidates, frontier)
        out = self._release(candidates, frontier, goes_on=goes_on)
        if frontier > base:
            self._before = text[frontier - base - 1]
            self._known = self._masking.rules.known_alive[self._before]
        self._buffer = text[frontier - base :]
        self._base = frontier
        if not evidence and self._group is None:
            self._evidence = None
        return out

    def _waits_inside(self, evidence: Evidence, size: int) -> bool:
        """Tell, without a scan, that an open tail holds everything back."""
        base = self._base
        return size <= CANDIDATE_LIMIT and any(
            tail.start == base and not tail.decided and tail.undecided_from is None for tail in evidence.tails.values()
        )

    def _check(self, candidate: Candidate) -> bool:
        rules = self._masking.rules.rules
        if candidate.rule >= len(rules):
            return True
        base = self._base
        return rules[candidate.rule].accepts(self._buffer[candidate.start - base : candidate.end - base])

    def _release(self, candidates: list[Candidate], frontier: int, *, goes_on: bool) -> Masked:
        """Write what lies before `frontier`, with placeholders for the spans that are masked."""
        text, base = self._buffer, self._base
        group, at = self._group, base
        if group is not None:
            group.end = base
        crossing = goes_on
        out: list[bytes] = []
        for survivor in sorted((c for c in candidates if c.verdict and c.start < frontier), key=self._order):
            crossing = crossing or survivor.end > frontier
            if group is not None and (survivor.resumed or survivor.start < group.end):
                group.end = max(group.end, survivor.end)
                if self._masking.urgent:
                    group.rule = max(group.rule, self._rule_id(survivor.rule), key=self._urgency)
                continue
            if group is not None:
                at = self._close(group, at, out)
            rule = self._rule_id(survivor.rule)
            group = _Group(rule, survivor.start, survivor.end, self._masking.placeholders.begin(rule))
            out.append(text[at - base : survivor.start - base])
            at = survivor.start
        if group is not None and crossing:
            group.pending.add(text[at - base : frontier - base])
            at = frontier
        elif group is not None:
            at = self._close(group, at, out)
            group = None
        self._group = group
        out.append(text[at - base : frontier - base])
        return Masked(b"".join(out))

    def _close(self, group: _Group, at: int, out: list[bytes]) -> int:
        base = self._base
        group.pending.add(self._buffer[at - base : group.end - base])
        placeholder = group.pending.finish()
        out.append(placeholder)
        self.findings.append(Finding(group.rule, group.start, group.end, placeholder.decode("ascii")))
        return group.end

    def _urgency(self, rule: str) -> int:
        return self._masking.urgent.get(rule, 0)

    def _rule_id(self, index: int) -> str:
        rules = self._masking.rules.rules
        return rules[index].id if index < len(rules) else self._masking.literals.rule_id(index - len(rules))

    def _order(self, candidate: Candidate) -> tuple[int, bool, int, str]:
        rules = self._masking.rules.rules
        severity = rules[candidate.rule].rank if candidate.rule < len(rules) else 99
        return candidate.start, not candidate.resumed, -severity, self._rule_id(candidate.rule)
