"""The verdict on a value that stands beside a name: what the name promises, how the two are tied, what the value is.

`Place` reads back from the value to its name, within the bytes before it. Nothing here knows patterns or streams.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from maskproxy.masking.checks.names import Promise, promise, words
from maskproxy.masking.checks.values import (
    is_expression,
    is_identifier,
    is_plainly_no_secret,
    is_uuid,
    looks_chosen,
    looks_random,
)

_NAME = re.compile(rb"(?:[A-Za-z0-9_$\x80-\xff]|[.-](?=[A-Za-z0-9_$\x80-\xff]))+")
_TOKENS = 7
_SECOND_WORDS = frozenset(b"key code word words phrase string token".split())
_EARLIER_WORD = re.compile(rb"[A-Za-z]+[ ](?:[a-z]{2,3}[ ])?\Z")
_SETTERS = frozenset(
    "set with add put password passwd passphrase secret token pwd credentials update use has api equals string".split()
)
_BARE_NAME = re.compile(r"[A-Za-z_]\w*")
_LINE_START = re.compile(
    rb"[\s>|+*`-]*(?:[0-9]{1,6}\t)?(?:(?:export|set|setx|ENV|ARG|env|-e|-D|-|--env|\$env:)\s*)?[\w.\"'\[-]*"
)
_IN_PARAMETERS = re.compile(rb"(?:[;&?\"'`{]|\$\{|-D|-e |:-)[\w.-]*\Z")
_GETS_BY_NAME = re.compile(rb"(?i)(?:env\w*|get|set\w*|put|add\w*|property|append|param\w*|config\w*|with\w*|string)[ ]?\([ \t]*[bu]?[\"'`]\Z")
_PLAINLY_TIED = re.compile(rb"[\"'`]?[\])]{0,2}[ \t]{0,8}(?::[ \t]?[&\w]{1,12}[ \t]{0,2}=|[sS]tring =|=>|:=|[=:]|[aA]s String =)[ \t]{0,8}[bruNL@]?(?:\"\"|\'\')?[\"'`]?")
_LEET = re.compile(r"[A-Za-z]+[0-9]+[A-Za-z]+[0-9]+[A-Za-z0-9]*")
_VALUE_OF = re.compile(rb"(?i)(?:value|default)[\"']?[ \t]{0,2}[:=][ \t]{0,2}[\"']?\Z")
_DIGITS_INSIDE = re.compile(r"[a-z]+[0-9]+[a-z]+")
_LETTER = re.compile(rb"[A-Za-z\n]")
_LONG_PLAIN = re.compile(rb"[A-Za-z0-9+/=]{16,}")
_PAIRED = re.compile(rb"[(\[{][ ]?[bu]?[\"'`]\Z")
_NO_PASSWORDS = frozenset(
    "tiger string hidden input required optional encrypted plain plaintext cleartext ascii latin admin administrator "
    "username login email value testing tests example default ignore enable enabled disable disabled empty invalid valid "
    "wrong unknown submit basic digest bearer object number integer boolean float bytes field prompt generate generated random "
    "vault keyring redacted masked hashed bcrypt crypt never always change changed update delete create current confirm "
    "incorrect mismatch blank strong short medium false undefined changeme dummy sample placeholder foobar something whatever "
    "anything other others text label title error errors failed failure missing expired function return async await import "
    "class const lambda self super this param params query config options settings state props event array list dict "
    "tuple store storage model schema client server service account manager provider session request response external "
    "internal local remote native manual automatic simple public private protected static global".split()
)
_LOUD = re.compile(rb"[A-Z0-9_]+")


class Place(NamedTuple):
    """Where a value stands."""

    promise: Promise
    name: bytes
    left: bytes
    """What stands before the name."""
    gap: bytes
    """What stands between name and value, but for the value's opening quote."""

    @property
    def calls(self) -> bool:
        """Tell whether the name is that of a function, and the value its argument."""
        return self.gap.lstrip().startswith(b"(")

    @property
    def line(self) -> bytes:
        """What stands before the name in its line."""
        return self.left[self.left.rfind(b"\n") + 1 :]


