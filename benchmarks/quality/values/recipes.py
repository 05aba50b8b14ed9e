"""Recipes for values: `ghp_{crc:30}` is written out with drawn characters. No text here looks like a live key.

`{alphabet:count}` or `{alphabet:least-most}` stands for characters of an alphabet of `draw`, `{name}` or `{name:count}`
for one of the makers below. Checksums are right in three of four tokens: truncated and made-up ones fail them.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Callable

from benchmarks.quality.values import coins, key_material
from benchmarks.quality.values.draw import ALPHABETS, Draw

_PART = re.compile(r"\{(\w+)(?::(\d+)(?:-(\d+))?)?\}")
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RIGHT = 0.75


def cook(recipe: str, draw: Draw) -> str:
    def part(match: re.Match[str]) -> str:
        name, least, most = match[1], int(match[2] or 0), match[3]
        if name in ALPHABETS:
            return draw.of(name, least, int(most) if most else None)
        return MAKERS[name](draw, draw.between(least, int(most) if most else None))

    return _PART.sub(part, recipe)


def with_crc62(draw: Draw, count: int) -> str:
    body = draw.of("alnum", count)
    if not draw.chance(_RIGHT):
        return body + draw.of("alnum", 6)
    number, digits = zlib.crc32(body.encode()), ""
    while number:
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return body + digits.rjust(6, "0")


def jwt(draw: Draw, _: int = 0) -> str:
    algorithm = draw.pick(("HS256", "RS256", "ES256", "HS512"))
    head: dict[str, object] = {"alg": algorithm, "typ": "JWT"}
    if algorithm != "HS256" and draw.chance(0.6):
        head["kid"] = draw.of("alnum", 8, 24)
    start = draw.between(1600000000, 1760000000)
    claims: dict[str, object] = {"sub": draw.of("d", 4, 12), "iat": start, "exp": start + 3600}
    if draw.chance(0.7):
        claims |= {"iss": f"https://{draw.word()}.example.org/", "aud": draw.word(), "scope": "read write"}
    size = {"HS256": 32, "ES256": 64, "HS512": 64, "RS256": 256}[algorithm]
    signature = base64.urlsafe_b64encode(draw.bytes(size)).decode().rstrip("=")
    return f"{draw.base64_json(head)}.{draw.base64_json(claims)}.{signature}"


def padded(draw: Draw, count: int) -> str:
    """Standard base64 of so many bytes."""
    return draw.base64(count)


def packed_json(draw: Draw, _: int) -> str:
    """A token's JSON payload in base64url: who issued it, for where."""
    return draw.base64_json(
        {
            "iat": draw.between(1600000000, 1760000000) + 0.5,
            "url": f"https://{draw.word()}.example.org",
            "region_url": f"https://eu.{draw.word()}.example.org",
            "org": f"{draw.word()}-{draw.word()}",
        }
    )


def mapbox_body(draw: Draw, _: int) -> str:
    return draw.base64_json({"u": f"{draw.word()}{draw.of('d', 2)}", "a": draw.of("b36", 25)})


def onepassword_body(draw: Draw, _: int) -> str:
    return draw.base64_json(
        {
            "signInAddress": f"{draw.word()}.1password.com",
            "userAuth": {
                "method": "SRPg-4096",
                "alg": "PBES2g-HS256",
                "iterations": 650000,
                "salt": draw.of("b64u", 22),
            },
            "email": f"{draw.of('b36', 12)}@1passwordserviceaccounts.com",
            "srpX": draw.of("hex", 64),
            "muk": {"alg": "A256GCM", "ext": True, "k": draw.of("b64u", 43), "key_ops": ["encrypt", "decrypt"]},
            "secretKey": "A3-" + draw.of("upnum", 6),
            "deviceUuid": draw.of("b32l", 26),
        }
    )


def bot_id(draw: Draw, _: int) -> str:
    """Base64 of a user's number of 17 to 19 digits, as Discord begins its tokens."""
    return base64.b64encode(draw.of("d", 17, 19).replace("0", "1").encode()).decode().rstrip("=")


def macaroon(draw: Draw, count: int) -> str:
    return base64.urlsafe_b64encode(draw.bytes(count)).decode().rstrip("=")


def encoded_pair(draw: Draw, _: int) -> str:
    """Base64 of an id and a key, joined by a colon."""
    return base64.b64encode(f"{draw.of('b64u', 20)}:{draw.of('b64u', 22)}".encode()).decode()


def data_center(draw: Draw, _: int) -> str:
    return base64.b64encode(draw.of("d", 12).encode() + b":" + draw.bytes(20)).decode()


def reference_token(draw: Draw, _: int) -> str:
    return base64.b64encode(f"reftkn:01:{draw.of('d', 10)}:{draw.of('alnum', 28)}".encode()).decode().rstrip("=")


def intercom(draw: Draw, _: int) -> str:
    body = (
        f"tok:{draw.of('hex', 8)}_{draw.of('hex', 4)}_{draw.of('hex', 4)}_{draw.of('hex', 4)}_{draw.of('hex', 12)}:1:0"
    )
    return base64.b64encode(body.encode()).decode()


MAKERS: dict[str, Callable[[Draw, int], str]] = key_material.MAKERS | {
    "crc": with_crc62,
    "jwt": jwt,
    "padded": padded,
    "json64": packed_json,
    "mapbox": mapbox_body,
    "onepassword": onepassword_body,
    "botid": bot_id,
    "macaroon": macaroon,
    "pair64": encoded_pair,
    "datacenter": data_center,
    "reftkn": reference_token,
    "intercom": intercom,
    "wif": coins.wif,
    "xprv": coins.xprv,
    "mnemonic": coins.phrase,
    "uuid": lambda draw, _: draw.uuid(),
}
