"""Responses that must not sign anybody in: each a way to forge one, and why it is refused."""

from __future__ import annotations

from cryptography.hazmat.primitives import serialization
from lxml import etree

from tests import fakes_saml as saml
from tests.fakes_saml import NS, Says, Signing, assertion_of, sign
from tests.signin.wrapped_saml import WRAPPINGS, Forgery, Make, evil, signed


def edited(data: bytes, old: str, new: str) -> bytes:
    assert data.count(old.encode()) >= 1
    return data.replace(old.encode(), new.encode(), 1)


def _saying(**changes: object) -> Make:
    return lambda says: signed(says.but(**changes))


def _signing(**how: object) -> Make:
    return lambda says: signed(says, Signing(**how))  # type: ignore[arg-type]


def _edit(old: str, new: str) -> Make:
    """An edit after the signature was made."""
    return lambda says: edited(signed(says), old, new)


def _value(xml: str) -> Make:
    attribute = f'<saml:Attribute Name="x"><saml:AttributeValue>{xml}</saml:AttributeValue></saml:Attribute>'
    return _saying(attributes=attribute)


def _unsigned(says: Says) -> bytes:
    return etree.tostring(says.response())


def _removed(says: Says) -> bytes:
    root = etree.fromstring(signed(says))
    signature = root.find(".//ds:Signature", NS)
    assert signature is not None
    assertion_of(root).remove(signature)
    return etree.tostring(root)


def _moved(says: Says) -> bytes:
    root = etree.fromstring(signed(says))
    signature = root.find(".//ds:Signature", NS)
    assert signature is not None
    root.insert(1, signature)
    return etree.tostring(root)


def _two(says: Says) -> bytes:
    root = etree.fromstring(signed(says))
    root.append(assertion_of(evil(says).response()))
    return etree.tostring(root)


def _two_signed(says: Says) -> bytes:
    root = etree.fromstring(signed(says))
    second = says.but(assertion_id=saml.new_id()).response()
    sign(assertion_of(second))
    root.append(assertion_of(second))
    return etree.tostring(root)


def _both_signatures_of_one(says: Says) -> bytes:
    root = says.response()
    sign(assertion_of(root), Signing(key="other"))
    sign(assertion_of(root))
    return etree.tostring(root)


def _foreign_in_signed_response(says: Says) -> bytes:
    """The response is signed as it should be, the assertion by somebody else."""
    root = says.response()
    sign(assertion_of(root), Signing(key="other"))
    sign(root)
    return etree.tostring(root)


def _exchanged_in_signed_response(says: Says) -> bytes:
    """Another's assertion, properly signed, in a response that was signed with this one's."""
    root = says.response()
    sign(assertion_of(root))
    sign(root)
    other = etree.fromstring(signed(evil(says)))
    root.replace(assertion_of(root), assertion_of(other))
    return etree.tostring(root)


def _bad_response_signature(says: Says) -> bytes:
    root = says.response()
    sign(assertion_of(root))
    sign(root, Signing(key="other"))
    return etree.tostring(root)


def _encrypted(says: Says) -> bytes:
    root = says.response()
    held = etree.SubElement(root, f"{{{NS['saml']}}}EncryptedAssertion")
    root.remove(assertion_of(root))
    etree.SubElement(held, "{http://www.w3.org/2001/04/xmlenc#}EncryptedData")
    return etree.tostring(root)


def _assertion_alone(says: Says) -> bytes:
    return etree.tostring(assertion_of(etree.fromstring(signed(says))))


def _with(prolog: str) -> Make:
    return lambda says: prolog.encode() + signed(says)


def _hmac(says: Says) -> bytes:
    """The public certificate taken for a shared secret."""
    certificate = saml.certificate("idp", int(says.now) - 86400, int(says.now) + 86400 * 365)
    return signed(says, Signing(method=saml.HMAC_SHA256, secret=certificate.public_bytes(serialization.Encoding.PEM)))


def _own_certificate(says: Says) -> bytes:
    own = saml.certificate("other", int(says.now) - 86400, int(says.now) + 86400)
    return signed(says, Signing(key="other", key_info=saml.der(own)))


def _xslt(says: Says) -> bytes:
    return signed(
        says, Signing(transforms=(saml.ENVELOPED, "http://www.w3.org/TR/1999/REC-xslt-19991116", saml.EXCLUSIVE))
    )


