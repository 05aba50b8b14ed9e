"""One request and its answer, top to bottom.

    head checked -> whose, to where -> may they -> body read, decoded, masked (what its history lost is recalled) ->
    recorded -> credential put in -> upstream -> answer decoded, masked -> recorded as masked -> client

Whatever refuses raises a `MaskproxyError`; `handler` makes it an answer or, once the answer's head is out, a cut.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import cached_property

from aiohttp import web

from maskproxy.access.grants import NOBODY, NOTHING_DECIDED, Endpoint, Grant
from maskproxy.access.policy import Asked, how_to_have, permit, refused_model
from maskproxy.access.tokens import Person
from maskproxy.bodies.claude import endpoint, request_place
from maskproxy.bodies.masks import MCP_RULE, BodyMask, BodyPolicy, Conversation, request_mask
from maskproxy.bodies.named import may_name_files, named
from maskproxy.bodies.refusing import refusal, refuse_for
from maskproxy.errors import (
    Blocked,
    CredentialFailed,
    Denied,
    MaskproxyError,
    Misdirected,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from maskproxy.gateway import heads
from maskproxy.gateway.answer import Answer, end_in_words, give_answer
from maskproxy.gateway.connection import Connection, new_id
from maskproxy.gateway.guard import Guard
from maskproxy.gateway.heads import RequestHead
from maskproxy.gateway.intake import body_limit, decoded, guarded, mask_piece, mask_rest, masked_whole
from maskproxy.gateway.journal import Journal
from maskproxy.gateway.masked_head import MaskedFields, MaskedText, masked_fields, masked_target
from maskproxy.gateway.memory import Reservation
from maskproxy.gateway.ownership import Ownership
from maskproxy.gateway.recollection import recollected
from maskproxy.gateway.routes import Route
from maskproxy.gateway.server import Handler
from maskproxy.gateway.standings import subject_of
from maskproxy.gateway.state import Gateway, Handling
from maskproxy.gateway.turns import Turn
from maskproxy.gateway.upstream.pool import UpstreamAnswer
from maskproxy.masking import Direction, Lift, Lifting, Masked, Seals, Sought, Vault, trusted

_BODILESS = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})


def _nothing() -> None:
    """Nothing is watched yet."""


class Exchange:
    """The state of one exchange; `tell` is its story."""

    def __init__(self, gateway: Gateway, request: web.BaseRequest, handler: Handler) -> None:
        self.gateway = gateway
        self.request = request
        self.connection: Connection = handler.connection
        self.id = new_id("req_")
        self.session = ""
        self.route: Route | None = None
        self.grant: Grant | None = None
        self.endpoint: Endpoint = "other"
        """Of Claude's API, where the route leads there."""
        self.turn: Turn | None = None
        """Once it is this exchange's under the grant's limits."""
        self.ownership: Ownership | None = None
        self._standing = NOTHING_DECIDED
        self._ending: asyncio.Timeout | None = None
        self._ended_by: MaskproxyError | None = None
        self._unwatch: Callable[[], None] = _nothing
        self._fitting: tuple[Grant, ...] = ()
        """All grants that cover what is asked for; `grant` is one of them."""
        self.person: Person | None = None
        self.journal: Journal | None = None
        self.answer: Answer | None = None
        self.vault = Vault()
        """What the request's placeholders stand for: for its own answer, and forgotten with the exchange."""
        self.bytes_in = 0

    async def tell(self) -> web.StreamResponse:
        request, gateway = self.request, self.gateway
        if gateway.draining:
            raise Unavailable("This node is shutting down. Try again.", retry=True)
        version = (request.version.major, request.version.minor)
        head = heads.check_request(request.method, request.raw_path, version, request.raw_headers)
        route = self.route = self._find_route(head)
        if route.api == "anthropic":
            self.endpoint = endpoint(head.path)
        token, person = await self._who(head)
        self.person = person
        self.session = self._session_id(person, head)
        grant = self._may(person, route)
        credential = await route.credential.value() if grant is not None and route.credential is not None else None
        sought = self._sought("request", route, person, token)
        admission = NOBODY if grant is None else grant.admits(person)
        self.journal = journal = Journal(gateway, person, self.session, self.id, admission)
        target, fields = self._masked_head(sought, head)
        await journal.request(self.connection, head, target.record, fields.record, route.name)
        if grant is None or route.upstream is None:
            raise self._refusal
        await journal.decision("allowed", grant.name)
        in_head = [*target.findings, *fields.findings]
        await journal.findings("request", in_head, 0, sought)
        refuse_for(in_head, refusal(sought, "request"))
        await self._look_whose(person, head)
        await self._continue(head)
        recalls = gateway.stored_vault is not None and grant.mode == "enforce"
        mask = self._request_mask(sought, head, self.handling.body_policy, self.vault, recalls=recalls)
        with gateway.budget.reserve() as reservation:
            body = await self._body(route, head, mask, sought, reservation)
            with await self._begin_turn(person, head) as self.turn:
                path = target.forward if self.ownership is None else self.ownership.target(target.forward)
                upstream = await self._send(route, credential, head.method, path, fields.forward, body)
                del body
                reservation.shrink(reservation.held_bytes)
                try:
                    masked = sought.masked((*in_head, *mask.findings))
                    self.answer = Answer(self, head, self._sought("answer", route, person, token), upstream, masked)
                    return await give_answer(self.answer, reservation)
                finally:
                    await upstream.close()

    async def _body(
        self, route: Route, head: RequestHead, mask: BodyMask, sought: Sought, reservation: Reservation
    ) -> Masked | AsyncIterator[Masked] | None:
        """What goes upstream as the request's body."""
        if not head.has_body:
            return None if head.method in _BODILESS else trusted(b"", why="an empty body")
        assert self.grant is not None
        limit_bytes, too_large = body_limit(self.gateway, route.api, head.path)
        limit_bytes = min(limit_bytes, self.grant.limits.body_bytes or limit_bytes)
        if (head.content_length or 0) > limit_bytes:
            raise too_large(f"The body is over the limit of {limit_bytes} bytes.")
        source = decoded(self.gateway, self.request, head, limit_bytes)
        try:
            if mask.streams:
                return self._streamed(head, source, mask, sought)
            body = await self._whole(head, source, mask, sought, reservation)
        except TooLarge as error:
            raise too_large(str(error)) from error
        await self._look_at_what_is_named(head, body)
        return body

    def _find_route(self, head: RequestHead) -> Route:
        connection = self.connection
        if connection.route is None:
            return self.gateway.routes.direct(head.host)
        target, host = connection.target, head.host
        if target is not None and host is not None:
            ports = {None, target.port}
            if host.host != target.host or host.port not in ports:
                raise Misdirected(f"This tunnel leads to {target.host}. Open another for another host.")
        # A reload may have changed the route, or taken it away, since the tunnel was opened.
        route = self.gateway.routes.intercepting(target) if target is not None else None
        if route is None:
            raise Misdirected("This tunnel's host is no longer served here. Open another tunnel.")
        return route

    async def _who(self, head: RequestHead) -> tuple[str, Person]:
        """The caller. Inside a tunnel the tunnel's person counts, for as long as their token lasts."""
        connection, gateway = self.connection, self.gateway
        if connection.via == "connect":
            # A refusal that another try may lift (the issuer was out of reach) is looked at again each time.
            if isinstance(connection.who, MaskproxyError) and not connection.who.retry:
                # Kept for as long as the tunnel: with its traceback it would keep every exchange that it ended, too.
                raise connection.who.with_traceback(None)
            assert connection.who is not None
            assert connection.token is not None
            return connection.token, await gateway.authenticator.authenticate(connection.token)
        token = heads.caller_token(head.fields, proxy=False)
        if token is None:
            raise Unauthenticated("Send your token: set ANTHROPIC_AUTH_TOKEN to it, or an Authorization: Bearer field.")
        return token, await gateway.authenticator.authenticate(token)

    def _session_id(self, person: Person, head: RequestHead) -> str:
        """A session is a person with Claude Code's own session, else a person on a connection."""
        own = head.value("x-claude-code-session-id")
        name = f"{person.key}\0{own or self.connection.id}"
        return "s" + hashlib.sha256(name.encode()).hexdigest()[:24]

    def _sought(self, direction: Direction, route: Route, person: Person, token: str) -> Sought:
        """What is looked for in this exchange: the rules, the caller's own token and the service's credential."""
        maskings = self.gateway.maskings
        treatment = self.handling.treatments.of(direction)
        credentials = route.credential.known_secrets() if route.credential is not None else ()
        find = maskings.observing if self._observes else maskings.of
        sought = find(treatment, self._scope(person), token, credentials)
        if self._lifting is not None:
            sought = sought.under(self._lifting)
        if direction == "answer" or self.grant is None or self.grant.mcp_tokens:
            return sought
        return replace(sought, actions={**sought.actions, MCP_RULE: "block"})

    def _stand_on(self, person: Person, grant: Grant) -> None:
        """Go on under a grant for as long as nothing of what that takes is revoked."""
        standings, request = self.gateway.standings, self._standing.approved.get(grant.name, "")
        subject = subject_of(person, session=self.session, grant=grant.name, request=request)
        standings.admit(subject)
        self._unwatch()
        self._unwatch = standings.watch([subject], self._end)
        self.grant = grant

    def _end(self, error: MaskproxyError) -> None:
        self._ended_by = error
        if self._ending is not None:
            self._ending.reschedule(asyncio.get_running_loop().time())

    async def run(self) -> web.StreamResponse:
        """`tell`, which ends before its end where what it stands on is revoked: then a stream of events says so."""
        try:
            async with asyncio.timeout(None) as self._ending:
                try:
                    return await self.tell()
                finally:
                    self._unwatch()
        except TimeoutError:
            if self._ended_by is None:
                raise
            if self.answer is not None:
                await end_in_words(self.answer, self._ended_by)
            raise self._ended_by from None

    @property
    def handling(self) -> Handling:
        """What the grant asks for, and the configuration where there is none."""
        return self.gateway.handling_under(self.grant)

    @cached_property
    def _lifting(self) -> Lifting | None:
        """What the person may have as it is, and what spans are known by: the same from beginning to end."""
        gateway, handling = self.gateway, self.handling
        if self.person is None:
            return None
        if gateway.allowances is None:
            return Lifting(b"", {}, other=Lift.NEVER).printing(gateway.company_prints)
        lifting = gateway.allowances.lifting(self.person.key, handling.lifts, handling.other_lift)
        return lifting.printing(gateway.company_prints)

    @property
    def _observes(self) -> bool:
        return self.grant is not None and self.grant.mode == "observe"

    def _scope(self, person: Person) -> str:
        return self.session if self.gateway.scope == "session" else person.key

    @property
    def seals(self) -> Seals:
        """What was masked in Claude's thinking comes back for the person who got it, in whatever session."""
        assert self.person is not None
        return self.gateway.maskings.seals(self.person.key)

    def _may(self, person: Person, route: Route) -> Grant | None:
        """The grant, or None with `_refusal` set: a refusal of a known person is recorded before it is given."""
        try:
            if route.refuse is not None:
                raise Denied(route.refuse)
            gateway = self.gateway
            gateway.standings.admit(subject_of(person, session=self.session))
            self._standing = gateway.standings.of(person, gateway.grants)
            asked = Asked(route.name, self.endpoint)
            self._fitting = permit(person, gateway.grants, asked, gateway.now, self._standing)
            self._stand_on(person, self._fitting[0])
        except (Denied, Unauthenticated, Unavailable) as error:
            self._refusal: MaskproxyError = error
        return self.grant

    async def _look_whose(self, person: Person, head: RequestHead) -> None:
        """Files and batches are for who made them, where there is a store to keep that in."""
        owners, route = self.gateway.owners, self.route
        if owners is not None and route is not None and route.api == "anthropic":
            nothing = self.gateway.maskings.nothing(self._scope(person))
            self.ownership = Ownership(owners, person.key, self.endpoint, head, nothing)
            await self.ownership.check_path()

    async def _begin_turn(self, person: Person, head: RequestHead) -> Turn:
        """Raises TooMany and OverCap. What costs no tokens goes on when a day's are used up."""
        assert self.grant is not None
        costs_tokens = head.method == "POST" and self.endpoint in {"messages", "batches"}
        return await self.gateway.turns.begin(person.key, self.grant, costs_tokens=costs_tokens)

    async def _look_at_what_is_named(self, head: RequestHead, body: Masked) -> None:
        """Of a body that Claude reads as JSON: its models must be allowed, its files the person's own."""
        assert self.grant is not None
        assert self.person is not None
        if self.endpoint == "other" or request_place(head.method, head.path) is None:
            return
        looks_for_files = self.ownership is not None and may_name_files(body)
        if not self.grant.models and not looks_for_files:
            return
        nothing = self.gateway.maskings.nothing(self._scope(self.person))
        found = await guarded(self.gateway, lambda _: named(body, nothing), b"", len(body))
        if self.grant.models:
            await self._go_where_allowed(self.grant, self.person, found.models)
        if self.ownership is not None:
            await self.ownership.check_files(found.files)

    async def _go_where_allowed(self, grant: Grant, person: Person, models: tuple[str, ...]) -> None:
        """Go over to the first grant that allows the models which the body names. Raises BadRequest where none does.

        The body is masked by now, so another grant can take over only where it masks alike.
        """
        alike = [one for one in self._fitting if self.gateway.handles_alike(one, grant)]
        allowing = next((one for one in alike if one.allows(models)), None)
        if allowing is None or not models:
            gateway, asked = self.gateway, Asked(self.route.name if self.route is not None else "", self.endpoint)
            how_else = how_to_have(person, gateway.grants, asked, models, gateway.now, self._standing)
            raise refused_model(alike, how_else)
        if allowing is not grant:
            assert self.journal is not None
            self._stand_on(person, allowing)
            self.journal.admission = allowing.admits(person)
            await self.journal.decision("allowed", allowing.name)

    @property
    def _credential_field(self) -> str | None:
        credential = self.route.credential if self.route is not None else None
        return credential.header if credential is not None else None

    def _masked_head(self, sought: Sought, head: RequestHead) -> tuple[MaskedText, MaskedFields]:
        """The target and the fields, as they go upstream and as they are recorded."""
        plain = heads.for_upstream(head.fields, credential_field=self._credential_field)
        target, fields = masked_target(sought, head.target), masked_fields(sought, plain)
        if self._observes:
            return target._replace(forward=head.target), fields._replace(forward=plain)
        return target, fields

    def _request_mask(
        self, sought: Sought, head: RequestHead, policy: BodyPolicy, vault: Vault | None, *, recalls: bool
    ) -> BodyMask:
        assert self.route is not None
        return request_mask(
            sought,
            api=self.route.api,
            method=head.method,
            path=head.path,
            content_type=head.value("content-type"),
            policy=policy,
            seals=self.seals,
            vault=vault,
            recalls=recalls,
        )

    async def _continue(self, head: RequestHead) -> None:
        """Ask for the body only when the caller may send it. RFC 9110, 10.1.1."""
        if head.value("expect") is not None and head.has_body and self.request.version.minor == 1:
            await self.request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.request.writer.output_size = 0

    async def _whole(
        self, head: RequestHead, source: AsyncIterator[bytes], mask: BodyMask, sought: Sought, reservation: Reservation
    ) -> Masked:
        gateway, journal = self.gateway, self.journal
        assert journal is not None
        raw = bytearray() if sought.observes else None
        try:
            out = await masked_whole(gateway, source, mask, reservation, raw)
            if raw is None and isinstance(mask, Conversation) and self.person is not None:
                out = await recollected(gateway, self._scope(self.person), mask, self.vault, out, reservation)
        except (Blocked, Denied):
            await self._count(mask, sought)
            raise
        self.bytes_in = len(out.forward)
        await journal.body("request_body", out.record)
        await self._count(mask, sought)
        guard = Guard(gateway, journal, head, sought)
        await guard.read(out.record)
        await guard.finish()
        return out.forward if raw is None else await self._observed(head, bytes(raw))

    async def _observed(self, head: RequestHead, raw: bytes) -> Masked:
        """What goes upstream unmasked, but for thinking that was sealed before: the API takes back only its own."""
        assert self.person is not None
        nothing = Sought.alike(self.gateway.maskings.nothing(self._scope(self.person)))
        mask = self._request_mask(nothing, head, BodyPolicy(), None, recalls=False)
        first = await mask_piece(self.gateway, mask, raw)
        rest = await mask_rest(self.gateway, mask, len(raw))
        return trusted(first.forward + rest.forward, why="the grant observes and does not mask")

    async def _streamed(
        self, head: RequestHead, source: AsyncIterator[bytes], mask: BodyMask, sought: Sought
    ) -> AsyncIterator[Masked]:
        """The body in masked pieces, each recorded before it goes upstream."""
        gateway, journal = self.gateway, self.journal
        assert journal is not None
        guard = Guard(gateway, journal, head, sought)
        fed = 0
        try:
            async for data in source:
                out = await mask_piece(gateway, mask, data)
                fed += len(data)
                self.bytes_in = fed
                await journal.body("request_body", out.record)
                await guard.read(out.record)
                forward = trusted(data, why="the grant observes and does not mask") if sought.observes else out.forward
                if forward:
                    yield forward
            out = await mask_rest(gateway, mask, fed)
        except (Blocked, Denied):
            await self._count(mask, sought)
            raise
        await journal.body("request_body", out.record)
        await self._count(mask, sought)
        await guard.read(out.record)
        await guard.finish()
        if out.forward and not sought.observes:
            yield out.forward

    async def _count(self, mask: BodyMask, sought: Sought) -> None:
        assert self.journal is not None
        assert self.route is not None
        await self.journal.findings("request", mask.findings, 0, sought)
        if mask.unread_bytes:
            self.gateway.meters.unread(self.route.name, mask.unread_bytes)

    async def _send(
        self,
        route: Route,
        value: str | None,
        method: str,
        target: str,
        fields: heads.Fields,
        body: Masked | AsyncIterator[Masked] | None,
    ) -> UpstreamAnswer:
        """Put the service's credential in last, and ask upstream. Its refusal of the credential is ours to mend."""
        assert route.upstream is not None
        gateway, credential = self.gateway, route.credential
        if credential is not None and value is not None:
            fields = [*fields, (credential.header, value)]
        begun_ns = gateway.mono_ns()
        answer = await gateway.pool.send(route.upstream, method, target, fields, body)
        gateway.meters.upstream(route.name, (gateway.mono_ns() - begun_ns) / 1e9)
        if credential is None or answer.status not in {401, 403}:
            return answer
        await answer.close()
        await credential.rejected()
        gateway.log("credential refused upstream", route=route.name, status=answer.status)
        raise CredentialFailed(
            "The gateway's own credential was refused by the API. Its operators have been alarmed; nothing is wrong "
            "with your sign-in.",
            retry=await credential.value() != value,
        )
