from hypothesis import given
from hypothesis import strategies as st

from maskproxy.signin.browser import Browsers

BROWSERS = Browsers(b"\x01" * 32, secure=True)


def cookie_of(browsers: Browsers) -> str:
    return browsers.set_cookie(browsers.new()).partition(";")[0]


def test_a_browser_is_known_by_its_cookie_on_every_node() -> None:
    browser = BROWSERS.new()
    cookie = BROWSERS.set_cookie(browser).partition(";")[0]
    other = Browsers(b"\x01" * 32, secure=True)
    for fields in (cookie, f"a=b; {cookie}; c=d", f" {cookie} "):
        known = other.known(fields)
        assert known is not None
        assert known.hashed == browser.hashed
        assert known.sent(browser.form_token("code"), "code")
    assert Browsers(b"\x02" * 32, secure=True).known(cookie) is None


@given(st.text(max_size=120))
def test_nothing_else_is_a_cookie_or_a_form_s_token(text: str) -> None:
    assert BROWSERS.known(text) is None
    assert BROWSERS.known(f"{BROWSERS.cookie_name}={text}") is None
    assert not BROWSERS.new().sent(text, "code")


def test_a_form_is_for_one_browser_and_one_purpose() -> None:
    one, other = BROWSERS.new(), BROWSERS.new()
    token = one.form_token("confirm 1")
    assert one.sent(token, "confirm 1")
    assert not one.sent(token, "confirm 2")
    assert not other.sent(token, "confirm 1")
    assert one.mac("form confirm 1") != one.mac("confirm 1"), "a cookie's MAC is no form's"


def test_two_cookies_are_none_and_without_tls_there_is_no_secure_one() -> None:
    assert BROWSERS.known(f"{cookie_of(BROWSERS)}; {cookie_of(BROWSERS)}") is None
    plain = Browsers(b"\x01" * 32, secure=False)
    assert "Secure" not in plain.set_cookie(plain.new())
    assert plain.known(cookie_of(plain)) is not None
    assert plain.known(cookie_of(BROWSERS)) is None
