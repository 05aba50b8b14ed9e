from typing import Any

import pytest

from maskproxy.dev.claude_script import Script

EDIT = [{"name": "Edit"}]


def answer(content: object, **request: Any) -> list[dict[str, Any]]:
    return Script().answer({"messages": [{"role": "user", "content": content}], **request})


def test_a_file_with_a_token_gets_an_edit() -> None:
    said, called = answer("My .env:\nA=1\nGITHUB_TOKEN=MASKED_X\n", tools=EDIT)
    assert said["type"] == "text"
    assert (called["type"], called["name"]) == ("tool_use", "Edit")
    assert called["input"]["old_string"] == "GITHUB_TOKEN=MASKED_X"
    assert called["input"]["new_string"] == "GITHUB_TOKEN=MASKED_X  # staging"


def test_without_the_tool_there_is_no_call() -> None:
    assert [b["type"] for b in answer("GITHUB_TOKEN=x")] == ["text"]


def test_a_tools_result_is_repeated() -> None:
    blocks = [{"type": "tool_result", "content": [{"type": "text", "text": "     3\tCI_TOKEN=abc\n"}]}]
    assert "CI_TOKEN=abc  # staging" in answer(blocks, tools=EDIT)[0]["text"]
    assert answer([{"type": "tool_result", "content": "ok"}], tools=EDIT)[0]["text"] == "Done."


def test_asked_for_a_token_it_makes_one_up_and_remembers_it() -> None:
    script = Script()
    (block,) = script.answer({"messages": [{"role": "user", "content": "make a token"}]})
    assert [s.value in block["text"] for s in script.made_up] == [True]


def test_it_names_the_placeholders_that_it_saw_once_each() -> None:
    name = "MASKED_X_" + "a" * 16 + "_" + "b" * 8
    assert answer(f"{name} {name}")[0]["text"].count(name) == 1


@pytest.mark.parametrize("request_", [{}, {"messages": []}, {"messages": ["x"]}, {"messages": [{"content": 7}]}])
def test_any_shape_gets_an_answer(request_: dict[str, Any]) -> None:
    assert Script().answer(request_)[0]["type"] == "text"
