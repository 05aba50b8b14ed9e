"""Masking of one text stream.

Promises: for every way of cutting the input the concatenated output is the same, and equals masking the whole at once;
a byte is held back only while it may still belong to a secret, or be part of a character that is not complete; no byte
of a secret leaves before the whole is known; bytes that are no secret are untouched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from maskproxy.masking.automaton import TEXT_EDGE
from maskproxy.masking.characters import ceil, floor
from maskproxy.masking.checks import CONTEXT_BYTES
from maskproxy.masking.engine import Hit
from maskproxy.masking.lifting import OpenSpan
from maskproxy.masking.masked import Masked
from maskproxy.masking.matches import View, note_hits
from maskproxy.masking.placeholders import PendingPlaceholder
from maskproxy.masking.reading import Reading
from maskproxy.masking.settling import CANDIDATE_LIMIT, Candidate, Evidence

if TYPE_CHECKING:
    from maskproxy.masking.masking import Masking

_NOTHING = Masked(b"")
_KEPT_BYTES = 1024
"""What was released is cut from the buffer when there is so much of it."""
_PIECE_BYTES = 256 * 1024
_MOST_AT_ONCE = 5000
"""A whole text with more hits is gone through by the piece, lest what is known of it takes many times its memory."""


class Finding(NamedTuple):
    """One masked span: byte offsets in the text, or in the stream that was fed."""

    rule: str
    start: int
    end: int
    placeholder: str


class _Group:
    """A span being masked: survivors that overlap."""

    __slots__ = ("end", "pending", "rule", "span", "start")

    def __init__(self, rule: str, start: int, end: int, pending: PendingPlaceholder, span: OpenSpan | None) -> None:
        self.rule = rule
        self.start = start
        self.end = end
        self.pending = pending
        self.span = span
        """What is known of it for `lifting`, where there is one."""

    def add(self, piece: bytes) -> None:
        self.pending.add(piece)
        if self.span is not None:
            self.span.add(piece)


class Masker:
    """One text stream. Memory is bounded by the longest rule and `CANDIDATE_LIMIT`, whatever is fed in pieces."""

    __slots__ = (
        "_base",
        "_before",
        "_buffer",
        "_evidence",
        "_freed",
        "_group",
        "_lead",
        "_literals",
        "_masking",
        "_reach",
        "_reading",
        "_seen",
        "_shortest",
        "findings",
    )

    def __init__(self, masking: Masking) -> None:
        self._masking = masking
        self._literals = masking.literals or None
        self._shortest = min(masking.rules.shortest, masking.literals.shortest)
        self._reach = max(masking.rules.longest, masking.literals.longest)
        self._lead = max(CONTEXT_BYTES, masking.rules.lead + 1)
        """So much of what was released is kept, for what stands before a secret and tells that it is one."""
        self._buffer = b""
        """What is held back, behind the end of what was released."""
        self._base = 0
        """The offset in the stream where the buffer begins; `_before` is the byte before it."""
        self._before = TEXT_EDGE
        self._freed = 0
        """The offset before which everything was released."""
        self._reading = Reading(masking.rules.forward, masking.rules.longest)
        """What may still become a rule's match."""
        self._seen = 0
        """Matches that end here or before have been noted; what ends at a text's end is judged again with more."""
        self._evidence: Evidence | None = None
        self._group: _Group | None = None
        self.findings: list[Finding] = []

    @property
    def held(self) -> int:
        """How many bytes are held back."""
        return self._base + len(self._buffer) - self._freed

    @property
    def settled(self) -> int:
        """The offset before which nothing will be found any more, but for the span that is open."""
        return self._freed

    @property
    def open_from(self) -> int | None:
        """Where the span begins that is being masked and goes on; None: there is none."""
        return self._group.start if self._group is not None else None

    def take_findings(self) -> list[Finding]:
        """Give what was found since the last time, and forget it, so that an endless stream takes no endless memory."""
        found, self.findings = self.findings, []
        return found

    def feed(self, data: bytes) -> Masked:
        """Take the next piece; give what can leave."""
        if self._evidence is not None:
            return self._settle(self._buffer + data, final=False) if data else _NOTHING
        text = self._buffer + data
        alive = self._alive(text)
        freed = self._freed - self._base
        if alive <= freed:
            self._buffer = text
            return _NOTHING
        if (self._literals is not None or self._reading.ended) and self._detect(text, final=False):
            return self._settle(text, final=False, alive=alive)
        self._keep(text, alive)
        return text[freed:alive]  # type: ignore[return-value] # as Masked(...), without the call

    def finish(self) -> Masked:
        """End the stream; give the rest."""
        if self._evidence is not None:
            return self._settle(self._buffer, final=True)
        return self._last(self._buffer)

    def whole(self, data: bytes) -> Masked:
        """Mask a text that is here from beginning to end."""
        if len(data) <= _PIECE_BYTES:
            return self._last(data)
        hits = self._masking.rules.few_hits(data, _MOST_AT_ONCE)
        if hits is not None:
            return self._last(data, hits)
        made = [self.feed(data[at : at + _PIECE_BYTES]) for at in range(0, len(data), _PIECE_BYTES)]
        made.append(self.finish())
        return Masked(b"".join(made)) if self.findings else Masked(data)

    def search(self, data: bytes) -> list[Finding]:
        """Give what `whole` would mask."""
        self.whole(data)
        return self.findings

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

    def _last(self, text: bytes, hits: list[Hit] | None = None) -> Masked:
        """Take the end of the text, in which the rules' `hits` may be known."""
        if len(text) >= self._shortest and self._detect(text, final=True, hits=hits):
            return self._settle(text, final=True, alive=len(text))
        freed = self._freed - self._base
        self._keep(text, len(text))
        return Masked(text[freed:])

    def _alive(self, text: bytes) -> int:
        """Give where the longest end of text begins that may still become a match or a whole character."""
        alive = self._reading.alive(text, self._base, self._before)
        if alive and text[alive if alive < len(text) else -1] >= 0x80:
            alive = floor(text, alive)
        if self._literals is not None:
            freed = self._freed - self._base
            alive = min(alive, freed + self._literals.alive(text[freed:]))
        return alive

    def _keep(self, text: bytes, released: int) -> None:
        """Hold back what lies behind `released`, and keep enough of what lies before it."""
        self._freed = self._base + released
        if released > _KEPT_BYTES:
            cut = max(0, released - self._lead)
            self._base += cut
            if cut:
                self._before = text[cut - 1]
                text = text[cut:]
        self._buffer = text

    def _detect(self, text: bytes, *, final: bool, hits: list[Hit] | None = None) -> bool:
        """Look for matches in the text that is held back and note them; give whether there is anything to settle."""
        masking, base = self._masking, self._base
        seen, self._seen = self._seen, base + len(text) - 1
        may_hold, self._reading.ended = final or self._reading.ended, self._reading.ends
        # What ends in what was seen has been noted, so only matches that reach beyond it are looked for.
        skip = max(0, seen - base - self._reach)
        new = text[skip:] if skip else text
        if hits is None:
            hits = masking.rules.hits(new) if may_hold else []
        literals = () if self._literals is None else self._literals.spans(new)
        if not hits and not literals:
            return self._evidence is not None
        evidence = Evidence(masking.rules.encoded) if self._evidence is None else self._evidence
        view = View(text, base, self._before, final=final, freed=self._freed)
        fresh = [(index, end + skip) for index, end in hits if base + end + skip > seen]
        looks = note_hits(evidence, masking.rules, masking.placeholders, view, fresh)
        if masking.work is not None:
            masking.work.look(looks)
        base += skip
        for number, start, end in literals:
            evidence.matches.add((masking.rules.literals_from + number, base + start, base + end))
        evidence.begin_at(self._freed)
        if evidence:
            self._evidence = evidence
        return self._evidence is not None

    def _settle(self, text: bytes, *, final: bool, alive: int | None = None) -> Masked:
        """Judge what can be judged, release what is decided."""
        evidence, base, size = self._evidence, self._base, len(text)
        assert evidence is not None
        self._buffer = text
        evidence.extend_tails(text, base, final=final)
        freed = self._freed
        held = base + size - freed
        if not final and evidence.waits(freed, held):
            return _NOTHING
        if alive is None:
            alive = size if final else self._alive(text)
            if not final and held <= CANDIDATE_LIMIT and (base + alive <= freed or evidence.grows(freed, base + alive)):
                return _NOTHING
            self._detect(text, final=final)
        evidence.extend_tails(text, base, final=final)
        candidates = evidence.candidates(lambda at: base + ceil(text, at - base))
        frontier = evidence.settle(candidates, max(base + alive, freed), self._check, final=final)
        if frontier == freed and not final:
            return _NOTHING
        goes_on = evidence.forget(candidates, frontier)
        out = self._release(candidates, frontier, goes_on=goes_on)
        self._keep(text, frontier - base)
        if not evidence and self._group is None:
            self._evidence = None
        return out

    def _check(self, candidate: Candidate, end: int) -> bool:
        """Judge a candidate by its text up to `end`, and by what stood before it when it came."""
        rules = self._masking.rules
        if candidate.rule >= rules.literals_from:
            return True
        start, stop = candidate.start - self._base, end - self._base
        span = self._buffer[start:stop]
        before = self._buffer[max(0, start - CONTEXT_BYTES) : start]
        if candidate.rule < len(rules.rules):
            return rules.rules[candidate.rule].accepts(span, before)
        if self._masking.work is not None:
            self._masking.work.decode(stop - start)
        if candidate.rule == rules.base64_index:
            candidate.name = self._masking.name_in_base64(before, span)
        else:
            candidate.name = self._masking.name_in_percent(before, span)
        return candidate.name is not None

    def _release(self, candidates: list[Candidate], frontier: int, *, goes_on: bool) -> Masked:
        """Write what lies before `frontier`, with placeholders for the spans that are masked."""
        text, base = self._buffer, self._base
        group, at = self._group, self._freed
        if group is not None:
            group.end = at
        crossing = goes_on
        out: list[bytes] = []
        for survivor in sorted((c for c in candidates if c.verdict and c.start < frontier), key=self._order):
            crossing = crossing or survivor.end > frontier
            if group is not None and (survivor.resumed or survivor.start < group.end):
                group.end = max(group.end, survivor.end)
                if self._masking.urgent:
                    group.rule = max(group.rule, self._rule_id(survivor), key=self._urgency)
                self._tell(group, survivor)
                continue
            if group is not None:
                at = self._close(group, at, out)
            rule, lifting = self._rule_id(survivor), self._masking.lifting
            span = None if lifting is None else lifting.begin()
            group = _Group(rule, survivor.start, survivor.end, self._masking.placeholders.begin(rule), span)
            self._tell(group, survivor)
            out.append(text[at - base : survivor.start - base])
            at = survivor.start
        if group is not None and crossing:
            group.add(text[at - base : frontier - base])
            at = frontier
        elif group is not None:
            at = self._close(group, at, out)
            group = None
        self._group = group
        out.append(text[at - base : frontier - base])
        return Masked(b"".join(out))

    def _close(self, group: _Group, at: int, out: list[bytes]) -> int:
        base = self._base
        if self._masking.work is not None:
            self._masking.work.find()
        group.add(self._buffer[at - base : group.end - base])
        placeholder = group.pending.finish()
        name = placeholder.decode("ascii")
        if group.span is not None and self._masking.lifting is not None:
            lifted = self._masking.lifting.end(group.span, name)
            if lifted is not None and self._masking.lifts:
                out.append(lifted)
                return group.end
        out.append(placeholder)
        self.findings.append(Finding(group.rule, group.start, group.end, name))
        return group.end

    def _tell(self, group: _Group, survivor: Candidate) -> None:
        """Have a rule's part in a span count for what it takes to lift it."""
        span, lifting = group.span, self._masking.lifting
        if span is not None and lifting is not None:
            encoded = survivor.rule in self._masking.rules.encoded
            span.lift = max(span.lift, lifting.takes(self._rule_id(survivor), encoded=encoded))

    def _urgency(self, rule: str) -> int:
        return self._masking.urgent.get(rule, 0)

    def _rule_id(self, candidate: Candidate) -> str:
        rules, index = self._masking.rules, candidate.rule
        if index < len(rules.rules):
            return rules.rules[index].id
        if index >= rules.literals_from:
            return self._masking.literals.rule_id(index - rules.literals_from)
        return candidate.name or ""

    def _order(self, candidate: Candidate) -> tuple[int, bool, int, str]:
        rules = self._masking.rules.rules
        severity = rules[candidate.rule].rank if candidate.rule < len(rules) else 99
        return candidate.start, not candidate.resumed, -severity, self._rule_id(candidate)
