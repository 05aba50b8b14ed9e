from __future__ import annotations

import pytest

from maskproxy.masking.checks.passphrases import are_words_of_a_passphrase


@pytest.mark.parametrize(
    "value",
    [
        "otter violin marble",
        "correct-horse-battery-staple",
        "copper_lantern_42",
        "lantern.copper7",
        "CopperLanternOtter42",
        "OtterViolinMarbleCopper",
        "window-otter-violin-copper",
    ],
)
def test_words_that_a_person_put_together(value: str) -> None:
    assert are_words_of_a_passphrase(value)


@pytest.mark.parametrize(
    "value",
    [
        "enter your password",
        "must match first entry",
        "wrong user",
        "form-control",
        "db_password",
        "on_behalf_of",
        "Otter violin marble.",
        "LoginForm",
        "ConfirmNewEntry",
        "form.label",
    ],
)
def test_labels_sentences_and_names_in_programs(value: str) -> None:
    assert not are_words_of_a_passphrase(value)