def place(before: bytes) -> Place | None:
    """Read back from a value to the name that says most of it; None: nothing before it is the name of a secret."""
    best: Place | None = None
    for match in list(_NAME.finditer(before))[: -_TOKENS - 1 : -1]:
        name, start = match[0], match.start()
        if b"MASKED_" in name:
            return None  # a placeholder of ours, which has the name of its rule in it
        if name.lower() in _SECOND_WORDS and (earlier := _EARLIER_WORD.search(before[:start])):
            start = earlier.start()
            name = before[start : match.end()]
        found = promise(name)
        if found is None:
            if best is None and _is_about_a_secret(name):
                return None
            continue
        here = Place(found, name, before[:start], before[match.end() :])
        if best is None or (found > best.promise and b"\n" not in here.gap):
            best = here
        if not here.calls:
            break
    return best


def _is_about_a_secret(name: bytes) -> bool:
    """Tell of a name that promises nothing whether it names something about a secret, as `password_field` does."""
    return any(promise(word.encode()) is not None for word in words(name))


def quoted(value: bytes, before: bytes) -> bool:
    """Judge what stands in quotes."""
    here = place(before)
    if here is None:
        return False
    gap = here.gap.strip()
    if here.calls and not _SETTERS & set(words(here.name.rpartition(b".")[2])[:1]):
        return False
    if gap.lstrip(b"\"'`").startswith(b","):
        sure = _GETS_BY_NAME.search(here.left) is not None and not is_identifier(value.decode("utf-8", "replace"))
        if not sure and _PAIRED.search(here.left) is None:
            return _LONG_PLAIN.fullmatch(value) is not None and looks_random(value.decode(), 16) and judged(value, here, sure=False)
    elif name_is_a_verb(here):
        return False
    elif gap in (b"", b"'", b'"', b'""', b"''"):
        sure = not here.line.strip() and bool(here.gap)
    else:
        sure = b"," not in gap
    return judged(value, here, sure=sure)


def name_is_a_verb(here: Place) -> bool:
    """Tell of `pass` whether it may be said of arguments: behind it stands a blank, no sign."""
    return here.name.lower() in (b"pass", b"passes") and re.search(rb"[^\s\w\"'`]", here.gap) is None


def line(value: bytes, before: bytes) -> bool:
    """Judge what stands without quotes up to a line's end."""
    here = place(before)
    if here is None or _LETTER.search(here.gap) or here.left.endswith(b":"):
        return False
    text = value.decode("utf-8", "replace")
    tie = here.gap.strip(b"'\"`]")
    tied = tie in (b"=", b":=", b"?=")
    plain = _LINE_START.fullmatch(here.line) is not None and not text.endswith((";", ",", ")", "{", "("))
    sure = plain and tie.strip() in (b":", b"=", b":=", b"?=", b"|", b"=>")
    if is_expression(text) and not (tied and plain and looks_chosen(text[1:], sure=False) and text[0] in "!*&@~^+"):
        return False
    if _BARE_NAME.fullmatch(text) and not sure:
        return _is_no_name(text) and judged(value, here, sure=False)
    if _BARE_NAME.fullmatch(text) and tied is False and tie.strip() == b"=" and is_identifier(text) and _DIGITS_INSIDE.fullmatch(text) is None:
        return False
    return judged(value, here, sure=sure)


def bare(value: bytes, before: bytes) -> bool:
    """Judge what stands without quotes within a line, in an element, or as the value of a named thing."""
    here = place(before)
    if here is not None and (_VALUE_OF.search(here.gap) or b">" in here.gap):
        return judged(value, here, sure=True)
    if here is None or _LETTER.search(here.gap) or here.left.endswith(b":"):
        return False
    text = value.decode("utf-8", "replace")
    tied = here.gap in (b"=", b":-", b":=")
    sure = (tied and (_LOUD.fullmatch(here.name) is not None or _IN_PARAMETERS.search(here.left) is not None)) or (
        here.gap == b":" and here.left.endswith(b"${")
    )
    if is_expression(text) or (_BARE_NAME.fullmatch(text) and not sure):
        said = _said(text, here) or _is_leet(text, here)
        return (said or _is_no_name(text)) and judged(value, here, sure=said)
    return judged(value, here, sure=sure)


