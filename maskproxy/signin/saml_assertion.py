"""What a signed assertion says, and whether it says it to us, now, and in answer to our own request.

Pure: the time is handed in. What is asked (SAML Core 2.3 to 2.7, Profiles 4.1.4.3) is asked of the signed content; the
response around it can only make for a refusal. Every refusal is `Unauthenticated` with a constant sentence, which holds
no value of an assertion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree

from maskproxy.errors import Unauthenticated
from maskproxy.signin import saml_times
from maskproxy.signin.saml_xml import SAML, SAMLP, named

_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_ENTITY = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
_STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
_STATUSES = frozenset(
    {
        *("Requester", "Responder", "VersionMismatch", "AuthnFailed", "InvalidAttrNameOrValue", "InvalidNameIDPolicy"),
        *("NoAuthnContext", "NoAvailableIDP", "NoPassive", "NoSupportedIDP", "PartialLogout", "ProxyCountExceeded"),
        *("RequestDenied", "RequestUnsupported", "UnknownPrincipal", "UnsupportedBinding"),
    }
)
_CONDITIONS = frozenset(named(SAML, name) for name in ("AudienceRestriction", "OneTimeUse", "ProxyRestriction"))
"""A condition that is not understood makes an assertion worth nothing (Core 2.5.1)."""
_LONGEST_TEXT = 512

_ELSEWHERE = "The identity provider's answer is not meant for this sign-in. Sign in again, from the beginning."
_ODD = "The identity provider's answer is not one that can be read without doubt. Tell whoever runs this gateway."


@dataclass(frozen=True)
class Expected:
    """To whom, and to what, the answer must be."""

    idp: str
    """Its entity id."""
    entity_id: str
    """Ours."""
    acs: str
    request: str
    """The ID of our request."""
    name_id_format: str
    leeway_s: float


@dataclass(frozen=True)
class Facts:
    """What the assertion says. Times are seconds since the epoch."""

    id: str
    subject: str
    attributes: Mapping[str, Sequence[str] | None] = field(repr=False)
    """Values by Name, or else by FriendlyName. None: a value is no text."""
    ends_at: float | None
    """SessionNotOnOrAfter."""
    usable_until: float
    """From then on nobody may use the assertion."""


def check_status(response: etree._Element) -> None:
    """Raise unless the identity provider says that somebody signed in."""
    path = f"{named(SAMLP, 'Status')}//{named(SAMLP, 'StatusCode')}"
    codes = [element.get("Value", "") for element in response.iterfind(path)]
    if codes != [f"{_STATUS}Success"]:
        known = [code.removeprefix(_STATUS) for code in codes if code.removeprefix(_STATUS) in _STATUSES]
        raise Unauthenticated(
            "The identity provider did not let you in. Sign in again; if it stays so, ask whoever runs the provider.",
            detail=f"status {' '.join(known) or 'unknown'}",
        )


def check_response(response: etree._Element, expected: Expected, now: float) -> None:
    """Raise where what stands around the assertion contradicts it."""
    if response.get("Version") != "2.0":
        raise Unauthenticated(_ODD, detail="the response is not of version 2.0")
    if response.get("InResponseTo") != expected.request:
        raise Unauthenticated(_ELSEWHERE, detail="InResponseTo of the response")
    if response.get("Destination") not in {None, expected.acs}:
        raise Unauthenticated(_ELSEWHERE, detail="Destination")
    for issuer in response.findall(named(SAML, "Issuer")):
        _check_issuer(issuer, expected)
    _check_issued(response, expected, now)


def read(assertion: etree._Element, expected: Expected, now: float) -> Facts:
    """What `assertion` says, if all of it holds at `now`."""
    if assertion.get("Version") != "2.0" or not assertion.get("ID"):
        raise Unauthenticated(_ODD, detail="the assertion is not of version 2.0, or has no ID")
    _check_issuer(_one(assertion, "Issuer"), expected)
    _check_issued(assertion, expected, now)
    ends = [_check_conditions(_one(assertion, "Conditions"), expected, now)]
    subject = _one(assertion, "Subject")
    ends.append(_confirmed(subject, expected, now))
    return Facts(
        id=assertion.get("ID", ""),
        subject=_subject(_one(subject, "NameID"), expected),
        attributes=_attributes(assertion),
        ends_at=_session(_one(assertion, "AuthnStatement"), expected, now),
        usable_until=min(end for end in ends if end is not None) + expected.leeway_s,
    )


def is_text(value: str) -> bool:
    """True for what can be shown and logged as it is: short, not empty, no control characters."""
    return 0 < len(value) <= _LONGEST_TEXT and value.isprintable()


def _one(parent: etree._Element, name: str) -> etree._Element:
    found = parent.findall(named(SAML, name))
    if len(found) != 1:
        raise Unauthenticated(_ODD, detail=f"not exactly one {name}")
    return found[0]


def _text(element: etree._Element) -> str:
    if len(element):
        raise Unauthenticated(_ODD, detail="an element where a text belongs")
    return element.text or ""


def _time(element: etree._Element, name: str) -> float | None:
    text = element.get(name)
    if text is None:
        return None
    try:
        return saml_times.seconds(text)
    except ValueError:
        raise Unauthenticated(_ODD, detail=f"{name} is not a time in UTC") from None


def _check_issuer(issuer: etree._Element, expected: Expected) -> None:
    if issuer.get("Format", _ENTITY) != _ENTITY or _text(issuer).strip() != expected.idp:
        raise Unauthenticated(
            "The answer comes from another identity provider than the one that was asked. Sign in again.",
            detail="Issuer",
        )


def _check_issued(element: etree._Element, expected: Expected, now: float) -> None:
    issued = _time(element, "IssueInstant")
    if issued is None or issued > now + expected.leeway_s:
        raise _too_early("IssueInstant")


def _check_conditions(conditions: etree._Element, expected: Expected, now: float) -> float | None:
    _check_window(conditions, expected, now)
    if any(child.tag not in _CONDITIONS for child in conditions):
        raise Unauthenticated(_ODD, detail="a condition that is not understood")
    restrictions = conditions.findall(named(SAML, "AudienceRestriction"))
    for restriction in restrictions:
        audiences = [_text(element).strip() for element in restriction.findall(named(SAML, "Audience"))]
        if expected.entity_id not in audiences:
            raise _other_audience()
    if not restrictions:
        raise _other_audience()
    return _time(conditions, "NotOnOrAfter")


def _other_audience() -> Unauthenticated:
    return Unauthenticated(
        "The identity provider's answer is meant for another service. Whoever runs this gateway should compare its "
        "entity id with the one that the provider knows.",
        detail="Audience",
    )


def _too_early(what: str) -> Unauthenticated:
    return Unauthenticated(
        "The identity provider's answer is not valid yet. Check the clocks of this gateway and of the provider.",
        detail=what,
    )


def _check_window(element: etree._Element, expected: Expected, now: float) -> None:
    begins, ends = _time(element, "NotBefore"), _time(element, "NotOnOrAfter")
    if begins is not None and begins > now + expected.leeway_s:
        raise _too_early("NotBefore")
    if ends is not None and ends + expected.leeway_s <= now:
        raise Unauthenticated("The identity provider's answer has expired. Sign in again.", detail="NotOnOrAfter")


def _confirmed(subject: etree._Element, expected: Expected, now: float) -> float:
    """Until when the bearer of the assertion may use it. One confirmation that holds is enough (Core 2.4.1)."""
    refusal = Unauthenticated(_ODD, detail="no SubjectConfirmation of a bearer")
    for confirmation in subject.findall(named(SAML, "SubjectConfirmation")):
        if confirmation.get("Method") == _BEARER:
            try:
                return _bearer(_one(confirmation, "SubjectConfirmationData"), expected, now)
            except Unauthenticated as fault:
                refusal = fault
    raise refusal


def _bearer(data: etree._Element, expected: Expected, now: float) -> float:
    if data.get("Recipient") != expected.acs:
        raise Unauthenticated(_ELSEWHERE, detail="Recipient")
    if data.get("InResponseTo") != expected.request:
        raise Unauthenticated(_ELSEWHERE, detail="InResponseTo of the assertion")
    ends = _time(data, "NotOnOrAfter")
    if ends is None:
        raise Unauthenticated(_ODD, detail="SubjectConfirmationData without NotOnOrAfter")
    _check_window(data, expected, now)
    return ends


def _subject(name_id: etree._Element, expected: Expected) -> str:
    if name_id.get("Format") != expected.name_id_format:
        raise Unauthenticated(
            "The identity provider names you in another way than it was asked to. Whoever runs this gateway should "
            "choose the same NameID format here and there, persistent or email.",
            detail="Format of NameID",
        )
    if name_id.get("SPNameQualifier") not in {None, expected.entity_id}:
        raise Unauthenticated(_ELSEWHERE, detail="SPNameQualifier")
    if name_id.get("NameQualifier") not in {None, expected.idp}:
        raise Unauthenticated(_ODD, detail="NameQualifier")
    subject = _text(name_id)
    if not is_text(subject):
        raise Unauthenticated(_ODD, detail="NameID is not a short text")
    return subject


def _session(statement: etree._Element, expected: Expected, now: float) -> float | None:
    signed_in = _time(statement, "AuthnInstant")
    if signed_in is None or signed_in > now + expected.leeway_s:
        raise _too_early("AuthnInstant")
    ends = _time(statement, "SessionNotOnOrAfter")
    if ends is not None and ends <= now:
        raise Unauthenticated(
            "Your session at the identity provider is over. Sign out there, and sign in again.",
            detail="SessionNotOnOrAfter",
        )
    return ends


def _attributes(assertion: etree._Element) -> dict[str, Sequence[str] | None]:
    by_name: dict[str, Sequence[str] | None] = {}
    by_friendly_name: dict[str, Sequence[str] | None] = {}
    for attribute in assertion.iterfind(f"{named(SAML, 'AttributeStatement')}/{named(SAML, 'Attribute')}"):
        values = _values(attribute)
        for key, found in (("Name", by_name), ("FriendlyName", by_friendly_name)):
            name = attribute.get(key, "")
            if is_text(name):
                before = found.get(name, ())
                found[name] = None if values is None or before is None else (*before, *values)
    return by_friendly_name | by_name


def _values(attribute: etree._Element) -> Sequence[str] | None:
    values = attribute.findall(named(SAML, "AttributeValue"))
    if any(len(value) for value in values):
        return None
    texts = [(value.text or "").strip() for value in values]
    return tuple(text for text in texts if is_text(text))
