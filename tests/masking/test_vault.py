from maskproxy.masking import Vault
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
