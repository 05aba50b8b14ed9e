"""Values that are no secret by what they are, whatever name stands beside them: publishable keys, ciphertext, ids.

Their vendors say so: a publishable key is made to stand in a web page, and sealed values to stand in a repository.
"""

from __future__ import annotations

import re

_PUBLISHABLE = (
    rb"pk_(?:live|test)_[A-Za-z0-9]+|pk\.eyJ[A-Za-z0-9_.-]+|phc_[A-Za-z0-9]+|sb_publishable_[A-Za-z0-9_-]+|"
    rb"pubkey-[0-9a-f]+|sq0idp-[A-Za-z0-9_-]+|age1[a-z0-9]+|(?:ssh|ecdsa)-[a-z0-9-]+ [A-Za-z0-9+/=]+.*|"
    rb"NRJS-[a-z0-9]+|AAAA[BCE][23][A-Za-z0-9+/=]{40,}"
)
_SEALED = rb"ENC\[[A-Z0-9_]+,.*|\$ANSIBLE_VAULT;.*|vault:v[0-9]+:.*|\{cipher\}.*|Ag[A-Za-z0-9+/=]{300,}"
_IDS = rb"AC[0-9a-f]{32}|(?:msg|toolu|srvtoolu|req|call|chatcmpl|resp|file|run|thread|asst)[_-][A-Za-z0-9]{16,}"
_PUBLIC = re.compile(rb"|".join((_PUBLISHABLE, _SEALED, _IDS)), re.DOTALL)


def is_public(text: bytes) -> bool:
    """Tell whether the whole of this is meant for everybody's eyes."""
    return _PUBLIC.fullmatch(text) is not None
