"""What is public by design, whatever name stands beside it."""

from base64 import urlsafe_b64encode

import pytest

from maskproxy.masking.checks.public import is_public
from maskproxy.masking.samples import cook


def _base64(text: bytes) -> str:
    return urlsafe_b64encode(text).decode().rstrip("=")


PUBLIC = (
    "pk_" + "live_{alnum:24}",
    "pk.ey" + "J{alnum:60}.{b64u:22}",
    "phc_{alnum:43}",
    "sb_publishable_{b64u:31}",
    "ssh-ed25519 AAAAC3{b64:62} me@host",
    "age1{bech32:58}",
    "ENC[AES256_GCM,data:{b64:24},iv:{b64:43}=,type:str]",
    "$ANSIBLE_VAULT;1.1;AES256",
    "vault:v1:{b64:60}",
    "toolu_{alnum:24}",
    "req_{alnum:24}",
    _base64(b'{"alg":"ES256","kid":"16"}') + ".",
    _base64(b'{"typ":"JWT","alg":"none"}'),
)
SECRET = (
    "sk_" + "live_{alnum:24}",
    "sk.ey" + "J{alnum:60}.{b64u:22}",
    "phx_{alnum:43}",
    "{b64:300}",
    "ENC",
    "pk_{alnum:9}",
    _base64(b'{"alg":"HS256","kid":"16"}') + ".{b64u:30}",
    _base64(b'{"alg":"HS256","k":"c2VjcmV0"}'),
    _base64(b'{"user":"me","password":"hunter2"}'),
    _base64(b'["alg"]'),
    "ey" + "J{b64u:41}",
)


@pytest.mark.parametrize("recipe", PUBLIC)
def test_public_by_design(recipe: str) -> None:
    value = cook(recipe.lower() if recipe.startswith("age1") else recipe)
    assert is_public((value.lower() if value.startswith("age1") else value).encode())


@pytest.mark.parametrize("recipe", SECRET)
def test_what_only_looks_so(recipe: str) -> None:
    assert not is_public(cook(recipe).encode())
