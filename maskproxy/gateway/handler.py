"""The handler that aiohttp's server calls: runs one exchange, and answers for how it ends.

Before the answer's head is out, a failure becomes an answer in the API's error shape. After that the connection is
cut, so that the client sees an incomplete answer and never a clean end; unless the stream's last event told the reason.
"""

from __future__ import annotations

import asyncio

from aiohttp import HttpVersion10, HttpVersion11, web

from maskproxy.errors import MaskproxyError, RecordingFailed, Unavailable
from maskproxy.gateway.exchange import Exchange
from maskproxy.gateway.own_api import OwnApi, is_own
from maskproxy.gateway.refused_events import refusal_event
from maskproxy.gateway.server import Handler, plain_answer, where
from maskproxy.gateway.state import Gateway


class Exchanges:
    """The handler that aiohttp's server calls: runs one exchange, and answers for how it ends."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self._own_api = OwnApi()

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        gateway = self.gateway
        handler = request.protocol
        assert isinstance(handler, Handler)
        handler.shim.exchange_begins()
        gateway.meters.exchanges(1)
        connection, sign_in = handler.connection, gateway.sign_in
        signs_in = sign_in is not None and sign_in.takes(gateway, request, connection)
        if signs_in or is_own(request, connection):
            try:
                if signs_in and sign_in is not None:
                    return await sign_in.answer(gateway, request, connection)
                return await self._own_api.answer(gateway, request, connection.peer)
            finally:
                gateway.meters.exchanges(-1)
                handler.shim.exchange_ends()
        exchange = Exchange(gateway, request, handler)
        outcome, sentence, status = "failed", "", 503
        try:
            response = await exchange.run()
            outcome, status = "complete", response.status
            await self._end(exchange, outcome, sentence, status)
            return response
        except MaskproxyError as error:
            outcome, sentence, status = _outcome(error), str(error), error.status
            return await self._refuse(exchange, error, outcome)
        except (ConnectionError, asyncio.CancelledError):
            outcome, sentence = "aborted", "the client went away"
            await self._end(exchange, outcome, sentence, 499)
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours must end the exchange, not pass it
            gateway.meters.alarm("internal")
            gateway.log("exchange failed", exchange=exchange.id, error=type(error).__name__, at=where(error))
            hidden = Unavailable("Something failed inside the gateway. Tell its operators the request id.")
            return await self._refuse(exchange, hidden, outcome)
        finally:
            gateway.meters.exchanges(-1)
            route = exchange.route.name if exchange.route is not None else ""
            gateway.meters.exchange_ended(route, outcome, status)
            handler.shim.exchange_ends()

    async def _refuse(self, exchange: Exchange, error: MaskproxyError, outcome: str) -> web.StreamResponse:
        self.gateway.meters.refused(type(error).__name__)
        person = exchange.person.name if exchange.person is not None else ""
        self.gateway.log(
            f"exchange {outcome}",
            exchange=exchange.id,
            session=exchange.session,
            person=person,
            reason=str(error),
            detail=error.detail,
        )
        event = refusal_event(
            error,
            exchange.person,
            exchange.id,
            at="exchange",
            peer=exchange.connection.peer,
            session=exchange.session,
            route=exchange.route.name if exchange.route is not None else "",
            grant=exchange.grant.name if exchange.grant is not None else "",
        )
        await self.gateway.audit.tell(event)
        await self._end(exchange, outcome, str(error), error.status)
        handler = exchange.request.protocol
        assert isinstance(handler, Handler)
        if exchange.answer is not None and exchange.answer.ended is not None:
            return exchange.answer.ended
        if exchange.answer is not None and exchange.answer.begun:
            handler.shim.abort()
            raise ConnectionResetError
        if exchange.request.version not in {HttpVersion10, HttpVersion11}:
            handler.shim.refuse(error, exchange.id)
            raise ConnectionResetError
        response = plain_answer(error, exchange.id)
        if exchange.session:
            response.headers["x-maskproxy-session"] = exchange.session
        if self.gateway.draining or not exchange.request.content.at_eof():
            response.force_close()
        return response

    async def _end(self, exchange: Exchange, outcome: str, sentence: str, status: int) -> None:
        """The last frame. An exchange that cannot be recorded to its end is not given a clean one."""
        if exchange.journal is None:
            return
        bytes_out = exchange.answer.bytes_out if exchange.answer is not None else 0
        try:
            if outcome == "refused":
                grant = exchange.grant.name if exchange.grant is not None else ""
                await exchange.journal.decision("refused", grant, sentence)
            await exchange.journal.end(outcome, sentence, status, exchange.bytes_in, bytes_out)
        except RecordingFailed:
            if outcome == "complete":
                raise


def _outcome(error: MaskproxyError) -> str:
    return "failed" if error.status >= 500 else "refused"
