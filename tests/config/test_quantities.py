import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.config import quantities as q
from maskproxy.store.postgres_url import PostgresUrl


@pytest.mark.parametrize(
    ("text", "size"), [("64MiB", 64 << 20), ("1 KiB", 1024), ("12", 12), (7, 7), ("3B", 3), ("2GiB", 2 << 30)]
)
def test_sizes(text: object, size: int) -> None:
    assert q.parse_size(text) == size


@pytest.mark.parametrize("text", ["64MB", "-1", "1.5GiB", "", "KiB", None, True, [1], "9" * 40])
def test_what_is_no_size(text: object) -> None:
    with pytest.raises(ValueError, match="KiB"):
        q.parse_size(text)


@pytest.mark.parametrize(("text", "seconds"), [("8h", 28800), ("30m", 1800), ("7d", 604800), ("1h30m", 5400)])
def test_durations(text: str, seconds: float) -> None:
    assert q.parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["8", 8, "h", "8 h", "8w", "", None, "-1h"])
def test_what_is_no_duration(text: object) -> None:
    with pytest.raises(ValueError, match="unit"):
        q.parse_duration(text)


@pytest.mark.parametrize(
    ("text", "address", "loopback"),
    [
        ("0.0.0.0:8443", q.Address("0.0.0.0", 8443), False),
        ("127.8.9.1:0", q.Address("127.8.9.1", 0), True),
        ("[::1]:80", q.Address("::1", 80), True),
        ("localhost:8080", q.Address("localhost", 8080), True),
        ("Git.Example.com:443", q.Address("git.example.com", 443), False),
        ("[::ffff:10.0.0.1]:80", q.Address("::ffff:a00:1", 80), False),
    ],
)
def test_addresses(text: str, address: q.Address, loopback: bool) -> None:
    assert q.parse_address(text) == address
    assert address.loopback is loopback
    assert q.parse_address(str(address)) == address


@pytest.mark.parametrize(
    "text", ["host", ":80", "host:", "host:65536", "::1:80", "a b:80", "*.x:1", "[x]:80", "1.2.3:80", 80, "host:8a"]
)
def test_what_is_no_address(text: object) -> None:
    with pytest.raises(ValueError, match=r"[Ww]rite"):
        q.parse_address(text)


def test_a_target_has_a_port() -> None:
    with pytest.raises(ValueError, match="port"):
        q.parse_target("git.example.com:0")


@settings(deadline=None)
@given(st.text(max_size=40))
def test_a_host_is_stable_or_refused(text: str) -> None:
    try:
        host = q.parse_host(text)
    except ValueError:
        return
    assert q.parse_host(host) == host
    assert q.parse_address(str(q.Address(host, 1))).host == host


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://api.anthropic.com", q.Url("https", "api.anthropic.com", 443)),
        ("https://API.anthropic.com:8443/", q.Url("https", "api.anthropic.com", 8443)),
        ("http://[::1]:9", q.Url("http", "::1", 9)),
    ],
)
def test_origins(text: str, url: q.Url) -> None:
    assert q.safe_url(text) == url
    assert q.safe_url(str(url)) == url


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
        q.safe_url(text)


def test_an_endpoint_is_kept_as_it_is_written() -> None:
    assert q.safe_endpoint("https://idp.example.com/realms/x/") == "https://idp.example.com/realms/x/"
    assert q.safe_endpoint("http://127.0.0.1:9000") == "http://127.0.0.1:9000"
    for bad in ("http://idp.example.com", "https://u@idp.example.com", "idp.example.com", "https://[", 5):
        with pytest.raises(ValueError, match=r"[Ww]rite|https"):
            q.safe_endpoint(bad)


def test_the_admin_place_is_loopback_or_a_socket() -> None:
    assert str(q.parse_admin("./admin.sock")) == "admin.sock"
    assert q.parse_admin("127.0.0.1:9465") == q.Address("127.0.0.1", 9465)
    with pytest.raises(ValueError, match="loopback"):
        q.parse_admin("0.0.0.0:9465")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("sqlite:///state.db", "state.db"),
        ("sqlite:////var/state.db", "/var/state.db"),
        ("sqlite:///a/b c.db", "a/b c.db"),
    ],
)
def test_stores(text: str, path: str) -> None:
    assert str(q.parse_store(text)) == path


@pytest.mark.parametrize(
    "text",
    [
        "sqlite://",
        "sqlite:///",
        "sqlite:////",
        "sqlite:///:memory:",
        "sqlite:///file:x?mode=memory",
        "sqlite:///a?b=c",
        "sqlite+aiosqlite:///a",
        "mysql://a/b",
        "state.db",
        "",
        7,
        None,
    ],
)
def test_what_is_no_store(text: object) -> None:
    with pytest.raises(ValueError, match="Write sqlite:///"):
        q.parse_store(text)


def test_a_store_in_postgresql() -> None:
    assert isinstance(q.parse_store("postgresql://me:pw@db.example/x"), PostgresUrl)
    with pytest.raises(ValueError, match="Name the database") as raised:
        q.parse_store("postgresql://me:pw-of-mine@db.example")
    assert "pw-of-mine" not in str(raised.value)
