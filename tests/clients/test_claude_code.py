"""The real Claude Code, headless, through the real gateway, against a scripted upstream."""

import json

from maskproxy.dev.planted import github_token, leaks
from tests.clients.desk import Desk, Outcome
from tests.clients.prefix import differences
from tests.clients.script import Request, Script, Step, called, placeholders, result, said
from tests.clients.signing import Block, Signer
from tests.clients.stand_in import StandIn
from tests.daemon.place import Place
from tests.gateway.house import Received


def read(desk: Desk, signer: Signer) -> Step:
    def step(_: Request) -> list[Block]:
        return [signer.thinking("I will look at the file first."), called("Read", file_path=str(desk.file))]

    return step


def edit(desk: Desk, signer: Signer) -> Step:
    """One edit over every line that holds a secret, in the words of the result: the model knows no others."""

    def step(request: Request) -> list[Block]:
        seen = result(request)
        old = seen[seen.index("AWS_ACCESS_KEY_ID") : seen.index("DEBUG = True")]
        assert len(placeholders(old)) == 4, "the model sees four placeholders"
        new = old.replace("DB_PASSWORD", "DATABASE_PASSWORD") + "ROTATED = True\n"
        thought = signer.thinking(f"I see {', '.join(placeholders(old))}, and keep all of them.")
        arguments = {"file_path": str(desk.file), "old_string": old, "new_string": new}
        return [thought, signer.redacted(), said("I rename the password."), called("Edit", **arguments)]

    return step


def answer(request: Request) -> list[Block]:
    return [said(f"Done. The password is {placeholders(json.dumps(request))[2]} still.")]


def edited(desk: Desk) -> str:
    return desk.text.replace("DB_PASSWORD", "DATABASE_PASSWORD").replace("DEBUG", "ROTATED = True\nDEBUG")


def messages(place: Place) -> list[Received]:
    return [received for received in place.origin.received if received.line.startswith("POST /v1/messages?")]


def went_well(outcome: Outcome) -> None:
    told = (outcome.result, outcome.errors)
    assert outcome.code == 0, told
    assert outcome.result["subtype"] == "success", told
    assert outcome.result["is_error"] is False, told


async def test_a_session_reads_edits_and_answers(desk: Desk) -> None:
    signer = Signer()
    stand_in = StandIn(Script(read(desk, signer), edit(desk, signer), answer, signer=signer))
    desk.place.origin.reply = stand_in.reply
    outcome = await desk.claude("Rename DB_PASSWORD in settings.py to DATABASE_PASSWORD.")
    went_well(outcome)
    assert stand_in.script.played == [0, 1, 2]
    assert desk.file.read_text() == edited(desk)
    assert signer.seen == 4  # one block in the second request, three in the third
    first, second, third = [received.body for received in messages(desk.place)]
    assert differences(first, second) == []
    assert differences(second, third) == []
    said_last = outcome.result["result"]
    assert placeholders(said_last) != []
    assert leaks(desk.planted, {"the answer": said_last.encode()}) == []
    desk.settle(stand_in)


async def test_a_stream_that_breaks_is_asked_for_again_as_a_whole_and_masked_alike(proxied: Desk) -> None:
    signer = Signer()
    stand_in = StandIn(Script(read(proxied, signer), edit(proxied, signer), answer, signer=signer), breaks=1)
    proxied.place.origin.reply = stand_in.reply
    outcome = await proxied.claude("Rename DB_PASSWORD in settings.py to DATABASE_PASSWORD.")
    went_well(outcome)
    sent = [json.loads(received.body).get("stream", False) for received in messages(proxied.place)]
    assert sent == [True, False, True, True]
    assert stand_in.script.played == [0, 0, 1, 2]
    assert proxied.file.read_text() == edited(proxied)
    proxied.settle(stand_in)


async def test_a_session_goes_on_after_a_restart_with_thinking_that_held_secrets(desk: Desk) -> None:
    """Signed thinking with a placeholder and a secret that the model made up; another gateway process; `--resume`."""
    made_up, signer = github_token("made-up token"), Signer()

    def thinks(request: Request) -> list[Block]:
        name = placeholders(result(request))[0]
        return [
            signer.thinking(f"The key {name} is in use. A token such as {made_up.value} would do."),
            signer.thinking("And so on."),
            said("I have read it."),
        ]

    stand_in = StandIn(Script(read(desk, signer), thinks, edit(desk, signer), answer, signer=signer))
    desk.place.origin.reply = stand_in.reply
    before = await desk.claude("Read settings.py.")
    went_well(before)
    last = messages(desk.place)[-1].body
    await desk.place.program.end()
    await desk.place.run()
    seen, count = signer.seen, len(messages(desk.place))
    after = await desk.claude("Rename DB_PASSWORD to DATABASE_PASSWORD.", "--resume", before.session)
    went_well(after)
    assert stand_in.script.played == [0, 1, 2, 3]
    assert signer.seen > seen + 3
    assert desk.file.read_text() == edited(desk)
    assert differences(last, messages(desk.place)[count].body) == []
    told = {"the client's output": before.out + after.out, "the client's transcript": transcripts(desk)}
    assert leaks([made_up], told | {"the recording": desk.place.recorded_bytes()}) == []
    desk.settle(stand_in)


async def test_a_file_is_written_after_a_compaction_and_a_restart(proxied: Desk) -> None:
    """What the history tells only by placeholder, in its summary, comes back from the vault in the store."""
    place, new = proxied.place, proxied.project / "new.env"
    place.document["store"] = "sqlite:///state.db"
    place.write()
    await place.program.end()
    await place.run()

    def plays(request: Request) -> list[Block]:
        seen = json.dumps(request["messages"])
        if "tool_result" in seen:
            return [said("Done.")]
        (name,) = set(placeholders(seen))
        if "Now write it." in seen:
            return [called("Write", file_path=str(new), content=f'PASSWORD = "{name}"\n')]
        return [said(f"<summary>The password is {name}, as told.</summary>")]

    stand_in = StandIn(Script(*[plays] * 9))
    place.origin.reply = stand_in.reply
    before = await proxied.claude(f'Keep in mind: DB_PASSWORD = "{proxied.password.value}"')
    went_well(before)
    compacted = await proxied.claude("/compact", "--resume", before.session)
    assert compacted.code == 0, compacted.errors
    await place.program.end()
    await place.run()
    count = len(messages(place))
    after = await proxied.claude("Now write it.", "--resume", compacted.session)
    assert b"Keep in mind" not in messages(place)[count].body, "the history was compacted"
    went_well(after)
    assert new.read_text() == f'PASSWORD = "{proxied.password.value}"\n'
    proxied.settle(stand_in)


def transcripts(desk: Desk) -> bytes:
    """What Claude Code keeps of its sessions on this machine."""
    kept = sorted((desk.home / ".claude" / "projects").rglob("*.jsonl"))
    assert kept
    return b"".join(path.read_bytes() for path in kept)
