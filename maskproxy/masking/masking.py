"""`Masking`: the rules, one scope's placeholders and one exchange's own secrets, ready to mask texts and streams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from maskproxy.masking.dictionary import ExactValues
from maskproxy.masking.encoded import base64_texts, percent_texts
from maskproxy.masking.literals import Literals
from maskproxy.masking.masked import Masked
from maskproxy.masking.masker import Finding, Masker
from maskproxy.masking.placeholders import Placeholders
from maskproxy.masking.rules import RuleSet
from maskproxy.masking.work import Work

MOST_LAYERS = 1


class Masking:
    """The rules, one scope's placeholders and one exchange's own secrets, ready to mask."""

    __slots__ = ("_depth", "_inner", "_inner_knowing", "literals", "placeholders", "rules", "urgent", "work")

    def __init__(
        self,
        rules: RuleSet,
        placeholders: Placeholders,
        literals: Sequence[tuple[str, bytes]] | Literals | ExactValues = (),
        urgent: Mapping[str, int] = MappingProxyType({}),
        *,
        depth: int = MOST_LAYERS,
        work: Work | None = None,
    ) -> None:
        """`literals`: (rule id, exact bytes) that are secrets in this exchange, each at least 6 bytes long.

        `urgent`: rules that the finding of every span names in which they have a part, the greatest number first.
        `depth`: how many layers of encoding are seen through. `work`: what all that is masked may cost together.
        """
        self.rules = rules
        self.placeholders = placeholders
        self.literals = literals if isinstance(literals, Literals | ExactValues) else Literals(literals)
        self.urgent = urgent
        self.work = work
        self._depth = depth
        self._inner: Masking | None = None
        self._inner_knowing: Masking | None = None

    def bounded(self, work: Work) -> Masking:
        """Give the same for one body, which may cost so much."""
        return Masking(self.rules, self.placeholders, self.literals, self.urgent, depth=self._depth, work=work)

    def knowing(self, secrets: Sequence[tuple[str, bytes]]) -> Masking:
        """Give the same with further literals: (rule id, exact bytes)."""
        literals = self.literals.knowing(secrets)
        return Masking(self.rules, self.placeholders, literals, self.urgent, depth=self._depth, work=self.work)

    def text(self, data: bytes) -> tuple[Masked, list[Finding]]:
        """Mask a whole text."""
        masker = Masker(self)
        return masker.whole(data), masker.findings

    def find(self, data: bytes) -> list[Finding]:
        """Give what `text` would mask."""
        return Masker(self).search(data)

    def masker(self) -> Masker:
        """Start masking a stream."""
        return Masker(self)

    def may_hold(self, data: bytes) -> bool:
        """Scan raw bytes for anything that could be a secret, JSON-escaped or not.

        False only if no string in it, once decoded, and no `key: value` of it can hold a finding. A placeholder of
        ours may make it True.
        """
        return self.rules.may_hold(data) or self.literals.may_be_in(data)

    def may_hold_own(self, data: bytes) -> bool:
        """Tell whether raw bytes may hold one of the exchange's own secrets, JSON-escaped or not."""
        return self.literals.own.may_be_in(data)

    def holds_own(self, text: bytes) -> bool:
        """Tell whether one of them stands in a text."""
        return bool(self.literals.own.spans(text))

    def name_in_base64(self, context: bytes, span: bytes) -> str | None:
        """Give the rule that finds something in what a base64 span stands for, the most urgent one if there are more.

        Literals are not looked for in it: who knows one knows its base64, too.
        """
        if not self._depth:
            return None
        inner = self._inner = self._inner or self._one_layer_down(())
        return self._most_urgent(
            finding.rule
            for text, in_utf16 in base64_texts(context, span)
            for finding in inner.find(text)
            if self.rules.tells(finding.rule, in_utf16=in_utf16)
        )

    def name_in_percent(self, context: bytes, span: bytes) -> str | None:
        """Give the rule that finds something in what a percent-encoded span stands for, or that reaches into it."""
        if not self._depth:
            return None
        inner = self._inner_knowing = self._inner_knowing or self._one_layer_down(self.literals)
        texts = percent_texts(context, span)
        return self._most_urgent(
            finding.rule for text, before in texts for finding in inner.find(text) if finding.end > before
        )

    def _one_layer_down(self, literals: Sequence[tuple[str, bytes]] | Literals | ExactValues) -> Masking:
        return Masking(self.rules, self.placeholders, literals, self.urgent, depth=self._depth - 1, work=self.work)

    def _most_urgent(self, rules: Iterator[str]) -> str | None:
        """The first of them, unless another is more urgent; then all are looked at."""
        if not self.urgent:
            return next(rules, None)
        return max(rules, key=lambda rule: self.urgent.get(rule, 0), default=None)
