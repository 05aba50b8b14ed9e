"""What stands in programs and texts where a secret might: formats, paths, expressions, identifiers, dates, versions.

Each is told by its shape. Where random characters could have the shape, they must read like words, too.
"""

from __future__ import annotations

import re

from maskproxy.masking.checks.words import is_word, segments, wordiness


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


_TECHNICAL = re.compile(
    r"(?i:sha|md|utf|base|int|uint|float|char|string|str|oauth|ipv|https?|x|aes|rsa|des|rc|blake2[bs]?|ed|curve|secp|p|"
    r"pkcs|v|ver|version|ssha|crypt|scrypt|argon2?i?d?|pbkdf|es|rs|hs|ps|iso|level|layer|param|arg|field|col|column|row|"
    r"item|user|name|value|val|input|output|line|page|option|opt|h|s|step|section|var|tmp|temp|num|number|group|part|"
    r"stage|case|table|tab|foo|bar|baz|cn|win|bit|amd|arm|latin|python|java|php|perl|ruby|node|vue|angular|bootstrap|"
    r"vs|ms|mssql|mysql|db|win32|k8s|s3|ec2|i18n|l10n|a11y|w3c|oauth2?)"
    r"[-_]?[0-9]{1,4}(?:mb[34])?(?:[-_](?:[A-Za-z]{2,10}|[0-9]{1,4}))*"
)
_FORMAT = _any_of(
    r"%[-#0-9. ]*[sdifrxXucq@](?![A-Za-z0-9]{4})",
    r"%\([\w.]+\)",
    r"%[A-Za-z_]\w{3,}%",
    r"\$[{(]|\$[A-Za-z_]{3}",
    r"\{\{|\}\}|\{[\w.:!]*\}|[#@]\{",
    r"<%|%>|<[\w /-]+>|&[a-z]{2,6};",
    r"\\[wdsbWDSB](?![A-Za-z0-9]{3})|\[\^|\(\?|\.\*|\.\+|^\^[\[(\w]|\[[a-zA-Z]-[a-zA-Z0-9]|\+\)",
    r"\\[un][0-9a-f]{4}",
    r"__\w+__|@@\w+@@|^@[\w.]+\(",
)
_PLACE = _any_of(
    r"(?i:[a-z]:[\\/].*|[a-z][a-z0-9+.-]{1,20}:/.*)",
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    r"(?i:[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|io|dev|local|internal|ya?ml|json|xml|txt|py|js|ts|java|go|rb|php|html?|css|"
    r"svg|png|jpe?g|gif|pem|key|crt|cer|p12|pfx|jks|conf|cfg|ini|env|log|md|sh|so|dll|exe|zip|gz)(?:[:;,&]\w+=.*)?)",
    r"(?i:(?:vault|op|ssm|secretsmanager|env|file|arn|urn|https?|sm|data|ref|secret|projects|gs|s3)[:/].*)",
    r"#[0-9a-fA-F]{3,8}|[#.][a-z][\w-]*",
)
_PATH = re.compile(r"(?:~|\.{1,2})?/[\w.@~+ -]*(?:/.*)?|(?:[\w-]+/)+[\w.-]*")
_OTHER = _any_of(
    r"(?i:application|text|image|audio|video|multipart)/.*",
    r"[a-z]{2,3}(?:[-_][A-Z][a-z]{3})?[-_](?:[A-Z]{2}|[0-9]{3})",
    r"(?i:your[-_@. ].*)|your[A-Z].*",
    r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+){2,}|[A-Za-z_]\w*(?:::[A-Za-z_]\w*)+",
    r"[0-9]{1,4}[-/.:][0-9]{1,2}(?:[-/.:T][0-9:.TZ+-]*)?|v?[0-9]+(?:\.[0-9]+){1,4}(?:[-+.a-z]\w*)?",
    r"[a-z_]+(?::[\w,]+)?(?:\|[a-z_]+(?::[\w,]+)?)+|[a-z]{3,12}\([0-9, ]{1,8}\)|[a-z]\w*\.[A-Z][A-Z0-9_]+",
    r"[0-9]+(?:ms|s|m|h|d|px|em|rem|pt|%|kb|mb|gb|k|x)",
)
_JOSE = re.compile(
    r"A(?:128|192|256)(?:KW|GCM(?:KW)?|CBC-HS(?:256|384|512))|ECDH-ES(?:\+A(?:128|192|256)KW)?|"
    r"PBES2-HS(?:256|384|512)\+A(?:128|192|256)KW|RSA(?:1_5|-OAEP(?:-(?:256|384|512))?)"
)
"""What RFC 7518 calls its algorithms, those that `_TECHNICAL` does not tell."""
_ELIDED = re.compile(r"\.{3}|…")
_NAME_PATH = re.compile(r"[&*!@:~+-]?[A-Za-z_$][\w$]*(?:(?:\.|->|::|\?\.|/|:|\\)[A-Za-z_$][\w$]*)+[;,?:)]?")
_EXPRESSION = _any_of(
    r"[^\[({]*[\[({]['\"]?-?[\w$]*['\"]?[\])}].*",
    r"[=~!<>+*/|&^-]=?.*|[A-Za-z_]\w*\$[0-9]{1,2}",
    r"[A-Za-z_$][\w$]*\.[A-Za-z_$].*[,;|&?(].*",
    r"[A-Za-z_][\w.]*\(.*",
    r"[A-Za-z_][\w.]*(?:\|[A-Za-z_][\w.]*)+",
    r"[A-Za-z_]\w*(?:\+|\|\||&&|==|!=|=>|->|\?:|\?\?).*",
)
_SNAKE = re.compile(r"_?[a-z]+[0-9]{0,4}(?:_[a-z]*[0-9]{0,4}){2,}")
_OF_IDENTIFIERS = re.compile(r"[A-Za-z_][\w.:/-]*")
_PARTS = re.compile(r"[-_.:/]+")
_LEET = re.compile(r"[a-z][013457][a-z]")
_MOSTLY = 0.5


