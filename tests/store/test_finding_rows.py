from sqlalchemy import Connection

from maskproxy.store import finding_rows
from maskproxy.store.finding_rows import FindingBounds, FindingRow

ADA, BOB = b"a" * 32, b"b" * 32
BOUNDS = FindingBounds(person_rows=3, rows=16, keep_us=1_000)


def row(placeholder: str, seen_us: int, person: bytes = ADA, **changes: object) -> FindingRow:
    made = FindingRow(
        person,
        placeholder,
        "jwt",
        "request",
        "body",
        "mask",
        "enforce",
        "s1",
        "req_1",
        b"f" * 16,
        1,
        1,
        seen_us,
        seen_us,
    )
    return made._replace(**changes)  # type: ignore[arg-type]


def names(connection: Connection, person: bytes, now_us: int, most: int = 99) -> list[str]:
    return [found.placeholder for found in finding_rows.of_person(connection, person, now_us, BOUNDS, most)]


def test_what_is_seen_again_is_counted_and_told_anew(connection: Connection) -> None:
    finding_rows.write(connection, [row("A", 10)], BOUNDS)
    again = row("A", 20, place="head.x", action="lifted", session="s2", exchange="req_2", times=4, lift=0)
    finding_rows.write(connection, [again], BOUNDS)
    assert finding_rows.one(connection, ADA, "A", 21, BOUNDS) == again._replace(times=5, first_us=10)
    assert finding_rows.one(connection, BOB, "A", 21, BOUNDS) is None


def test_a_persons_oldest_are_forgotten_first_and_others_stay(connection: Connection) -> None:
    finding_rows.write(connection, [row("B0", 1, BOB), *(row(f"A{n}", n) for n in range(10, 15))], BOUNDS)
    assert names(connection, ADA, 20) == ["A14", "A13", "A12"]
    assert names(connection, ADA, 20, most=1) == ["A14"]
    assert names(connection, BOB, 20) == ["B0"]


def test_of_all_the_oldest_are_forgotten_first(connection: Connection) -> None:
    finding_rows.write(connection, [row("A", n, bytes([n]) * 32) for n in range(1, 18)], BOUNDS)
    left = [n for n in range(1, 18) if names(connection, bytes([n]) * 32, 20)]
    assert left == list(range(3, 18))


def test_what_was_not_seen_for_long_is_over_and_pruned(connection: Connection) -> None:
    finding_rows.write(connection, [row("A", 10), row("B", 500)], BOUNDS)
    assert names(connection, ADA, 1_009) == ["B", "A"]
    assert names(connection, ADA, 1_010) == ["B"]
    assert finding_rows.one(connection, ADA, "A", 1_010, BOUNDS) is None
    finding_rows.prune(connection, 1_010, BOUNDS)
    assert names(connection, ADA, 20) == ["B"]


def test_rules_are_counted_over_all_people(connection: Connection) -> None:
    finding_rows.write(
        connection,
        [row("A", 10, times=3), row("A", 11, BOB), row("C", 11, BOB), row("D", 12, rule="pem", mode="observe")],
        BOUNDS,
    )
    assert finding_rows.by_rule(connection, 20, BOUNDS) == [
        ("jwt", "mask", "enforce", 2, 3, 5),
        ("pem", "mask", "observe", 1, 1, 1),
    ]
