"""From a value back to its name: which name leads to it, and how the two are tied.

Only the bytes before the value are looked at, never more than `CONTEXT_BYTES` of them.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from maskproxy.masking.checks.names import Promise, is_about_a_secret, promise, words

CONTEXT_BYTES = 192
"""How much of what stands before a candidate its checks may look at: a name with what leads to its value."""
_NAME = re.compile(rb"(?:[A-Za-z0-9_$\x80-\xff]|[.-](?=[A-Za-z0-9_$\x80-\xff]))+")
_MOST_NAMES = 7
_BACKSLASH = 0x5C
_OURS = b"MASKED_"
_SECOND_WORDS = frozenset(b"key code word words phrase string token".split())
_ARTICLE = re.compile(rb"(?:[tT]he|[aA]n?) ")
_EARLIER_WORD = re.compile(rb"[A-Za-z]+[ ](?:[a-z]{2,3}[ ])?\Z")
_SETTERS = frozenset(
    b"set with add put password passwd passphrase secret token pwd credentials update use has api equals string".split()
)
_NO_SIGN = re.compile(rb"[\s\w\"'`]*")
_PLAINLY_TIED = re.compile(
    rb"(?:\\{0,3}[\"'`]|&quot;)?(?:\[?[\])]{1,2})?[ \t]{0,8}"
    rb"(?::[ \t]?[&\w]{1,12}[ \t]{0,2}=|[sS]tring =|=>|->|<-|[:?|]=|\|\|=?|\?\?=?|or|[=:]|[aA]s String =|"
    rb"\{ get; \w{3,4}; \} =)?"
    rb"[ \t]{0,8}[bruNL@]?(?:\"\"|'')?(?:\\{0,3}[\"'`]|&quot;)?"
)
_VALUE_OF = re.compile(rb"(?i)(?:value|default|content)\\{0,2}[\"']?[ \t]{0,2}[:=][ \t]{0,2}\\{0,2}[\"']?\Z")
_GUTTER = rb"(?:[\s>|+*`\"-]|\xe2\x86\x92)*(?:[0-9]{1,6}(?:\t|\xe2\x86\x92)|[\w./-]{1,80}:[0-9]{1,6}:)?\s*(?:[-+]\s*)?"
"""What may stand before a line: quotes, marks of a diff, its number, the name of its file."""
_LINE_START = re.compile(
    _GUTTER + rb"(?:(?:#define|export|set|setx|ENV|ARG|env|-e|-D|-|--env|\$env:|\{:|\(setq|const|let|var|my|local|REM)"
    rb"\s*)?[\w.\"'\[-]*"
)
_COMMENT = re.compile(_GUTTER + rb"(?://|#+|;+|--|REM|/[*]+|<!--)\s*[\w.\"'\[ -]*")
_GETS_BY_NAME = re.compile(
    rb"(?i)(?:(?:env\w*|get\w*|set\w*|put|add\w*|property|append|param\w*|config\w*|with\w*|string|option|define|fetch|"
    rb"default|header)[ ]?\([ \t]*[bu]?\\{0,3}[\"'`]|field\([ \t]*\\{0,3}[\"'][\w.]{1,20}\\{0,3}[\"'],[ ]?\\{0,3}[\"']|"
    rb"str[nl]?cpy\([\w.>\[\]-]*)\Z"
)
_LINE_END = re.compile(rb"\n|\\n")
_PLACEHOLDER = re.compile(rb"[=:\"'/@|][ ]?<[\w -]*\Z")
_DECLARED = re.compile(rb"(?:[sS]tring|CString|auto|char \*)[ &*]\Z")
_QUALIFIER = re.compile(
    rb"(?i)(?:[ ]\(?(?:prod|production|staging|tests?|testing|dev|default|value|[0-9]{1,2})\)?)+(?![\w.-])"
)
_PAIRED = re.compile(rb"[(\[{][ ]?[bu]?[\"'`]-{0,2}\Z")
_PARAMETER = re.compile(rb"(?:[;&?\"'`{]|\$\{|-D|-e |:-)[\w.-]*\Z")
_LOUD = re.compile(rb"[A-Z0-9_]+")


class Place(NamedTuple):
    """Where a value stands."""

    promise: Promise
    name: bytes
    left: bytes
    """What stands before the name."""
    gap: bytes
    """What stands between name and value, with the value's opening quote."""

    @property
    def line(self) -> bytes:
        """What stands before the name in its line."""
        return _LINE_END.split(self.left)[-1]

    @property
    def begins_line(self) -> bool:
        """Tell whether the name stands where a setting begins."""
        return _LINE_START.fullmatch(self.line) is not None

    @property
    def is_comment(self) -> bool:
        """Tell whether the name begins a comment, as a setting does that was put out of use."""
        return _COMMENT.fullmatch(self.line) is not None

    @property
    def calls(self) -> bool:
        """Tell whether the name is that of a function, and the value its argument."""
        gap = self.gap.lstrip()
        return gap.startswith(b"(") and not gap.startswith(b"()") and _DECLARED.search(self.left) is None

    @property
    def sets(self) -> bool:
        """Tell of a function whether it takes such a value, as `setPassword` does and `getPassword` does not."""
        first = words(self.name.rpartition(b".")[2])[:1]
        return bool(first) and first[0].encode() in _SETTERS

    @property
    def is_verb(self) -> bool:
        """Tell of `pass` whether it is said of arguments: behind it stands a blank, and no sign."""
        return self.name.lower() in (b"pass", b"passes") and _NO_SIGN.fullmatch(self.gap) is not None

    @property
    def is_plainly_tied(self) -> bool:
        """Tell whether the value is assigned to the name, with nothing between them but a type."""
        return _PLAINLY_TIED.fullmatch(self.gap) is not None

    @property
    def is_value_of(self) -> bool:
        """Tell whether a thing has that name, and its `value` follows; or an element has, which is opened."""
        return _VALUE_OF.search(self.gap) is not None or b">" in self.gap

    @property
    def is_placeholder(self) -> bool:
        """Tell whether the name stands in angle brackets where its value belongs: `=<password>`."""
        return self.gap.lstrip().startswith(b">") and _PLACEHOLDER.search(self.left) is not None

    @property
    def is_gotten_by_name(self) -> bool:
        """Tell whether a function gets the name and then the value: `getenv("PASSWORD", "...")`."""
        return _GETS_BY_NAME.search(self.left) is not None

    @property
    def is_paired(self) -> bool:
        """Tell whether name and value are alone in their brackets, or the first there."""
        return _PAIRED.search(self.left) is not None

    @property
    def is_parameter(self) -> bool:
        """Tell whether this is how variables and the parameters of URLs and connection strings are written."""
        if self.gap == b":":
            return self.left.endswith(b"${")
        tied = self.gap in (b"=", b":-", b":=")
        return tied and (_LOUD.fullmatch(self.name) is not None or _PARAMETER.search(self.left) is not None)