def _retrieval(says: Says) -> bytes:
    return signed(
        says,
        Signing(inside='<ds:KeyInfo><ds:RetrievalMethod URI="http://127.0.0.1:9/key"/></ds:KeyInfo>'),
    )


def _same_id(says: Says) -> bytes:
    return signed(says.but(response_id=says.assertion_id))


def _nested_in_advice(says: Says) -> bytes:
    inner = says.but(assertion_id=saml.new_id(), name_id="attacker").assertion()
    return edited(signed(says), "<saml:AuthnStatement", f"<saml:Advice>{inner}</saml:Advice><saml:AuthnStatement")


def _without(tag: str) -> Make:
    def make(says: Says) -> bytes:
        root = says.response()
        found = root.find(f".//saml:{tag}", NS)
        assert found is not None
        parent = found.getparent()
        assert parent is not None
        parent.remove(found)
        sign(assertion_of(root))
        return etree.tostring(root)

    return make


def _attribute(place: str, name: str, value: str | None) -> Make:
    """An attribute set, or taken away, before the signature is made."""

    def make(says: Says) -> bytes:
        root = says.response()
        found = root.find(place, NS) if place else root
        assert found is not None
        if value is None:
            del found.attrib[name]
        else:
            found.set(name, value)
        sign(assertion_of(root))
        return etree.tostring(root)

    return make


def _change(path: str, name: str, value: str) -> Make:
    """An attribute of the signature set before anything is computed, so that all of it holds."""

    def change(signature: etree._Element) -> None:
        found = signature.find(path, NS)
        assert found is not None
        found.set(name, value)

    return _signing(change=change)


_MARKUP = "a document type, comment, CDATA section or processing instruction"
_TRANSFORMS = "transforms other than"
_NOT_HELD = "the signature of the assertion does not hold"
_SHA1 = "http://www.w3.org/2000/09/xmldsig#sha1"
_RSA = "http://www.w3.org/2001/04/xmldsig-more#rsa"
_AUTHN_FAILED = (
    '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder">'
    '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"/></samlp:StatusCode>'
)

