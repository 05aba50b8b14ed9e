"""Codes: asked for, approved or denied, traded once, polled no faster than allowed, on every node."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Awaitable

import pytest

from maskproxy.errors import TooMany
from maskproxy.signin.codes import Device
from maskproxy.signin.refusals import OAuthRefused
from maskproxy.store.store import Store
from tests.signin.desk import Desk
from tests.signin.people import UPSTREAM_REFRESH, login
from tests.store.place import Shelf

VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
REDIRECT = "http://127.0.0.1:4711/"


@pytest.fixture
async def desk(shelf: Shelf) -> Desk:
    return await Desk(shelf).start()


async def code_of(trade: Awaitable[object]) -> str:
    with pytest.raises(OAuthRefused) as raised:
        await trade
    assert raised.value.answers == 400
    return raised.value.code


async def approve(desk: Desk, device: Device) -> None:
    row = await desk.codes.waiting(device.user_code.lower().replace("-", " "))
    assert row is not None
    assert (row.surface, row.peer) == ("claude_code", "192.0.2.7")
    assert await desk.codes.decide(row.code, login())


async def asked(desk: Desk) -> Device:
    return await desk.codes.ask_device("claude_code", "192.0.2.7")


async def test_a_device_gets_its_tokens_once_after_somebody_approved(desk: Desk) -> None:
    device = await asked(desk)
    assert len(base64.urlsafe_b64decode(device.device_code + "=")) == 32
    assert await code_of(desk.codes.trade_device(device.device_code)) == "authorization_pending"
    await approve(desk, device)
    issued = await desk.codes.trade_device(device.device_code)
    assert desk.person(issued.access_token).key == "https://idp.example.com#u-1"
    await desk.sessions.refresh(issued.refresh_token)
    assert await code_of(desk.codes.trade_device(device.device_code)) == "invalid_grant"
    assert desk.endings.is_over(desk.person(issued.access_token).session), "one of the two stole it"
    assert await desk.codes.waiting(device.user_code) is None


async def test_who_polls_too_fast_has_to_wait_longer_each_time(desk: Desk) -> None:
    device = await asked(desk)
    expected = [
        (0.0, "authorization_pending"),
        (4.9, "slow_down"),
        (9.9, "slow_down"),
        (15.1, "authorization_pending"),
        (14.9, "slow_down"),
        (20.1, "authorization_pending"),
    ]
    for wait_s, code in expected:
        desk.shelf.now_s += wait_s
        assert await code_of(desk.codes.trade_device(device.device_code)) == code
    await approve(desk, device)
    await desk.codes.trade_device(device.device_code)


async def test_denied_is_denied(desk: Desk) -> None:
    device = await asked(desk)
    row = await desk.codes.waiting(device.user_code)
    assert row is not None
    assert await desk.codes.decide(row.code, None)
    assert not await desk.codes.decide(row.code, login()), "what is decided is decided"
    for _ in range(2):
        assert await code_of(desk.codes.trade_device(device.device_code)) == "access_denied"


async def test_a_code_that_is_over_is_over_for_both_sides(desk: Desk) -> None:
    device, late = await asked(desk), await asked(desk)
    row = await desk.codes.waiting(late.user_code)
    assert row is not None
    await approve(desk, device)
    desk.shelf.now_s += 600
    assert await desk.codes.waiting(late.user_code) is None
    assert not await desk.codes.decide(row.code, login())
    for one in (device, late):
        assert await code_of(desk.codes.trade_device(one.device_code)) == "expired_token"


async def test_codes_are_not_on_the_disk(desk: Desk) -> None:
    device = await asked(desk)
    await approve(desk, device)
    kept = desk.shelf.kept()
    for secret in (device.device_code, device.user_code, device.user_code.replace("-", ""), UPSTREAM_REFRESH):
        assert secret.encode() not in kept
    assert b"192.0.2.7" in kept, "the test looks at the right file"


async def test_another_node_trades_what_this_one_gave_out(desk: Desk) -> None:
    store = Store(desk.shelf.where)
    await store.start()
    beside = await Desk(desk.shelf, store).start()
    device = await asked(desk)
    await approve(beside, device)
    issued = await desk.codes.trade_device(device.device_code)
    await beside.sessions.refresh(issued.refresh_token)
    await store.close()


async def test_unknown_codes_and_codes_of_the_other_kind_open_nothing(desk: Desk) -> None:
    device = await asked(desk)
    await approve(desk, device)
    redirect = await desk.codes.approved_redirect(login(), "cli", "", CHALLENGE, REDIRECT)
    for trade in (
        desk.codes.trade_device("x" * 43),
        desk.codes.trade_device("\udc80"),
        desk.codes.trade_device(redirect),
        desk.codes.trade_redirect(device.device_code, VERIFIER, REDIRECT),
    ):
        assert await code_of(trade) == "invalid_grant"
    await desk.codes.trade_device(device.device_code)
    await desk.codes.trade_redirect(redirect, VERIFIER, REDIRECT)


@pytest.mark.parametrize(
    ("verifier", "redirect"),
    [
        ("w" * 43, REDIRECT),
        (CHALLENGE, REDIRECT),
        ("", REDIRECT),
        ("\udc80" * 43, REDIRECT),
        (VERIFIER, "http://127.0.0.1:4712/"),
        (VERIFIER, ""),
    ],
)
async def test_a_code_is_traded_by_its_own_client_alone_and_guessing_spoils_it(
    desk: Desk, verifier: str, redirect: str
) -> None:
    code = await desk.codes.approved_redirect(login(), "cli", "", CHALLENGE, REDIRECT)
    assert await code_of(desk.codes.trade_redirect(code, verifier, redirect)) == "invalid_grant"
    assert await code_of(desk.codes.trade_redirect(code, VERIFIER, REDIRECT)) == "invalid_grant"


async def test_an_authorization_code_lasts_a_minute(desk: Desk) -> None:
    code = await desk.codes.approved_redirect(login(), "cli", "", CHALLENGE, REDIRECT)
    desk.shelf.now_s += 60
    assert await code_of(desk.codes.trade_redirect(code, VERIFIER, REDIRECT)) == "invalid_grant"


async def test_one_address_and_all_together_ask_for_so_many(desk: Desk) -> None:
    for _ in range(4):
        await asked(desk)
    with pytest.raises(TooMany):
        await asked(desk)
    for _ in range(2):
        await desk.codes.ask_device("claude_code", "192.0.2.8")
    with pytest.raises(TooMany):
        await desk.codes.ask_device("claude_code", "192.0.2.9")
    desk.shelf.now_s += 600 + 3600
    await asked(desk)
