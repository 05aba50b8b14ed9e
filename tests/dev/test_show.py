import io
from dataclasses import replace

from rich.console import Console

from maskproxy.dev import show
from maskproxy.dev.evidence import Finding
from maskproxy.dev.planted import private_key
from tests.dev.test_evidence import NAME, SECRET, clean


def shown(terminal: bool = False) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    if terminal:
        return Console(file=out, width=show.WIDTH, force_terminal=True, highlight=False, color_system="standard"), out
    return Console(file=out, width=show.WIDTH, force_terminal=False, highlight=False), out


def test_in_a_pipe_it_is_plain_and_fits() -> None:
    console, out = shown()
    show.show_opening(console, "a stand-in")
    show.show_sides(console, clean())
    show.show_turns(console, clean())
    show.show_verdict(console, clean().verdict())
    text = out.getvalue()
    assert "\x1b" not in text
    assert max(len(line) for line in text.splitlines()) <= show.WIDTH
    assert "1 the client sent" in text
    assert "4 the recording holds" in text
    assert text.count("✓") == 6


def test_both_panels_of_a_row_end_on_one_line() -> None:
    console, out = shown()
    show.show_sides(console, clean())
    assert [line.count("╰") for line in out.getvalue().splitlines() if "╰" in line] == [2, 2]


def test_secrets_are_red_and_placeholders_green() -> None:
    console, out = shown(terminal=True)
    console.print(show.coloured(f"T_TOKEN={SECRET.value}\nU={NAME}\nplain", [SECRET]))
    first, second, third = out.getvalue().splitlines()
    assert first == f"T_TOKEN=\x1b[1;31m{show.shortened(f'T_TOKEN={SECRET.value}')[8:]}\x1b[0m"
    assert second == f"U=\x1b[1;32m{NAME}\x1b[0m"
    assert third == "plain"


def test_long_words_lose_their_middle_only() -> None:
    word = "x" * 30 + "y" * 30
    assert show.shortened(f"a {word} b") == f"a {'x' * 30}yyy…{'y' * 8} b"
    assert show.shortened("short words stay") == "short words stay"


def test_a_pem_block_is_abridged() -> None:
    text = f"before\n{private_key().value}\nafter"
    lines = show.abridged(text).split("\n")
    assert lines[1].startswith("-----BEGIN")
    assert lines[3] == "…"
    assert lines[4].startswith("-----END")
    assert show.abridged("no key") == "no key"


def test_what_speaks_against_a_claim_is_shown_and_bounded() -> None:
    console, out = shown()
    show.show_verdict(console, [Finding("a claim", tuple(f"fault {n}" for n in range(20)))])
    assert "✗ a claim" in out.getvalue()
    assert "fault 7" in out.getvalue()
    assert "fault 8" not in out.getvalue()
    assert "and 12 more" in out.getvalue()


def test_with_nothing_to_show_nothing_breaks() -> None:
    console, out = shown()
    show.show_sides(console, replace(clean(), frames=[]))
    assert out.getvalue() == ""
    show.show_log(console, b"last words [bold]\n")
    assert "last words [bold]" in out.getvalue()
