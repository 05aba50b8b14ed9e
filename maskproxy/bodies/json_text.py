"""Masking inside JSON, byte-preserving: only the spans of secrets inside string literals change.

Strings are decoded, masked as text and as `key: value`, and placeholders are spliced into the raw bytes. What is not
JSON, not UTF-8, or holds a lone surrogate is `BadRequest`, and so is an object that names a key twice where a policy
reads it.
"""

from __future__ import annotations

import codecs
import json
from typing import NamedTuple

from pydantic_core import from_json

from maskproxy.bodies.edit_tools import EditTools, Restoring, restored
from maskproxy.bodies.edits import Edit, forwarded, recorded, splice
from maskproxy.bodies.json_walk import Walk
from maskproxy.bodies.output import BodyFinding
from maskproxy.bodies.places import FREE, Place
from maskproxy.errors import BadRequest
from maskproxy.masking import MARK, Masked, Masking, Seals, Work, looks_sealed, trusted

_UTF8_STEP_BYTES = 1 << 20
_CHEAP_TREE_BYTES = 32 << 20
_CHEAP_TEXT_BYTES = 4 << 20
_WHY_RESTORED = "masked, and in an edit's arguments the sender of the request gets their own secrets back"
_WHY = "every string was masked where it stands, but for what its place exempts or the API itself had said"


class MaskedJson(NamedTuple):
    """`forward` and `record` are one object unless something is exempt in only one of them."""

    forward: Masked
    record: Masked
    findings: list[BodyFinding]
    media_bytes: int


def mask_json(
    raw: bytes,
    masking: Masking,
    root: Place = FREE,
    *,
    prefix: str = "",
    refuse_media: bool = False,
    tools: EditTools | None = None,
    learns: bool = False,
    seals: Seals | None = None,
) -> MaskedJson:
    """Mask one whole document. `prefix` begins the places of its findings.

    With `tools`, a request (`learns`) fills their vault; an answer gets secrets of the vault back in their arguments.
    With `seals`, an answer's thinking is masked and sealed, and a request's is given back as the API made it.
    """
    check_utf8(raw)
    scan = masking.may_hold(raw)
    restores = tools is not None and not learns and (MARK in raw or b"\\u" in raw or scan)
    looks_back = tools is not None and learns and tools.vault.recalled_may_stand_in(raw)
    if not scan and not restores and not looks_back and _parses(raw) and (root is FREE or _is_plain(raw)):
        clean = trusted(raw, why="the rules cannot match anything in it")
        return MaskedJson(clean, clean, [], 0)
    masking = masking.bounded(Work())
    walk = Walk(
        raw,
        masking,
        scan=scan,
        refuse_media=refuse_media,
        prefix=prefix,
        tools=tools,
        learns=learns,
        seals=seals,
    )
    walk.run(root)
    given, kept = forwarded(walk.edits), recorded(walk.edits)
    if restores and tools is not None:
        given = restored_edits(raw, given, walk.arguments, Restoring(tools, masking, walk.findings))
    forward = trusted(splice(raw, given), why=_WHY if not restores else _WHY_RESTORED)
    record = forward
    if given != kept:
        record = trusted(splice(raw, kept), why=_WHY)
    return MaskedJson(forward, record, walk.findings, walk.media_bytes)


def restored_edits(raw: bytes, edits: list[Edit], arguments: list[tuple[int, int]], restoring: Restoring) -> list[Edit]:
    """Give the edits, sorted, with those in the arguments of calls replaced by their owner's secrets."""
    for start, end in arguments:
        inside = [edit for edit in edits if start <= edit.start < end]
        masked = raw[start:end]
        if not restoring.tools.restores_new:
            here = [edit._replace(start=edit.start - start, end=edit.end - start) for edit in inside]
            masked = splice(masked, here)
        made = restored(masked, restoring)
        if made != masked or restoring.tools.restores_new:
            edits = [edit for edit in edits if not start <= edit.start < end]
            edits.append(Edit(start, end, made, record_only=False))
    return sorted(edits)


def check_utf8(raw: bytes) -> None:
    """Refuse what is not UTF-8, without making a text of it all."""
    if raw.isascii():
        return
    reader = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(raw), _UTF8_STEP_BYTES):
            reader.decode(raw[start : start + _UTF8_STEP_BYTES])
        reader.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise BadRequest("The body is not UTF-8.") from error


def _parses(raw: bytes) -> bool:
    """Quick check by a foreign parser where its tree stays small; on False the tokenizer has the last word."""
    nodes = raw.count(b",") + raw.count(b"{") + raw.count(b"[")
    if nodes * 80 > _CHEAP_TREE_BYTES or not _is_cheap_text(raw):
        return False
    try:
        from_json(raw, allow_inf_nan=False, cache_strings="none")
    except ValueError:
        return False
    return True


def _is_cheap_text(raw: bytes) -> bool:
    """Tell whether a parser's strings take a byte for a character: one emoji in a long text makes it four."""
    return len(raw) <= _CHEAP_TEXT_BYTES or (raw.isascii() and rb"\u" not in raw)


def _is_plain(raw: bytes) -> bool:
    """Tell of a document that parses whether no table could matter: no key twice, no media, no credential, no seal."""
    try:
        json.loads(raw, object_pairs_hook=_plain_object)
    except _NotPlainError:
        return False
    return True


class _NotPlainError(Exception):
    """Raised out of a foreign parser's hook, never further."""


def _plain_object(pairs: list[tuple[str, object]]) -> None:
    members = dict(pairs)
    if len(members) != len(pairs) or members.get("type") == "base64" or "authorization_token" in members:
        raise _NotPlainError
    signature = members.get("signature")
    if isinstance(signature, str) and looks_sealed(signature.encode(errors="replace")):
        raise _NotPlainError
