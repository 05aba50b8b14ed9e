"""Does a value look like a password, or like something drawn at random? Its characters alone are looked at.

Both answers are no for what programs and texts hold in such places: identifiers, paths, formats, expressions, words.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise

from maskproxy.masking.checks.words import is_word, segments, wordiness

_SIGNS = frozenset("!@#$%^&*+=?~")
_SEPARATORS = re.compile(r"[-_.:/ ]+")
_HEX = re.compile(r"(?:0x)?[0-9a-fA-F]+")
_UUID = re.compile(r"\{?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?")
_RANDOM = re.compile(r"[A-Za-z0-9+/=_.~$!@#%^&*:|,?-]+")
_RUNS = re.compile(r"[A-Za-z]+|[0-9]+")
_YEAR_OR_SO = re.compile(r"(?:19|20)[0-9]{2}|[0-9]{1,3}|[0-9]*0{3,}")
_TECHNICAL = re.compile(
    r"(?i)(?:sha|md|utf|base|int|uint|float|char|string|str|oauth|ipv|http|https|x|aes|rsa|des|rc|blake2[bs]?|ed|curve|"
    r"secp|p|pkcs|v|ver|version|ssha|crypt|scrypt|argon2?i?d?|pbkdf|es|rs|hs|ps|iso|level|layer|"
    r"param|arg|field|col|column|row|item|user|name|value|val|input|output|line|page|option|opt|"
    r"h|s|step|section|var|tmp|temp|num|number|group|part|stage|case|table|tab|foo|bar|baz|cn|win|bit|amd|arm|"
    r"latin|python|java|php|perl|ruby|node|vue|angular|bootstrap|es|vs|ms|mssql|mysql|db|win32|k8s|s3|ec2|i18n|l10n|a11y|w3c|oauth2?)"
    r"[-_]?[0-9]{1,4}(?:mb[34])?(?:[-_](?:[a-z]{2,10}|[0-9]{1,4}))*"
)
_FORMAT = re.compile(
    r"%[-#0-9. ]*[sdifrxXucq@](?![A-Za-z0-9]{4})|%\([\w.]+\)|%[A-Za-z_]\w{3,}%|\$\{|\$\(|\$[A-Za-z_]{3}|\{\{|\}\}|\{[\w.:!]*\}|#\{|<%|%>|<[\w /-]+>|@\{|"
    r"\\[wdsbWDSB](?![A-Za-z0-9]{3})|\[\^|\(\?|\.\*|\.\+|^\^[\[(\w]|\[[a-zA-Z]-[a-zA-Z0-9]|\+\)|&[a-z]{2,6};|\\[un][0-9a-f]{4}|__\w+__"
)
_PLACE = re.compile(
    r"(?i)(?:~|\.{1,2})?/[\w.@~+ -]*(?:/.*)?|[a-z]:[\\/].*|[a-z][a-z0-9+.-]{1,20}:/.*|(?:[\w-]+/){1,}[\w.-]*\.?[\w-]*|"
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|io|dev|local|internal|ya?ml|json|xml|txt|py|js|ts|"
    r"java|go|rb|php|html?|css|svg|png|jpe?g|gif|pem|key|crt|cer|p12|pfx|jks|conf|cfg|ini|env|log|md|sh|so|dll|exe|zip|gz)|"
    r"(?:vault|op|ssm|secretsmanager|env|file|arn|urn|https?|sm|data|ref|secret|urn|projects|gs|s3)[:/].*|#[0-9a-fA-F]{3,8}|#[a-z][\w-]*|\.[a-z][\w-]*"
)
_EXPRESSION = re.compile(
    r"[&*!@:~+-]?[A-Za-z_$][\w$]*(?:(?:\.|->|::|\?\.|/|:|\\)[A-Za-z_$][\w$]*)+[;,?:)]?|.*[\[({]['\"]?[\w$]*['\"]?[\])}].*|[=~!<>+*/|&^-]=?.*|"
    r"[A-Za-z_$][\w$]*\.[A-Za-z_$].*[,;|&?(].*|[A-Za-z_][\w.]*\(.*|[A-Za-z_][\w.]*(?:\|[A-Za-z_][\w.]*)+|"
    r"[A-Za-z_]\w*(?:\+|\|\||&&|==|!=|=>|->|\?:|\?\?).*"
)
_MIME = re.compile(r"(?i)(?:application|text|image|audio|video|multipart)/.*")
_LOCALE = re.compile(r"[a-z]{2,3}(?:[-_][A-Z][a-z]{3})?[-_](?:[A-Z]{2}|[0-9]{3})")
_ELIDED = re.compile(r"(?i).*(?:\.{3}|…|\betc\b).*|your[-_@. A-Z].*")
_CONSTANT = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+){2,}|[A-Za-z_]\w*(?:::[A-Za-z_]\w*)+")
_SNAKE = re.compile(r"_?[a-z]+[0-9]{0,4}(?:_[a-z]*[0-9]{0,4}){2,}")
_TIME = re.compile(r"[0-9]{1,4}[-/.:][0-9]{1,2}(?:[-/.:T][0-9:.TZ+-]*)?|v?[0-9]+(?:\.[0-9]+){1,4}(?:[-+.a-z]\w*)?|[0-9]+(?:ms|s|m|h|d|px|em|rem|pt|%|kb|mb|gb|k|x)")
WEAK = frozenset(
    "letmein qwerty qwertz azerty qwertyuiop asdfgh asdfghjkl asdf zxcvbn zxcvbnm qazwsx iloveyou swordfish opensesame "
    "trustno dragon monkey shadow sunshine princess football baseball batman superman hunter ninja abcdef "
    "abcdefg abcdefgh starwars welcome whatever mustang charlie jordan michael pokemon killer correcthorse".split()
)
"""What people choose again and again, though it is a word."""
_ENOUGH_WORD = 0.62


def entropy(text: bytes | str) -> float:
    """Give Shannon's entropy in bits a byte, or a character."""
    size = len(text)
    return -sum(n / size * math.log2(n / size) for n in Counter(text).values()) if size else 0.0


