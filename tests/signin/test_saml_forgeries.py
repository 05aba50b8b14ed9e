"""No forged response signs anybody in, for the reason that is meant; a second verifier says the same."""

from __future__ import annotations

import datetime as dt

import pytest
from lxml import etree
from signxml.verifier import SignatureConfiguration, XMLVerifier

from maskproxy.errors import BadRequest, Unauthenticated
from maskproxy.signin.saml_settings import Signed
from tests import fakes_saml as saml
from tests.signin.forged_saml import FORGERIES
from tests.signin.oracle_saml import proven
from tests.signin.saml_attempts import NOW, attempt, certificate
from tests.signin.wrapped_saml import WRAPPINGS, Forgery, evil, signed

NAMES = [one.name for one in FORGERIES]


@pytest.mark.parametrize("forgery", FORGERIES, ids=NAMES)
async def test_a_forged_response_signs_nobody_in(forgery: Forgery) -> None:
    async with attempt() as one:
        data = forgery.make(one.says)
        with pytest.raises((Unauthenticated, BadRequest)) as refusal:
            await one.finish(data)
        assert refusal.value.detail.startswith(forgery.detail)
        assert proven(data, one.asked) is None
        assert "a7f3" not in f"{refusal.value} {refusal.value.detail}"
        assert not one.replays, "what is refused uses nothing up"
        assert (await one.finish(signed(one.says))).subject == "a7f3"


@pytest.mark.parametrize("forgery", WRAPPINGS, ids=[one.name for one in WRAPPINGS])
async def test_a_wrapped_response_holds_a_signature_that_a_careless_verifier_takes(forgery: Forgery) -> None:
    async with attempt() as one:
        data = forgery.make(one.says)
        careless = SignatureConfiguration(location=".//", verification_time=dt.datetime.fromtimestamp(NOW, dt.UTC))
        result = XMLVerifier().verify(
            data, x509_cert=certificate(), expect_config=careless, id_attribute="ID", validate_schema=False
        )
        assert not isinstance(result, list)
        assert b"a7f3" in result.signed_data
        names = [str(name.text) for name in etree.fromstring(data).iterfind(".//saml:NameID", saml.NS)]
        assert set(names) == {"a7f3", evil(one.says).name_id}


@pytest.mark.parametrize("signs", ["assertion", "response", "both"])
async def test_a_wrapping_is_refused_whatever_must_be_signed(signs: Signed) -> None:
    async with attempt(signed=signs) as one:
        for forgery in WRAPPINGS:
            with pytest.raises(Unauthenticated):
                await one.finish(forgery.make(one.says))
