"""What a request tells of a history that was compacted, and what masking it once more changes."""

import json
from typing import Any

import pytest

from maskproxy.bodies.claude import REQUEST
from maskproxy.bodies.conversation import ConversationBody
from maskproxy.bodies.edit_tools import EditTools
from maskproxy.masking import Known, Masking, PlaceholderKey, Vault

BARE = "Xk29fQz8" + "vLm4Tr7p"
LINE = f"DB_PASSWORD={BARE}\n"


@pytest.fixture
def tools() -> EditTools:
    return EditTools(frozenset({b"Edit"}), Vault())


@pytest.fixture
def known(masking: Masking) -> Known:
    (found,) = masking.find(LINE.encode())
    return Known(found.placeholder.encode(), found.rule, BARE.encode())


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def edit(text: str, tool: str = "Edit") -> dict[str, Any]:
    call = {"type": "tool_use", "id": "toolu_1", "name": tool, "input": {"new_string": text}}
    return {"role": "assistant", "content": [call]}


def mask(
    masking: Masking, tools: EditTools, *messages: dict[str, Any], recalls: bool = True
) -> tuple[ConversationBody, bytes]:
    body = ConversationBody(masking, REQUEST, tools, recalls=recalls)
    body.feed(json.dumps({"messages": messages}).encode())
    out = body.finish()
    assert out.record is out.forward
    return body, out.forward


def test_what_the_body_does_not_hold_is_lost(masking: Masking, tools: EditTools, known: Known) -> None:
    name = known.placeholder.decode()
    stranger = PlaceholderKey(b"bodies" * 6).scoped("stranger").make("rule", b"secret").decode()
    forged = name[:-1] + ("a" if name[-1] != "a" else "b")
    body, _ = mask(masking, tools, user(f"{name} {forged} then {stranger} and {name}"))
    assert body.lost == [known.placeholder, stranger.encode()]
    assert body.held_bytes > 0
    body.release()
    assert body.held_bytes == 0
    body, _ = mask(masking, tools, user(f"{name} and {LINE}"), edit(""))
    assert (body.lost, body.held_bytes) == ([], 0)
    assert tools.vault.taught() == [known]
    body, _ = mask(masking, EditTools(tools.names, Vault()), user(name), recalls=False)
    assert (body.lost, body.held_bytes) == ([], 0)


def test_edits_of_the_history_are_told(masking: Masking, tools: EditTools, known: Known) -> None:
    """Whether or not anything was found in the body."""
    name = known.placeholder.decode()
    assert mask(masking, tools, user(name + " " + LINE[::-1]), user(f"OTHER_PASSWORD={BARE[::-1]}"), edit("x"))[
        0
    ].holds_edits()
    assert mask(masking, tools, user(name), edit("x"))[0].holds_edits()
    assert not mask(masking, tools, user(name), edit("x", "Bash"))[0].holds_edits()
    assert not mask(masking, tools, user(name))[0].holds_edits()


def test_what_was_recalled_is_masked_where_an_edit_got_it_back_and_from_there_on(
    masking: Masking, tools: EditTools, known: Known
) -> None:
    name = known.placeholder.decode()
    history = (user(f"{BARE}, a summary: {name}"), edit(f"connect('{BARE}')"), user(f"now {BARE}"))
    body, first = mask(masking, tools, *history)
    assert first.count(BARE.encode()) == 3
    assert body.findings == []
    assert tools.vault.recall(known)
    again = body.again()
    assert again is not None
    assert again.record is again.forward
    said = json.loads(again.forward)["messages"]
    assert said[0] == history[0]
    assert said[1] == edit(f"connect('{name}')")
    assert said[2] == user(f"now {name}")
    assert [finding.placeholder for finding in body.findings] == [name, name]
    assert body.held_bytes == 0
    assert body.again() is None


def test_what_stands_nowhere_in_the_body_changes_nothing(masking: Masking, tools: EditTools, known: Known) -> None:
    body, _ = mask(masking, tools, user(known.placeholder.decode()), edit("x"), user(LINE.replace(BARE, BARE[::-1])))
    (taught,) = tools.vault.taught()
    assert tools.vault.recall(known)
    assert body.again() is None
    assert tools.vault.taught() == [taught]


def test_masked_again_it_teaches_the_same_and_what_comes_later_is_not_known_earlier(
    masking: Masking, tools: EditTools, known: Known
) -> None:
    """An edit is masked with what stands before it: the same as in the turns when the rest was not there yet."""
    later = BARE[::-1]
    history = (user(known.placeholder.decode()), edit(f"{BARE} {later}"), user(f"OTHER_PASSWORD={later}\n"))
    body, _ = mask(masking, tools, *history)
    taught = tools.vault.taught()
    tools.vault.recall(known)
    again = body.again()
    assert again is not None
    said = json.loads(again.forward)["messages"]
    assert said[1] == edit(f"{known.placeholder.decode()} {later}")
    assert [one.secret for one in taught] == [later.encode()]
    assert set(tools.vault.taught()) >= set(taught)
