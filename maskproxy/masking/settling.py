"""Which spans are masked, decided so that it never depends on where the text was cut.

Each rule's overlapping matches form one candidate. Its checks run once, when its end is settled: nothing that follows
can overlap it any more. The survivors of all rules merge where they overlap; the one that starts first (then severity,
then id) names the span. Our own placeholders are cut out of every match first. A candidate over `CANDIDATE_LIMIT`
bytes is masked unchecked, so that what is held stays bounded.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable

from maskproxy.masking.matcher import OpenTail, Span
from maskproxy.masking.wrapped import EncodedTail

CANDIDATE_LIMIT = 4096
ENCODED_LIMIT = 16 * 1024
"""An encoded span is judged by so many bytes at a time, and masked from the first piece that holds something."""
_ENCODED_OVERLAP = 4096
"""So much of a piece is looked at again with the next one, lest a secret is cut in two."""


class Candidate:
    """Overlapping matches of one rule. Offsets are those of the stream."""

    __slots__ = ("end", "growing", "name", "resumed", "rule", "start", "sure", "verdict")

    def __init__(self, rule: int, start: int, end: int, verdict: bool | None, *, growing: bool) -> None:
        self.rule = rule
        self.start = start
        self.end = end
        self.verdict = verdict
        """True: masked; False: not; None: not settled yet."""
        self.resumed = verdict is not None
        """The verdict is older than this round: part of the candidate was released already."""
        self.growing = growing
        """A tail at its end may still go on."""
        self.sure = True
        """False: it stands or falls with what follows."""
        self.name: str | None = None
        """Of a span that is encoded: the rule that found something in it."""

    def beyond(self, frontier: int) -> Candidate:
        """What is left of it when all before `frontier` was released."""
        rest = Candidate(self.rule, frontier, self.end, self.verdict, growing=False)
        rest.name = self.name
        return rest


class Evidence:
    """What is known of the text that is held back: matches, older verdicts, open tails, our own placeholders."""

    __slots__ = ("_encoded", "_older", "latest", "matches", "own", "tails")

    def __init__(self, encoded: frozenset[int] = frozenset()) -> None:
        """`encoded`: the rules whose candidates are spans to be decoded."""
        self._encoded = encoded
        self.matches: set[tuple[int, int, int]] = set()
        """Rule, start, end of what a match would mask."""
        self.tails: dict[tuple[int, int, int], OpenTail | EncodedTail] = {}
        """By rule, start and end of the core."""
        self.latest: dict[int, OpenTail | EncodedTail] = {}
        """By rule, the tail noted last: spares noting every core inside a long tail."""
        self.own: set[Span] = set()
        """Verified placeholders."""
        self._older: list[Candidate] = []

    def __bool__(self) -> bool:
        return bool(self.matches or self.tails or self.own or self._older)

    def begin_at(self, freed: int) -> None:
        """Take what is noted from `freed` on: what lies before was released."""
        if any(start < freed for _, start, _ in self.matches):
            self.matches = {(rule, max(start, freed), end) for rule, start, end in self.matches if end > freed}
        for tail in self.tails.values():
            tail.start = max(tail.start, freed)

    def extend_tails(self, text: bytes, base: int, *, final: bool) -> None:
        """Follow the open tails through what arrived; a closed one becomes a match."""
        for key, tail in list(self.tails.items()):
            tail.extend(text, base, final=final)
            if not tail.closed:
                continue
            del self.tails[key]
            if tail.decided and tail.end > tail.start:
                self._older.append(Candidate(tail.rule, tail.start, tail.end, True, growing=False))
            elif tail.valid and tail.end > tail.start:
                self.matches.add((tail.rule, tail.start, tail.end))

    def candidates(self, ceil: Callable[[int], int]) -> list[Candidate]:
        """Put the matches of each rule together. `ceil` moves an end out of a character."""
        own = sorted(self.own)
        pieces: list[Candidate] = []
        for rule, start, end in self.matches:
            pieces += _without(own, Candidate(rule, start, ceil(end), None, growing=False))
        pieces = _merged(pieces)
        # Before they meet older verdicts: if nothing is released now, this is all that is known of them next time.
        self.matches = {(piece.rule, piece.start, piece.end) for piece in pieces}
        for older in self._older:
            older.end = ceil(older.end)
            pieces += _without(own, older)
        pieces = _merged(pieces)
        unsure: list[Candidate] = []
        for tail in self.tails.values():
            verdict = True if tail.decided else None
            parts = _without(own, Candidate(tail.rule, tail.start, tail.end, verdict, growing=True))
            (pieces if tail.sure else unsure).extend(parts)
        return _waiting(_merged(pieces), unsure)

    def settle(
        self,
        candidates: list[Candidate],
        alive: int,
        check: Callable[[Candidate, int], bool],
        *,
        final: bool,
    ) -> int:
        """Judge every candidate that can be judged; give the offset before which everything is decided.

        What starts at `alive` or later may still become a match. `check` judges by the text up to an end. Of an encoded
        span that is judged in pieces the rest is added to `candidates`.
        """
        for tail in self.tails.values():
            if tail.undecided_from is not None:
                alive = min(alive, tail.undecided_from)
        frontier = alive
        for candidate in candidates:  # which grows while it is gone through
            if candidate.verdict is not None:
                continue
            encoded = candidate.rule in self._encoded
            settled = final or (candidate.end <= alive and not candidate.growing)
            length = (candidate.end if settled else min(candidate.end, alive)) - candidate.start
            is_long = (settled or candidate.sure) and length > (ENCODED_LIMIT if encoded else CANDIDATE_LIMIT)
            if is_long and not encoded:
                candidate.verdict = True
            elif is_long:
                candidate.verdict = check(candidate, candidate.start + ENCODED_LIMIT)
                if not candidate.verdict:
                    candidates.append(self._rest(candidate))
            elif settled:
                candidate.verdict = check(candidate, candidate.end)
            else:
                frontier = min(frontier, candidate.start)
        return frontier

    def waits(self, base: int, size: int) -> bool:
        """Tell whether an open tail holds back everything from `base` on, `size` bytes."""
        return any(
            tail.start == base
            and not tail.decided
            and tail.undecided_from is None
            and size <= (ENCODED_LIMIT if tail.rule in self._encoded else CANDIDATE_LIMIT)
            for tail in self.tails.values()
        )

    def grows(self, base: int, alive: int) -> bool:
        """Tell whether a match that begins at `base` ends where something may still go on, and so cannot be judged."""
        return any(start == base and end > alive for _, start, end in self.matches)

    def _rest(self, candidate: Candidate) -> Candidate:
        """Cut off what was judged of an encoded span; give what is to be judged next."""
        split = candidate.start + ENCODED_LIMIT - _ENCODED_OVERLAP
        rest = Candidate(candidate.rule, split, candidate.end, None, growing=candidate.growing)
        self.matches.discard((candidate.rule, candidate.start, candidate.end))
        for tail in self.tails.values():
            if tail.rule == candidate.rule and tail.end == candidate.end and tail.start < split:
                tail.start = split
        if not candidate.growing:
            self.matches.add((rest.rule, rest.start, rest.end))
        candidate.end, candidate.growing = split, False
        return rest

    def forget(self, candidates: Iterable[Candidate], frontier: int) -> bool:
        """Drop what lies before `frontier`; give whether a masked tail goes on exactly there."""
        ends = {(c.rule, c.end) for c in candidates if c.verdict and c.growing and c.start < frontier}
        goes_on = False
        for tail in self.tails.values():
            if tail.start < frontier:
                tail.decided = tail.sure and (tail.rule, tail.end) in ends
                tail.start = frontier
            goes_on = goes_on or (tail.decided and tail.start == tail.end == frontier)
        self.matches = {match for match in self.matches if match[1] >= frontier}
        self.own = {span for span in self.own if span[1] > frontier}
        self._older = [c.beyond(frontier) for c in candidates if c.verdict is not None and c.start < frontier < c.end]
        return goes_on


def _merged(pieces: list[Candidate]) -> list[Candidate]:
    """Make one candidate of the pieces of one rule that overlap."""
    pieces.sort(key=lambda piece: (piece.rule, piece.start))
    merged: list[Candidate] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if last is None or last.rule != piece.rule or piece.start >= last.end:
            merged.append(piece)
            continue
        last.end = max(last.end, piece.end)
        last.growing = last.growing or piece.growing
        if last.verdict is None:
            last.verdict, last.resumed, last.name = piece.verdict, piece.resumed, piece.name
    return merged


def _waiting(candidates: list[Candidate], unsure: list[Candidate]) -> list[Candidate]:
    """Add what may yet be no match. It is kept apart, so that it makes no candidate longer, and those it meets wait."""
    for piece in unsure:
        piece.sure, piece.growing = False, True
        for candidate in candidates:
            if candidate.rule == piece.rule and candidate.start < piece.end and piece.start < candidate.end:
                candidate.growing = True
    return candidates + unsure


def _without(own: list[Span], piece: Candidate) -> list[Candidate]:
    """Cut our placeholders out. A verdict stays with the part that begins where it was given."""
    if piece.end <= piece.start:
        return []
    index = max(0, bisect_right(own, (piece.start, 0)) - 1)
    parts, at = [], piece.start
    for start, end in own[index:]:
        if start >= piece.end:
            break
        if end <= at:
            continue
        if start > at:
            parts.append(_part(piece, at, start))
        at = end
    if at == piece.start:
        return [piece]
    if at < piece.end:
        parts.append(_part(piece, at, piece.end))
    return parts


def _part(piece: Candidate, start: int, end: int) -> Candidate:
    verdict = piece.verdict if start == piece.start else None
    return Candidate(piece.rule, start, end, verdict, growing=piece.growing and end == piece.end)
