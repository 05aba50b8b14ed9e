"""Sign-in at a SAML 2.0 identity provider, with us as the service provider (Profiles 4.1, the browser's).

Promises: only an answer to a request of our own counts, in the browser that began it, once, and by the deadline; what
it says is believed only as far as it is signed (see `saml_response`). Sign-ins that a provider begins by itself are
refused. Nothing of an answer is logged or told but why it was refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from maskproxy.errors import BadRequest, Unauthenticated, Unavailable
from maskproxy.signin import saml_idp, saml_request, saml_response
from maskproxy.signin.login import Login
from maskproxy.signin.provider import Begun
from maskproxy.signin.saml_assertion import Expected, Facts
from maskproxy.signin.saml_idp import SigningCertificate
from maskproxy.signin.saml_settings import NAME_ID_FORMATS, Replays, SamlIdentityProvider, SamlService
from maskproxy.signin.saml_threads import Threads
from maskproxy.signin.saml_xml import LONGEST_MESSAGE_BYTES

BEGUN_FOR_S = 1800
"""How long somebody may take at the identity provider."""
DEADLINE_S = 5.0
_LONGEST_ANSWER = LONGEST_MESSAGE_BYTES * 4 // 3 + 8 * 1024
"""In base64, with room for line ends."""

_AGAIN = "This sign-in was not begun here, or not in this browser. Begin again."


@dataclass(frozen=True)
class _Kept:
    """What one attempt remembers until its answer comes."""

    request: str
    state: str
    acs: str
    begun_at: float

    def packed(self) -> bytes:
        return json.dumps([self.request, self.state, self.acs, self.begun_at]).encode()

    @classmethod
    def unpacked(cls, data: bytes) -> _Kept:
        try:
            request, state, acs, begun_at = json.loads(data)
            return cls(str(request), str(state), str(acs), float(begun_at))
        except (ValueError, TypeError):
            raise BadRequest(_AGAIN, detail="what was kept of the request cannot be read") from None


class SamlProvider:
    """A `Provider` over SAML. Raises `ValueError` where the settings cannot be used; its text says what to do."""

    def __init__(
        self, settings: SamlIdentityProvider, service: SamlService, replays: Replays, threads: Threads
    ) -> None:
        self._settings = settings
        self._service = service
        self._replays = replays
        self._threads = threads
        self._idp = saml_idp.read(settings.metadata, settings.entity_id)
        if service.signing is not None:
            saml_request.check_key(service.signing)
        elif self._idp.wants_signed_requests:
            raise ValueError("The identity provider wants signed requests. Give a key and a certificate to sign them.")
        self._binding = settings.binding if settings.binding in self._idp.sign_on else next(iter(self._idp.sign_on))

    @property
    def name(self) -> str:
        return self._settings.name

    @property
    def certificates(self) -> tuple[SigningCertificate, ...]:
        """The provider's, to report when they expire."""
        return self._idp.certificates

    def warnings(self, now: float) -> list[str]:
        """What whoever runs the gateway should know of the metadata: what is left out, and what expires soon."""
        return self._idp.warnings(now)

    def metadata(self, callback_url: str) -> bytes:
        """Our own metadata, for the identity provider."""
        return saml_request.metadata(self._settings, self._service, callback_url)

    async def begin(self, callback_url: str, now: float) -> Begun:
        """Send somebody to sign in."""
        self._certificates(now)
        destination = self._idp.sign_on[self._binding]
        state = secrets.token_urlsafe(32)
        request = saml_request.Request(
            id=f"_{secrets.token_hex(20)}",
            destination=destination,
            acs=callback_url,
            state=state,
            issued_at=now,
            name_id_format=NAME_ID_FORMATS[self._settings.name_id],
        )
        kept = _Kept(request.id, state, callback_url, now).packed()
        if self._binding == "post":
            form = await self._threads.run(lambda: saml_request.form(request, self._service), timeout_s=DEADLINE_S)
            return Begun(destination, state, kept, form)
        url = await self._threads.run(lambda: saml_request.redirect(request, self._service), timeout_s=DEADLINE_S)
        return Begun(url, state, kept)

    async def finish(self, kept: bytes, answer: Mapping[str, str], callback_url: str, now: float) -> Login:
        """Who signed in, by the form that the browser brought from the identity provider."""
        begun = _Kept.unpacked(kept)
        state = answer.get("RelayState", "")
        if begun.acs != callback_url or not hmac.compare_digest(state.encode(errors="replace"), begun.state.encode()):
            raise Unauthenticated(_AGAIN, detail="RelayState or callback of another attempt")
        if not 0 <= now - begun.begun_at + self._settings.leeway_s <= BEGUN_FOR_S + self._settings.leeway_s:
            raise Unauthenticated("The sign-in took longer than half an hour. Begin again.", detail="begun too early")
        data = _decoded(answer)
        certificates = self._certificates(now)
        expected = Expected(
            idp=self._idp.entity_id,
            entity_id=self._service.entity_id,
            acs=callback_url,
            request=begun.request,
            name_id_format=NAME_ID_FORMATS[self._settings.name_id],
            leeway_s=self._settings.leeway_s,
        )
        facts = await self._threads.run(
            lambda: saml_response.read(data, self._settings.signed, certificates, expected, now),
            timeout_s=DEADLINE_S,
        )
        login = self._login(facts, now)
        # Last, so that nobody uses up an assertion without proving it. After `until` its request is too old to count.
        until = min(facts.usable_until, begun.begun_at + BEGUN_FOR_S + self._settings.leeway_s)
        if not await self._replays.first(_replay_id(self._idp.entity_id, facts.id), until):
            raise Unauthenticated("This sign-in was already used. Begin again.", detail="replay")
        return login

    async def again(self, login: Login, now: float) -> Login:
        """The same, until it ends: SAML has no way to ask anew."""
        if login.ends_at is None or now >= login.ends_at:
            raise Unauthenticated("Your sign-in is over. Sign in again.", detail="SAML sign-in ended")
        return login

    def _certificates(self, now: float) -> Sequence[str]:
        certificates = self._idp.serving(now)
        if not certificates:
            raise Unavailable(
                "The identity provider's certificates or metadata have expired. Whoever runs this gateway should put "
                "the provider's newest metadata in place.",
                detail="no signing certificate serves now",
            )
        return [one.pem for one in certificates]

    def _login(self, facts: Facts, now: float) -> Login:
        groups = facts.attributes.get(self._settings.groups_attribute, ())
        if groups is None:
            raise Unauthenticated(
                "The identity provider's groups are not plain text. Whoever runs this gateway should choose another "
                "groups attribute.",
                detail="groups attribute",
            )
        emails = [facts.subject] if self._settings.name_id == "email" else []
        ends_at = now + self._settings.longest_s
        return Login(
            provider=self._settings.name,
            issuer=self._idp.entity_id,
            subject=facts.subject,
            name=_first(facts, self._settings.name_attributes, [facts.subject]),
            email=_first(facts, self._settings.email_attributes, emails),
            groups=frozenset(groups),
            claims=MappingProxyType({name: list(values) for name, values in facts.attributes.items() if values}),
            signed_in_at=now,
            ends_at=ends_at if facts.ends_at is None else min(facts.ends_at, ends_at),
        )


def _first(facts: Facts, names: Sequence[str], otherwise: Sequence[str]) -> str:
    found = [value for name in names for value in facts.attributes.get(name) or ()]
    return next(iter([*found, *otherwise]), "")


def _decoded(answer: Mapping[str, str]) -> bytes:
    text = answer.get("SAMLResponse", "")
    if not text:
        raise BadRequest("The identity provider sent no SAMLResponse. Begin again.", detail="no SAMLResponse")
    if len(text) > _LONGEST_ANSWER:
        raise BadRequest(
            "The identity provider's answer is larger than 256 KiB. Whoever runs it should send fewer groups.",
            detail="too large",
        )
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest("The identity provider's answer is not proper base64. Begin again.", detail="base64") from None


def _replay_id(entity_id: str, assertion: str) -> str:
    """Of bounded length, whatever the provider calls its assertions."""
    return hashlib.sha256(json.dumps(["saml", entity_id, assertion]).encode()).hexdigest()
