"""`maskproxy mask --format jsonl`: JSON lines, each masked on its own and as a whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import click

from maskproxy.cli.mask import is_file
from maskproxy.masking import Finding, Masking

LINE_LIMIT_BYTES = 64 << 20


def mask_lines(masking: Masking, source: BinaryIO, out: BinaryIO) -> int:
    """Mask each line. One that is no line of this kind, or too long, ends the work with its number."""
    found = 0
    waits = not is_file(source)
    for number, line in lines(source):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
        except (ValueError, RecursionError):
            item = None
        if not isinstance(item, dict) or not isinstance(item.get("text"), str) or "id" not in item:
            raise click.UsageError(f'Line {number} is not a JSON object with "id" and a text in "text".')
        data = item["text"].encode("utf-8", "surrogatepass")
        masked, findings = masking.text(data)
        found += len(findings)
        answer = {
            "id": item["id"],
            "text": masked.decode("utf-8", "surrogatepass") if findings else item["text"],
            "findings": in_characters(data, findings),
        }
        out.write(json.dumps(answer).encode() + b"\n")
        if waits:
            out.flush()
    return found


def lines(source: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Lines by their numbers, none longer than the limit."""
    number = 0
    while line := source.readline(LINE_LIMIT_BYTES + 1):
        number += 1
        if len(line) > LINE_LIMIT_BYTES:
            raise click.UsageError(
                f"Line {number} is longer than {LINE_LIMIT_BYTES >> 20} MiB; "
                "cut its text in several lines, or mask it with --format text."
            )
        yield number, line


def in_characters(data: bytes, findings: Sequence[Finding]) -> list[dict[str, object]]:
    """Findings with their byte offsets turned into characters. They come in order and apart."""
    result: list[dict[str, object]] = []
    at_byte = at_character = 0

    def advance(offset: int) -> int:
        nonlocal at_byte, at_character
        at_character += len(data[at_byte:offset].decode("utf-8", "surrogatepass"))
        at_byte = offset
        return at_character

    for finding in findings:
        start = advance(finding.start)
        result.append({"rule": finding.rule, "start": start, "end": advance(finding.end)})
    return result
