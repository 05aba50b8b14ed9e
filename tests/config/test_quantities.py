import pytest

from maskproxy.config import quantities as q
from maskproxy.origins import Address
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


def test_a_target_has_a_port() -> None:
    with pytest.raises(ValueError, match="port"):
        q.parse_target("git.example.com:0")


def test_an_endpoint_is_kept_as_it_is_written() -> None:
    assert q.safe_endpoint("https://idp.example.com/realms/x/") == "https://idp.example.com/realms/x/"
    assert q.safe_endpoint("http://127.0.0.1:9000") == "http://127.0.0.1:9000"
    for bad in ("http://idp.example.com", "https://u@idp.example.com", "idp.example.com", "https://[", 5):
        with pytest.raises(ValueError, match=r"[Ww]rite|https"):
            q.safe_endpoint(bad)


def test_the_admin_place_is_loopback_or_a_socket() -> None:
    assert str(q.parse_admin("./admin.sock")) == "admin.sock"
    assert q.parse_admin("127.0.0.1:9465") == Address("127.0.0.1", 9465)
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


@pytest.mark.parametrize("text", ["udp://127.0.0.1:514", "tcp://logs.example:601", "tls://[::1]:6514"])
def test_a_syslog_server_is_a_transport_and_an_address(text: str) -> None:
    place = q.parse_syslog(text)
    assert (place.transport, place.port) == (text[:3], int(text.rpartition(":")[2]))


@pytest.mark.parametrize("text", ["127.0.0.1:514", "unix:///dev/log", "udp://h", "udp://h:0", "tls://h:1/x", 514, None])
def test_what_is_no_syslog_server_is_a_fault(text: object) -> None:
    with pytest.raises(ValueError, match=r"Write|Name"):
        q.parse_syslog(text)