def place(before: bytes) -> Place | None:
    """Read back to the name that says most of a value; None: nothing before it is the name of a secret."""
    best: Place | None = None
    for match in list(_NAME.finditer(before))[: -_MOST_NAMES - 1 : -1]:
        name, start = match[0], match.start()
        if start and before[start - 1] == _BACKSLASH and name[:1] in (b"n", b"r", b"t"):
            name, start = name[1:], start + 1
        if _OURS in name:
            return None  # a placeholder of ours, which has the name of its rule in it
        if name.lower() in _SECOND_WORDS and (earlier := _EARLIER_WORD.search(before, 0, start)):
            article = _ARTICLE.match(before, earlier.start())
            start = article.end() if article else earlier.start()
            name = before[start : match.end()]
        if b"." in name and before[match.end() : match.end() + 1] == b"(":
            start += name.rindex(b".") + 1
            name = name[name.rindex(b".") + 1 :]
        found = promise(name)
        if found is None:
            if best is None and is_about_a_secret(name):
                return None
            continue
        end = match.end()
        if qualifier := _QUALIFIER.match(before, end):
            end = qualifier.end()
        here = Place(found, name, before[:start], before[end:])
        if best is None or (found > best.promise and b"\n" not in here.gap):
            best = here
        if not here.calls:
            break
    return best
