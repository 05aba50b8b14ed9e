"""The sign-in as it is kept and refreshed, by several processes at a time."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from maskproxy.developer.session import Session
from maskproxy.errors import Unauthenticated, Unavailable
from tests.developer.machine import Machine, StrictGateway
from tests.gateway.test_exchange import messages
from tests.signin.surfing import Front


def test_a_fresh_token_is_given_as_it_is(strict: StrictGateway, strict_machine: Machine) -> None:
    assert strict_machine.session.fresh().access_token == "access-0"
    assert strict.refreshed == []


async def test_of_processes_at_once_one_refreshes_and_all_have_what_it_got(
    strict: StrictGateway, strict_machine: Machine
) -> None:
    strict_machine.let_go_stale()
    done = await asyncio.gather(*(strict_machine.run("token") for _ in range(3)))
    assert [(one.code, one.out, one.err) for one in done] == [(0, "access-1\n", "")] * 3
    assert strict.refreshed == ["refresh-0"]
    kept = strict_machine.session.kept()
    assert (kept.refresh_token, kept.ends_at > time.time() + 800) == ("refresh-1", True)


async def test_threads_are_as_processes(strict: StrictGateway, strict_machine: Machine) -> None:
    strict_machine.let_go_stale()
    fresh = await asyncio.gather(*(asyncio.to_thread(strict_machine.session.fresh) for _ in range(4)))
    assert {one.access_token for one in fresh} == {"access-1"}
    assert strict.refreshed == ["refresh-0"]


def test_a_sign_in_that_is_over_is_forgotten_and_told(strict: StrictGateway, strict_machine: Machine) -> None:
    strict.good = "another"
    strict_machine.let_go_stale()
    with pytest.raises(Unauthenticated, match=r"is over\. Sign in: maskproxy login"):
        strict_machine.session.fresh()
    with pytest.raises(Unauthenticated, match="not signed in"):
        strict_machine.session.fresh()
    assert strict.refreshed == ["refresh-0"], "a token that was refused is not sent again"


def test_while_the_gateway_is_out_of_reach_a_token_serves_to_its_end(
    strict: StrictGateway, strict_machine: Machine
) -> None:
    strict.status = 503
    strict_machine.let_go_stale()
    session = strict_machine.session
    assert session.fresh().access_token == "access-0"
    session.keep(replace(session.kept(), ends_at=time.time() - 1))
    with pytest.raises(Unavailable, match="Come back later"):
        session.fresh()
    strict.status = 200
    assert session.fresh().access_token == "access-3"


def test_one_without_a_refresh_token_ends(strict: StrictGateway, strict_machine: Machine) -> None:
    session = strict_machine.session
    session.keep(replace(session.kept(), refresh_token="", ends_at=time.time() + 5))
    assert session.fresh().access_token == "access-0"
    session.keep(replace(session.kept(), ends_at=time.time() - 5))
    with pytest.raises(Unauthenticated, match="has ended"):
        session.fresh()
    assert strict.refreshed == []


@pytest.mark.parametrize("life_s", [0, -1, "900", True, None, 1e12])
def test_an_answer_that_cannot_be_read_changes_nothing(
    strict: StrictGateway, strict_machine: Machine, life_s: object
) -> None:
    strict.life_s = life_s
    strict_machine.let_go_stale()
    assert strict_machine.session.fresh().access_token == "access-0"
    assert strict_machine.session.kept().refresh_token == "refresh-0"


def test_the_end_is_told_to_the_gateway_and_forgotten_in_any_case(
    strict: StrictGateway, strict_machine: Machine
) -> None:
    session = strict_machine.session
    one = session.kept()
    session.end()
    assert strict.revoked == ["refresh-0"]
    with pytest.raises(Unauthenticated):
        session.kept()
    session.end()
    session.keep(one)
    strict.status = 500
    with pytest.raises(Unavailable, match="the gateway could not be told"):
        session.end()
    with pytest.raises(Unauthenticated):
        session.kept()


def test_what_cannot_be_read_is_not_said_to_be_forgotten(strict: StrictGateway, strict_machine: Machine) -> None:
    file = strict_machine.places.of("json", strict_machine.gateway.url)
    file.chmod(0o644)
    with pytest.raises(Unavailable, match="Others than you"):
        strict_machine.session.end()
    assert (file.exists(), strict.revoked) == (True, [])


def test_a_token_of_another_gateway_is_none(strict_machine: Machine, strict: StrictGateway) -> None:
    one = strict_machine.session.kept()
    strict_machine.session.keep(replace(one, gateway="https://another.example.com"))
    with pytest.raises(Unauthenticated, match="not signed in"):
        strict_machine.session.fresh()


async def test_the_real_gateway_refreshes_and_revokes(front: Front, machine: Machine) -> None:
    first = machine.session.kept()
    machine.let_go_stale()
    fresh: list[str] = [
        one.access_token for one in await asyncio.gather(*(asyncio.to_thread(machine.session.fresh) for _ in range(2)))
    ]
    assert len({*fresh, first.access_token}) == 2
    assert [what for what, _ in front.provider.asked].count("again") == 1

    assert (await front.post("/v1/messages", messages("hello"), fresh[0])).status == 200
    session: Session = machine.session
    await asyncio.to_thread(session.end)
    assert (await front.post("/v1/messages", messages("hello"), fresh[0])).status == 401
