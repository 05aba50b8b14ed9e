import json
from pathlib import Path

from click.testing import CliRunner, Result

from maskproxy.cli.main import cli
from tests.config.sample import full, write


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


def test_everything_that_fails_is_named(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    good = {"id": "good", "pattern": "good[0-9]{4}", "samples": ["good1234"]}
    entries = [
        good,
        {"id": "unfit", "pattern": "a+x", "samples": ["ax"]},
        {
            "id": "missed",
            "pattern": "miss[0-9]{4}",
            "samples": ["miss1234", "mist1234", "{nothing:3}"],
            "near_misses": ["miss9999"],
        },
        {"id": "bare", "pattern": "bare[0-9]{4}"},
        {"id": "good", "pattern": "good[0-9]{4}", "samples": ["good1234"]},
    ]
    path.write_text(json.dumps({"rules": entries}))
    result = rules("test", str(path))
    assert result.exit_code == 1
    told = result.stdout.splitlines()
    assert [line.split(": ")[:2] for line in told] == [
        ["own.yaml", "unfit"],
        ["own.yaml", "Rule good is there twice."],
        ["own.yaml", "missed"],
        ["own.yaml", "missed"],
        ["own.yaml", "missed"],
        ["own.yaml", "bare"],
    ]
    assert "sample 2 is not found" in result.stdout
    assert "near miss 1 is taken for a secret" in result.stdout
    answer = json.loads(rules("test", "--json", str(path)).stdout)
    assert answer["hold"] == 1
    assert {"file": "own.yaml", "rule": "bare", "reason": "it has no sample"} in answer["failed"]
    path.write_text(json.dumps({"rules": [good]}))
    assert rules("test", str(path), "builtin:github").exit_code == 0


def test_a_file_that_holds_no_rules_fails(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("rules: 7\n")
    result = rules("test", str(path))
    assert (result.exit_code, "has no list of rules" in result.stdout) == (1, True)


TOML = """
[extend]
useDefault = true
[[rules]]
id = "Acme_Key"
description = "Acme key"
regex = '''(?i)acme[ =:]{1,3}([a-z0-9]{24})(?:\\s|$)'''
entropy = 2.5
keywords = ["acme"]
path = "x"
[[rules]]
id = "files"
path = '''\\.pem$'''
[[rules]]
id = "contradiction"
regex = "k_[a-z]{8}"
[[rules.allowlists]]
regexes = ["k"]
"""


def test_a_gitleaks_file_is_imported_and_what_is_not_honoured_is_told(tmp_path: Path) -> None:
    path, made = tmp_path / "theirs.toml", tmp_path / "ours.yaml"
    path.write_text(TOML)
    result = rules("import", str(path), "-o", str(made))
    assert result.exit_code == 0
    for told in (
        "useDefault",
        "Acme_Key",
        "path: a stream",
        "files: left out: path",
        "contradiction: left out: no text",
    ):
        assert told in result.stderr
    assert rules("test", str(made)).exit_code == 0
    assert rules("import", str(path)).stdout == made.read_text()
    assert "# Left out: files: path" in made.read_text()
    tested = rules("test", str(path))
    assert (tested.exit_code, tested.stdout.startswith("theirs.toml: contradiction: no text")) == (1, True)
    assert type(rules("import", str(made)).exception).__name__ in ("UsageError", "SystemExit")


def test_a_gitleaks_file_in_a_configuration_is_listed_with_what_is_not_honoured(tmp_path: Path) -> None:
    document = full()
    document["masking"]["rules"] = ["theirs.toml"]
    path = write(tmp_path, document)
    (tmp_path / "theirs.toml").write_text(TOML)
    lines = rules("list", "-c", str(path)).stdout.splitlines()
    assert lines[0].split("  ")[0].strip() == "acme-key"
    assert any("path: a stream does not tell" in line for line in lines)
    assert any(line.startswith("files") and "left out of theirs.toml" in line for line in lines)
    listed = json.loads(rules("list", "--json", "-c", str(path)).stdout)
    assert [one["id"] for one in listed] == ["acme-key", "contradiction", "files"]
    assert listed[0]["notes"]
    assert listed[2]["left_out"]


def test_the_bench_names_what_is_slow(tmp_path: Path) -> None:
    own = [
        {"id": "quick", "pattern": "quick_token_[0-9]{8}", "samples": ["quick_token_12345678"]},
        {"id": "slow", "pattern": "[a-z]{2,30}[0-9]{1,3}[a-z]", "samples": ["aa1b"]},
    ]
    (tmp_path / "own.yaml").write_text(json.dumps({"rules": own}))
    costs = {cost["rule"]: cost for cost in json.loads(rules("bench", "--json", str(tmp_path / "own.yaml")).stdout)}
    assert costs["quick"]["slow"] == []
    assert costs["slow"]["times"] > costs["quick"]["times"]
    assert any("no literal" in why for why in costs["slow"]["slow"])
    assert costs["slow"]["held"] > 1 > costs["quick"]["held"]
    plain = rules("bench", str(tmp_path / "own.yaml")).stdout
    assert plain.splitlines()[0].split("\t")[0] == "slow"


def test_the_schema_is_printed() -> None:
    assert json.loads(rules("schema").stdout)["title"] == "maskproxy rules"


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
