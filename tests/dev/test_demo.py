import io
import os
from pathlib import Path

from rich.console import Console

from maskproxy.dev.demo import run_demo


def test_the_demo_keeps_its_promise(tmp_path: Path) -> None:
    out = io.StringIO()
    replayed: list[tuple[Path, str]] = []
    code = run_demo(
        tmp_path,
        {**os.environ, "ANTHROPIC_API_KEY": "not-used-here"},
        Console(file=out, width=100),
        lambda directory, session: replayed.append((directory, session)),
    )
    text = out.getvalue()
    assert code == 0, text
    assert text.count("✓") == 6
    assert "✗" not in text
    ((directory, session),) = replayed
    assert directory == tmp_path / "recordings"
    assert session in text
