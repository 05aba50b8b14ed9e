"""The built-in rules, compiled once for all tests of a run and of the next ones.

Kept beside pytest's own cache, by the digest of all that compiles them: another line there, and they are compiled anew.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

import maskproxy
from maskproxy.masking import RuleSet, load_rules

_MASKING = Path(maskproxy.__file__).parent / "masking"
_FOLDER = Path(__file__).parents[1] / ".pytest_cache" / "maskproxy"


def _digest() -> str:
    digest = sha256()
    for path in sorted(_MASKING.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:20]


CACHE_HOME = _FOLDER / _digest()
"""For XDG_CACHE_HOME."""


@cache
def built_in(*sources: str) -> RuleSet:
    """The same for a whole run: what it has learned of texts serves every test, and every gateway in this process."""
    return load_rules(sources or ["builtin:default"], cache=CACHE_HOME / "maskproxy")
