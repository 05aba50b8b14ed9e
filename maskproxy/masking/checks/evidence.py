"""The verdict on a value that stands beside a name: what the name promises, how the two are tied, what the value is.

One function for each way in which a value can stand there; all end in `judged`. Pure: a value, and the bytes before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from maskproxy.masking.checks.names import Promise, promise, words
from maskproxy.masking.checks.places import Place, place
from maskproxy.masking.checks.program_text import is_expression, is_identifier, is_program_text
from maskproxy.masking.checks.values import is_uuid, looks_chosen, looks_random
from maskproxy.masking.checks.word_lists import NO_PASSWORDS

Evidence = Callable[[bytes, bytes], bool]
_MOST_CHARACTERS = 512
"""A value is judged by so much of its beginning."""
_VARIABLE = re.compile(r"[A-Za-z_]\w*")
_PLAIN = re.compile(r"[A-Za-z0-9]+")
_LONG_PLAIN = re.compile(r"[A-Za-z0-9+/=]{16,}")
_DIGITS_INSIDE = re.compile(r"[a-z]+[0-9]+[a-z]+")
_TECHNICAL = re.compile(r"oauth2|base64|sha[0-9]|md5|utf8|x509|k8s|http2|aes[0-9]|rsa[0-9]|ed25519|v[0-9]")
_LEET = re.compile(r"[A-Za-z]+[0-9]+[A-Za-z]+[0-9]+[A-Za-z0-9]*")
_WORD_AND_NUMBER = re.compile(r"[A-Za-z]{3,}[0-9]{2,}")
_SIGNS_OR_NUMBER = re.compile(r"[!@#$%^&*]|[0-9]{2}")
_TWO_DIGITS = re.compile(r"[0-9].*[0-9]")
_SIGN = re.compile(r"[!@#$%^&*]")
_DIGIT = re.compile(r"[0-9]")
_LETTER = re.compile(r"[A-Za-z]")
_ONLY_SIGNS = re.compile(rb"[^A-Za-z\n]*")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_SEALED_AROUND, _SHORTEST_SEALED = b"encryptedData:", 64
_ENDS_CODE = (";", ",", ")", "{", "(")
_TIED = (b"=", b":=", b"?=")


def quoted(value: bytes, before: bytes) -> bool:
    """Judge what stands in quotes."""
    here, text = place(before), _text(value)
    if here is None or (here.calls and not here.sets) or here.is_verb:
        return False
    gap = here.gap.strip()
    if gap.lstrip(b"\"'`").startswith(b","):
        if here.is_gotten_by_name:
            return judged(text, here, sure=not is_identifier(text))
        if not here.is_paired and not (_LONG_PLAIN.fullmatch(text) and looks_random(text, 16)):
            return False  # one of many in a list
        return judged(text, here, sure=False)
    if not gap.strip(b"\"'`"):
        return judged(text, here, sure=here.begins_line and gap != here.gap)
    return judged(text, here, sure=b"," not in gap)


def line(value: bytes, before: bytes) -> bool:
    """Judge what stands without quotes up to a line's end."""
    here, text = place(before), _text(value)
    if here is None or not _ONLY_SIGNS.fullmatch(here.gap) or here.left.endswith(b":"):
        return False
    if _SEALED_AROUND in before and len(value) >= _SHORTEST_SEALED:
        return False
    tie = here.gap.strip(b"'\"`]")
    setting = here.begins_line and not text.endswith(_ENDS_CODE)
    sure = setting and tie.strip() in (*_TIED, b":", b"|", b"=>")
    if is_expression(text):
        signed = text[0] in "!*&@~^+" and looks_chosen(text[1:], sure=False)
        return setting and tie in _TIED and signed and judged(text, here, sure=sure)
    if _VARIABLE.fullmatch(text):
        if not sure:
            return _is_no_name(text) and judged(text, here, sure=False)
        if tie == here.gap.strip() != here.gap and b"=" in tie and is_identifier(text):
            return _DIGITS_INSIDE.fullmatch(text) is not None and judged(text, here, sure=True)
    return judged(text, here, sure=sure)


def bare(value: bytes, before: bytes) -> bool:
    """Judge what stands without quotes within a line, in an element, or as the value of a named thing."""
    here, text = place(before), _text(value)
    if here is None:
        return False
    if here.is_value_of:
        return judged(text, here, sure=True)
    if not _ONLY_SIGNS.fullmatch(here.gap) or here.left.endswith(b":"):
        return False
    sure = here.is_parameter
    if is_expression(text) or (_VARIABLE.fullmatch(text) and not sure):
        said = _is_said(text, here) or (
            b"(" not in here.line and _LEET.fullmatch(text) is not None and not is_identifier(text)
        )
        return (said or _is_no_name(text)) and judged(text, here, sure=said)
    return judged(text, here, sure=sure)


