"""Values that are no secret by what they are, whatever name stands beside them: publishable keys, ciphertext, ids.

Their vendors say so: a publishable key is made to stand in a web page, and sealed values to stand in a repository.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode

_PUBLISHABLE = (
    rb"pk_(?:live|test)_[A-Za-z0-9]+|pk\.eyJ[A-Za-z0-9_.-]+|phc_[A-Za-z0-9]+|sb_publishable_[A-Za-z0-9_-]+|"
    rb"pubkey-[0-9a-f]+|sq0idp-[A-Za-z0-9_-]+|age1[a-z0-9]+|(?:ssh|ecdsa)-[a-z0-9-]+ [A-Za-z0-9+/=]+.*|"
    rb"NRJS-[a-z0-9]+|AAAA[BCE][23][A-Za-z0-9+/=]{40,}"
)
_SEALED = rb"ENC\[[A-Z0-9_]+,.*|\$ANSIBLE_VAULT;.*|vault:v[0-9]+:.*|\{cipher\}.*|Ag[A-Za-z0-9+/=]{300,}"
_IDS = rb"AC[0-9a-f]{32}|(?:msg|toolu|srvtoolu|req|call|chatcmpl|resp|file|run|thread|asst)[_-][A-Za-z0-9]{16,}"
_TOKEN_HEAD = re.compile(rb"eyJ[A-Za-z0-9_-]{8,400}\.?")
_IN_A_HEAD = frozenset({"alg", "b64", "crit", "cty", "enc", "jku", "kid", "typ", "x5t", "x5t#S256", "zip"})
"""What the header of a JWS or JWE holds (RFC 7515, RFC 7516). A key as JSON has an `alg`, too, but more beside it."""
_PUBLIC = re.compile(rb"|".join((_PUBLISHABLE, _SEALED, _IDS)), re.DOTALL)


def is_public(text: bytes) -> bool:
    """Tell whether the whole of this is meant for everybody's eyes."""
    return _PUBLIC.fullmatch(text) is not None or _is_the_head_of_a_token(text)


def _is_the_head_of_a_token(text: bytes) -> bool:
    """Tell whether this is the first part of a JWT alone, which says how it is signed and nothing of what it holds."""
    if not _TOKEN_HEAD.fullmatch(text):
        return False
    try:
        head = json.loads(urlsafe_b64decode(text.rstrip(b".") + b"=="))
    except ValueError:
        return False
    return isinstance(head, dict) and "alg" in head and head.keys() <= _IN_A_HEAD
