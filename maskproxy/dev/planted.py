"""Secrets made up for one run, true to form, and the search for them in whatever bytes left the client.

A secret is looked for as it is, inside JSON, percent-encoded, in Base64 at each of its three alignments, and, if it has
several lines, line by line: a leak in any of these forms is a leak.
"""

from __future__ import annotations

import base64
import json
import secrets
import string
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
BASE32 = string.ascii_uppercase + "234567"
MIN_LINE = 24


@dataclass(frozen=True)
class Planted:
    """A made-up secret and what people call it."""

    name: str
    value: str


def aws_key_pair() -> tuple[Planted, Planted]:
    key_id = "AKIA" + "".join(secrets.choice(BASE32) for _ in range(16))
    return Planted("AWS access key id", key_id), Planted(
        "AWS secret key", base64.b64encode(secrets.token_bytes(30)).decode()
    )


def github_token(name: str = "GitHub token") -> Planted:
    """30 random characters and their CRC-32 in base 62, as GitHub makes them."""
    body = "".join(secrets.choice(BASE62) for _ in range(30))
    number, checksum = zlib.crc32(body.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        checksum = BASE62[digit] + checksum
    return Planted(name, "ghp" + "_" + body + checksum)


def private_key() -> Planted:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Planted("PEM private key", pem.decode().strip())


def forms(value: str) -> dict[str, bytes]:
    """Each way in which a secret could hide, by name."""
    plain = value.encode()
    found = {"plain": plain, "JSON": json.dumps(value)[1:-1].encode(), "percent": quote(value, safe="").encode()}
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + plain)
        # The first and last characters depend on the neighbours.
        found[f"base64+{shift}"] = encoded[4 if shift else 0 : -4]
    for number, line in enumerate(value.split("\n")):
        if "\n" in value and len(line) >= MIN_LINE and not line.startswith("-----"):
            found[f"line {number + 1}"] = line.encode()
    return found


def leaks(planted: Iterable[Planted], places: Mapping[str, bytes]) -> list[str]:
    """Where a planted secret can be read, in words that do not repeat it."""
    return [
        f"{place} holds the {secret.name} ({form})"
        for secret in planted
        for form, needle in forms(secret.value).items()
        for place, data in places.items()
        if needle in data
    ]
