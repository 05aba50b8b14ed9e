r"""The pattern of a secret that only a keyword beside it betrays: keyword, gap, value.

A secret is found in what people write between a name and its value: `DATADOG_API_KEY=...`, `datadog.apiKey: "..."`,
the same in JSON inside JSON (`\"...\": \"...\"`), `setDatadogKey("...")`, `datadog_key => '...'`, attributes and
elements of XML, options of commands, defaults in shells, headers, queries of URLs, a few words of prose; and in the
line below where the keyword opens a block (`datadog:`, `"datadog": {`, `[datadog]`).

The gap is bounded, and the last of it is a byte that sets a value off. `/` and `@` are none, so that a commit in
`https://host/keyword/commit/...` or `uses: keyword/action@...` is not taken for the keyword's secret.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_SETS_OFF = r"""\t "'`\\:=>,|()\[\]<{}?&;*#"""
_BETWEEN = rf"[\w./+{_SETS_OFF}-]"
_OPENS_BLOCK = rf"[:={{(\[>\],\\]\r?\n[\t 0-9|+-]{{0,20}}{_BETWEEN}{{0,28}}"
GAP = rf"{_BETWEEN}{{0,56}}(?:{_OPENS_BLOCK})?(?:[{_SETS_OFF}]|:-)"
_ENDS = "(?![A-Za-z0-9+/=_-])"
_SEPARATOR = "[_. -]?"
_NAMES_DIGEST = "sha-?(?:1|224|256|384|512)?|md5|commit|revision|digest|checksum|integrity|etag"
DIGEST = rf"""(?i:{_NAMES_DIGEST})(?:sum)?[\s"'\\]{{0,4}}[:=]{{0,2}}[\s"'\\]{{0,4}}"""
"""What a value stands behind that is a digest and no secret, whatever keyword is near."""


def beside(keywords: Sequence[str], secret: str) -> str:
    """Write the pattern."""
    return f"{keyword(keywords)}{GAP}(?P<secret>{secret}){_ENDS}"


def keyword(keywords: Sequence[str]) -> str:
    """Write the pattern of one of them. Case does not matter; a blank is any separator of words, or none."""
    words = "|".join(_SEPARATOR.join(re.escape(part) for part in word.split(" ")) for word in keywords)
    return f"(?i:{words})"