def is_technical(value: str) -> bool:
    """Tell whether this is a name with its number: `sha256`, `utf8mb4`, `column2`."""
    return _TECHNICAL.fullmatch(value) is not None


def is_program_text(value: str) -> bool:
    """Tell whether this plainly is a piece of a program or of a text, even where it stands in quotes."""
    return bool(
        len(set(value)) < 3
        or _FORMAT.search(value)
        or _ELIDED.search(value)
        or _PLACE.fullmatch(value)
        or _OTHER.fullmatch(value)
        or _JOSE.fullmatch(value)
        or is_technical(value)
        or (_PATH.fullmatch(value) and _reads_well(value))
    )


def is_expression(value: str) -> bool:
    """Tell whether this may be a piece of code where a value stands without quotes."""
    return _EXPRESSION.fullmatch(value) is not None or (_NAME_PATH.fullmatch(value) is not None and _reads_well(value))


def is_identifier(value: str) -> bool:
    """Tell whether this may be a name in a program: words, with digits and short parts between them."""
    value = value.strip(".!?:,;*+")
    if _SNAKE.fullmatch(value):
        return True
    parts = [part for part in _PARTS.split(value) if part]
    runs = [run for part in parts for run in segments(part)]
    if not runs or not _OF_IDENTIFIERS.fullmatch(value):
        return False
    letters = sum(map(len, runs))
    if len(parts) > 1 and letters + len(parts) - 1 >= len(value.strip("-_")):
        return all(len(run) <= 4 or is_word(run) for run in runs) and len(runs) <= 2 * len(parts)
    in_words = sum(len(run) for run in runs if is_word(run))
    most_digits = (0.35 if in_words >= 0.7 * letters else 0.25) * len(value)
    many = len(runs) > 1 and sum(map(str.isdigit, value)) <= most_digits
    return many and in_words >= _MOSTLY * letters and _LEET.search(value) is None


def _reads_well(value: str) -> bool:
    """Tell whether this is of words, or of parts too short to be told from them."""
    return wordiness(value) >= _MOSTLY or max(map(len, _PARTS.split(value))) <= 4
