"""People sign in at SimpleSAMLphp, on its own pages, through a whole gateway.

The two know each other by the metadata that each serves, and by nothing else.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import pytest
import yaml

from maskproxy.errors import StartFailed
from maskproxy.service import logs
from maskproxy.service.build import build
from maskproxy.service.daemon import checked
from tests.gateway.test_exchange import messages
from tests.idp.browser import Browser
from tests.idp.simplesaml import SimpleSaml, fetched, key_pair
from tests.signin.surfing import Front, error_of

US = "https://gateway.example.com/saml"
SIGNING = {"certificate": "sp.pem", "key": "sp.key"}


@pytest.fixture(params=["redirect", "post"])
def binding(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def idp(front: Front, tmp_path: Path, binding: str) -> AsyncIterator[SimpleSaml]:
    """The identity provider, and the gateway that signs its requests to it, both running."""
    directory = tmp_path / "idp"
    directory.mkdir()
    key_pair(tmp_path, "sp")
    async with AsyncExitStack() as stack:
        idp = await stack.enter_async_context(SimpleSaml(directory))
        (tmp_path / "idp.xml").write_bytes(await idp.metadata())
        saml = {"metadata": "idp.xml", "entity_id": US, "binding": binding, "signed": "both", "signing": SIGNING}
        front.changes["identity"] = {"providers": [{"name": "company", "saml": saml}], "tokens": {}}
        await front.start()
        stack.push_async_callback(front.close)
        idp.trust(await fetched(f"{front.url}/oauth/metadata/company", front.trust))
        yield idp
        assert idp.password not in front.log.getvalue()


async def at_the_provider(front: Front, browser: Browser, device: dict[str, Any], binding: str) -> None:
    await browser.open(device["verification_uri_complete"])
    await browser.send()
    if binding == "post":
        assert browser.host == "localhost", "our page holds the form"
        await browser.send()
    assert browser.host == "127.0.0.1", browser.words


async def answered(front: Front, browser: Browser, device: dict[str, Any], idp: SimpleSaml, binding: str) -> None:
    """Up to the provider's page that sends its answer on; scripts would send it at once."""
    await at_the_provider(front, browser, device, binding)
    if "password" in browser.form.fields:
        # It knows a browser again by a cookie, which another site's POST does not bring.
        await browser.send(username="ada", password=idp.password)
    assert browser.form.action == f"{front.url}/oauth/callback/company", browser.words


def bare(certificate: Path) -> str:
    """As metadata holds it."""
    return "".join(certificate.read_text().split("-----")[2].split())


async def test_from_terminal_to_claude(front: Front, browser: Browser, idp: SimpleSaml, binding: str) -> None:
    device = await front.program().device()
    await answered(front, browser, device, idp, binding)
    await browser.send()
    assert browser.url.startswith(f"{front.url}/oauth/confirm"), browser.words
    assert "Ada Lovelace (ada@example.com)" in browser.words
    await browser.send({"decision": "approve"})
    issued = json.loads((await front.program().poll(device)).body)
    claims = jwt.decode(issued["access_token"], options={"verify_signature": False})
    assert (claims["idp"]["iss"], claims["groups"]) == (idp.entity_id, ["engineering", "platform"])
    assert (await front.post("/v1/messages", messages("hello"), issued["access_token"])).status == 200
    again = await front.program().refresh(issued["refresh_token"])
    renewed = jwt.decode(json.loads(again.body)["access_token"], options={"verify_signature": False})
    assert renewed["sub"] == claims["sub"]


async def test_a_person_has_the_same_name_each_time(
    front: Front, browser: Browser, idp: SimpleSaml, binding: str
) -> None:
    subjects = set()
    for _ in range(2):
        device = await front.program().device()
        await answered(front, browser, device, idp, binding)
        await browser.send()
        await browser.send({"decision": "approve"})
        issued = json.loads((await front.program().poll(device)).body)
        subjects.add(jwt.decode(issued["access_token"], options={"verify_signature": False})["sub"])
    assert len(subjects) == 1


async def test_a_wrong_password_gives_no_login(front: Front, browser: Browser, idp: SimpleSaml, binding: str) -> None:
    device = await front.program().device()
    await at_the_provider(front, browser, device, binding)
    await browser.send(username="ada", password="wrong")
    assert browser.host == "127.0.0.1"
    assert "Incorrect username or password" in browser.words
    assert error_of(await front.program().poll(device)) == (400, "authorization_pending")


async def test_an_answer_counts_once(front: Front, browser: Browser, idp: SimpleSaml, binding: str) -> None:
    device = await front.program().device()
    await answered(front, browser, device, idp, binding)
    answer = browser.form
    await browser.send()
    assert browser.url.startswith(f"{front.url}/oauth/confirm"), browser.words
    await browser.post(answer.action, answer.fields)
    assert browser.status in {400, 401}, browser.words


async def test_an_answer_to_another_request_is_refused(
    front: Front, browser: Browser, idp: SimpleSaml, binding: str
) -> None:
    first, second = await front.program().device(), await front.program().device()
    await answered(front, browser, first, idp, binding)
    held = browser.form.fields["SAMLResponse"]
    await answered(front, browser, second, idp, binding)
    answer = browser.form
    await browser.post(answer.action, {**answer.fields, "SAMLResponse": held})
    assert browser.status in {400, 401}, browser.words


@pytest.mark.parametrize("binding", ["redirect"], indirect=True)
async def test_a_sign_in_that_the_provider_begins_is_refused(front: Front, browser: Browser, idp: SimpleSaml) -> None:
    query = urlencode({"spentityid": US, "RelayState": "begun-there"})
    await browser.open(f"{idp.url}/saml2/idp/SSOService.php?{query}")
    await browser.send(username="ada", password=idp.password)
    assert browser.form.action == f"{front.url}/oauth/callback/company", browser.words
    await browser.send()
    assert browser.status in {400, 401}, browser.words


async def test_the_provider_checks_our_signature(front: Front, browser: Browser, idp: SimpleSaml, binding: str) -> None:
    """Were our requests not really verified there, the other tests would show nothing of how we sign."""
    key_pair(front.directory, "another")
    shown = (await fetched(f"{front.url}/oauth/metadata/company", front.trust)).decode()
    ours, theirs = (bare(front.directory / f"{name}.pem") for name in ("sp", "another"))
    assert ours in shown
    idp.trust(shown.replace(ours, theirs).encode())
    await at_the_provider(front, browser, await front.program().device(), binding)
    assert "Unable to validate" in browser.words


@pytest.mark.parametrize("binding", ["redirect"], indirect=True)
async def test_a_request_that_was_changed_on_its_way_is_refused(
    front: Front, browser: Browser, idp: SimpleSaml
) -> None:
    """By redirect the RelayState is signed too."""
    device = await front.program().device()
    await browser.open(device["verification_uri_complete"])
    await browser.send()
    parts = urlsplit(next(url for url in browser.went if "SAMLRequest=" in url))
    query = dict(parse_qsl(parts.query)) | {"RelayState": "another"}
    await browser.open(parts._replace(query=urlencode(query)).geturl())
    assert "Unable to validate" in browser.words


@pytest.mark.parametrize("binding", ["redirect"], indirect=True)
async def test_who_does_not_sign_does_not_start(front: Front, idp: SimpleSaml) -> None:
    document = yaml.safe_load(front.config.read_text())
    del document["identity"]["providers"][0]["saml"]["signing"]
    front.config.write_text(yaml.safe_dump(document))
    log, net = logs.start("info", "json", stream=front.log)
    with pytest.raises(StartFailed, match="wants signed requests"):
        await build(checked(front.config), log, net)
