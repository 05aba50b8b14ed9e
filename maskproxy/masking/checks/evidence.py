"""The verdict on a value that stands beside a name: what the name promises, how the two are tied, what the value is.

One function for each way in which a value can stand there; all end in `judged`. Pure: a value, and the bytes before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from maskproxy.masking.checks.names import Promise, is_just_a_password, promise, words
from maskproxy.masking.checks.passphrases import are_words_of_a_passphrase
from maskproxy.masking.checks.places import Place, place
from maskproxy.masking.checks.program_text import is_expression, is_identifier, is_program_text, is_technical
from maskproxy.masking.checks.values import is_scrambled, is_uuid, looks_chosen, looks_random
from maskproxy.masking.checks.word_lists import INTERFACE_WORDS, NO_PASSWORDS, NOT_BEHIND

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
_NAME_SIGN_YEAR = re.compile(r"[A-Z][a-z]{2,}[-_.@#][0-9]{2,4}")
_VALUES = re.compile(rb"(?i)\)\s{0,4}values\s{0,4}\([^()]*\Z")
_BLOCK = re.compile(rb"[ \t]*:[ ]?[|>]")
_BASE64 = re.compile(r"(?=.*[a-z].*[A-Z]|.*[A-Z].*[a-z])[A-Za-z0-9+/]{16,}={0,2}")
_RESULT = re.compile(rb"[\"']\)\s{0,2}(?:=>|==)")
_NEXT_STATEMENT = re.compile(rb"[^\s,(\[{=\\][ \t]*(?:\r?\n|\\n)[ \t#/*]*[A-Za-z_$][\w.$]*[ \t]*:?=(?!=)")
_ENDS_CODE = (";", ",", ")", "{", "(")
_INDENTED = b"    "
_TIED = (b"=", b":=", b"?=")


def quoted(value: bytes, before: bytes) -> bool:
    """Judge what stands in quotes."""
    here, text = place(before), _text(value)
    if here is None or (here.calls and not here.sets) or here.is_verb:
        return False
    gap = here.gap.strip()
    if _RESULT.match(gap) or (_NEXT_STATEMENT.search(here.gap) and not here.is_value_of):
        return False
    if gap.lstrip(b"\"'`").startswith(b","):
        if here.is_value_of:
            return judged(text, here, sure=True)
        if here.is_gotten_by_name:
            return judged(text, here, sure=not is_identifier(text) or are_words_of_a_passphrase(text))
        if not here.is_paired and not (_LONG_PLAIN.fullmatch(text) and looks_random(text, 16)):
            return False  # one of many in a list
        return judged(text, here, sure=False)
    if not gap.strip(b"\"'`"):
        return judged(text, here, sure=here.begins_line and gap != here.gap)
    return judged(text, here, sure=b"," not in gap)


def line(value: bytes, before: bytes) -> bool:
    """Judge what stands without quotes up to a line's end."""
    here, text = place(before), _text(value)
    if here is None or not _ONLY_SIGNS.fullmatch(here.gap) or (here.left.endswith(b":") and not here.begins_line):
        return False
    if _SEALED_AROUND in before and len(value) >= _SHORTEST_SEALED:
        return False
    tie = here.gap.strip(b"'\"`]")
    if _is_a_key(text):
        return judged(text, here, sure=False)
    begins = here.begins_line or (here.is_comment and _DIGIT.search(text) is not None)
    setting = begins and not text.endswith(_ENDS_CODE)
    sure = setting and tie.strip() in (*_TIED, b":", b"|", b"=>")
    if is_expression(text):
        signed = text[0] in "!*&@~^+" and looks_chosen(text[1:], sure=False)
        return setting and tie in _TIED and signed and judged(text, here, sure=sure)
    if _VARIABLE.fullmatch(text):
        if not sure:
            return _is_no_name(text) and judged(text, here, sure=False)
        if tie == b" = " and here.line.startswith(_INDENTED) and (text in INTERFACE_WORDS or text in NOT_BEHIND):
            return False  # `password = content`, as a program says it
    return judged(text, here, sure=sure)


def bare(value: bytes, before: bytes) -> bool:
    """Judge what stands without quotes within a line, in an element, or as the value of a named thing."""
    here, text = place(before), _text(value)
    if here is None:
        return False
    if here.is_placeholder or here.gap.startswith(b"> "):
        return False
    if here.is_value_of:
        return judged(text, here, sure=True)
    if not _ONLY_SIGNS.fullmatch(here.gap) or here.left.endswith(b":"):
        return False
    sure = here.is_parameter
    if _is_a_key(text):
        return judged(text, here, sure=sure)
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


def sentence(value: bytes, before: bytes) -> bool:
    """Judge what a sentence gives of a name some words before it."""
    here, text = place(before), _text(value)
    if here is None or here.promise < Promise.KEY:
        return False
    if (is_expression(text) and not _is_a_key(text)) or is_identifier(text):
        return False
    if _LETTER.search(text) is None or _DIGIT.search(text) is None:
        return False
    return judged(text, here, sure=here.promise is Promise.PASSWORD)


