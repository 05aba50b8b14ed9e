"""The golden recording is kept for ever: every later version must read it and tell it like this."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.recording.catalog import Catalog
from maskproxy.recording.conversation import turns
from maskproxy.recording.pen import Pen
from maskproxy.recording.player import Pace, play
from maskproxy.recording.reader import Reader
from maskproxy.recording.transcript import Transcript, counted, duration, size
from tests.recording.scripted import PLACEHOLDER, Script, agent_session, stream, write_frames
from tests.recording.test_pen import SGR
from tests.recording.test_visible import is_known_sign, is_safe

GOLDEN = Path(__file__).parent / "golden"


def told(directory: Path, *, colors: bool = False, full: bool = False) -> str:
    file = io.StringIO()
    transcript = Transcript(Pen(file, colors=colors), full=full)
    transcript.header(Catalog(directory).find("last"))
    play(turns(Reader(directory)), transcript, Pace(instant=True), clock=lambda: 0.0, sleep=lambda _: None)
    return file.getvalue()


def told_of(tmp_path: Path, script: Script, **how: bool) -> str:
    write_frames(tmp_path, script.frames)
    return told(tmp_path, **how)


def one_turn(*blocks: dict[str, object], message: object = "hello", **request: object) -> Script:
    script = Script()
    exchange = script.request({"messages": [{"role": "user", "content": message}], **request})
    script.answer(exchange, *stream(*blocks))
    return script


@pytest.mark.parametrize("version", ["version-1"])
def test_golden_recordings_are_told_as_ever(version: str) -> None:
    assert told(GOLDEN / version) == (GOLDEN / f"{version}.txt").read_text()


def test_on_a_terminal_the_same_words_have_colours_and_a_panel() -> None:
    plain, coloured = told(GOLDEN / "version-1"), told(GOLDEN / "version-1", colors=True)
    after_header = plain.index("\n──")
    assert SGR.sub("", coloured)[-len(plain) + after_header :] == plain[after_header:]
    panel = SGR.sub("", coloured).splitlines()[:8]
    assert panel[0].startswith("╭─ Session ")
    assert len({len(line) for line in panel}) == 1
    assert f"\x1b[30;43m{PLACEHOLDER}\x1b[0m" in coloured
    assert "\x1b[1;36muser\x1b[0m" in coloured
    assert "\x1b[2;3mkey.\x1b[0m" in coloured


@given(st.text(st.characters(), max_size=30), st.text(st.characters(), max_size=30))
def test_no_content_steers_the_terminal(tmp_path_factory: pytest.TempPathFactory, said: str, heard: str) -> None:
    script = Script()
    call = {"type": "tool_use", "id": said, "name": heard, "input": {said: heard}}
    result = {"type": "tool_result", "tool_use_id": heard, "content": said}
    content = [{"type": "text", "text": said}, call, result, {"type": heard, "x": said}]
    exchange = script.request({"model": said, "system": heard, "messages": [{"role": said, "content": content}]})
    script.answer(exchange, *stream({"type": "text", "text": heard}, call))
    script.end(exchange, said, sentence=heard)
    text = told_of(tmp_path_factory.mktemp("r"), script, colors=True)
    assert all(is_safe(character) or is_known_sign(character) for character in SGR.sub("", text))


def test_lines_of_content_are_never_wrapped(tmp_path: Path) -> None:
    long = "x" * 5000
    text = told_of(tmp_path, one_turn({"type": "text", "text": long}, message=f"{long}\n{long}"))
    assert text.splitlines().count(f"  {long}") == 3


def test_a_long_system_prompt_is_folded_unless_all_is_wanted(tmp_path: Path) -> None:
    system = "\n".join(f"rule {number}" for number in range(100))
    script = one_turn({"type": "text", "text": "ok"}, system=system)
    folded = told_of(tmp_path, script)
    assert "  rule 3\n  (folded: 789 characters, 100 lines; --full shows all)\n" in folded
    assert "rule 4\n" not in folded
    assert "  rule 99\n" in told(tmp_path, full=True)


def test_a_failed_tool_an_image_and_what_is_new_have_their_heads(tmp_path: Path) -> None:
    content = [
        {"type": "tool_result", "tool_use_id": "toolu_9", "content": "no such file", "is_error": True},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
        {"type": "novel", "x": 1},
    ]
    text = told_of(tmp_path, one_turn({"type": "text", "text": "ok"}, message=content))
    assert "\ntool result · toolu_9 · failed\n  no such file\n" in text
    assert "\nuser · image\n  image/png, 3 bytes, not shown\n" in text
    assert '\nuser · novel\n  {"x": 1}\n' in text


def test_a_refusal_an_error_and_a_broken_answer_are_told(tmp_path: Path) -> None:
    script = Script()
    refused = script.request(None)
    script.end(refused, "refused", sentence="Ask for a grant.", status=403)
    failed = script.request({"messages": [{"role": "user", "content": "a"}]})
    script.answer(
        failed,
        b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
        status=529,
    )
    cut = script.request({"messages": [{"role": "user", "content": "b"}]})
    script.answer(cut, b"data: {broken\n\n", outcome="aborted")
    text = told_of(tmp_path, script)
    assert "\nAsk for a grant.\nrefused · 403 · " in text
    assert "\nerror  overloaded_error: Overloaded\n" in text
    assert "\n1 parts of the answer could not be read\naborted · 200 · " in text
    assert "exchanges  1 aborted, 1 complete, 1 refused\n" in text


def test_findings_of_messages_sent_again_are_only_counted(tmp_path: Path) -> None:
    script = Script()
    first, again = {"role": "user", "content": "a"}, {"role": "assistant", "content": "A"}
    exchange = script.request({"messages": [first]})
    script.finding(exchange, "request", "pem", "messages[0].content")
    script.answer(exchange, *stream({"type": "text", "text": "A"}))
    exchange = script.request({"messages": [first, again, first]})
    for number in (0, 2, 2):
        script.finding(exchange, "request", "pem", f"messages[{number}].content")
    for number in range(5):
        script.finding(exchange, "answer", "jwt", f"content_block[{number}].text")
    script.answer(exchange, *stream({"type": "text", "text": "B"}))
    text = told_of(tmp_path, script)
    assert "\nmasked in the request: 1 pem (messages[0].content)\n" in text
    assert "\nmasked in the request: 2 pem (messages[2].content), 1 again in messages shown before\n" in text
    assert (
        "\nmasked in the answer: 5 jwt (content_block[0].text, content_block[1].text, content_block[2].text, …)\n"
        in text
    )
    assert "masked     1 jwt, 1 pem\n" in text


def test_the_same_request_again_is_told_in_words(tmp_path: Path) -> None:
    script = one_turn({"type": "text", "text": "ok"})
    script.answer(script.request({"messages": [{"role": "user", "content": "hello"}]}), b"{}")
    assert "\n(the same messages again)\n" in told_of(tmp_path, script)


def test_a_subagents_turn_names_it(tmp_path: Path) -> None:
    script = Script()
    script.answer(script.request({"messages": [{"role": "user", "content": "q"}]}, agent="agent-7"), b"{}")
    assert " · agent agent-7 ─" in told_of(tmp_path, script)


def test_a_summary_has_no_contents(tmp_path: Path) -> None:
    file = io.StringIO()
    transcript = Transcript(Pen(file, colors=False))
    for turn in turns(agent_session().frames):
        transcript.summary(turn)
    assert "aws-access-key (messages[0].content[0].text)" in file.getvalue()
    assert "All done" not in file.getvalue()
    assert file.getvalue().count("req_") == 3


def test_numbers_are_told_as_people_read_them() -> None:
    assert [duration(s) for s in (-1, 0.0004, 0.25, 3.21, 75, 3700)] == [
        "0 ms", "0 ms", "250 ms", "3.2 s", "1 min 15 s", "1 h 01 min"
    ]  # fmt: skip
    assert [size(n) for n in (0, 999, 1000, 2_500_000)] == ["0 B", "999 B", "1.0 kB", "2.5 MB"]
    assert [counted({}, 0), counted({"complete": 2}, 3)] == ["none", "2 complete, 1 open"]
