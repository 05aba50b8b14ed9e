import asyncio
import contextlib

import pytest

from maskproxy.errors import Denied, NotFound
from maskproxy.masking import Lift, Lifting, Noted
from maskproxy.store import allowance_rows, allowances
from maskproxy.store.allowance_rows import Event
from maskproxy.store.allowances import Allowances
from maskproxy.store.sightings import Asker, Sighting
from tests.store.place import KEY, Shelf

ADA = Asker("idp#ada", "Ada")
SEEN = Sighting("jwt", "MASKED_X", "request", "body", "mask", "enforce", "s1", "req_1")
NOTED = Noted(b"f" * 16, Lift.AT_ONCE)


@pytest.fixture(autouse=True)
def seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever follows the store is asked to by the test."""
    monkeypatch.setattr(allowances, "POLL_S", 3600.0)
    monkeypatch.setattr(allowances, "CALL_S", 60.0)


class Node:
    def __init__(self, shelf: Shelf, key: bytes = KEY) -> None:
        self.told: list[Event] = []
        self.unforeseen: list[Exception] = []
        self.fails = False
        self.view = Allowances(
            shelf.store,
            key,
            wall_ns=lambda: int(shelf.now_s * 1e9),
            audited=self._tell,
            unforeseen=self.unforeseen.append,
        )

    async def _tell(self, event: Event) -> None:
        self.told.append(event)
        if self.fails:
            raise RuntimeError

    def granted(self, person: str = ADA.key) -> dict[bytes, Lift]:
        return dict(self.view.lifting(person, {}, Lift.APPROVAL).granted)


async def ask(node: Node, lift: Lift = Lift.AT_ONCE, for_s: float = 60) -> allowance_rows.AllowanceRow:
    node.view.note(ADA.key, SEEN, NOTED._replace(lift=lift))
    return await node.view.ask(ADA, SEEN.placeholder, for_s, "why", lambda _: Lift.AT_ONCE)


async def test_it_is_in_force_at_once_here_and_after_a_look_elsewhere(shelf: Shelf) -> None:
    one, two = Node(shelf), Node(shelf)
    for node in (one, two):
        await node.view.start()
    assert (await ask(one)).state == "active"
    assert one.granted() == {NOTED.fingerprint: Lift.AT_ONCE}
    assert one.granted("idp#bob") == two.granted() == {}
    await two.view.refresh()
    assert two.granted() == {NOTED.fingerprint: Lift.AT_ONCE}
    assert [event.event for event in one.told + two.told] == ["allowed"]
    shelf.now_s += 59.9
    assert two.granted()
    shelf.now_s += 0.2
    assert one.granted() == two.granted() == {}
    for node in (one, two):
        await node.view.close()


async def test_it_follows_by_itself(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowances, "POLL_S", 0.01)
    one, two = Node(shelf), Node(shelf)
    await two.view.start()
    await ask(one)
    async with asyncio.timeout(10):
        while not two.granted():
            await asyncio.sleep(0.01)
    await two.view.close()
    await one.view.close()


async def test_a_fault_of_ours_is_told_and_does_not_end_it(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowances, "POLL_S", 0.01)
    node = Node(shelf)
    node.fails = True
    await node.view.start()
    with contextlib.suppress(RuntimeError):  # whoever looks first, the follower or the asker, meets it
        await ask(node)
    row = (await node.view.asked(ADA.key))[0]
    await shelf.store.call(
        lambda connection: allowance_rows.decide(
            connection, row.id, "revoke", by="root", reason="so", now_us=int(shelf.now_s * 1e6)
        ),
        timeout_s=60,
    )
    async with asyncio.timeout(10):
        while node.granted() or not node.unforeseen:
            await asyncio.sleep(0.01)
    await node.view.close()


async def test_what_it_takes_is_the_most_of_then_and_now(shelf: Shelf) -> None:
    node = Node(shelf)
    node.view.note(ADA.key, SEEN, NOTED)
    for takes, state in ((Lift.AT_ONCE, "active"), (Lift.APPROVAL, "pending")):
        row = await node.view.ask(ADA, SEEN.placeholder, 60, "why", lambda _, takes=takes: takes)  # type: ignore[misc]
        assert row.state == state
    assert (await ask(node, Lift.APPROVAL)).state == "pending"
    for never, says in ((Lift.NEVER, "may not be lifted"), (Lift.TOO_LONG, "too long")):
        with pytest.raises(Denied, match=says):
            await node.view.ask(ADA, SEEN.placeholder, 60, "why", lambda _, never=never: never)  # type: ignore[misc]
        with pytest.raises(Denied, match=says):
            await ask(node, never)
    with pytest.raises(NotFound):
        await node.view.ask(ADA._replace(key="idp#bob"), SEEN.placeholder, 60, "why", lambda _: Lift.AT_ONCE)


async def test_findings_are_gathered_and_written_together(shelf: Shelf) -> None:
    node = Node(shelf)
    for number in range(3):
        node.view.note(ADA.key, SEEN._replace(place="x" * 1000, exchange=f"req_{number}"), NOTED)
        shelf.now_s += 1
    node.view.note(ADA.key, SEEN._replace(placeholder="MASKED_Y"), NOTED)
    latest, other = await node.view.findings(ADA.key, 10)
    assert (latest.placeholder, other.placeholder, other.times, other.exchange) == ("MASKED_Y", "MASKED_X", 3, "req_2")
    assert len(other.place) == 256
    assert other.seen_us - other.first_us == 2_000_000
    assert await node.view.findings("idp#bob", 10) == []
    assert b"idp#ada" not in shelf.kept()
    node.view.note(ADA.key, SEEN, NOTED)
    await node.view.close()
    assert (await node.view.findings(ADA.key, 10))[0].times == 4


async def test_of_what_can_never_pass_no_fingerprint_is_kept(shelf: Shelf) -> None:
    node = Node(shelf)
    for lift, kept in ((Lift.APPROVAL, NOTED.fingerprint), (Lift.NEVER, b""), (Lift.TOO_LONG, b"")):
        node.view.note(ADA.key, SEEN, NOTED._replace(lift=lift))
        (row,) = await node.view.findings(ADA.key, 10)
        assert (row.fingerprint, row.lift) == (kept, lift)


async def test_of_very_many_at_a_time_the_last_are_not_kept(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowances, "_MOST_BUFFERED", 2)
    node = Node(shelf)
    for name in ("A", "B", "C", "A"):
        node.view.note(ADA.key, SEEN._replace(placeholder=name), NOTED)
    assert {(row.placeholder, row.times) for row in await node.view.findings(ADA.key, 10)} == {("A", 2), ("B", 1)}


async def test_a_store_that_fails_is_told_and_what_is_known_counts_until_it_ends(shelf: Shelf) -> None:
    node = Node(shelf)
    await node.view.start()
    await ask(node)
    shelf.change("ALTER TABLE allowance_events RENAME TO hidden")
    assert shelf.told == []
    follower = Node(shelf)
    await follower.view.start(node.view)
    assert [failed for failed, _ in shelf.told] == [True]
    assert "out of date" in shelf.told[0][1]
    assert node.granted() == follower.granted() == {NOTED.fingerprint: Lift.AT_ONCE}
    shelf.now_s += 61
    assert node.granted() == follower.granted() == {}
    for one in (node, follower):
        await one.view.close()


async def test_under_another_key_nothing_is_taken_over(shelf: Shelf) -> None:
    node, other = Node(shelf), Node(shelf, b"\x02" * 32)
    await ask(node)
    await other.view.start(node.view)
    assert other.granted() == {}
    await other.view.close()


async def test_fingerprints_are_a_persons_and_a_keys(shelf: Shelf) -> None:
    prints = set()
    for key in (KEY, b"\x02" * 32):
        for person in ("idp#ada", "idp#bob"):
            lifting: Lifting = Node(shelf, key).view.lifting(person, {}, Lift.APPROVAL)
            span = lifting.begin()
            span.add(b"text")
            prints.add(span.finish()[0])
    assert len(prints) == 4


async def test_what_is_over_is_pruned(shelf: Shelf) -> None:
    node = Node(shelf)
    await ask(node)
    shelf.now_s += 91 * 86400
    await node.view.prune()
    assert await node.view.asked(ADA.key) == []
    assert await node.view.findings(ADA.key, 10) == []
