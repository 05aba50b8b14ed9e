"""The gateway's own small API, for people's commands: what was found for them, and what they may have as it is.

    GET  /maskproxy/v1/routes                 {"hosts": [...], "base_url": bool, "ca": PEM or null}: what belongs here
    GET  /maskproxy/v1/findings?limit=N       {"findings": [...]}: the latest first, never a value
    GET  /maskproxy/v1/allowances             {"allowances": [...]}
    POST /maskproxy/v1/allowances             {"placeholder", "for_s", "reason"} -> {"allowance": {...}}
         /maskproxy/v1/access...              see `own_access`

It answers on the listeners, outside of tunnels, whoever has a token that counts; but for routes, only with a grant.
Nobody sees but what is their own. Nothing of it goes upstream, and a refusal has the shape of any other.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from aiohttp import HttpVersion10, HttpVersion11, web

from maskproxy.access import strict_json
from maskproxy.access.grants import held_grants
from maskproxy.access.tokens import Person
from maskproxy.errors import BadRequest, Denied, MaskproxyError, NotFound, TooMany, Unauthenticated, Unavailable
from maskproxy.gateway import heads, own_access
from maskproxy.gateway.connection import Connection, new_id
from maskproxy.gateway.heads import RequestHead
from maskproxy.gateway.intake import pieces
from maskproxy.gateway.own_access import OwnAccess, is_approver
from maskproxy.gateway.refused_events import refusal_event
from maskproxy.gateway.server import plain_answer, where
from maskproxy.gateway.standings import subject_of
from maskproxy.gateway.state import Gateway
from maskproxy.masking import Lift
from maskproxy.recording.catalog import iso_time
from maskproxy.store.sightings import Asker

if TYPE_CHECKING:
    from maskproxy.store.allowance_rows import AllowanceRow
    from maskproxy.store.allowances import Allowances
    from maskproxy.store.finding_rows import FindingRow

PREFIX = "/maskproxy/"
MOST_FINDINGS = 1_000
LONGEST_REASON = 400

_LIMIT_BYTES = 16 * 1024
_LONGEST_PLACEHOLDER = 96
_MOST_PEOPLE = 10_000
_AT_ONCE = 30
_PER_SECOND = 0.5
_Told = Mapping[str, object]


def is_own(request: web.BaseRequest, connection: Connection) -> bool:
    """Tell whether a request is for this API, and fit to be answered in its own HTTP version."""
    spoken = request.version in {HttpVersion10, HttpVersion11}
    return spoken and connection.via == "base_url" and request.raw_path.startswith(PREFIX)


class Turns:
    """How often people may ask: some times in a row, then every other second. Of very many the idlest are forgotten."""

    def __init__(self) -> None:
        self._people: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, person: str, now_s: float) -> None:
        """Raises TooMany."""
        left, seen_s = self._people.pop(person, (float(_AT_ONCE), now_s))
        left = min(float(_AT_ONCE), left + (now_s - seen_s) * _PER_SECOND)
        self._people[person] = (max(left - 1, 0.0) if left >= 1 else left, now_s)
        if len(self._people) > _MOST_PEOPLE:
            self._people.popitem(last=False)
        if left < 1:
            raise TooMany("You ask too often. Wait some seconds, then try again.", retry=True)


class OwnApi:
    """Answers one request at a time, whatever becomes of it."""

    def __init__(self) -> None:
        self._turns = Turns()

    async def answer(self, gateway: Gateway, request: web.BaseRequest, peer: str) -> web.Response:
        exchange, known = new_id("req_"), list[Person]()
        try:
            response = web.json_response(dict(await self._told(gateway, request, known.append)))
        except MaskproxyError as error:
            gateway.meters.refused(type(error).__name__)
            gateway.log("own api refused", exchange=exchange, reason=str(error), detail=error.detail)
            person = known[0] if known else None
            await gateway.audit.tell(refusal_event(error, person, exchange, at="own api", peer=peer))
            response = plain_answer(error, exchange)
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours must not be told by its text
            gateway.meters.alarm("internal")
            gateway.log("own api failed", exchange=exchange, error=type(error).__name__, at=where(error))
            hidden = Unavailable("Something failed inside the gateway. Tell its operators the request id.")
            response = plain_answer(hidden, exchange)
        for name, value in (("request-id", exchange), ("Cache-Control", "no-store"), ("Server", "maskproxy")):
            response.headers[name] = value
        if gateway.draining or not request.content.at_eof():
            response.force_close()
        return response

    async def _told(self, gateway: Gateway, request: web.BaseRequest, is_known: Callable[[Person], None]) -> _Told:
        """`is_known` hears who asks as soon as that is known."""
        if gateway.draining:
            raise Unavailable("This node is shutting down. Try again.", retry=True)
        version = (request.version.major, request.version.minor)
        head = heads.check_request(request.method, request.raw_path, version, request.raw_headers)
        token = heads.caller_token(head.fields, proxy=False)
        if token is None:
            raise Unauthenticated("Send your token as an Authorization: Bearer field.")
        person = await gateway.authenticator.authenticate(token)
        is_known(person)
        gateway.standings.admit(subject_of(person))
        if (head.method, head.path) == ("GET", "/maskproxy/v1/routes"):
            self._turns.take(person.key, asyncio.get_running_loop().time())
            return _routes(gateway)
        if not held_grants(person, gateway.grants) and not is_approver(person, gateway.grants):
            raise Denied("None of your groups has a grant here. Ask the gateway's owners to add one of them.")
        self._turns.take(person.key, asyncio.get_running_loop().time())
        if head.path.startswith(own_access.PREFIX):
            asked_for = await _read(gateway, request) if head.method == "POST" else {}
            masked = partial(_masked, gateway, person, token)
            return await OwnAccess(gateway, person, masked).told(head, asked_for)
        allowances = gateway.allowances
        if allowances is None:
            raise Unavailable("This gateway keeps no findings, since its configuration names no store.")
        match head.method, head.path:
            case "GET", "/maskproxy/v1/findings":
                return await _findings(gateway, allowances, person, _limit(head))
            case "GET", "/maskproxy/v1/allowances":
                return {"allowances": [told_allowance(row, gateway) for row in await allowances.asked(person.key)]}
            case "POST", "/maskproxy/v1/allowances":
                asked = await _asked(gateway, request)
                return {"allowance": await _ask(gateway, allowances, person, token, asked)}
            case _:
                raise NotFound("There is nothing here by this method and path.")


def _routes(gateway: Gateway) -> _Told:
    """Every host that a route answers, whoever asks: one that is left out would be reached past the masking."""
    return {
        "hosts": sorted(host for route in gateway.routes.routes for host in route.hosts),
        "base_url": any(route.base_url for route in gateway.routes.routes),
        "ca": None if gateway.certificates is None else gateway.certificates.pem,
    }


def _limit(head: RequestHead) -> int:
    named = parse_qs(head.target.partition("?")[2]).get("limit", ["100"])[-1]
    if not (named.isascii() and named.isdigit() and 0 < int(named[:6]) <= MOST_FINDINGS):
        raise BadRequest(f"limit is a number from 1 to {MOST_FINDINGS}.")
    return int(named)


async def _findings(gateway: Gateway, allowances: Allowances, person: Person, most: int) -> _Told:
    rows = await allowances.findings(person.key, most)
    mine = await allowances.asked(person.key)
    return {"findings": [_told_finding(row, _takes(gateway, person, row), mine, gateway) for row in rows]}


def _takes(gateway: Gateway, person: Person, row: FindingRow) -> Lift:
    return max(Lift(row.lift), takes_today(gateway, person, row.rule))


def takes_today(gateway: Gateway, person: Person, rule: str) -> Lift:
    """What it takes to lift what a rule finds, under whichever of the person's grants it takes most."""
    return max(gateway.handling_under(grant).takes(rule) for grant in held_grants(person, gateway.grants))


