"""Sessions: refresh tokens used once, reuse found out, people who are gone, ends that hold, on every node."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from maskproxy.errors import TooMany, Unauthenticated, Unavailable
from maskproxy.signin.refusals import OAuthRefused
from maskproxy.store.store import Store
from tests.signin.desk import Desk
from tests.signin.people import NOW, UPSTREAM_REFRESH, login
from tests.store.place import Shelf


@pytest.fixture
async def desk(shelf: Shelf) -> Desk:
    return await Desk(shelf).start()


@pytest.fixture
async def beside(shelf: Shelf) -> AsyncIterator[Desk]:
    """Another node on the same file."""
    store = Store(shelf.where)
    await store.start()
    yield await Desk(shelf, store).start()
    await store.close()


async def refused(desk: Desk, token: str) -> OAuthRefused:
    with pytest.raises(OAuthRefused) as raised:
        await desk.sessions.refresh(token)
    assert (raised.value.code, raised.value.answers) == ("invalid_grant", 401)
    return raised.value


def named(desk: Desk) -> list[str]:
    return [event for event, _ in desk.events]


async def test_a_refresh_gives_a_new_pair_and_reads_the_groups_anew(desk: Desk) -> None:
    issued = await desk.sessions.begin(login(), "claude_code")
    assert (issued.expires_s, issued.email) == (900, "ada@example.com")
    desk.shelf.now_s += 600
    desk.provider.who = login(groups=frozenset({"other"}), refresh_token="upstream" + "-2")
    again = await desk.sessions.refresh(issued.refresh_token)
    assert again.refresh_token != issued.refresh_token
    before, after = desk.person(issued.access_token), desk.person(again.access_token)
    assert (set(before.groups), set(after.groups)) == ({"engineering"}, {"other"})
    assert after.session == before.session
    assert after.signed_in_at == before.signed_in_at == NOW - 5, "a refresh is no proof of who they are"
    await desk.sessions.refresh(again.refresh_token)
    assert [asked for _, asked in desk.provider.asked] == [UPSTREAM_REFRESH, "upstream" + "-2"]


async def test_nothing_that_opens_anything_stands_on_the_disk(desk: Desk) -> None:
    issued = await desk.sessions.begin(login(), "claude_code")
    again = await desk.sessions.refresh(issued.refresh_token)
    kept = desk.shelf.kept()
    for secret in (*issued[:1], issued.refresh_token, again.refresh_token, UPSTREAM_REFRESH, "research"):
        assert secret.encode() not in kept
    assert b"Ada Lovelace" in kept, "the test looks at the right file"


async def test_an_old_token_that_comes_back_ends_the_session(desk: Desk) -> None:
    first = await desk.sessions.begin(login(), "claude_code")
    second = await desk.sessions.refresh(first.refresh_token)
    third = await desk.sessions.refresh(second.refresh_token)
    assert (await refused(desk, first.refresh_token)).detail == "reused"
    assert desk.endings.is_over(desk.person(third.access_token).session)
    assert (await refused(desk, third.refresh_token)).detail == "over"
    assert named(desk) == ["signed in", "refresh token reused"]


async def test_a_request_that_is_sent_again_soon_gets_the_same_token(desk: Desk) -> None:
    first = await desk.sessions.begin(login(), "claude_code")
    second = await desk.sessions.refresh(first.refresh_token)
    desk.shelf.now_s += 59
    assert (await desk.sessions.refresh(first.refresh_token)).refresh_token == second.refresh_token
    assert len(desk.provider.asked) == 1
    desk.shelf.now_s += 2
    assert (await refused(desk, first.refresh_token)).detail == "reused"


async def test_two_at_once_get_one_successor_and_ask_the_provider_once(desk: Desk, beside: Desk) -> None:
    first = await desk.sessions.begin(login(), "claude_code")
    pairs = await asyncio.gather(*(one.sessions.refresh(first.refresh_token) for one in (desk, desk, beside)))
    assert len({pair.refresh_token for pair in pairs}) == 1
    assert len(desk.provider.asked) + len(beside.provider.asked) == 1
    await desk.sessions.refresh(pairs[0].refresh_token)


async def test_a_person_who_is_gone_has_no_session(desk: Desk) -> None:
    first = await desk.sessions.begin(login(), "claude_code")
    desk.provider.error = Unauthenticated("no such person")
    assert "no longer vouches" in str(await refused(desk, first.refresh_token))
    assert desk.endings.is_over(desk.person(first.access_token).session)
    desk.provider.error = None
    await refused(desk, first.refresh_token)
    assert named(desk) == ["signed in", "gone"]


@pytest.mark.parametrize("error", [Unavailable("down"), RuntimeError("a fault of ours")])
async def test_a_provider_that_cannot_be_asked_costs_nobody_their_session(desk: Desk, error: Exception) -> None:
    first = await desk.sessions.begin(login(), "claude_code")
    desk.provider.error = error
    for _ in range(2):
        with pytest.raises(type(error)):
            await desk.sessions.refresh(first.refresh_token)
        desk.shelf.now_s += 100
    desk.provider.error = None
    assert (await desk.sessions.refresh(first.refresh_token)).refresh_token


async def test_a_provider_that_names_another_person_ends_the_session(desk: Desk) -> None:
    first = await desk.sessions.begin(login(), "claude_code")
    desk.provider.who = login(subject="u-2")
    await refused(desk, first.refresh_token)
    assert named(desk)[-1] == "gone"


async def test_a_provider_that_is_no_longer_configured_vouches_for_nobody(desk: Desk) -> None:
    for refresh_token in (None, UPSTREAM_REFRESH):
        first = await desk.sessions.begin(login(provider="former", refresh_token=refresh_token), "claude_code")
        assert "no longer configured" in (await refused(desk, first.refresh_token)).detail


async def test_a_client_that_goes_away_does_not_lose_what_the_provider_gave_out(desk: Desk) -> None:
    first = await desk.sessions.begin(login(), "claude_code")
    reached, go_on = asyncio.Event(), asyncio.Event()
    again = desk.provider.again

    async def slow(*told: object) -> object:
        reached.set()
        await go_on.wait()
        return await again(*told)  # type: ignore[arg-type] # passed on as they came

    desk.provider.again = slow  # type: ignore[method-assign,assignment] # a provider that takes its time
    asked = asyncio.create_task(desk.sessions.refresh(first.refresh_token))
    await reached.wait()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    desk.provider.who = login(refresh_token="upstream" + "-2")
    go_on.set()
    second = await desk.sessions.refresh(first.refresh_token)
    await desk.sessions.refresh(second.refresh_token)
    assert [asked for _, asked in desk.provider.asked] == [UPSTREAM_REFRESH, "upstream" + "-2"]


@pytest.mark.parametrize(
    ("changes", "lasts_s"),
    [
        ({}, 10 * 86400),
        ({"refresh_token": None}, 12 * 3600),
        ({"refresh_token": None, "ends_at": NOW + 3600}, 3600),
        ({"ends_at": NOW + 7200}, 7200),
        ({"ends_at": NOW + 99 * 86400}, 10 * 86400),
    ],
)
async def test_how_long_a_session_lasts(desk: Desk, changes: dict[str, object], lasts_s: float) -> None:
    desk.provider.who = login(**changes)
    issued = await desk.sessions.begin(login(**changes), "claude_code")
    desk.shelf.now_s = NOW + lasts_s - 60
    again = await desk.sessions.refresh(issued.refresh_token)
    assert desk.person(again.access_token).expires_at == NOW + lasts_s
    desk.shelf.now_s = NOW + lasts_s
    assert (await refused(desk, again.refresh_token)).detail == "over"


async def test_a_login_that_is_over_begins_nothing(desk: Desk) -> None:
    with pytest.raises(Unauthenticated):
        await desk.sessions.begin(login(ends_at=NOW), "claude_code")


async def test_signing_out_ends_it_on_every_node(desk: Desk, beside: Desk) -> None:
    first = await desk.sessions.begin(login(), "claude_code")
    session = desk.person(first.access_token).session
    second = await beside.sessions.refresh(first.refresh_token)
    assert not beside.endings.is_over(session)
    await desk.sessions.revoke(first.refresh_token)
    assert desk.endings.is_over(session)
    await beside.endings.look()
    assert beside.endings.is_over(session)
    await refused(beside, second.refresh_token)
    await desk.sessions.revoke("mpr_" + "unknown")
    await desk.sessions.revoke("", session)
    assert named(desk) == ["signed in", "signed out"]


async def test_a_node_that_cannot_read_what_was_ended_takes_no_token(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not desk.endings.is_over("s")
    monkeypatch.setattr("maskproxy.signin.endings.STALE_S", -1)
    with pytest.raises(Unavailable):
        desk.endings.is_over("s")
    with pytest.raises(Unavailable):
        Desk(desk.shelf).endings.is_over("s")


async def test_another_masking_key_opens_no_session(desk: Desk) -> None:
    first = await desk.sessions.begin(login(), "claude_code")
    other = await Desk(desk.shelf, key=b"\x02" * 32).start()
    assert "sealed" in (await refused(other, first.refresh_token)).detail


async def test_people_and_all_together_have_so_many_sessions(desk: Desk) -> None:
    for _ in range(5):
        await desk.sessions.begin(login(), "claude_code")
    with pytest.raises(TooMany):
        await desk.sessions.begin(login(), "claude_code")
    for number in range(3):
        await desk.sessions.begin(login(subject=f"other-{number}"), "claude_code")
    with pytest.raises(TooMany):
        await desk.sessions.begin(login(subject="last"), "claude_code")
    desk.shelf.now_s += 11 * 86400
    await desk.sessions.prune()
    await desk.sessions.begin(login(), "claude_code")


async def test_what_is_long_over_is_forgotten(desk: Desk) -> None:
    first = await desk.sessions.begin(login(), "claude_code")
    second = await desk.sessions.refresh(first.refresh_token)
    desk.shelf.now_s += 8 * 86400
    await desk.sessions.prune()
    assert (await refused(desk, first.refresh_token)).detail == "unknown", "used more than a week ago"
    await desk.sessions.refresh(second.refresh_token)
    desk.shelf.now_s += 4 * 86400
    await desk.sessions.prune()
    assert (await refused(desk, second.refresh_token)).detail == "unknown"