def is_uuid(value: str) -> bool:
    """Tell whether this is a UUID, and not all zeros or such."""
    return _UUID.fullmatch(value) is not None and entropy(value) > 2.5


def is_plainly_no_secret(value: str) -> bool:
    """Tell whether this is a piece of a program or a text: a format, a path, an expression, a date, a MIME type."""
    return bool(
        _FORMAT.search(value)
        or _PLACE.fullmatch(value)
        or _LOCALE.fullmatch(value)
        or _ELIDED.fullmatch(value)
        or _CONSTANT.fullmatch(value)
        or _MIME.fullmatch(value)
        or _TIME.fullmatch(value)
        or _TECHNICAL.fullmatch(value)
        or len(set(value)) < 3
    )


def is_identifier(value: str) -> bool:
    """Tell whether this may be a name in a program: words, with digits and short parts between them."""
    value = value.strip(".!?:,;*+")
    if _SNAKE.fullmatch(value):
        return True
    parts = [part for part in re.split(r"[-_.:/]+", value) if part]
    runs = [run for part in parts for run in segments(part)]
    if not runs or not re.fullmatch(r"[A-Za-z_][\w.:/-]*", value):
        return False
    letters = sum(map(len, runs))
    in_words = sum(len(run) for run in runs if is_word(run))
    if len(parts) > 1 and letters + len(parts) - 1 >= len(value.strip("-_")):
        return all(len(run) <= 4 or is_word(run) for run in runs) and len(runs) < 2 * len(parts) + 1
    if re.search(r"[a-z][013457][a-z]", value):
        return False
    return len(runs) > 1 and in_words >= 0.5 * letters and sum(map(str.isdigit, value)) <= (0.35 if in_words >= 0.7 * letters else 0.25) * len(value)


def is_expression(value: str) -> bool:
    """Tell whether this may be a piece of code where a value stands without quotes."""
    return _EXPRESSION.fullmatch(value) is not None


