"""`Masking`: the rules, one scope's placeholders and one exchange's own secrets, ready to mask texts and streams."""

from __future__ import annotations

from collections.abc import Sequence

from maskproxy.masking.encoded import base64_texts, percent_texts
from maskproxy.masking.literals import Literals
from maskproxy.masking.masked import Masked
from maskproxy.masking.masker import Finding, Masker
from maskproxy.masking.placeholders import Placeholders
from maskproxy.masking.rules import RuleSet

MOST_LAYERS = 1


class Masking:
    """The rules, one scope's placeholders and one exchange's own secrets, ready to mask."""

    __slots__ = ("_depth", "literals", "placeholders", "rules")

    def __init__(
        self,
        rules: RuleSet,
        placeholders: Placeholders,
        literals: Sequence[tuple[str, bytes]] = (),
        *,
        depth: int = MOST_LAYERS,
    ) -> None:
        """`literals`: (rule id, exact bytes) that are secrets in this exchange, each at least 6 bytes long.

        `depth`: how many layers of encoding are seen through.
        """
        self.rules = rules
        self.placeholders = placeholders
        self.literals = Literals(literals)
        self._depth = depth

    def knowing(self, secrets: Sequence[tuple[str, bytes]]) -> Masking:
        """Give the same with further literals: (rule id, exact bytes)."""
        return Masking(self.rules, self.placeholders, [*self.literals.pairs(), *secrets], depth=self._depth)

    def text(self, data: bytes) -> tuple[Masked, list[Finding]]:
        """Mask a whole text."""
        masker = Masker(self)
        return masker.whole(data), masker.findings

    def find(self, data: bytes) -> list[Finding]:
        """Give what `text` would mask."""
        return self.text(data)[1]

    def masker(self) -> Masker:
        """Start masking a stream."""
        return Masker(self)

    def may_hold(self, data: bytes) -> bool:
        """Scan raw bytes for anything that could be a secret, JSON-escaped or not.

        False only if no string in it, once decoded, and no `key: value` of it can hold a finding. A placeholder of
        ours may make it True.
        """
        return self.rules.may_hold(data) or self.literals.may_be_in(data)

    def name_in_base64(self, span: bytes) -> str | None:
        """Give the rule that finds something in what a base64 span stands for.

        Literals are not looked for in it: who knows one knows its base64, too.
        """
        if not self._depth:
            return None
        inner = Masking(self.rules, self.placeholders, depth=self._depth - 1)
        for text in base64_texts(span):
            for found in inner.find(text):
                if self.rules.tells(found.rule):
                    return found.rule
        return None

    def name_in_percent(self, context: bytes, span: bytes) -> str | None:
        """Give the rule that finds something in what a percent-encoded span stands for, or that reaches into it."""
        if not self._depth:
            return None
        inner = Masking(self.rules, self.placeholders, depth=self._depth - 1)
        inner.literals = self.literals
        for text, before in percent_texts(context, span):
            for found in inner.find(text):
                if found.end > before:
                    return found.rule
        return None