def _told_finding(row: FindingRow, lift: Lift, mine: Sequence[AllowanceRow], gateway: Gateway) -> _Told:
    now_us = gateway.wall_ns() // 1000
    until_us = max(
        (
            one.expires_us
            for one in mine
            if one.fingerprint == row.fingerprint and one.state_at(now_us) == "active" and one.reach >= lift
        ),
        default=0,
    )
    return {
        "rule": row.rule,
        "place": row.place,
        "placeholder": row.placeholder,
        "direction": row.direction,
        "action": row.action,
        "mode": row.mode,
        "session": row.session,
        "exchange": row.exchange,
        "first_seen": iso_time(row.first_us * 1000),
        "last_seen": iso_time(row.seen_us * 1000),
        "times": row.times,
        "lift": lift.name.lower(),
        "allowed_until": iso_time(until_us * 1000) if until_us else None,
    }


def told_allowance(row: AllowanceRow, gateway: Gateway) -> _Told:
    return {
        "id": row.id,
        "placeholder": row.placeholder,
        "rule": row.rule,
        "state": row.state_at(gateway.wall_ns() // 1000),
        "reason": row.reason,
        "asked": iso_time(row.asked_us * 1000),
        "for_s": row.for_us / 1e6,
        "expires": iso_time(row.expires_us * 1000) if row.expires_us else None,
    }


async def _read(gateway: Gateway, request: web.BaseRequest) -> Mapping[str, object]:
    """A body that is a JSON object; of anything else nothing is asked."""
    body = b"".join([piece async for piece in pieces(gateway, request, _LIMIT_BYTES)])
    try:
        asked = strict_json.parse(body)
    except ValueError as error:
        raise BadRequest("The body is not JSON.", detail=str(error)) from None
    return asked if isinstance(asked, dict) else {}


async def _asked(gateway: Gateway, request: web.BaseRequest) -> tuple[str, float, str]:
    """Read what is asked for: placeholder, seconds, reason."""
    match await _read(gateway, request):
        case {"placeholder": str(placeholder), "for_s": int() | float() as for_s, "reason": str(reason), **rest} if (
            not rest and not isinstance(for_s, bool)
        ):
            reason = " ".join(reason.split())
        case _:
            raise BadRequest('Send {"placeholder": "MASKED_...", "for_s": seconds, "reason": "..."}.')
    longest_s = gateway.longest_allowance_s
    if not 1 <= for_s <= longest_s:
        raise BadRequest(f"An allowance lasts from 1 second to {longest_s / 3600:g} hours here.")
    if not 0 < len(reason) <= LONGEST_REASON or not reason.isprintable():
        raise BadRequest(f"Say why, in 1 to {LONGEST_REASON} printable characters.")
    if len(placeholder) > _LONGEST_PLACEHOLDER:
        raise BadRequest("This is not a placeholder.")
    return placeholder, float(for_s), reason


def _masked(gateway: Gateway, person: Person, token: str, reason: str) -> str:
    """A reason as it is kept: whoever gives one may have pasted a secret."""
    secrets = [route.credential.known_secrets() for route in gateway.routes.routes if route.credential is not None]
    credentials = tuple(secret for some in secrets for secret in some)
    sought = gateway.maskings.of(gateway.handling.treatments.request, person.key, token, credentials)
    masked, _ = sought.record.text(reason.encode())
    return masked.decode()


async def _ask(
    gateway: Gateway, allowances: Allowances, person: Person, token: str, asked: tuple[str, float, str]
) -> _Told:
    placeholder, for_s, reason = asked
    row = await allowances.ask(
        Asker(person.key, person.name),
        placeholder,
        for_s,
        _masked(gateway, person, token, reason),
        lambda rule: takes_today(gateway, person, rule),
    )
    return told_allowance(row, gateway)