def sentence_argument(value: bytes, before: bytes) -> bool:
    """Judge what a sentence gives behind a user's name."""
    text = _text(value)
    return _LETTER.search(text) is not None and _DIGIT.search(text) is not None and argument(value, before)


def foretold(value: bytes, _: bytes) -> bool:
    """Judge what stands in quotes before its name."""
    text = _text(value)
    mixed = _DIGIT.search(text) is not None and (_LETTER.search(text) is not None or len(text) > 5)
    return mixed and judged(text, Place(Promise.PASSWORD, b"", b"", b""), sure=not is_identifier(text))


def column(value: bytes, before: bytes) -> bool:
    """Judge what stands in a row below or behind a row of names, in the column of one that promises a secret."""
    head, sign, row = before.rpartition(b"(") if _VALUES.search(before) else before.rpartition(b"\n")
    names = head[max(head.rfind(b"\n"), head.rfind(b"(")) + 1 :].rstrip(b" )\r\nVALUESvalues").split(b",")
    at = row.count(b",")
    if not sign or at >= len(names) or len(names) < 2:
        return False
    name = names[at].strip(b" \"'`+-[]").rpartition(b"\t")[2]
    found, text = promise(name), _text(value)
    if found is None or (is_expression(text) and not _is_a_key(text)):
        return False
    return judged(text, Place(found, name, b"", b"="), sure=_DIGIT.search(text) is not None)


def two_columns(value: bytes, before: bytes) -> bool:
    """Judge what is the second of the two columns of a line."""
    here, text = place(before), _text(value)
    if here is None or here.gap.strip(b"\"'") != b"," or not here.begins_line or is_expression(text):
        return False
    return _DIGIT.search(text) is not None and not is_identifier(text) and judged(text, here, sure=True)


def next_line(value: bytes, before: bytes) -> bool:
    """Judge what is the first line of a block of text that a name has."""
    here, text = place(before), _text(value)
    if here is None or not _BLOCK.match(here.gap) or is_expression(text):
        return False
    return judged(text, here, sure=True)


def judged(text: str, here: Place, *, sure: bool) -> bool:
    """Give the verdict on a value by what its name promises. `sure`: it stands where only a value of that name does."""
    name = here.name.decode("utf-8", "replace").strip("-.")
    if "%" in text and _ESCAPE.search(text):
        text = unquote(text)
    if _says_its_name(text) or text.lower() == name.lower():
        return False
    if is_scrambled(text):
        return here.promise > Promise.SOME_KEY
    if is_program_text(text):
        return False
    if here.promise is Promise.PASSWORD:
        return _is_a_password(text, here, sure=sure)
    if here.promise is Promise.SECRET and sure and _WORD_AND_NUMBER.fullmatch(text) and not is_technical(text):
        return True
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


def _is_a_password(text: str, here: Place, *, sure: bool) -> bool:
    if sure and _NAME_SIGN_YEAR.fullmatch(text) and is_just_a_password(here.name):
        return True
    if is_identifier(text) and ("_" in text or _DIGIT.search(text) is None or len(text) > 20):
        return sure and _may_be_a_word(text, here)
    return looks_chosen(text, sure=sure) or looks_random(text, 8) or (sure and _may_be_a_word(text, here))


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")[:_MOST_CHARACTERS]


def _is_no_name(text: str) -> bool:
    """Tell of what could be a variable whether it is none, by how its digits lie."""
    return _PLAIN.fullmatch(text) is not None and looks_random(text, 8)


def _is_a_key(text: str) -> bool:
    """Tell of what could be sums or paths of names whether it is Base64 of random bytes instead."""
    return _BASE64.fullmatch(text) is not None and sum(map(str.isdigit, text)) > 1 and looks_random(text, 16)


def _is_said(text: str, here: Place) -> bool:
    """Tell whether a sentence or a log gives the value: `the password is hunter22`."""
    return here.gap.strip(b" '\"`*") in (b"is", b"was", b":", b"=") and _WORD_AND_NUMBER.fullmatch(text) is not None


def _may_be_a_word(text: str, here: Place) -> bool:
    """Tell whether a single plain word may be the password: not where a label, a type or an error may stand."""
    if here.name.lower() == b"passes" or not (here.is_plainly_tied or here.is_value_of or here.is_gotten_by_name):
        return False
    if 5 <= len(text) <= 20 and text.isascii() and text.isalpha() and text.islower():
        named = is_just_a_password(here.name) and here.name.lower() != b"pass"
        return named and text not in NO_PASSWORDS and promise(text.encode()) is None
    return is_just_a_password(here.name) and are_words_of_a_passphrase(text)


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
    "sentence": sentence,
    "sentence_argument": sentence_argument,
    "foretold": foretold,
    "column": column,
    "two_columns": two_columns,
    "next_line": next_line,
}
"""How a rule may say that its candidates stand."""
