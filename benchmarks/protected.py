"""Protected source: `python -m benchmarks.protected`. What is found again, what is found wrongly, what it costs.

Protected is one installed package. Found again: each of its functions of twelve lines of code or more, alone and
changed as people change code. Found wrongly: files of the standard library and of every other installed package.
"""

from __future__ import annotations

import ast
import random
import sysconfig
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from maskproxy.protected import Printer, Prints

PROTECTED = "aiohttp"
LINES = 20
_LEAST_LINES = 12
_PRINTER = Printer(b"benchmark" * 4)


def functions(text: str) -> Iterator[str]:
    """Functions with so many lines of code, without decorators."""
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            own = lines[node.lineno - 1 : node.end_lineno]
            if sum(1 for line in own if line.strip() and not line.strip().startswith("#")) >= _LEAST_LINES:
                yield "\n".join(own)


def indented(text: str) -> str:
    return "\n".join("        " + line.replace("    ", "\t") for line in text.splitlines())


def commented(text: str) -> str:
    return "\n".join(
        f"{line}  # step {i}" + ("\n# and then" if i % 3 == 0 else "") for i, line in enumerate(text.splitlines())
    )


def bare(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if line.strip() and not line.strip().startswith("#"))


def numbered(text: str) -> str:
    return "\n".join(f"{i:6}→{line}" for i, line in enumerate(text.splitlines(), 210))


def requoted(text: str) -> str:
    return text.replace('"', "'")


def edited(text: str) -> str:
    """Every tenth line is another one."""
    rng = random.Random(text)
    return "\n".join(line if rng.random() > 0.1 else "    changed = something(else_)" for line in text.splitlines())


def renamed(text: str) -> str:
    """A tenth of the names is another one, everywhere."""
    names = sorted({node.id for node in ast.walk(ast.parse(text.strip())) if isinstance(node, ast.Name)})
    for name in random.Random(text).sample(names, len(names) // 10):
        text = text.replace(name, f"{name}_renamed")
    return text


CHANGES: dict[str, Callable[[str], str]] = {
    "copied": lambda text: text,
    "indented otherwise": indented,
    "comments added": commented,
    "comments and blank lines taken out": bare,
    "with line numbers": numbered,
    "other quotes": requoted,
    "every tenth line another": edited,
    "a tenth of the names renamed": renamed,
}


def covered(prints: Prints, text: str) -> int:
    return sum(extent.last - extent.first + 1 for extent in prints.extents(prints.holdings(text.encode())))


def main() -> None:
    console = Console()
    site = Path(sysconfig.get_paths()["purelib"])
    own = [(str(path.relative_to(site)), path.read_bytes()) for path in sorted((site / PROTECTED).rglob("*.py"))]
    size = sum(len(text) for _, text in own)
    begun = time.process_time()
    prints = Prints.of(_PRINTER, own)
    made_s = time.process_time() - begun
    console.print(
        f"{PROTECTED}: {len(own)} files, {size / 1e6:.2f} MB; {made_s / size * 1e6:.2f} processor seconds a MB to print"
    )
    table = Table("functions", "found", "of their lines, mean")
    found = [text for _, source in own for text in functions(source.decode())]
    for name, change in CHANGES.items():
        shares = []
        for text in found:
            try:
                changed = change(text)
            except SyntaxError:
                continue
            shares.append(covered(prints, changed) / (text.count("\n") + 1))
        hit = sum(share > 0 for share in shares)
        table.add_row(name, f"{hit} of {len(shares)}", f"{sum(min(share, 1.0) for share in shares) / len(shares):.0%}")
    console.print(table)
    others(console, prints, site)


def others(console: Console, prints: Prints, site: Path) -> None:
    folders = [Path(sysconfig.get_paths()["stdlib"]), site]
    files = [path for folder in folders for path in folder.rglob("*.py") if PROTECTED not in path.parts]
    total, lines, spent_s = 0, [], 0.0
    for path in sorted(set(files)):
        text = path.read_bytes()
        begun = time.process_time()
        extents = prints.extents(prints.holdings(text))
        spent_s += time.process_time() - begun
        total += len(text)
        lines.append(sum(extent.last - extent.first + 1 for extent in extents))
    over = sum(count >= LINES for count in lines)
    console.print(
        f"other source: {len(lines)} files, {total / 1e6:.0f} MB; {sum(count > 0 for count in lines)} hold a run, "
        f"{over} hold {LINES} lines or more (the most: {max(lines)}); {spent_s / total * 1e9:.0f} ms a MB"
    )


if __name__ == "__main__":
    main()
