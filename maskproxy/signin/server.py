"""The sign-in server: which paths are its own, who answers them, and the shape in which each kind of path refuses.

It answers on the listeners, outside of tunnels, whether or not there is an interception CA. What programs use speaks
JSON as OAuth does, what people see is HTML, and what is used with a token refuses as the API does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple

from aiohttp import HttpVersion10, HttpVersion11, web

from maskproxy.errors import BadRequest, MaskproxyError, NotFound, Unauthenticated, Unavailable
from maskproxy.gateway import heads
from maskproxy.gateway.connection import Connection, new_id
from maskproxy.gateway.heads import Authority
from maskproxy.gateway.refused_events import refusal_event
from maskproxy.gateway.server import plain_answer, where
from maskproxy.gateway.state import Gateway
from maskproxy.signin import pages, refusals, site
from maskproxy.signin.asked import Asked
from maskproxy.signin.browser import Browsers
from maskproxy.signin.managed import ManagedSettings, is_known, settings_for
from maskproxy.signin.oauth import Document, OAuth
from maskproxy.signin.provider import Described, Provider
from maskproxy.signin.site import Site
from maskproxy.signin.telemetry import Telemetry, caller
from maskproxy.signin.visits import Shown, Visits

Answering = Callable[[Asked], Awaitable[web.Response]]

_PAGE_FIELDS = {
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class _Own(NamedTuple):
    """Who answers a path, by method; `kind` is the shape of its refusals, `anywhere` whether any host will do."""

    kind: str
    answers: Mapping[str, Answering]
    anywhere: bool = False


class SignIn:
    """Answers one request at a time, whatever becomes of it."""

    def __init__(
        self,
        place: Site,
        oauth: OAuth,
        visits: Visits,
        browsers: Browsers,
        *,
        providers: Mapping[str, Provider],
        policies: Sequence[ManagedSettings] = (),
        telemetry: Telemetry,
        hides_models: bool = False,
    ) -> None:
        self._site = place
        self._browsers = browsers
        self._providers = providers
        self._policies = policies
        documents = {
            site.DISCOVERY: ("GET", oauth.discovery),
            site.JWKS: ("GET", oauth.jwks),
            site.DEVICE_AUTHORIZATION: ("POST", oauth.device_authorization),
            site.TOKEN: ("POST", oauth.token),
            site.REVOKE: ("POST", oauth.revoke),
        }
        shown = {
            site.DEVICE: {"GET": visits.code, "POST": visits.code_sent},
            site.AUTHORIZE: {"GET": visits.authorize},
            site.PROVIDER: {"POST": visits.provider_chosen},
            site.CONFIRM: {"GET": visits.confirm, "POST": visits.confirmed},
            **{site.CALLBACK + name: {"GET": visits.callback, "POST": visits.callback} for name in providers},
        }
        self._paths: dict[str, _Own] = {
            **{path: _Own("oauth", {method: _document(told)}) for path, (method, told) in documents.items()},
            **{
                path: _Own("page", {method: self._page(told) for method, told in answers.items()})
                for path, answers in shown.items()
            },
            **{
                site.METADATA + name: _Own("page", {"GET": self._metadata})
                for name, provider in providers.items()
                if isinstance(provider, Described)
            },
            **{path: _Own("api", {"POST": telemetry}, anywhere=True) for path in site.TELEMETRY},
            site.HELLO: _Own("api", {"GET": self._hello}, anywhere=True),
            site.SETTINGS: _Own("api", {"GET": self._settings}, anywhere=True),
            site.USAGE: _Own("api", {"GET": self._nothing}, anywhere=True),
        }
        if hides_models:
            self._paths[site.MODELS] = _Own("api", {"GET": self._nothing}, anywhere=True)

    def takes(self, gateway: Gateway, request: web.BaseRequest, connection: Connection) -> bool:
        """Tell whether a request is for us, and fit to be answered in its own HTTP version.

        What names a route's host is for the route, whatever its path.
        """
        if connection.via != "base_url" or request.raw_path.partition("?")[0] not in self._paths:
            return False
        host = request.headers.get("Host", "").partition(":")[0].lower()
        is_route = gateway.routes.intercepting(Authority(host, None)) is not None
        return request.version in {HttpVersion10, HttpVersion11} and not is_route

    async def answer(self, gateway: Gateway, request: web.BaseRequest, connection: Connection) -> web.Response:
        exchange = new_id("req_")
        own = self._paths[request.raw_path.partition("?")[0]]
        try:
            response = await self._answered(own, gateway, request, connection)
        except MaskproxyError as error:
            # What a client only waits for is no refusal.
            if not isinstance(error, refusals.OAuthRefused) or error.code not in {"authorization_pending", "slow_down"}:
                gateway.meters.refused(type(error).__name__)
                gateway.log("sign-in refused", exchange=exchange, reason=str(error), detail=error.detail)
                await gateway.audit.tell(refusal_event(error, None, exchange, at="sign-in", peer=connection.peer))
            response = _refusal(own.kind, error, exchange)
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours must not be told by its text
            gateway.meters.alarm("internal")
            gateway.log("sign-in failed", exchange=exchange, error=type(error).__name__, at=where(error))
            hidden = Unavailable("Something failed inside the gateway. Tell its operators the request id.")
            response = _refusal(own.kind, hidden, exchange)
        response.headers["request-id"] = exchange
        response.headers["Server"] = "maskproxy"
        response.headers.setdefault("Cache-Control", "no-store")
        if gateway.draining or not request.content.at_eof():
            response.force_close()
        return response

    async def _answered(
        self, own: _Own, gateway: Gateway, request: web.BaseRequest, connection: Connection
    ) -> web.Response:
        if gateway.draining:
            raise Unavailable("This node is shutting down. Try again.", retry=True)
        version = (request.version.major, request.version.minor)
        head = heads.check_request(request.method, request.raw_path, version, request.raw_headers)
        if not own.anywhere:
            self._site.check_host(head.host)
        answering = own.answers.get("GET" if head.method == "HEAD" else head.method)
        if answering is None:
            raise NotFound("There is nothing here by this method and path.")
        return await answering(Asked(gateway, request, head, connection.peer))

    def _page(self, visit: Callable[[Asked], Awaitable[Shown]]) -> Answering:
        async def answer(asked: Asked) -> web.Response:
            shown = await visit(asked)
            response = _html(shown.page, shown.status) if shown.page is not None else web.Response(status=shown.status)
            if shown.page is None:
                response.headers["Location"] = shown.location
                response.headers.update(_PAGE_FIELDS)
            if shown.browser is not None:
                response.headers["Set-Cookie"] = self._browsers.set_cookie(shown.browser)
            return response

        return answer

    async def _metadata(self, asked: Asked) -> web.Response:
        name = asked.head.path.removeprefix(site.METADATA)
        provider = self._providers[name]
        assert isinstance(provider, Described)
        document = provider.metadata(self._site.callback(name))
        return web.Response(body=document, content_type="application/samlmetadata+xml")

    async def _hello(self, _: Asked) -> web.Response:
        return web.json_response({})

    async def _settings(self, asked: Asked) -> web.Response:
        _, person = await caller(asked)
        policy = settings_for(person.groups, self._policies)
        if policy is None:
            raise NotFound("There are no managed settings for you.")
        fields = {"ETag": f'"{policy.checksum}"', "Cache-Control": "private, no-cache"}
        if is_known(asked.head.value("if-none-match"), policy.checksum):
            return web.Response(status=304, headers=fields)
        return web.Response(body=policy.document(self._site.url), content_type="application/json", headers=fields)

    async def _nothing(self, asked: Asked) -> web.Response:
        await caller(asked)
        raise NotFound("There is nothing here by this method and path.")


def _document(told: Callable[[Asked], Awaitable[Document]]) -> Answering:
    async def answer(asked: Asked) -> web.Response:
        return web.json_response(dict(await told(asked)))

    return answer


def _refusal(kind: str, error: MaskproxyError, exchange: str) -> web.Response:
    if kind == "api":
        return plain_answer(error, exchange)
    if kind == "oauth":
        status, body = refusals.shape(error)
        response = web.Response(status=status, body=body, content_type="application/json")
    else:
        told = (str(error), f"Should you ask the gateway's operators, tell them {exchange}.")
        again = isinstance(error, BadRequest | NotFound | Unauthenticated)
        response = _html(pages.message_page("This did not work", *told, again=again), error.status)
    if error.retry:
        response.headers["Retry-After"] = "5"
    return response


def _html(page: pages.Page, status: int) -> web.Response:
    response = web.Response(status=status, body=page.html(), content_type="text/html", charset="utf-8")
    response.headers["Content-Security-Policy"] = page.policy
    response.headers.update(_PAGE_FIELDS)
    return response
