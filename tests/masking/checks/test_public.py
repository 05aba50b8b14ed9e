"""What is public by design, whatever name stands beside it."""

import pytest

from maskproxy.masking.checks.public import is_public
from maskproxy.masking.samples import cook

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
)
SECRET = (
    "sk_" + "live_{alnum:24}",
    "sk.ey" + "J{alnum:60}.{b64u:22}",
    "phx_{alnum:43}",
    "{b64:300}",
    "ENC",
    "pk_{alnum:9}",
)


@pytest.mark.parametrize("recipe", PUBLIC)
def test_public_by_design(recipe: str) -> None:
    value = cook(recipe.lower() if recipe.startswith("age1") else recipe)
    assert is_public((value.lower() if value.startswith("age1") else value).encode())


@pytest.mark.parametrize("recipe", SECRET)
def test_what_only_looks_so(recipe: str) -> None:
    assert not is_public(cook(recipe).encode())
