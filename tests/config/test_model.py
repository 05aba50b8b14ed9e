import pytest
from pydantic import ValidationError

from maskproxy.config.model import Allow, Config
from maskproxy.origins import Address, Url
from tests.config.sample import full, with_sign_in


def test_what_signing_in_here_takes() -> None:
    config = Config.model_validate(with_sign_in())
    assert config.identity.tokens is not None
    assert (config.identity.tokens.for_s, config.identity.tokens.refresh_for) == (600, 7 * 86400)
    assert config.claude_code is not None
    assert config.claude_code.managed_settings[1].settings == {"model": "sonnet", "cleanupPeriodDays": 1, "a": None}


@pytest.mark.parametrize(
    "tokens", [{"for": "2h"}, {"for": 60}, {"for": "0s"}, {"audience": ""}, {"unknown": "x"}, {"refresh_for": None}]
)
def test_tokens_are_short_and_well_said(tokens: dict[str, object]) -> None:
    document = with_sign_in()
    document["identity"]["tokens"] = tokens
    with pytest.raises(ValidationError):
        Config.model_validate(document)


def test_the_contracts_example_is_read() -> None:
    config = Config.model_validate(full())
    assert config.listeners[0].address == Address("0.0.0.0", 8443)
    assert config.routes[0].upstream == Url("https", "api.anthropic.com", 443)
    assert config.routes[0].hosts == ("api.anthropic.com",)
    assert config.routes[0].credential is not None
    assert config.routes[0].credential.header == "x-api-key"
    assert [(str(t.target), t.private) for t in config.tunnels] == [
        ("git.example.com:443", False),
        ("10.0.0.7:22", True),
    ]
    assert config.grants[0].for_s == 8 * 3600
    assert config.recording is not None
    assert config.recording.keep == 90 * 86400
    assert config.limits.body_bytes.batches == 256 << 20
    assert config.limits.memory_bytes == 1 << 30


def test_nothing_can_be_changed() -> None:
    config = Config.model_validate(full())
    with pytest.raises(ValidationError, match="frozen"):
        config.routes[0].name = "other"  # type: ignore[misc] # the model is frozen


def test_a_fault_does_not_repeat_the_value() -> None:
    document = full()
    document["routes"][0]["upstream"] = "https://user:hunter2pw@api.example.com"
    with pytest.raises(ValidationError) as caught:
        Config.model_validate(document)
    assert "hunter2pw" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "Claude", "a b", "-a", "a" * 64])
def test_names_are_plain(name: str) -> None:
    document = full()
    document["routes"][0]["name"] = name
    with pytest.raises(ValidationError):
        Config.model_validate(document)


def test_what_people_may_let_pass_has_its_words() -> None:
    assert Allow().model_dump() == {"longest": 7 * 86400.0, "generic": "at_once", "vendor": "approval"}
    with pytest.raises(ValidationError):
        Allow.model_validate({"vendor": "at_once"})


def test_a_grants_terms_are_written_short_or_as_lists() -> None:
    document = full()
    document["grants"][0] |= {
        "claims": {"repository": "corp/*", "ref": ["a", "b"], "verified": True, "run": 7},
        "models": ["claude-*"],
        "endpoints": ["messages", "files"],
        "hours": "Mon-Fri 08:00-19:00 Europe/Berlin",
    }
    grant = Config.model_validate(document).grants[0]
    assert grant.claims == {"repository": ("corp/*",), "ref": ("a", "b"), "verified": ("true",), "run": ("7",)}
    assert grant.models == ("claude-*",)
    assert sorted(grant.endpoints or ()) == ["files", "messages"]
    assert [hours.zone_name for hours in grant.hours] == ["Europe/Berlin"]
    document["grants"][0]["hours"] = ["Mon 08:00-19:00 UTC", "22:00-06:00 UTC"]
    assert len(Config.model_validate(document).grants[0].hours) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"claims": {}},
        {"claims": {"x": []}},
        {"claims": {"x": {"y": "z"}}},
        {"claims": {"x": [""]}},
        {"claims": {"x": 1.5}},
        {"models": []},
        {"endpoints": ["chat"]},
        {"hours": "always"},
        {"hours": []},
        {"hours": ["Mon 08:00-19:00 UTC", 5]},
    ],
)
def test_terms_of_a_grant_that_say_nothing_are_faults(changes: dict[str, object]) -> None:
    document = full()
    document["grants"][0] |= changes
    with pytest.raises(ValidationError):
        Config.model_validate(document)
