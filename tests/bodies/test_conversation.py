"""What a request tells of a history that was compacted, and what masking it once more changes."""

import json
from typing import Any

import pytest

from maskproxy.bodies.claude import REQUEST
from maskproxy.bodies.conversation import ConversationBody
from maskproxy.bodies.edit_tools import EditTools
from maskproxy.bodies.masks import BodyPolicy, Conversation, request_mask
from maskproxy.bodies.output import NOTHING
from maskproxy.errors import Blocked
from maskproxy.masking import Action, Known, Masking, PlaceholderKey, Vault
from tests.bodies.fake_masking import SEALS
from tests.bodies.test_refusing import AWS, GITHUB, KEY, sought

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
    again = body.again(NOTHING)
    assert again is not NOTHING
    assert again.record is again.forward
    said = json.loads(again.forward)["messages"]
    assert said[0] == history[0]
    assert said[1] == edit(f"connect('{name}')")
    assert said[2] == user(f"now {name}")
    assert [finding.placeholder for finding in body.findings] == [name, name]
    assert body.held_bytes == 0
    assert body.again(NOTHING) is NOTHING


def test_what_stands_nowhere_in_the_body_changes_nothing(masking: Masking, tools: EditTools, known: Known) -> None:
    body, _ = mask(masking, tools, user(known.placeholder.decode()), edit("x"), user(LINE.replace(BARE, BARE[::-1])))
    (taught,) = tools.vault.taught()
    assert tools.vault.recall(known)
    assert body.again(NOTHING) is NOTHING
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
    again = body.again(NOTHING)
    assert again is not NOTHING
    said = json.loads(again.forward)["messages"]
    assert said[1] == edit(f"{known.placeholder.decode()} {later}")
    assert [one.secret for one in taught] == [later.encode()]
    assert set(tools.vault.taught()) >= set(taught)


def under(action: Action, vault: Vault, *messages: dict[str, Any]) -> Conversation:
    """A conversation where GitHub's tokens are treated so."""
    body = request_mask(
        sought(action),
        api="anthropic",
        method="POST",
        path="/v1/messages",
        content_type="application/json",
        policy=BodyPolicy(restore_tools=frozenset({"Edit"})),
        seals=SEALS,
        vault=vault,
        recalls=True,
    )
    assert isinstance(body, Conversation)
    body.feed(json.dumps({"messages": messages}).encode())
    return body


def recalled_aws() -> Known:
    return Known(KEY.make("aws-access-key-id", BARE.encode()), "aws-access-key-id", BARE.encode())


def test_what_was_recalled_is_masked_in_what_goes_on_and_in_what_is_recorded_where_another_rule_alerts() -> None:
    known = recalled_aws()
    name = known.placeholder.decode()
    body = under("alert", Vault(), user(f"{name} {GITHUB} {AWS}"), edit(f"connect('{BARE}')"))
    before = body.finish()
    assert body.lost == [known.placeholder]
    assert body.recall(known)
    again = body.again(before)
    assert json.loads(again.forward)["messages"][1] == edit(f"connect('{name}')")
    assert json.loads(again.record)["messages"][1] == edit(f"connect('{name}')")
    assert GITHUB in again.forward.decode()
    assert GITHUB not in again.record.decode()
    assert AWS not in again.forward.decode()
    assert [f.rule for f in body.findings].count("github-pat-classic") == 1
    assert body.held_bytes == 0


def test_a_conversation_is_judged_by_the_rules_that_block_before_and_after_what_was_recalled() -> None:
    known = recalled_aws()
    with pytest.raises(Blocked):
        under("block", Vault(), user(f"{known.placeholder.decode()} {GITHUB}")).finish()
    body = under("block", Vault(), user(known.placeholder.decode()), edit(BARE))
    before = body.finish()
    assert body.recall(known)
    assert json.loads(body.again(before).forward)["messages"][1] == edit(known.placeholder.decode())
    body = under("block", Vault(), user(known.placeholder.decode()))
    before = body.finish()
    assert body.recall(known)
    assert body.again(before) is before
    body.release()
    assert body.held_bytes == 0
