"""`maskproxy mask`: a filter that masks what it reads. A stream stays a stream: output follows input as it comes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import click

from maskproxy.masking import Finding, Masking

CHUNK_BYTES = 64 * 1024
FOUND = 1


@click.command()
@click.option(
    "-c", "--config", "config_path", type=click.Path(path_type=Path), metavar="FILE", help="Its key and rules."
)
@click.option("--check", is_flag=True, help="Only tell what is found; exit with 1 if anything is.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "jsonl"]),
    default="text",
    show_default=True,
    help='jsonl: each line {"id","text"} gives {"id","text","findings"}, with offsets in characters of the input.',
)
@click.argument("file", type=click.File("rb"), default="-")
def mask(config_path: Path | None, check: bool, form: str, file: BinaryIO) -> None:
    """Mask secrets in FILE, or in standard input.

    Without a configuration the key of the placeholders is random: the same secret gets another placeholder next time.
    With one, its actions for requests count: what is blocked there, or raises an alert, is masked here as it is in a
    recording, and what is allowed is not.
    """
    from maskproxy.cli.masks import masking

    work = mask_lines if form == "jsonl" else find_text if check else mask_text
    found = work(masking(config_path), file, sys.stdout.buffer)
    sys.stdout.buffer.flush()
    if check and found:
        sys.exit(FOUND)


def mask_text(masking: Masking, source: BinaryIO, out: BinaryIO) -> int:
    """Copy a text, masked, holding back only what may still become a secret. Gives the number of spans."""
    masker = masking.masker()
    for data in pieces(source):
        out.write(masker.feed(data))
        out.flush()
    out.write(masker.finish())
    return len(masker.findings)


def find_text(masking: Masking, source: BinaryIO, out: BinaryIO) -> int:
    """Tell each finding as `rule start-end`, in bytes of the input."""
    masker = masking.masker()
    for data in pieces(source):
        masker.feed(data)
    masker.finish()
    out.writelines(f"{finding.rule} {finding.start}-{finding.end}\n".encode() for finding in masker.findings)
    return len(masker.findings)


def pieces(source: BinaryIO) -> Iterator[bytes]:
    """What is there to be read, without waiting for a full buffer."""
    read = getattr(source, "read1", source.read)
    while data := read(CHUNK_BYTES):
        yield data


def mask_lines(masking: Masking, source: BinaryIO, out: BinaryIO) -> int:
    """Mask JSON lines, each on its own and as a whole. A line that is not one ends the work with its number."""
    found = 0
    for number, line in enumerate(source, 1):
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
            "text": masked.decode("utf-8", "surrogatepass"),
            "findings": in_characters(data, findings),
        }
        out.write(json.dumps(answer).encode() + b"\n")
        out.flush()
    return found


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