def _is_no_name(text: str) -> bool:
    """Tell of what could be a variable whether it is none, by how its digits lie."""
    return re.fullmatch(r"[A-Za-z0-9]+", text) is not None and looks_random(text, 8)


def _is_leet(text: str, here: Place) -> bool:
    """Tell whether digits stand within what is no variable: `l0gpw99`."""
    return b"(" not in here.line and _LEET.fullmatch(text) is not None and not is_identifier(text)


def field(value: bytes, before: bytes) -> bool:
    """Judge what is the whole of a field."""
    here = place(before)
    return here is not None and b" " not in value and judged(value, here, sure=True)


def prose(value: bytes, before: bytes) -> bool:
    """Judge what stands in a sentence, or behind a word and a blank."""
    here = place(before)
    if here is None or here.promise not in (Promise.PASSWORD, Promise.SECRET):
        return False
    text = value.decode("utf-8", "replace")
    return (
        not is_expression(text)
        and not is_identifier(text)
        and re.search(r"[A-Za-z]", text) is not None
        and re.search(r"[0-9]", text) is not None
        and judged(value, here, sure=_LINE_START.fullmatch(here.line) is not None or _said(text, here))
    )


def _said(text: str, here: Place) -> bool:
    return here.gap.strip(b" '\"`*") in (b"is", b"was", b":", b"=") and re.fullmatch(r"[A-Za-z]{3,}[0-9]{2,}", text) is not None


def argument(value: bytes, _: bytes) -> bool:
    """Judge what stands where a function takes a password, behind a user's name."""
    text = value.decode("utf-8", "replace")
    nowhere = Place(Promise.PASSWORD, b"", b"", b"")
    return not is_identifier(text) and judged(value, nowhere, sure=re.search("[0-9]", text) is not None)


def judged(value: bytes, here: Place, *, sure: bool) -> bool:
    """Give the verdict on a value by what its name promises. `sure`: it stands where only a value of that name does."""
    text = value.decode("utf-8", "replace")
    if is_plainly_no_secret(text) or _says_its_name(text) or text.encode().lower() == here.name.lower():
        return False
    if here.promise is Promise.PASSWORD:
        if is_identifier(text) and ("_" in text or re.search("[0-9]", text) is None or len(text) > 20):
            return False
        return looks_chosen(text, sure=sure) or looks_random(text, 8) or (sure and _may_be_a_word(text, here))
    if is_identifier(text):
        return False
    if here.promise is Promise.SECRET:
        signs = sum(character in "!@#$%^&*" for character in text)
        digits = sum(map(str.isdigit, text))
        return looks_random(text, 8) or (sure and signs > 0 and digits > 0 and looks_chosen(text, sure=True))
    if here.promise is Promise.KEY:
        return looks_random(text, 10)
    return not is_uuid(text) and len(set(text)) > 9 and re.search(r"[0-9].*[0-9]", text) is not None and looks_random(text, 20)


def _may_be_a_word(text: str, here: Place) -> bool:
    """Tell whether a single plain word may be the password: not where a label, a type or an error may stand."""
    return (
        5 <= len(text) <= 20
        and text.isascii()
        and text.isalpha()
        and text.islower()
        and here.name.lower() not in (b"pass", b"passes")
        and _PLAINLY_TIED.fullmatch(here.gap) is not None
        and text not in _NO_PASSWORDS
        and promise(text.encode()) is None
    )


def _says_its_name(text: str) -> bool:
    """Tell whether a value only names what it is: `password`, `new_password`, `token2`."""
    value = words(text.encode())
    return (
        any(promise(word.encode()) is not None for word in value)
        and all(len(word) > 3 or word.isdigit() for word in value)
        and re.search(r"[!@#$%^&*]|[0-9]{2}", text) is None
        and len(text) > 1
    )


EVIDENCE: dict[str, Callable[[bytes, bytes], bool]] = {
    "quoted": quoted,
    "line": line,
    "bare": bare,
    "field": field,
    "prose": prose,
    "argument": argument,
}
