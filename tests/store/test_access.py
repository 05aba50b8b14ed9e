"""Requests for grants and revocations, as rows and as a node's view of them."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection

from maskproxy.errors import Denied, MaskproxyError, NotFound, StoreFailed
from maskproxy.store import access, access_events, access_rows, revocation_rows
from maskproxy.store.access import Access, revocation
from maskproxy.store.access_events import Event
from maskproxy.store.access_rows import Decision, RequestBounds, RequestRow
from maskproxy.store.sightings import Asker
from tests.store.place import Shelf

ADA = Asker("idp#ada", "Ada")
BOUNDS = RequestBounds(person_rows=3, rows=5, wait_us=1_000, keep_us=2_000)


def row(name: str, asked_us: int = 10, *, person: str = "idp#ada", grant: str = "urgent") -> RequestRow:
    return RequestRow(name, person, "Ada", grant, "why", "pending", 100, asked_us, 0)


def anybody(_: RequestRow) -> None:
    """May decide."""


def decide(connection: Connection, name: str, decision: Decision, now_us: int = 20) -> RequestRow:
    return access_rows.decide(
        connection, name, decision, by="root", reason="so", now_us=now_us, bounds=BOUNDS, may=anybody
    )


def test_a_request_waits_is_approved_and_is_over_by_the_clock(connection: Connection) -> None:
    made = access_rows.add(connection, row("a"), BOUNDS)
    assert made.state_at(1_009, 1_000) == "pending"
    assert made.state_at(1_010, 1_000) == "expired"
    approved = decide(connection, "a", "approve", 50)
    assert (approved.expires_us, approved.state_at(149, 1_000), approved.state_at(150, 1_000)) == (
        150,
        "active",
        "expired",
    )
    assert access_rows.of_now(connection, 149, BOUNDS) == [approved]
    assert access_rows.of_now(connection, 150, BOUNDS) == []


def test_what_is_taken_back_leaves_a_revocation_until_it_would_have_ended(connection: Connection) -> None:
    access_rows.add(connection, row("a"), BOUNDS)
    decide(connection, "a", "approve", 50)
    assert decide(connection, "a", "revoke", 60).state == "revoked"
    (revoked,) = revocation_rows.of_now(connection, 149)
    assert (revoked.kind, revoked.target) == ("request", "a")
    assert revocation_rows.of_now(connection, 150) == []
    assert revocation_rows.listed(connection) == []
    with pytest.raises(Denied):
        revocation_rows.restore(connection, revoked.id, by="root", reason="", now_us=70)
    assert [event.event for event in access_events.history(connection)["a"]] == ["asked", "approved", "revoked"]


@pytest.mark.parametrize(
    ("before", "decision"),
    [("approve", "approve"), ("approve", "deny"), ("deny", "approve"), ("deny", "revoke"), ("revoke", "approve")],
)
def test_what_is_decided_is_decided(connection: Connection, before: Decision, decision: Decision) -> None:
    access_rows.add(connection, row("a"), BOUNDS)
    decide(connection, "a", before)
    kept = access_rows.listed(connection)
    with pytest.raises(Denied, match="nothing to"):
        decide(connection, "a", decision)
    assert access_rows.listed(connection) == kept


def test_what_waited_too_long_and_what_is_not_there_cannot_be_decided_on(connection: Connection) -> None:
    access_rows.add(connection, row("a"), BOUNDS)
    with pytest.raises(Denied, match="expired"):
        decide(connection, "a", "approve", 1_010)
    with pytest.raises(NotFound):
        decide(connection, "b", "approve")

    def nobody(_: RequestRow) -> None:
        raise Denied("not you")

    with pytest.raises(Denied, match="not you"):
        access_rows.decide(connection, "a", "deny", by="x", reason="", now_us=20, bounds=BOUNDS, may=nobody)
    assert access_rows.listed(connection)[0].state == "pending"


def test_a_person_and_all_together_have_so_many_open(connection: Connection) -> None:
    assert access_rows.add(connection, row("a"), BOUNDS) == access_rows.add(connection, row("b", 20), BOUNDS)
    for name in ("b", "c"):
        access_rows.add(connection, row(name, grant=name), BOUNDS)
    with pytest.raises(Denied, match="Too many"):
        access_rows.add(connection, row("d", grant="d"), BOUNDS)
    for name in ("e", "f"):
        access_rows.add(connection, row(name, person="idp#bob", grant=name), BOUNDS)
    with pytest.raises(Denied, match="Too many"):
        access_rows.add(connection, row("g", person="idp#eve"), BOUNDS)
    assert access_rows.add(connection, row("h", 1_010), BOUNDS).id == "h", "others waited too long"


def test_a_revocation_counts_until_it_is_restored(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revocation_rows, "MOST", 2)
    made = revocation("person", "idp#ada", "", now_us=10, for_s=1, by="root", reason="left")
    revocation_rows.add(connection, made)
    assert revocation_rows.of_now(connection, 1_000_009) == [made]
    assert revocation_rows.of_now(connection, 1_000_010) == []
    restored = revocation_rows.restore(connection, made.id, by="root", reason="back", now_us=50)
    assert revocation_rows.of_now(connection, 51) == []
    assert revocation_rows.listed(connection) == [restored]
    for name, error in ((made.id, Denied), ("r", NotFound)):
        with pytest.raises(error):
            revocation_rows.restore(connection, name, by="root", reason="", now_us=60)
    revocation_rows.add(connection, made._replace(id="r2"))
    with pytest.raises(Denied, match="Too many"):
        revocation_rows.add(connection, made._replace(id="r3"))
    told = access_events.take(connection)
    assert [(event.event, event.kind, event.person_key, event.by) for event in told] == [
        ("revoked", "person", "idp#ada", "root"),
        ("restored", "person", "idp#ada", "root"),
        ("revoked", "person", "idp#ada", "root"),
    ]
    assert access_events.take(connection) == []
    assert access_events.version(connection) == (3, False)


def test_what_is_long_over_is_forgotten_and_the_feed_s_number_is_not(connection: Connection) -> None:
    day_us = 86_400 * 1_000_000
    access_rows.add(connection, row("a"), BOUNDS)
    decide(connection, "a", "deny")
    revocation_rows.add(connection, revocation("token", "t", "", now_us=10, for_s=1, by="root", reason=""))
    access_events.take(connection)
    access_rows.prune(connection, 3_000, BOUNDS)
    revocation_rows.prune(connection, 100 * day_us)
    access_events.prune(connection, 200 * day_us)
    assert access_rows.listed(connection) == []
    assert revocation_rows.listed(connection) == []
    assert access_events.version(connection) == (3, False)


class Node:
    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.told: list[Event] = []
        self.mono_s = 0.0
        self.unforeseen: list[Exception] = []
        self.view = Access(
            shelf.store,
            wall_ns=lambda: int(shelf.now_s * 1e9),
            mono_ns=lambda: int(self.mono_s * 1e9),
            audited=self._tell,
            unforeseen=self.unforeseen.append,
        )

    async def _tell(self, event: Event) -> None:
        self.told.append(event)

    def knows_nothing(self) -> bool:
        return self.view.is_stale


@pytest.fixture
async def nodes(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[Node]]:
    monkeypatch.setattr(access, "POLL_S", 3600.0)
    monkeypatch.setattr(access, "CALL_S", 60.0)
    both = [Node(shelf) for _ in range(2)]
    for node in both:
        await node.view.start()
    yield both
    for node in both:
        await node.view.close()


async def test_a_decision_counts_here_at_once_and_elsewhere_after_a_look(nodes: list[Node], shelf: Shelf) -> None:
    one, two = nodes
    made = await one.view.ask(ADA, "urgent", 60, "why")
    assert one.view.waiting(ADA.key) == {"urgent"}
    assert two.view.waiting(ADA.key) == frozenset()
    await two.view.decide(made.id, "approve", by="idp#lin", reason="", may=anybody)
    assert set(two.view.approved(ADA.key)) == {"urgent"}
    assert two.view.approved("idp#bob") == {}
    await one.view.refresh()
    assert one.view.approved(ADA.key)["urgent"].request == made.id
    assert one.view.waiting(ADA.key) == frozenset()
    assert [event.event for event in one.told] == ["asked"]
    assert [event.event for event in two.told] == ["approved"]
    shelf.now_s += 61
    assert one.view.approved(ADA.key) == {}
    assert one.view.state((await one.view.listed())[0][0]) == "expired"


async def test_of_two_approvals_the_later_end_counts(nodes: list[Node]) -> None:
    view = nodes[0].view
    for for_s in (600, 60):
        made = await view.ask(ADA, "urgent", for_s, "")
        await view.decide(made.id, "approve", by="x", reason="", may=anybody)
    ends = view.approved(ADA.key)["urgent"].until_us / 1e6 - nodes[0].shelf.now_s
    assert ends == pytest.approx(600)


async def test_what_is_revoked_counts_by_kind_and_whose(nodes: list[Node], shelf: Shelf) -> None:
    one, two = nodes
    await one.view.revoke("person", "idp#eve", "", for_s=60, by="x", reason="")
    await one.view.revoke("grant", "urgent", ADA.key, for_s=60, by="x", reason="")
    made = await one.view.revoke("grant", "all", "", for_s=60, by="x", reason="")
    await two.view.refresh()
    for node in nodes:
        assert node.view.is_revoked("person", "idp#eve")
        assert not node.view.is_revoked("token", "idp#eve")
        assert node.view.is_revoked("grant", "urgent", ADA.key)
        assert not node.view.is_revoked("grant", "urgent")
        assert not node.view.is_revoked("grant", "urgent", "idp#bob")
        assert node.view.is_revoked("grant", "all")
    await two.view.restore(made.id, by="x", reason="")
    await one.view.refresh()
    assert not one.view.is_revoked("grant", "all")
    shelf.now_s += 61
    assert not one.view.is_revoked("person", "idp#eve")


async def test_what_cannot_be_read_for_long_is_not_known(nodes: list[Node], shelf: Shelf) -> None:
    one = nodes[0]
    assert not one.knows_nothing()
    shelf.change("ALTER TABLE access_events RENAME TO hidden")
    one.mono_s = 30
    with pytest.raises(StoreFailed):
        await one.view.refresh()
    assert not one.knows_nothing()
    one.mono_s = 30.1
    assert one.knows_nothing()
    late = Node(shelf)
    await late.view.start()
    assert late.knows_nothing(), "it has never read anything"
    await late.view.close()
    shelf.change("ALTER TABLE hidden RENAME TO access_events")
    await one.view.refresh()
    assert not one.knows_nothing()


async def test_it_follows_by_itself_and_a_fault_of_ours_does_not_end_it(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "POLL_S", 0.01)
    one = Node(shelf)
    await one.view.start()

    def broken() -> None:
        raise RuntimeError

    one.view.on_look = broken
    async with asyncio.timeout(10):
        while not one.unforeseen:
            await asyncio.sleep(0.01)
        one.view.on_look = lambda: None
        made = revocation("person", "idp#eve", "", now_us=int(shelf.now_s * 1e6), for_s=60, by="x", reason="")
        await shelf.store.call(lambda connection: revocation_rows.add(connection, made), timeout_s=60)
        while not one.view.is_revoked("person", "idp#eve"):
            await asyncio.sleep(0.01)
    await one.view.close()
    assert not [error for error in one.unforeseen if isinstance(error, MaskproxyError)]
