"""Heads under the rules, of requests and of answers: what goes on, what is recorded, and what was found.

A secret in a URL or a field is masked, blocked or told like any other.
"""

from __future__ import annotations

from typing import NamedTuple

from maskproxy.bodies.masks import BodyFinding, mask_target
from maskproxy.bodies.two_masks import believed
from maskproxy.gateway.heads import Fields
from maskproxy.masking import Masking, Sought


class MaskedText(NamedTuple):
    forward: str
    record: str
    findings: list[BodyFinding]


class MaskedFields(NamedTuple):
    forward: Fields
    record: Fields
    findings: list[BodyFinding]


def masked_target(sought: Sought, target: str) -> MaskedText:
    record, in_record = mask_target(sought.record, target)
    forward, found = (record, in_record) if sought.forward is sought.record else mask_target(sought.forward, target)
    findings = believed(found, in_record, sought.only_recorded)
    return MaskedText(forward.decode("ascii"), record.decode("ascii"), findings)


def masked_text(sought: Sought, text: str, place: str) -> MaskedText:
    fields = masked_fields(sought, [(place, text)])
    return MaskedText(fields.forward[0][1], fields.record[0][1], fields.findings)


def masked_fields(sought: Sought, fields: Fields) -> MaskedFields:
    record, in_record = _masked(sought.record, fields)
    forward, found = (record, in_record) if sought.forward is sought.record else _masked(sought.forward, fields)
    return MaskedFields(forward, record, believed(found, in_record, sought.only_recorded))


def _masked(masking: Masking, fields: Fields) -> tuple[Fields, list[BodyFinding]]:
    """Mask names and values, each by itself; one look over all of them together finds most heads clean.

    A placeholder is a token, so a name stays one.
    """
    together = "\n".join([text for field in fields for text in field])
    if not masking.may_hold(together.encode()):
        return fields, []
    findings: list[BodyFinding] = []
    masked = []
    for name, value in fields:
        shown, in_name = masking.text(name.encode())
        kept, in_value = masking.text(value.encode())
        told = masking.as_recorded().text(name.encode())[0] if masking.lifts else shown
        place = f"head.{told.decode().lower()}"
        findings += [BodyFinding(found.rule, place, found.placeholder) for found in (*in_name, *in_value)]
        masked.append((shown.decode(), kept.decode()))
    return masked, findings
