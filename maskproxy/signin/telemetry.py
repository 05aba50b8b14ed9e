"""What clients tell of themselves by OTLP/HTTP: dropped, or masked and passed on to the company's collector.

Only JSON is passed on, since only that can be read. What cannot be read, or not masked, is dropped; clients are told
that all is well either way, but for a collector that is down: then they send it again.
"""

from __future__ import annotations

import asyncio

from aiohttp import web

from maskproxy.access.tokens import Person
from maskproxy.bodies.masks import request_mask
from maskproxy.errors import Unauthenticated, Unavailable, UpstreamFailed
from maskproxy.gateway import heads
from maskproxy.gateway.intake import decoded, masked_whole, pieces
from maskproxy.gateway.upstream.pool import Origin
from maskproxy.masking import Masked
from maskproxy.signin.asked import Asked

LIMIT_BYTES = 16 << 20
COLLECTOR_S = 10.0


class Telemetry:
    def __init__(self, collector: Origin | None) -> None:
        self._collector = collector

    async def __call__(self, asked: Asked) -> web.Response:
        """Raises what keeps a body from being read or masked, Unauthenticated, and Unavailable."""
        is_json = "json" in (asked.head.value("content-type") or "")
        if self._collector is not None and is_json:
            token, person = await caller(asked)
            await self._send(asked, self._collector, await _masked(asked, token, person))
        else:
            async for _ in pieces(asked.gateway, asked.request, LIMIT_BYTES):
                pass
            if self._collector is not None:
                asked.gateway.log("telemetry dropped", reason="Only JSON can be read: OTEL_EXPORTER_OTLP_PROTOCOL.")
        return web.json_response({}) if is_json else web.Response(content_type="application/x-protobuf")

    @staticmethod
    async def _send(asked: Asked, collector: Origin, body: Masked) -> None:
        fields = [("Content-Type", "application/json"), ("Accept", "application/json"), ("User-Agent", "maskproxy")]
        try:
            async with asyncio.timeout(COLLECTOR_S):
                answer = await asked.gateway.pool.send(collector, "POST", asked.head.path, fields, body)
                try:
                    async for _ in answer.chunks():
                        pass
                finally:
                    await answer.close()
        except (UpstreamFailed, TimeoutError) as error:
            raise Unavailable("The collector of telemetry cannot be reached. Try again.", retry=True) from error
        if answer.status >= 300:
            asked.gateway.log("telemetry refused by the collector", status=answer.status)


async def caller(asked: Asked) -> tuple[str, Person]:
    """Whoever asks with a token. Raises Unauthenticated and Unavailable."""
    token = heads.caller_token(asked.head.fields, proxy=False)
    if token is None:
        raise Unauthenticated("Send your token as an Authorization: Bearer field.")
    return token, await asked.gateway.authenticator.authenticate(token)


async def _masked(asked: Asked, token: str, person: Person) -> Masked:
    gateway, head = asked.gateway, asked.head
    known = [route.credential.known_secrets() for route in gateway.routes.routes if route.credential is not None]
    credentials = tuple(secret for some in known for secret in some)
    mask = request_mask(
        gateway.maskings.of(gateway.handling.treatments.request, person.key, token, credentials),
        api="generic",
        method=head.method,
        path=head.path,
        content_type=head.value("content-type"),
        policy=gateway.handling.body_policy,
        seals=gateway.maskings.seals(person.key),
    )
    with gateway.budget.reserve() as reservation:
        out = await masked_whole(gateway, decoded(gateway, asked.request, head, LIMIT_BYTES), mask, reservation)
    return out.forward
