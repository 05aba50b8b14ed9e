"""A seeded source of characters, words and choices: the same seed draws the same, on every machine and Python."""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

ALPHABETS = {
    "alnum": string.ascii_letters + string.digits,
    "alpha": string.ascii_letters,
    "b64": string.ascii_letters + string.digits + "+/",
    "b64u": string.ascii_letters + string.digits + "-_",
    "b32": "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
    "b32l": "abcdefghijklmnopqrstuvwxyz234567",
    "b36": string.ascii_lowercase + string.digits,
    "b58": "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
    "bech32": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
    "d": string.digits,
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase,
    "upnum": string.ascii_uppercase + string.digits,
    "azure": string.ascii_letters + string.digits + "_~.-",
}

WORDS = (
    "account action address agent alert amount archive article asset backup balance batch billing bridge browser bucket "
    "buffer bundle cache campaign carrier cart catalog channel checkout cluster column comment commit company config "
    "contact content context counter country coupon course customer daily dashboard dataset delivery deploy device "
    "digest docker document domain download driver editor engine event export factory feature feed fetch field filter "
    "folder format forum frame gallery gateway graph group handler health history image import index ingest inventory "
    "invoice issue item journal kernel label ledger library limit listing loader location lookup mailer manager market "
    "matrix member message meter metric mirror mobile model module monitor network notice notify object offer order "
    "owner package parcel parser partner payment picture pipeline planner player plugin policy portal post price "
    "product profile project promo proxy publish quality query queue quota ranking reader record region release "
    "render report request reserve result review router runner sample schedule schema search segment sender sensor "
    "server service session setting shipment shop signal snapshot source stage status stock storage stream summary "
    "supplier support survey sync table target team template tenant thread ticket timeline tracker traffic transfer "
    "trigger update upload usage vendor version video viewer visit volume wallet warehouse watcher weather web widget "
    "worker workspace"
).split()


class Draw:
    """Draws in the order it is asked: equal seeds and equal questions give equal answers."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)

    def of(self, alphabet: str, least: int, most: int | None = None) -> str:
        characters = ALPHABETS[alphabet]
        return "".join(characters[self.random.randrange(len(characters))] for _ in range(self.between(least, most)))

    def between(self, least: int, most: int | None = None) -> int:
        return least if most is None else self.random.randint(least, most)

    def pick(self, choices: Sequence[T]) -> T:
        return choices[self.random.randrange(len(choices))]

    def weighted(self, choices: Sequence[tuple[float, T]]) -> T:
        at = self.random.random() * sum(weight for weight, _ in choices)
        for weight, choice in choices:
            at -= weight
            if at < 0:
                return choice
        return choices[-1][1]

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def bytes(self, count: int) -> bytes:
        return bytes(self.random.randrange(256) for _ in range(count))

    def word(self) -> str:
        return self.pick(WORDS)

    def uuid(self) -> str:
        return f"{self.of('hex', 8)}-{self.of('hex', 4)}-4{self.of('hex', 3)}-{self.pick('89ab')}{self.of('hex', 3)}-{self.of('hex', 12)}"

    def base64(self, count: int) -> str:
        return base64.b64encode(self.bytes(count)).decode()

    def base64_json(self, value: object) -> str:
        """Base64url of compact JSON, unpadded, as in JWTs."""
        raw = json.dumps(value, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")
