"""Percent-encoded text: forms (application/x-www-form-urlencoded) and request targets.

Names and values are decoded, masked as `name: value`, and placeholders are put in where the secret stood; every other
byte stays. What does not decode to UTF-8 is UnsupportedCoding. Not every sender encodes: what no encoder writes makes
the whole be read as it stands, too, and a plus be a plus.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from maskproxy.bodies.keyed import find_under_key, shown_key
from maskproxy.bodies.output import NOTHING, BodyFinding, Findings, Output, same
from maskproxy.errors import TooLarge, UnsupportedCoding
from maskproxy.masking import Finding, Masked, Masking, trusted

_UNIT = re.compile(rb"%([0-9A-Fa-f]{2})|\+")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_UNENCODED = re.compile(rb"[^A-Za-z0-9%+*._~&=-]")
FORM_LIMIT_BYTES = 8 << 20
MOST_PAIRS = 100_000
_WHY = "every name and value was masked where it stands"


class FormBody:
    """One form, read whole. It is looked at byte by byte, so it may not be very large."""

    streams = False
    unread_bytes = 0

    def __init__(self, masking: Masking) -> None:
        self.findings: list[BodyFinding] = []
        self._masking = masking
        self._pieces: list[bytes] = []
        self._held_bytes = 0

    def feed(self, data: bytes) -> Output:
        self._held_bytes += len(data)
        if self._held_bytes > FORM_LIMIT_BYTES:
            raise TooLarge("The form is larger than allowed.")
        self._pieces.append(data)
        return NOTHING

    def finish(self) -> Output:
        raw = b"".join(self._pieces)
        self._pieces.clear()
        masked, self.findings = _mask_pairs(self._masking, raw, "form")
        return same(trusted(masked, why=_WHY))


def mask_target(masking: Masking, target: str) -> tuple[Masked, list[BodyFinding]]:
    """Mask an origin-form request target (ASCII): its path as one text, its query as a form."""
    path, mark, query = target.encode("ascii").partition(b"?")
    found = masking.find(_decoded(path, _PERCENT))
    masked_path = _splice(path, found, _PERCENT)
    masked_query, in_query = _mask_pairs(masking, query, "query")
    findings = [BodyFinding(finding.rule, "path", finding.placeholder) for finding in found]
    return trusted(masked_path + mark + masked_query, why=_WHY), findings + in_query


def _mask_pairs(masking: Masking, raw: bytes, place: str) -> tuple[bytes, list[BodyFinding]]:
    if raw.count(b"&") > MOST_PAIRS:
        raise TooLarge("The form has too many fields.")
    findings = Findings()
    masked = []
    for pair in raw.split(b"&"):
        name, mark, value = pair.partition(b"=")
        key = _decoded(name, _UNIT)
        in_name, in_value = _found(masking, b"", name), _found(masking, key, value)
        if in_name or in_value:
            shown = f"{place}.{shown_key(masking, key)}"
            findings += [BodyFinding(found.rule, shown, found.placeholder) for found in (*in_name, *in_value)]
            pair = _splice(name, in_name, _UNIT) + mark + _splice(value, in_value, _UNIT)  # noqa: PLW2901
        masked.append(pair)
    together = b"&".join(masked)
    if _UNENCODED.search(raw):
        together, found_as_text = masking.text(together)
        findings += [BodyFinding(found.rule, place, found.placeholder) for found in found_as_text]
    return together, findings


def _found(masking: Masking, key: bytes, raw: bytes) -> list[Finding]:
    """Find secrets in a name or value; where a plus stands, also for a sender who meant it as it is."""
    if not raw:
        return []
    found = find_under_key(masking, key, _decoded(raw, _UNIT))
    if b"+" not in raw:
        return found
    together: list[Finding] = []
    for one in sorted([*found, *find_under_key(masking, key, _decoded(raw, _PERCENT))], key=lambda one: one.start):
        last = together[-1] if together else None
        if last is None or one.start >= last.end:
            together.append(one)
        else:
            # As everywhere, the span is told under the rule with the most urgent action.
            urgent = max(last, one, key=lambda each: masking.urgent.get(each.rule, 0))
            together[-1] = urgent._replace(start=last.start, end=max(last.end, one.end))
    return together


def _decoded(raw: bytes, unit: re.Pattern[bytes]) -> bytes:
    text = unit.sub(lambda match: bytes([int(match[1], 16)]) if match[1] else b" ", raw)
    try:
        text.decode()
    except UnicodeDecodeError as error:
        raise UnsupportedCoding("A percent-encoded text is not UTF-8.") from error
    return text


def _splice(raw: bytes, findings: list[Finding], unit: re.Pattern[bytes]) -> bytes:
    """Put placeholders in."""
    if not findings:
        return raw
    pieces, at = [], 0
    ends = _way_back(raw, [offset for found in findings for offset in (found.start, found.end)], unit)
    for found in findings:
        pieces += [raw[at : next(ends)], found.placeholder.encode()]
        at = next(ends)
    return b"".join([*pieces, raw[at:]])


def _way_back(raw: bytes, offsets: list[int], unit: re.Pattern[bytes]) -> Iterator[int]:
    """Where the decoded bytes at these offsets, in order, begin in `raw`. Every unit is one decoded byte."""
    shift, number = 0, 0
    for match in unit.finditer(raw):
        while offsets[number] + shift <= match.start():
            yield offsets[number] + shift
            number += 1
            if number == len(offsets):
                return
        shift += match.end() - match.start() - 1
    for offset in offsets[number:]:
        yield offset + shift
