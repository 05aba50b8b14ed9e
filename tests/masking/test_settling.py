from __future__ import annotations

from maskproxy.masking.settling import CANDIDATE_LIMIT, Candidate, Evidence


def judged(
    evidence: Evidence, alive: int, *, final: bool = False
) -> tuple[int, list[tuple[int, int, int, bool | None]]]:
    candidates = evidence.candidates(lambda at: at)
    frontier = evidence.settle(candidates, alive, lambda *_: True, final=final)
    return frontier, [(c.rule, c.start, c.end, c.verdict) for c in candidates]


def test_matches_of_one_rule_that_overlap_are_one_candidate_and_touching_ones_are_two() -> None:
    evidence = Evidence()
    evidence.matches |= {(0, 2, 6), (0, 5, 9), (0, 9, 12), (1, 4, 8)}
    assert judged(evidence, 20) == (20, [(0, 2, 9, True), (0, 9, 12, True), (1, 4, 8, True)])


def test_a_candidate_that_may_grow_holds_the_frontier() -> None:
    evidence = Evidence()
    evidence.matches |= {(0, 2, 6), (1, 8, 12)}
    assert judged(evidence, 10) == (8, [(0, 2, 6, True), (1, 8, 12, None)])
    assert judged(evidence, 10, final=True)[0] == 10


def test_our_own_placeholders_are_cut_out_of_a_match() -> None:
    evidence = Evidence()
    evidence.matches.add((0, 0, 30))
    evidence.own |= {(5, 10), (10, 12), (28, 40)}
    assert judged(evidence, 50)[1] == [(0, 0, 5, True), (0, 12, 28, True)]


def test_a_long_candidate_is_decided_before_it_ends() -> None:
    evidence = Evidence()
    evidence.matches.add((0, 0, CANDIDATE_LIMIT + 2))
    frontier, candidates = judged(evidence, CANDIDATE_LIMIT + 1)
    assert frontier == CANDIDATE_LIMIT + 1
    assert candidates == [(0, 0, CANDIDATE_LIMIT + 2, True)]
    assert judged(evidence, CANDIDATE_LIMIT)[0] == 0


def test_a_verdict_outlives_the_release_of_its_beginning() -> None:
    evidence = Evidence()
    evidence.matches |= {(0, 0, 10), (0, 6, 10), (1, 4, 14)}
    candidates = evidence.candidates(lambda at: at)
    assert evidence.settle(candidates, 12, lambda c, _: c.rule == 1, final=False) == 4
    assert not evidence.forget(candidates, 4)
    again = evidence.candidates(lambda at: at)
    evidence.settle(again, 20, _must_not_judge_rule_zero, final=False)
    assert [(c.rule, c.start, c.end, c.verdict, c.resumed) for c in again] == [
        (0, 4, 10, False, True),
        (1, 4, 14, True, False),
    ]


def _must_not_judge_rule_zero(candidate: Candidate, _: int) -> bool:
    assert candidate.rule == 1
    return True
