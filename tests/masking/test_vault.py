import pytest

from maskproxy.masking import Known, Vault
from maskproxy.masking.vault import LIMIT_BYTES, MOST_SECRETS


def test_a_secret_is_kept_without_its_line_numbers_and_under_its_rule() -> None:
    vault = Vault()
    vault.keep("pem", b"P", b"BEGIN\n    12\tline two\n    13\xe2\x86\x92END")
    assert vault.secret(b"P") == b"BEGIN\nline two\nEND"
    assert vault.named(b"P") == ("pem", b"BEGIN\nline two\nEND")
    assert vault.secret(b"Q") is None
    assert vault.named(b"Q") is None


def test_the_text_form_tells_no_secret() -> None:
    vault = Vault()
    vault.keep("a", b"P", b"hidden value")
    assert "hidden" not in f"{vault!r} {vault}"
    assert len(vault) == 1


def test_a_placeholder_that_stood_for_two_texts_stands_for_none() -> None:
    vault = Vault()
    for span in (b"first one", b"second one", b"first one"):
        vault.keep("a", b"P", span)
    assert vault.secret(b"P") is None
    assert len(vault) == 0


def test_the_oldest_are_forgotten_first_and_use_makes_young() -> None:
    vault = Vault()
    for number in range(MOST_SECRETS + 1):
        vault.keep("a", b"%d" % number, b"secret %d" % number)
        vault.keep("a", b"0", b"secret 0")
    assert len(vault) == MOST_SECRETS
    assert vault.secret(b"0") == b"secret 0"
    assert vault.secret(b"1") is None
    assert vault.secret(b"%d" % MOST_SECRETS) is not None


def test_all_together_are_bounded_in_bytes() -> None:
    vault = Vault()
    vault.keep("a", b"P", b"x" * LIMIT_BYTES)
    assert vault.secret(b"P") is not None
    vault.keep("a", b"Q", b"a short one")
    assert vault.secret(b"P") is None
    assert vault.secret(b"Q") == b"a short one"


def test_what_is_too_short_to_be_looked_for_is_not_kept() -> None:
    vault = Vault()
    vault.keep("a", b"P", b"short")
    assert vault.secret(b"P") is None


def test_what_may_stand_in_escaped_json() -> None:
    vault = Vault()
    vault.keep("a", b"P", b'quo"ted-part')
    vault.keep("b", b"Q", b"elsewhere")
    assert vault.may_stand_in(b'{"x": "quo\\"ted-part"}') == [("a", b'quo"ted-part')]
    assert vault.may_stand_in(b"{}") == []


def test_what_is_recalled_is_known_like_what_was_said_but_not_taught() -> None:
    vault = Vault()
    vault.keep("a", b"P", b"said in the request")
    assert vault.recall(Known(b"Q", "b", b'quo"ted-part'))
    assert vault.secret(b"Q") == b'quo"ted-part'
    assert vault.named(b"Q") == ("b", b'quo"ted-part')
    assert vault.taught() == [Known(b"P", "a", b"said in the request")]
    assert vault.may_stand_in(b'{"x": "quo\\"ted-part"}') == [("b", b'quo"ted-part')]
    assert vault.recalled_may_stand_in(b'{"x": "quo\\"ted-part"}')
    assert not vault.recalled_may_stand_in(b"said in the request")
    assert [vault.has_heard_of(name) for name in (b"P", b"Q", b"R")] == [True, True, False]


def test_the_request_knows_better_than_a_store() -> None:
    vault = Vault()
    vault.keep("a", b"P", b"said in the request")
    assert not vault.recall(Known(b"P", "a", b"remembered of old"))
    assert vault.secret(b"P") == b"said in the request"
    for span in (b"first one", b"second one"):
        vault.keep("a", b"Q", span)
    assert not vault.recall(Known(b"Q", "a", b"first one"))
    assert vault.secret(b"Q") is None


def test_a_second_reading_begins_with_what_was_recalled_alone() -> None:
    vault = Vault()
    vault.recall(Known(b"R", "r", b"remembered"))
    for span in (b"first one", b"second one"):
        vault.keep("a", b"P", span)
    vault.keep("a", b"Q", b"another one")
    vault.begin_again()
    assert (len(vault), vault.taught()) == (0, [])
    assert vault.secret(b"R") == b"remembered"
    vault.keep("a", b"P", b"first one")
    assert vault.secret(b"P") == b"first one"


@pytest.mark.parametrize("secret", [b"secret %d", b"x" * (LIMIT_BYTES // 3) + b"%d"])
def test_what_is_recalled_is_bounded_in_number_and_bytes(secret: bytes) -> None:
    vault = Vault()
    taken = [vault.recall(Known(b"%d" % number, "a", secret % number)) for number in range(MOST_SECRETS + 1)]
    assert sum(taken) == (MOST_SECRETS if len(secret) < 100 else 2)
    assert taken[0]
    assert not taken[-1]
    vault.keep("a", b"P", b"there is room for this")
    assert vault.secret(b"P") is not None


def test_one_too_short_to_be_kept_is_heard_of() -> None:
    vault = Vault()
    vault.keep("a", b"P", b"short")
    assert vault.has_heard_of(b"P")
    assert not vault.recall(Known(b"Q", "a", b"short"))