def is_run(value: str) -> bool:
    """Tell whether most characters follow the one before them, as in `abcdef` and `12345678`."""
    steps = [ord(after) - ord(before) for before, after in pairwise(value.lower())]
    return len(steps) > 3 and max(steps.count(1), steps.count(0), steps.count(-1)) > 0.6 * len(steps)


def _is_wordy(value: str) -> bool:
    return wordiness(value) > _ENOUGH_WORD


def looks_random(value: str, least: int) -> bool:
    """Tell whether `least` characters or more were drawn at random, as keys and tokens are."""
    if len(value) < least or not _RANDOM.fullmatch(value) or is_run(value):
        return False
    if is_uuid(value):
        return True
    digits = sum(map(str.isdigit, value))
    letters = sum(map(str.isalpha, value))
    bits = entropy(value)
    if _HEX.fullmatch(value):
        return len(value) >= 16 and digits >= 2 and letters >= 1 and bits > 2.6
    if not letters:
        return False
    if bits < min(3.0, 0.78 * math.log2(len(value))):
        return False
    runs = _RUNS.findall(value)
    changes = sum(left.isdigit() != right.isdigit() for left, right in pairwise(runs))
    if digits and changes >= 2 and wordiness(value) < (0.75 if changes >= 4 else 0.6):
        return True
    cases = len({"u" if c.isupper() else "l" for c in value if c.isalpha()})
    strange = not _is_wordy(value)
    if digits:
        return strange
    return strange and (cases == 2 or len(value) >= 10)


def looks_chosen(value: str, *, sure: bool) -> bool:
    """Tell whether a person may have chosen this as a password. `sure`: it stands where nothing else does."""
    digits = sum(map(str.isdigit, value))
    letters = sum(map(str.isalpha, value))
    if not letters:
        return sure and digits >= 4 and not _YEAR_OR_SO.fullmatch(value) and len(set(value)) > 2 and (digits == len(value) or bool(_SIGNS & set(value)))
    inner = value.strip("!?.,:;*-_ ")
    signs = _SIGNS & set(inner)
    if signs and letters and not value.endswith(("=", ":")):
        return digits > 0 or (sure and _holds_a_sign_inside(inner))
    if digits:
        return _is_mixed(value, sure=sure)
    parts = [part for part in _SEPARATORS.split(value) if part]
    if len(parts) != 1:
        return sure and len(value) >= 6 and all(not is_word(run) for part in parts for run in segments(part)) and max(map(len, parts)) >= 5
    if value.lower() in WEAK:
        return sure
    return len(value) >= (5 if sure else 8) and value.isascii() and not _is_wordy(value) and not _is_constant(value)


def _is_constant(value: str) -> bool:
    return value.isupper() and len(value) < 7


def _holds_a_sign_inside(inner: str) -> bool:
    return re.search(r"[A-Za-z0-9][@$!#^*~][A-Za-z0-9]", inner) is not None and not re.search(r"@\w+\.|[()]", inner)


def _is_mixed(value: str, *, sure: bool) -> bool:
    """Letters and digits: `hunter2`, `x9k2m4`; not `some_name_2`."""
    parts = [part for part in _SEPARATORS.split(value) if part]
    if len(parts) == 1:
        if value[0].isdigit() and value.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ").isdigit() and len(value) < 6:
            return False
        return sure or (len(value) >= 6 and bool(re.search(r"[A-Za-z][0-9]+[A-Za-z]", value))) or (len(value) >= 6 and looks_random(value, 6)) or (len(value) >= 7 and bool(re.fullmatch(r"[A-Za-z]+[0-9]{3,}", value)))
    words = [run for part in parts for run in segments(part)]
    if words and all(is_word(run) or len(run) <= 3 for run in words) and all(part.isalpha() or part.isdigit() or len(part) < 4 for part in parts):
        return False
    mixed = [part for part in parts if re.search(r"[0-9]", part) and re.search(r"[A-Za-z]", part)]
    return any(len(part) >= 4 and not _TECHNICAL.fullmatch(part) for part in mixed) and (sure or looks_random(value, 8)) or looks_random(value, 8)