FORGERIES = [
    *WRAPPINGS,
    Forgery("unsigned", _unsigned, "no signature where one is needed: assertion"),
    Forgery("signature removed", _removed, "no signature where one is needed: assertion"),
    Forgery("signature moved to the response", _moved, "a signature of something else"),
    Forgery("another key", _signing(key="other"), _NOT_HELD),
    Forgery("another key with its certificate in KeyInfo", _own_certificate, _NOT_HELD),
    Forgery("another kind of key", _signing(key="ec other", method=saml.ECDSA_SHA256), _NOT_HELD),
    Forgery("edited group", _edit(">engineering<", ">admins<"), _NOT_HELD),
    Forgery("edited subject", _edit(">a7f3<", ">a7f4<"), _NOT_HELD),
    Forgery("edited signature", _edit("<ds:SignatureValue>", "<ds:SignatureValue>AAAA"), _NOT_HELD),
    Forgery("edited digest", _edit("<ds:DigestValue>", "<ds:DigestValue>AAAA"), _NOT_HELD),
    Forgery(
        "added attribute of the assertion", _edit("<saml:Assertion ", '<saml:Assertion x="y" '), "not of SAML's schema"
    ),
    Forgery("two assertions", _two, "not exactly one assertion"),
    Forgery("two signed assertions", _two_signed, "not exactly one assertion"),
    Forgery("another's assertion as advice", _nested_in_advice, "not exactly one assertion"),
    Forgery("two signatures of one assertion", _both_signatures_of_one, "two signatures of one element"),
    Forgery("foreign assertion in a signed response", _foreign_in_signed_response, _NOT_HELD),
    Forgery("exchanged assertion in a signed response", _exchanged_in_signed_response, "the signature of the response"),
    Forgery("response signed by another key", _bad_response_signature, "the signature of the response"),
    Forgery("encrypted", _encrypted, "an encrypted assertion"),
    Forgery("an assertion alone", _assertion_alone, "not a SAML response"),
    Forgery("one ID twice", _same_id, "two elements with one ID"),
    # Algorithms
    Forgery("SHA-1 signature", _signing(method="http://www.w3.org/2000/09/xmldsig#rsa-sha1"), "a signature algorithm"),
    Forgery("SHA-1 digest", _signing(digest=_SHA1), "a digest algorithm"),
    Forgery("HMAC with the public certificate", _hmac, "a signature algorithm"),
    Forgery("XSLT transform", _xslt, _TRANSFORMS),
    Forgery(
        "XPath transform",
        _signing(transforms=(saml.ENVELOPED, "http://www.w3.org/TR/1999/REC-xpath-19991116")),
        _TRANSFORMS,
    ),
    Forgery(
        "base64 transform",
        _signing(transforms=(saml.ENVELOPED, "http://www.w3.org/2000/09/xmldsig#base64")),
        _TRANSFORMS,
    ),
    Forgery("enveloped transform alone", _signing(transforms=(saml.ENVELOPED,)), _TRANSFORMS),
    Forgery("canonical transform alone", _signing(transforms=(saml.EXCLUSIVE,)), _TRANSFORMS),
    Forgery("enveloped transform twice", _signing(transforms=(saml.ENVELOPED, saml.ENVELOPED)), _TRANSFORMS),
    Forgery("no transforms", _signing(transforms=()), "a reference without transforms"),
    Forgery(
        "inclusive canonical form",
        _signing(transforms=(saml.ENVELOPED, "http://www.w3.org/TR/2001/REC-xml-c14n-20010315")),
        _TRANSFORMS,
    ),
    Forgery(
        "inclusive canonical form of SignedInfo",
        _signing(canonicalization="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
        "a canonicalization",
    ),
    Forgery("two references", _signing(second_reference=True), "a signature without exactly one reference"),
    Forgery("reference to the whole document", _signing(uri=""), "a signature of something else"),
    Forgery("reference by XPointer", _signing(uri="#xpointer(/)"), "a signature of something else"),
    Forgery("reference to elsewhere", _signing(uri="http://127.0.0.1:9/x"), "a signature of something else"),
    Forgery("object in the signature", _signing(inside="<ds:Object/>"), "a signature that holds more"),
    Forgery("key from elsewhere", _retrieval, "a signature whose KeyInfo holds more"),
    # XML
    Forgery("comment in NameID", _edit(">a7f3<", ">a7<!-- -->f3<"), _MARKUP),
    Forgery("processing instruction in NameID", _edit(">a7f3<", ">a7<?x y?>f3<"), _MARKUP),
    Forgery("CDATA in NameID", _edit(">a7f3<", "><![CDATA[a7f3]]><"), _MARKUP),
    Forgery("document type", _with("<!DOCTYPE samlp:Response>"), _MARKUP),
    Forgery("external entity", _with('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'), _MARKUP),
    Forgery("external document type", _with('<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">'), _MARKUP),
    Forgery(
        "entities that grow",
        _with('<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'),
        _MARKUP,
    ),
    Forgery("unknown entity", _edit(">a7f3<", ">&e;<"), "not well-formed"),
    Forgery("style sheet", _with('<?xml-stylesheet href="http://127.0.0.1:9/x"?>'), "an XML declaration other than"),
    Forgery(
        "another encoding declared", _with('<?xml version="1.0" encoding="UTF-7"?>'), "an XML declaration other than"
    ),
    Forgery("UTF-16", lambda says: signed(says).decode().encode("utf-16"), "not UTF-8"),
    Forgery("cut off", lambda says: signed(says)[:-9], "not well-formed"),
    Forgery("more after the end", lambda says: signed(says) * 2, "not well-formed"),
    Forgery("huge", lambda says: signed(says.but(in_assertion=" " * 256 * 1024)), "larger than 256 KiB"),
    Forgery(
        "nested without end",
        _edit("</saml:Assertion>", "<x>" * 300 + "</x>" * 300 + "</saml:Assertion>"),
        "not well-formed",
    ),
    Forgery("nested deeply", _value("<x>" * 29 + "</x>" * 29), "nested too deeply"),
    Forgery(
        "namespaces without end",
        lambda says: edited(
            signed(says), "<samlp:Status>", "<samlp:Status " + " ".join(f'xmlns:n{i}="u:{i}"' for i in range(32)) + ">"
        ),
        "too many namespaces",
    ),
    Forgery("a namespace without end", _value(f'<n:x xmlns:n="u:{"u" * 300}"/>'), "too many namespaces"),
    Forgery(
        "prefixes without end", _signing(prefixes=" ".join(f"p{i}" for i in range(9))), "a list of too many prefixes"
    ),
    Forgery(
        "attributes without end",
        _edit("<saml:Assertion ", "<saml:Assertion " + " ".join(f'a{i}=""' for i in range(65)) + " "),
        "an element with too many attributes",
    ),
    Forgery("elements without end", _value("<x/>" * 10_000), "too many elements"),
    # What it says
    Forgery("not a success", _saying(status=_AUTHN_FAILED), "status Responder AuthnFailed"),
    Forgery("a status of its own", _saying(status='<samlp:StatusCode Value="x"/>'), "status unknown"),
    Forgery("expired", _saying(not_on_or_after_s=-61), "NotOnOrAfter"),
    Forgery("confirmation expired", _saying(confirmation_s=-61), "NotOnOrAfter"),
    Forgery("not valid yet", _saying(not_before_s=65), "NotBefore"),
    Forgery("issued in the future", _saying(issued_s=65), "IssueInstant"),
    Forgery("session over", _saying(session_s=-1), "SessionNotOnOrAfter"),
    Forgery("another audience", _saying(audience="https://other.example.com"), "Audience"),
    Forgery("an audience that begins like ours", _saying(audience=f"{saml.ENTITY_ID}.evil.example"), "Audience"),
    Forgery("no audience", _without("AudienceRestriction"), "Audience"),
    Forgery("no conditions", _without("Conditions"), "not exactly one Conditions"),
    Forgery(
        "a second audience restriction",
        _saying(conditions="<saml:AudienceRestriction><saml:Audience>x:y</saml:Audience></saml:AudienceRestriction>"),
        "Audience",
    ),
    Forgery("another recipient", _saying(recipient="https://other.example.com/acs"), "Recipient"),
    Forgery("a recipient that begins like ours", _saying(recipient=f"{saml.ACS}/x"), "Recipient"),
    Forgery("no recipient", _attribute(".//saml:SubjectConfirmationData", "Recipient", None), "Recipient"),
    Forgery("another destination", _saying(destination="https://other.example.com/acs"), "Destination"),
    Forgery("an answer to another request", _saying(in_response_to="_another"), "InResponseTo of the response"),
    Forgery("an assertion for another request", _saying(confirmed_request="_another"), "InResponseTo of the assertion"),
    Forgery("an answer that nobody asked for", _attribute("", "InResponseTo", None), "InResponseTo of the response"),
    Forgery(
        "an assertion that nobody asked for",
        _attribute(".//saml:SubjectConfirmationData", "InResponseTo", None),
        "InResponseTo of the assertion",
    ),
    Forgery(
        "no end", _attribute(".//saml:SubjectConfirmationData", "NotOnOrAfter", None), "SubjectConfirmationData without"
    ),
    Forgery(
        "not for a bearer", _saying(method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"), "no SubjectConfirmation"
    ),
    Forgery("another issuer", _saying(issuer="https://other.example.com"), "Issuer"),
    Forgery("another issuer of the response", _saying(response_issuer="https://other.example.com"), "Issuer"),
    Forgery(
        "a transient name", _saying(name_id_format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient"), "Format of"
    ),
    Forgery("no format of the name", _attribute(".//saml:NameID", "Format", None), "Format of NameID"),
    Forgery(
        "a name for another service", _saying(name_id_extra='SPNameQualifier="https://other.example.com"'), "SPNameQ"
    ),
    Forgery("a name of another provider", _saying(name_id_extra='NameQualifier="https://other.example.com"'), "NameQ"),
    Forgery("a name over lines", _saying(name_id="a\nb"), "NameID is not a short text"),
    Forgery("a long name", _saying(name_id="a" * 513), "NameID is not a short text"),
    Forgery("no name", _saying(name_id=""), "NameID is not a short text"),
    Forgery(
        "a condition nobody knows", _saying(conditions='<saml:Condition xsi:type="xs:string"/>'), "not of SAML's schema"
    ),
    Forgery("SAML 1.1", _attribute("saml:Assertion", "Version", "1.1"), "the assertion is not of version 2.0"),
    Forgery(
        "a time without its zone",
        _attribute(".//saml:Conditions", "NotBefore", "2020-01-01T00:00:00"),
        "NotBefore is not",
    ),
    Forgery(
        "a time of another zone",
        _attribute(".//saml:Conditions", "NotBefore", "2020-01-01T00:00:00+01:00"),
        "NotBefore is not",
    ),
    Forgery("no sign-in", _without("AuthnStatement"), "not exactly one AuthnStatement"),
    Forgery(
        "groups that are no text",
        _saying(
            attributes='<saml:Attribute Name="groups"><saml:AttributeValue><saml:x/></saml:AttributeValue>'
            "</saml:Attribute>"
        ),
        "groups attribute",
    ),
]