def prose(value: bytes, before: bytes) -> bool:
    """Judge what stands in a sentence, or behind a word and a blank."""
    here, text = place(before), _text(value)
    if here is None or here.promise < Promise.SECRET or is_expression(text) or is_identifier(text):
        return False
    mixed = _LETTER.search(text) is not None and _DIGIT.search(text) is not None
    return mixed and judged(text, here, sure=here.begins_line or _is_said(text, here))


def field(value: bytes, before: bytes) -> bool:
    """Judge what is the whole of a field with blanks in it: a passphrase, not a sentence or a label."""
    here, text = place(before), _text(value)
    return (
        here is not None
        and here.promise >= Promise.SECRET
        and not text[0].isupper()
        and text[-1] not in ".:?!,;"
        and not _ONLY_SIGNS.fullmatch(value)
        and not any(promise(word.encode()) is not None for word in words(value))
    )


def argument(value: bytes, _: bytes) -> bool:
    """Judge what stands where a function or a command takes a password."""
    text = _text(value)
    if is_identifier(text):
        return False
    return judged(text, Place(Promise.PASSWORD, b"", b"", b""), sure=_DIGIT.search(text) is not None)


def judged(text: str, here: Place, *, sure: bool) -> bool:
    """Give the verdict on a value by what its name promises. `sure`: it stands where only a value of that name does."""
    name = here.name.decode("utf-8", "replace").strip("-.")
    if "%" in text and _ESCAPE.search(text):
        text = unquote(text)
    if is_program_text(text) or _says_its_name(text) or text.lower() == name.lower():
        return False
    if here.promise is Promise.PASSWORD:
        if is_identifier(text) and ("_" in text or _DIGIT.search(text) is None or len(text) > 20):
            return sure and _may_be_a_word(text, here)
        return looks_chosen(text, sure=sure) or looks_random(text, 8) or (sure and _may_be_a_word(text, here))
    if here.promise is Promise.SECRET and sure and _DIGITS_INSIDE.fullmatch(text) and not _TECHNICAL.match(text):
        return True
    if is_identifier(text):
        return False
    if here.promise is Promise.SECRET:
        signed = _SIGN.search(text) is not None and _DIGIT.search(text) is not None
        return looks_random(text, 8) or (sure and signed and looks_chosen(text, sure=True))
    if here.promise is Promise.KEY:
        return looks_random(text, 10)
    varied = len(set(text)) > 9 and _TWO_DIGITS.search(text) is not None
    return varied and not is_uuid(text) and looks_random(text, 16)


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")[:_MOST_CHARACTERS]


def _is_no_name(text: str) -> bool:
    """Tell of what could be a variable whether it is none, by how its digits lie."""
    return _PLAIN.fullmatch(text) is not None and looks_random(text, 8)


def _is_said(text: str, here: Place) -> bool:
    """Tell whether a sentence or a log gives the value: `the password is hunter22`."""
    return here.gap.strip(b" '\"`*") in (b"is", b"was", b":", b"=") and _WORD_AND_NUMBER.fullmatch(text) is not None


def _may_be_a_word(text: str, here: Place) -> bool:
    """Tell whether a single plain word may be the password: not where a label, a type or an error may stand."""
    return (
        5 <= len(text) <= 20
        and text.isascii()
        and text.isalpha()
        and text.islower()
        and here.name.lower() not in (b"pass", b"passes")
        and here.is_plainly_tied
        and text not in NO_PASSWORDS
        and promise(text.encode()) is None
    )


def _says_its_name(text: str) -> bool:
    """Tell whether a value only names what it is: `password`, `new_password`, `token2`."""
    value = words(text.encode())
    return (
        any(promise(word.encode()) is not None for word in value)
        and all(len(word) > 3 or word.isdigit() for word in value)
        and _SIGNS_OR_NUMBER.search(text) is None
        and len(text) > 1
    )


EVIDENCE: Mapping[str, Evidence] = {
    "quoted": quoted,
    "line": line,
    "bare": bare,
    "prose": prose,
    "field": field,
    "argument": argument,
}
"""How a rule may say that its candidates stand."""
