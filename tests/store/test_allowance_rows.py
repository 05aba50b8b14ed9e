import pytest
from sqlalchemy import Connection

from maskproxy.errors import Denied, NotFound
from maskproxy.masking import Lift
from maskproxy.store import allowance_rows
from maskproxy.store.allowance_rows import AllowanceBounds, AllowanceRow, Decision, Live

ADA, BOB = b"a" * 32, b"b" * 32
BOUNDS = AllowanceBounds(person_rows=3, rows=5, wait_us=1_000, keep_us=2_000)


def row(
    name: str, asked_us: int = 10, *, state: str = "active", person: bytes = ADA, text: bytes = b"f"
) -> AllowanceRow:
    expires_us = asked_us + 100 if state == "active" else 0
    return AllowanceRow(
        name, person, "idp#ada", "Ada", "MASKED_X", "jwt", text * 16, 0, "why", state, 100, asked_us, expires_us
    )


def decide(connection: Connection, name: str, decision: Decision, now_us: int = 20) -> AllowanceRow:
    return allowance_rows.decide(connection, name, decision, by="root", reason="so", now_us=now_us)


def test_what_is_given_at_once_is_in_force_until_it_ends(connection: Connection) -> None:
    allowance_rows.add(connection, row("a"), BOUNDS)
    assert allowance_rows.live(connection, 109) == [Live(ADA, b"f" * 16, Lift.AT_ONCE, 110)]
    assert allowance_rows.live(connection, 110) == []
    (kept,) = allowance_rows.listed(connection, ADA)
    assert (kept.state_at(109), kept.state_at(110)) == ("active", "expired")
    assert allowance_rows.listed(connection, BOB) == []


def test_what_waits_is_in_force_from_its_approval_on(connection: Connection) -> None:
    allowance_rows.add(connection, row("a", state="pending"), BOUNDS)
    assert allowance_rows.live(connection, 20) == []
    assert decide(connection, "a", "approve", 50).expires_us == 150
    assert allowance_rows.live(connection, 149) == [Live(ADA, b"f" * 16, Lift.APPROVAL, 150)]
    assert decide(connection, "a", "revoke", 60).expires_us == 60
    assert allowance_rows.live(connection, 60) == []
    assert [event.event for event in allowance_rows.history(connection)["a"]] == ["asked", "approved", "revoked"]


@pytest.mark.parametrize(
    ("state", "before", "decision"),
    [
        ("active", [], "approve"),
        ("active", [], "deny"),
        ("pending", ["deny"], "approve"),
        ("pending", ["deny"], "revoke"),
        ("pending", ["revoke"], "approve"),
        ("pending", ["approve"], "approve"),
    ],
)
def test_what_is_decided_is_decided(
    connection: Connection, state: str, before: list[Decision], decision: Decision
) -> None:
    allowance_rows.add(connection, row("a", state=state), BOUNDS)
    for one in before:
        decide(connection, "a", one)
    kept = allowance_rows.listed(connection)
    with pytest.raises(Denied, match="nothing to"):
        decide(connection, "a", decision)
    assert allowance_rows.listed(connection) == kept


def test_what_is_over_or_not_there_cannot_be_decided_on(connection: Connection) -> None:
    allowance_rows.add(connection, row("a"), BOUNDS)
    with pytest.raises(Denied, match="expired"):
        decide(connection, "a", "revoke", 110)
    with pytest.raises(NotFound):
        decide(connection, "b", "revoke")


def test_asking_again_for_what_waits_changes_nothing(connection: Connection) -> None:
    first = allowance_rows.add(connection, row("a", state="pending"), BOUNDS)
    assert allowance_rows.add(connection, row("b", 20, state="pending"), BOUNDS) == first
    assert allowance_rows.add(connection, row("c", 20, state="pending", text=b"g"), BOUNDS).id == "c"
    assert allowance_rows.add(connection, row("d", 1_010, state="pending"), BOUNDS).id == "d", (
        "the first waited too long"
    )


def test_a_person_and_all_together_have_so_many_open(connection: Connection) -> None:
    for name in "abc":
        allowance_rows.add(connection, row(name), BOUNDS)
    with pytest.raises(Denied, match="Too many"):
        allowance_rows.add(connection, row("d"), BOUNDS)
    for name in "ef":
        allowance_rows.add(connection, row(name, person=BOB), BOUNDS)
    with pytest.raises(Denied, match="Too many"):
        allowance_rows.add(connection, row("g", person=b"c" * 32), BOUNDS)
    assert allowance_rows.add(connection, row("h", 110), BOUNDS).id == "h", "others are over by then"


def test_each_event_is_told_once_and_grows_the_version(connection: Connection) -> None:
    assert allowance_rows.version(connection) == (0, False)
    allowance_rows.add(connection, row("a", state="pending"), BOUNDS)
    decide(connection, "a", "approve")
    assert allowance_rows.version(connection) == (2, True)
    told = allowance_rows.take_events(connection)
    assert [(event.event, event.by, event.reason) for event in told] == [
        ("asked", "idp#ada", "why"),
        ("approved", "root", "so"),
    ]
    assert (told[1].person_key, told[1].placeholder, told[1].rule, told[1].at_us) == ("idp#ada", "MASKED_X", "jwt", 20)
    assert allowance_rows.take_events(connection) == []
    assert allowance_rows.version(connection) == (2, False)


def test_what_is_long_over_is_forgotten_with_its_events(connection: Connection) -> None:
    allowance_rows.add(connection, row("over"), BOUNDS)
    allowance_rows.add(connection, row("waits", 1_500, state="pending"), BOUNDS)
    allowance_rows.add(connection, row("left", 900, state="pending", text=b"g"), BOUNDS)
    allowance_rows.add(connection, row("recent", 1_800), BOUNDS)
    allowance_rows.prune(connection, 2_010, BOUNDS)
    assert [kept.id for kept in allowance_rows.listed(connection)] == ["recent", "waits"]
    assert set(allowance_rows.history(connection)) == {"recent", "waits"}
    assert allowance_rows.version(connection)[0] == 4


def test_of_very_many_that_are_over_the_oldest_are_forgotten(connection: Connection) -> None:
    for number in range(8):
        allowance_rows.add(connection, row(f"a{number}", 10 + number * 200), BOUNDS)
    allowance_rows.prune(connection, 1_999, BOUNDS)
    assert [kept.id for kept in allowance_rows.listed(connection)] == [f"a{number}" for number in range(7, 2, -1)]
