"""A browser known again while it signs in: a signed cookie, and forms that are bound to it. Pure but for chance.

A form's token is a MAC over the cookie's value and what the form is for, so that a form of another site, of another
browser or for another purpose is no form of ours. All nodes have the same key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets

from maskproxy.store.sealing import derived

LASTS_S = 3600

_PURPOSE = b"maskproxy signin 1: forms"
_COOKIE = re.compile(r"([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})")


class Browsers:
    def __init__(self, masking_key: bytes, *, secure: bool) -> None:
        self._key = derived(masking_key, _PURPOSE)
        self._secure = secure
        self.cookie_name = "__Host-maskproxy-signin" if secure else "maskproxy-signin"

    def new(self) -> Browser:
        return Browser(self._key, secrets.token_urlsafe(16))

    def known(self, cookie_fields: str | None) -> Browser | None:
        """The browser that shows a cookie of ours. Two of them are none: one is somebody else's."""
        pairs = [pair.strip().partition("=") for pair in (cookie_fields or "").split(";")]
        values = {value for name, _, value in pairs if name == self.cookie_name}
        match = _COOKIE.fullmatch(values.pop()) if len(values) == 1 else None
        if match is None:
            return None
        browser = Browser(self._key, match[1])
        return browser if hmac.compare_digest(match[2], browser.mac("cookie")) else None

    def set_cookie(self, browser: Browser) -> str:
        """The value of Set-Cookie. Lax: the way back from a provider is a navigation that another site began."""
        secure = "; Secure" if self._secure else ""
        value = f"{browser.nonce}.{browser.mac('cookie')}"
        return f"{self.cookie_name}={value}; Path=/; Max-Age={LASTS_S}; HttpOnly; SameSite=Lax{secure}"


class Browser:
    __slots__ = ("_key", "nonce")

    def __init__(self, key: bytes, nonce: str) -> None:
        self._key = key
        self.nonce = nonce

    @property
    def hashed(self) -> bytes:
        """What the store knows it by."""
        return hashlib.sha256(self.nonce.encode()).digest()

    def mac(self, purpose: str) -> str:
        digest = hmac.digest(self._key, f"{self.nonce} {purpose}".encode("utf-8", "surrogatepass"), "sha256")
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def form_token(self, purpose: str) -> str:
        return self.mac(f"form {purpose}")

    def sent(self, token: str, purpose: str) -> bool:
        """Tell whether a form with this token is one that this browser was given for this purpose."""
        return hmac.compare_digest(token.encode("utf-8", "surrogatepass"), self.form_token(purpose).encode())
