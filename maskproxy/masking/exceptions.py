"""What a rule lets pass although it looks like a secret: by regexes and by words found in the secret.

Regexes are Go's (RE2) and are run by Hyperscan, in time that grows with the text alone, whoever wrote them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from maskproxy.errors import RuleRefused
from maskproxy.masking.engine import Database
from maskproxy.masking.gitleaks.go_syntax import Alt, Assertion, Capture, Cat, Kind, Loop, Tree, read
from maskproxy.masking.gitleaks.lines import node
from maskproxy.masking.grammar import Bytes, Node, Series, expression, width
from maskproxy.masking.size import check_size

_REGEXES_LIMIT = 2000
WORDS_LIMIT = 20_000
_FIELDS = {"secret", "words", "all"}
_ASSERTIONS: dict[Kind, str] = {
    "begin": r"\A",
    "end": r"\z",
    "line-begin": "(?m:^)",
    "line-end": "(?m:$)",
    "word": r"\b",
    "inside": r"\B",
}


@dataclass(frozen=True)
class RuleException:
    """Lets a secret pass in which one of the regexes, or one of the words in either case, is found."""

    secret: tuple[str, ...] = ()
    """Go regexes, looked for in the secret."""
    words: tuple[str, ...] = ()
    all: bool = False
    """Both a regex and a word must be found."""

    def __post_init__(self) -> None:
        """Compile. Raises RuleRefused without the rule's name."""
        if not self.secret and not self.words:
            raise RuleRefused("an exception needs regexes under secret, or words")
        _regexes(self.secret)
        _words(self.words)

    def lets_pass(self, candidate: bytes) -> bool:
        """Tell whether the candidate is excepted."""
        by_regex = bool(self.secret) and _any(_regexes(self.secret), candidate)
        if self.all and self.secret and self.words:
            return by_regex and _any(_words(self.words), candidate.lower())
        return by_regex or (bool(self.words) and _any(_words(self.words), candidate.lower()))


def read_exceptions(value: object) -> tuple[RuleException, ...]:
    """Read a rule's `except`. Raises RuleRefused without the rule's name."""
    if not isinstance(value, list):
        raise RuleRefused("it is a list of exceptions")
    return tuple(_exception(entry) for entry in value)


def _exception(entry: object) -> RuleException:
    if not isinstance(entry, Mapping):
        raise RuleRefused("an exception is a mapping of secret, words and all")
    unknown = sorted(str(field) for field in set(entry) - _FIELDS)
    if unknown:
        raise RuleRefused(f"an exception has no field called {unknown[0]}")
    both = entry.get("all", False)
    if not isinstance(both, bool):
        raise RuleRefused("all is true or false")
    return RuleException(_texts(entry.get("secret", []), "secret"), _texts(entry.get("words", []), "words"), both)


def _texts(value: object, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise RuleRefused(f"{name} is a list of texts that are not empty")
    return tuple(value)


def _any(database: Database | None, text: bytes) -> bool:
    return database is not None and database.any(text)


@lru_cache(maxsize=4096)
def _regexes(regexes: tuple[str, ...]) -> Database | None:
    if len(regexes) > _REGEXES_LIMIT:
        raise RuleRefused(f"there are more than {_REGEXES_LIMIT} regexes; put some of them together")
    trees = [read(regex)[0] for regex in regexes]
    nodes = [node(tree) for tree in trees]
    if any(width(whole)[0] == 0 for whole in nodes):
        raise RuleRefused("one of its regexes takes the empty text, and so lets everything pass")
    check_size(nodes)
    return _compiled([_written(tree) for tree in trees])


@lru_cache(maxsize=4096)
def _words(words: tuple[str, ...]) -> Database | None:
    if len(words) > WORDS_LIMIT or sum(map(len, words)) > 20 * WORDS_LIMIT:
        raise RuleRefused(f"there are more than {WORDS_LIMIT} words, or very long ones; leave some out")
    literals: list[Node] = [Series(tuple(Bytes(1 << byte) for byte in word.lower().encode())) for word in words]
    return _compiled([expression(literal) for literal in literals])


def _compiled(expressions: Sequence[str]) -> Database | None:
    """Repeated ones are left out: they cost, and say nothing."""
    return Database.compile(list(dict.fromkeys(expressions))) if expressions else None


def _written(tree: Tree) -> str:
    """Write a tree as the engine takes it, with its assertions."""
    if isinstance(tree, Bytes):
        return expression(tree)
    if isinstance(tree, Assertion):
        return _ASSERTIONS[tree.kind]
    if isinstance(tree, Capture):
        return _written(tree.item)
    if isinstance(tree, Cat):
        return "".join(_written(item) for item in tree.items)
    if isinstance(tree, Alt):
        return f"(?:{'|'.join(_written(option) for option in tree.options)})"
    assert isinstance(tree, Loop)
    bounds = f"{{{tree.least},{'' if tree.most is None else tree.most}}}"
    return f"(?:{_written(tree.item)}){bounds}" if tree.most != 0 else ""
