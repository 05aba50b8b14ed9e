import jwt
import pytest

from maskproxy.dev.issuer import Issuer
from maskproxy.gateway.fetch import fetch_json


async def keys_of(issuer: Issuer) -> dict[str, jwt.PyJWK]:
    found = await fetch_json(f"{issuer.url}/.well-known/openid-configuration", trust=None, deadline_s=5)
    assert found["issuer"] == issuer.url
    keys = await fetch_json(str(found["jwks_uri"]), trust=None, deadline_s=5)
    return {key.key_id: key for key in jwt.PyJWKSet.from_dict(keys).keys if key.key_id}


async def test_a_token_is_proved_by_the_keys_that_discovery_leads_to() -> None:
    issuer = Issuer()
    await issuer.start()
    try:
        token = issuer.mint("ada", ["engineering"], name="Ada", extra=1)
        key = (await keys_of(issuer))[jwt.get_unverified_header(token)["kid"]]
        claims = jwt.decode(token, key, algorithms=["ES256"], audience="maskproxy", issuer=issuer.url)
    finally:
        await issuer.close()
    assert (claims["sub"], claims["name"], claims["groups"], claims["extra"]) == ("ada", "Ada", ["engineering"], 1)
    assert issuer.asked == {"discovery": 1, "jwks": 1}


@pytest.mark.parametrize(("forget", "left"), [(False, 2), (True, 1)])
async def test_keys_rotate(forget: bool, left: int) -> None:
    issuer = Issuer()
    await issuer.start()
    try:
        before = jwt.get_unverified_header(issuer.mint("ada", []))["kid"]
        after = issuer.rotate(forget=forget)
        keys = await keys_of(issuer)
        assert jwt.get_unverified_header(issuer.mint("ada", []))["kid"] == after
    finally:
        await issuer.close()
    assert len(keys) == left
    assert after in keys
    assert (before in keys) is not forget


def test_a_claim_can_be_replaced() -> None:
    claims = jwt.decode(Issuer().mint("ada", [], aud="other", exp=1), options={"verify_signature": False})
    assert (claims["aud"], claims["exp"]) == ("other", 1)
