import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy import origins


@pytest.mark.parametrize(
    ("text", "address", "loopback"),
    [
        ("0.0.0.0:8443", origins.Address("0.0.0.0", 8443), False),
        ("127.8.9.1:0", origins.Address("127.8.9.1", 0), True),
        ("[::1]:80", origins.Address("::1", 80), True),
        ("localhost:8080", origins.Address("localhost", 8080), True),
        ("Git.Example.com:443", origins.Address("git.example.com", 443), False),
        ("[::ffff:10.0.0.1]:80", origins.Address("::ffff:a00:1", 80), False),
    ],
)
def test_addresses(text: str, address: origins.Address, loopback: bool) -> None:
    assert origins.parse_address(text) == address
    assert address.loopback is loopback
    assert origins.parse_address(str(address)) == address


@pytest.mark.parametrize(
    "text", ["host", ":80", "host:", "host:65536", "::1:80", "a b:80", "*.x:1", "[x]:80", "1.2.3:80", 80, "host:8a"]
)
def test_what_is_no_address(text: object) -> None:
    with pytest.raises(ValueError, match=r"[Ww]rite"):
        origins.parse_address(text)


@given(st.text(max_size=40))
def test_a_host_is_stable_or_refused(text: str) -> None:
    try:
        host = origins.parse_host(text)
    except ValueError:
        return
    assert origins.parse_host(host) == host
    assert origins.parse_address(str(origins.Address(host, 1))).host == host


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://api.anthropic.com", origins.Url("https", "api.anthropic.com", 443)),
        ("https://API.anthropic.com:8443/", origins.Url("https", "api.anthropic.com", 8443)),
        ("http://[::1]:9", origins.Url("http", "::1", 9)),
    ],
)
def test_origins(text: str, url: origins.Url) -> None:
    assert origins.safe_url(text) == url
    assert origins.safe_url(str(url)) == url


@pytest.mark.parametrize(
    "text",
    [
        "http://example.com",
        "ftp://a",
        "https://u:p@a",
        "https://a/b",
        "https://a?x",
        "https://a#f",
        "https://",
        "a",
        7,
        "https://a:0",
        "https://a:99999",
        "https://[::1",
        "https://*.a",
    ],
)
def test_what_is_no_safe_origin(text: object) -> None:
    with pytest.raises(ValueError, match=r"[Ww]rite|https"):
        origins.safe_url(text)
