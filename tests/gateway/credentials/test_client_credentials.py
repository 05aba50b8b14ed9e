from __future__ import annotations

import base64

import pytest

from maskproxy.gateway.credentials.client_credentials import ClientCredentials
from maskproxy.gateway.credentials.command import SourceFailed
from maskproxy.gateway.credentials.secret_sources import EnvironmentSource, Reading
from tests.fakes_issuer import Answer, FakeIssuer, endless, raw, redirect_to

ID, SECRET = "gateway", "client" + "-secret-" + "abc"


def client(issuer: FakeIssuer, scope: str | None = None, audience: str | None = None) -> ClientCredentials:
    secret = EnvironmentSource("S", {"S": SECRET})
    return ClientCredentials(f"{issuer.url}/token", ID, secret, scope=scope, audience=audience)


async def test_asks_for_a_token_as_rfc_6749_says() -> None:
    async with FakeIssuer() as issuer:
        issuer.grants = [{"access_token": "token-1", "token_type": "Bearer", "expires_in": 1000, "more": [1]}]
        source = client(issuer, scope="api.read api.write", audience="https://api.example.com")
        assert source.known_secrets() == ()
        reading = await source.read()
        assert reading == Reading("token-1", 800, 1000)
        assert issuer.forms == [
            {
                "grant_type": "client_credentials",
                "scope": "api.read api.write",
                "audience": "https://api.example.com",
            }
        ]
        basic = base64.b64encode(f"{ID}:{SECRET}".encode()).decode()
        assert issuer.authorizations == [f"Basic {basic}"]
        assert source.known_secrets() == (SECRET.encode(), basic.encode())


async def test_what_is_not_configured_is_not_sent() -> None:
    async with FakeIssuer() as issuer:
        issuer.grants = [{"access_token": "t"}]
        await client(issuer).read()
        assert issuer.forms == [{"grant_type": "client_credentials"}]


async def test_id_and_secret_are_form_encoded_before_they_are_joined() -> None:
    async with FakeIssuer() as issuer:
        issuer.grants = [{"access_token": "t"}]
        source = EnvironmentSource("S", {"S": "a:b+c%d"})
        await ClientCredentials(f"{issuer.url}/token", "id:1 ü", source).read()
        (authorization,) = issuer.authorizations
        assert authorization is not None
        assert base64.b64decode(authorization.removeprefix("Basic ")) == b"id%3A1+%C3%BC:a%3Ab%2Bc%25d"


@pytest.mark.parametrize(
    ("grant", "valid_s"),
    [
        ({"access_token": "t"}, 300),
        ({"access_token": "t", "token_type": "bearer"}, 300),
        ({"access_token": "t", "token_type": "BEARER", "expires_in": "3599"}, 3599),
        ({"access_token": "t", "expires_in": 0.5}, 0.5),
        ({"access_token": "t", "expires_in": 10**9}, 86_400),
    ],
)
async def test_how_long_a_token_serves(grant: dict[str, object], valid_s: float) -> None:
    async with FakeIssuer() as issuer:
        issuer.grants = [grant]
        assert await client(issuer).read() == Reading("t", valid_s * 0.8, valid_s)


@pytest.mark.parametrize(
    "grant",
    [
        {},
        {"access_token": None},
        {"access_token": ["t"]},
        {"access_token": ""},
        {"access_token": "line\nbreak"},
        {"access_token": "nul\x00"},
        {"access_token": "snow☃man"},
        {"access_token": "t", "token_type": "mac"},
        {"access_token": "t", "token_type": ["Bearer"]},
        {"access_token": "t", "expires_in": 0},
        {"access_token": "t", "expires_in": -1},
        {"access_token": "t", "expires_in": True},
        {"access_token": "t", "expires_in": "soon"},
        {"access_token": "t", "expires_in": [1]},
        {"error": "invalid_client"},
    ],
)
async def test_a_grant_that_cannot_be_used(grant: dict[str, object]) -> None:
    async with FakeIssuer() as issuer:
        issuer.grants = [grant]
        with pytest.raises(SourceFailed):
            await client(issuer).read()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (raw(b'{"error":"invalid_client"}', status=401), "check the client's id and secret"),
        (raw(b'{"error":"invalid_scope"}', status=400), "check the client's id and secret"),
        (raw(b"down", status=503), "status 503"),
        (redirect_to("/elsewhere"), "status 302"),
        (raw(b"<html>"), "not JSON"),
        (endless(), "larger than 65536"),
    ],
)
async def test_an_endpoint_that_fails(answer: Answer, reason: str) -> None:
    async with FakeIssuer() as issuer:
        issuer.instead["/token"] = answer
        with pytest.raises(SourceFailed, match=reason) as caught:
            await client(issuer).read()
        assert issuer.requests == ["/token"], "the client's secret follows no redirect"
        assert SECRET not in str(caught.value)


async def test_the_secret_goes_nowhere_without_tls() -> None:
    source = ClientCredentials("http://idp.example.com/token", ID, EnvironmentSource("S", {"S": SECRET}))
    with pytest.raises(SourceFailed, match="neither https"):
        await source.read()


async def test_without_the_client_secret_nothing_is_asked() -> None:
    async with FakeIssuer() as issuer:
        with pytest.raises(SourceFailed, match="not set"):
            await ClientCredentials(f"{issuer.url}/token", ID, EnvironmentSource("S", {})).read()
        assert issuer.requests == []
