"""People sign in with the identity providers that the configuration names, through a running gateway."""

from __future__ import annotations

import base64
import json
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
import yaml
from lxml import etree

from maskproxy.dev.oidc_provider import Client, ScriptedProvider
from maskproxy.errors import ConfigurationFault, StartFailed
from maskproxy.service import logs
from maskproxy.service.build import build
from maskproxy.service.daemon import checked
from tests import fakes_saml as saml
from tests.gateway.test_exchange import messages
from tests.signin.oidc_bench import ID, PEOPLE, SECRET, identity, visit
from tests.signin.surfing import Form, Front, Surfer
from tests.signin.wrapped_saml import signed

Fronts = Callable[..., Awaitable[Front]]


@pytest.fixture
async def fronts(tmp_path: Path) -> AsyncIterator[Fronts]:
    made: list[Front] = []

    async def start(providers: list[dict[str, Any]], **changes: Any) -> Front:
        front = Front(tmp_path, identity={"providers": providers, "tokens": {}}, **changes)
        front.providers = None
        made.append(front)
        await front.start()
        return front

    yield start
    for front in made:
        await front.close()


async def leave(browser: Surfer, user_code: str) -> str:
    """Type a code; gives the provider's page to which the browser is sent."""
    page = await browser.submit(await browser.get("/oauth/device"), user_code=user_code)
    assert page.status == 200, page.body
    return Form(page.body).onward


async def come_back(front: Front, browser: Surfer, device: dict[str, Any], back: Any) -> dict[str, Any]:
    """Confirm; gives the claims of the token with which somebody then speaks to Claude."""
    assert back.status == 303, back.body
    confirm = await browser.get(back.value("location") or "")
    assert (await browser.submit(confirm, ("decision", "approve"))).status == 200
    issued = json.loads((await front.program().poll(device)).body)
    assert (await front.post("/v1/messages", messages("hello"), issued["access_token"])).status == 200
    claims: dict[str, Any] = jwt.decode(issued["access_token"], options={"verify_signature": False})
    return claims


async def test_at_an_openid_connect_provider(fronts: Fronts, tmp_path: Path) -> None:
    provider = ScriptedProvider({ID: Client(frozenset(), SECRET)}, PEOPLE)
    await provider.start(tls=identity().context)
    (tmp_path / "idp-ca.pem").write_bytes(identity().ca_pem)
    (tmp_path / "client.secret").write_text(SECRET)
    (tmp_path / "client.secret").chmod(0o600)
    secret = {"file": "client.secret"}
    oidc = {"issuer": provider.url, "client_id": ID, "client_secret": secret, "trust": "idp-ca.pem"}
    try:
        by_mail = {"name": "developers", "claims": {"email": "*@example.com"}, "routes": ["claude"]}
        front = await fronts([{"name": "company", "oidc": oidc}], grants=[by_mail])
        provider.clients[ID] = Client(frozenset({f"{front.url}/oauth/callback/company"}), SECRET)
        browser, device = front.browser(), await front.program().device()
        answer = await visit(await leave(browser, device["user_code"]))
        back = await browser.get(f"/oauth/callback/company?{urlencode(answer)}")
        claims = await come_back(front, browser, device, back)
        assert (claims["name"], claims["groups"]) == ("Ada Lovelace", ["admins", "engineering"])
        assert SECRET not in front.log.getvalue()
    finally:
        await provider.close()


async def test_at_a_saml_identity_provider(fronts: Fronts, tmp_path: Path) -> None:
    now = time.time()
    held = saml.certificate("idp", int(now) - 86400, int(now) + 90 * 86400)
    (tmp_path / "idp.xml").write_bytes(saml.metadata([held]))
    front = await fronts([{"name": "idp", "saml": {"metadata": "idp.xml", "entity_id": saml.ENTITY_ID}}])
    browser, device = front.browser(), await front.program().device()
    asked = {name: one[0] for name, one in parse_qs(urlsplit(await leave(browser, device["user_code"])).query).items()}
    request = etree.fromstring(zlib.decompress(base64.b64decode(asked["SAMLRequest"]), -15))
    acs = f"{front.url}/oauth/callback/idp"
    assert request.get("AssertionConsumerServiceURL") == acs
    says = saml.Says(str(request.get("ID")), now, destination=acs, recipient=acs)
    form = {"SAMLResponse": base64.b64encode(signed(says)).decode(), "RelayState": asked["RelayState"]}
    claims = await come_back(front, browser, device, await browser.post("/oauth/callback/idp", form))
    assert (claims["name"], claims["groups"]) == ("Ada Example", ["engineering", "platform"])
    again = await browser.post("/oauth/callback/idp", form)
    assert again.status in {400, 401}, "an answer counts once"


async def test_metadata_that_cannot_be_used_keeps_the_gateway_from_starting(fronts: Fronts, tmp_path: Path) -> None:
    front = await fronts([{"name": "company", "oidc": {"issuer": "https://idp.example", "client_id": ID}}])
    (tmp_path / "idp.xml").write_text("<html/>")
    saml_ = {"name": "idp", "saml": {"metadata": "idp.xml", "entity_id": "us"}}
    document = yaml.safe_load(front.config.read_text())
    document["identity"] = {"providers": [saml_], "tokens": {}}
    front.config.write_text(yaml.safe_dump(document))
    config = checked(front.config)
    log, net = logs.start("info", "json", stream=front.log)
    with pytest.raises(StartFailed, match="The identity provider idp cannot be used"):
        await build(config, log, net)


@pytest.mark.parametrize(
    ("identity_", "place"),
    [
        ({}, "identity"),
        (
            {"providers": [{"name": "a", "oidc": {"issuer": "https://a.example", "client_id": "x"}}]},
            "identity.tokens",
        ),
        ({"providers": [{"name": "a"}], "tokens": {}}, "identity.providers[0]"),
        (
            {"providers": [{"name": "a", "saml": {"metadata": "none.xml", "entity_id": "us"}}], "tokens": {}},
            "identity.providers[0].saml.metadata",
        ),
    ],
)
def test_what_providers_need(tmp_path: Path, identity_: dict[str, Any], place: str) -> None:
    front = Front(tmp_path, identity=identity_)
    with pytest.raises(ConfigurationFault) as refused:
        checked(front._write_configuration())
    assert place in [where for where, _ in refused.value.faults]
