import json
from pathlib import Path

from click.testing import CliRunner, Result

from maskproxy.cli.main import cli
from tests.config.sample import full, write

KEY = "AKIA" + "QYLPMN5HFIQR7XYA"


def rules(*arguments: str, text: str = "") -> Result:
    return CliRunner().invoke(cli, ["rules", *arguments], input=text)


def test_the_list_names_every_rule_once() -> None:
    found = json.loads(rules("list", "--json").stdout)
    ids = [rule["id"] for rule in found]
    assert "aws-access-key-id" in ids
    assert len(ids) == len(set(ids))
    lines = rules("list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ids


def test_one_rule_is_shown() -> None:
    assert json.loads(rules("show", "aws-access-key-id").stdout)["id"] == "aws-access-key-id"


def test_a_rule_that_is_not_there() -> None:
    assert "no rule with this id" in str(rules("show", "nope").exception)


def test_the_rules_own_samples_hold() -> None:
    result = rules("test")
    assert result.exit_code == 0
    assert "rules hold" in result.stderr
    assert result.stdout == ""


def test_what_is_found_is_told_by_place_and_not_by_text() -> None:
    result = rules("test", "-", text=f"first\né {KEY}\n")
    assert result.stdout == "aws-access-key-id line 2 column 3\n"


def test_a_file_that_holds_no_rules_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("rules: 7\n")
    result = rules("test", "--rules", str(path))
    assert result.exit_code != 0
    assert type(result.exception).__name__ == "RuleRefused"


def test_actions_are_shown_as_a_configuration_has_them(tmp_path: Path) -> None:
    document = full()
    document["masking"]["rules"] = ["own.yaml"]
    document["masking"]["actions"] = [{"rules": ["o*"], "answer": "alert"}]
    path = write(tmp_path, document)
    own = [{"id": name, "pattern": "abc" + name + "[0-9]{4}", "samples": [f"abc{name}1234"]} for name in ("one", "two")]
    own[0]["action"] = {"request": "block"}  # type: ignore[assignment] # JSON, whatever it holds
    (tmp_path / "own.yaml").write_text(json.dumps({"rules": own}))
    lines = rules("list", "-c", str(path)).stdout.splitlines()
    assert lines == ["one  one  [block / alert]", "two  two"]
    shown = json.loads(rules("show", "-c", str(path), "one").stdout)
    assert shown["actions"] == {"request": "block", "answer": "alert"}
    assert json.loads(rules("show", "aws-access-key-id").stdout)["actions"] == {"request": "mask", "answer": "mask"}
