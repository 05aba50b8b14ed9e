"""An identity provider for this machine only: discovery, a key set, and tokens for whoever is asked for.

On loopback, plain or with TLS; ES256, keys that live as long as the process. It proves nothing about anybody.
"""

from __future__ import annotations

import json
import secrets
import ssl
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm


class Issuer:
    """`start`, then `url` is the issuer's name and `mint` signs tokens of it."""

    def __init__(self, *, audience: str = "maskproxy") -> None:
        self.audience = audience
        self.url = ""
        self.asked: Counter[str] = Counter()
        """How often each document was fetched."""
        self._keys: dict[str, ec.EllipticCurvePrivateKey] = {}
        self._current = ""
        self.rotate()
        self.app = web.Application()
        self.app.router.add_get("/.well-known/openid-configuration", self._discovery)
        self.app.router.add_get("/jwks", self._jwks)
        self._runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=1)

    async def start(self, *, port: int = 0, tls: ssl.SSLContext | None = None) -> str:
        """With `tls`, a certificate for localhost, the issuer's name is that of this host."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port, ssl_context=tls).start()
        host = "http://127.0.0.1" if tls is None else "https://localhost"
        self.url = f"{host}:{self._runner.addresses[0][1]}"
        return self.url

    async def close(self) -> None:
        await self._runner.cleanup()

    def rotate(self, *, forget: bool = False) -> str:
        """Sign with a new key from now on; publish the old ones too, unless they are to be forgotten."""
        if forget:
            self._keys.clear()
        self._current = secrets.token_hex(8)
        self._keys[self._current] = ec.generate_private_key(ec.SECP256R1())
        return self._current

    def mint(
        self, subject: str, groups: Sequence[str], *, name: str = "", lifetime_s: float = 8 * 3600, **claims: object
    ) -> str:
        """A signed token. `claims` adds to what is set here, or replaces it."""
        now = int(time.time())
        payload: dict[str, Any] = {
            "iss": self.url,
            "aud": self.audience,
            "sub": subject,
            "name": name or subject,
            "groups": list(groups),
            "iat": now,
            "nbf": now,
            "exp": now + int(lifetime_s),
            **claims,
        }
        return self.sign(payload)

    def sign(self, payload: Mapping[str, Any]) -> str:
        kid, key = self.signing_key
        return jwt.encode(dict(payload), key, algorithm="ES256", headers={"kid": kid})

    @property
    def signing_key(self) -> tuple[str, ec.EllipticCurvePrivateKey]:
        return self._current, self._keys[self._current]

    def metadata(self) -> dict[str, Any]:
        """What discovery says."""
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/jwks",
            "id_token_signing_alg_values_supported": ["ES256"],
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
        }

    async def _discovery(self, _request: web.Request) -> web.Response:
        self.asked["discovery"] += 1
        return web.json_response(self.metadata())

    async def _jwks(self, _request: web.Request) -> web.Response:
        self.asked["jwks"] += 1
        keys = []
        for kid, key in self._keys.items():
            public = json.loads(ECAlgorithm.to_jwk(key.public_key()))
            keys.append({**public, "kid": kid, "use": "sig", "alg": "ES256"})
        return web.json_response({"keys": keys})
