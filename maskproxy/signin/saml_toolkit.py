"""python3-saml, the only place that knows it: whether a response's form and signatures hold, by its own parser.

Its own checks of times, audiences and recipients are not used: they read a clock of their own, and are laxer than ours.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.utils import OneLogin_Saml2_Utils
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

_RESPONSE_SCHEMA = "saml-schema-protocol-2.0.xsd"
_WHERE = {
    "response": OneLogin_Saml2_Utils.RESPONSE_SIGNATURE_XPATH,
    "assertion": OneLogin_Saml2_Utils.ASSERTION_SIGNATURE_XPATH,
}


class Refused(Exception):
    """The toolkit does not let it pass. The text is constant."""


class _Settings:
    """All that a response asks of the toolkit's settings where its validation is not run as a whole."""

    def get_security_data(self) -> dict[str, Any]:
        return {"rejectDeprecatedAlgorithm": True}


def verify(data: bytes, signed: Sequence[str], certificates: Sequence[str]) -> None:
    """Check the response's form and its signatures at the places in `signed` (`response`, `assertion`).

    Each must hold under one of `certificates` (PEM). Raises `Refused`.
    """
    try:
        response = OneLogin_Saml2_Response(_Settings(), base64.b64encode(data))
        if response.encrypted or not response.validate_num_assertions():
            raise Refused("not exactly one assertion")
        response.check_status()
        response.process_signed_elements()
        if isinstance(OneLogin_Saml2_XML.validate_xml(response.document, _RESPONSE_SCHEMA), str):
            raise Refused("not of SAML's schema")
        for place in signed:
            if not OneLogin_Saml2_Utils.validate_sign(
                response.document, xpath=_WHERE[place], multicerts=list(certificates)
            ):
                raise Refused(f"the signature of the {place} does not hold")
    except Refused:
        raise
    except Exception as fault:  # noqa: BLE001 - it raises many kinds, whose texts may quote the message
        code = getattr(fault, "code", "")
        raise Refused(f"refused by the toolkit: {type(fault).__name__} {code}".strip()) from None


def sign(data: bytes, key: str, certificate: str) -> bytes:
    """A message of ours with a signature in it, by RSA with SHA-256. Both in PEM."""
    signed: bytes = OneLogin_Saml2_Utils.add_sign(data, key, certificate)
    return signed
