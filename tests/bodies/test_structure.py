"""Files of keys that are JSON themselves, as bodies: found by key and value, as they are in text."""

from __future__ import annotations

import json

import pytest

from maskproxy.bodies.json_text import mask_json
from maskproxy.masking.samples import cook
from tests.masking.builtin import MASKING

LINE, HEX, ID, NUMBER = cook("{b64:64}"), cook("{hex:32}"), cook("{hex:40}"), cook("{b64u:43}")
ARMOUR = "PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("document", "secret"),
    [
        ({"auths": {"registry.example.com": {"auth": "bWU6aHVudGVyMnB3"}}}, "bWU6aHVudGVyMnB3"),
        ({"private_key": f"-----BEGIN {ARMOUR}\n{LINE}\n-----END {ARMOUR}\n"}, LINE),
        ({"private_key_id": ID}, ID),
        ({"headers": {"Authorization": f"Basic {LINE}"}}, LINE),
        ({"headers": {"X-Api-Key": HEX}}, HEX),
        ({"headers": [{"name": "Cookie", "value": f"a=b; JSESSIONID={HEX}"}]}, HEX),
        ({"kty": "EC", "d": NUMBER}, NUMBER),
        ({"database": {"url": "postgres://app:letmein@db/x"}}, "letmein"),
        ({"ConnectionStrings": {"Main": "Server=x;User ID=sa;Password=Tr0ub4dor;"}}, "Tr0ub4dor"),
        ({"run": "mysql -u root -pletmein shop"}, "letmein"),
        ({"user": {"client-key-data": "LS0tLS1CRUdJTi" + LINE}}, LINE),
    ],
)
def test_a_file_that_is_json_is_masked_as_a_body(document: object, secret: str) -> None:
    made = mask_json(json.dumps(document).encode(), MASKING).forward.decode()
    assert "MASKED_" in made
    assert secret not in made
