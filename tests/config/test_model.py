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
