"""Where a sign-in is kept: a file that is private, or a keyring that is real."""

from __future__ import annotations

import sys
import threading
import types
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.developer import sign_in
from maskproxy.developer.gateway import Gateway
from maskproxy.developer.private import locked, read_private, state_directory, write_private
from maskproxy.developer.remembered import Places
from maskproxy.developer.sign_in import SignIn
from maskproxy.errors import Unauthenticated, Unavailable

ONE = SignIn("http://127.0.0.1:1", "access-secret", "refresh-secret", 1000.0, 1900.0, "/t", "/r")


class FakeKeyring(types.ModuleType):
    """The keyring package with a backend of a module's name."""

    def __init__(self, module: str) -> None:
        super().__init__("keyring")
        self.__spec__ = types.SimpleNamespace()  # type: ignore[assignment] # it is there, and that is all that is asked
        self.held: dict[tuple[str, str], str] = {}
        self.locked = False
        outer = self

        class Keyring:
            def get_password(self, service: str, username: str) -> str | None:
                outer.check()
                return outer.held.get((service, username))

            def set_password(self, service: str, username: str, password: str) -> None:
                outer.check()
                outer.held[service, username] = password

            def delete_password(self, service: str, username: str) -> None:
                outer.check()
                del outer.held[service, username]

        Keyring.__module__ = module
        self.backend = Keyring()

    def check(self) -> None:
        if self.locked:
            raise RuntimeError("locked")

    def get_keyring(self) -> object:
        return self.backend


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places({"XDG_STATE_HOME": str(tmp_path)})


@pytest.fixture
def gateway() -> Gateway:
    return Gateway.at("http://127.0.0.1:1", None)


def put(monkeypatch: pytest.MonkeyPatch, module: str) -> FakeKeyring:
    fake = FakeKeyring(module)
    monkeypatch.setitem(sys.modules, "keyring", fake)
    return fake


def test_without_the_package_it_is_a_private_file(
    places: Places, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    session = places.new_session(gateway, "auto")
    session.keep(ONE)
    path = Path(session.keeper.where)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert places.session(gateway).kept() == ONE
    with pytest.raises(Unavailable, match="keyring package"):
        places.new_session(gateway, "keyring")


@pytest.mark.parametrize("module", ["keyring.backends.SecretService", "keyring.backends.macOS"])
def test_a_real_keyring_holds_it_and_no_file_does(
    places: Places, gateway: Gateway, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    fake = put(monkeypatch, module)
    places.new_session(gateway, "file").keep(ONE)
    session = places.new_session(gateway, "auto")
    session.keep(ONE)
    assert "keyring" in session.keeper.where
    assert places.session(gateway).kept() == ONE
    assert all(b"secret" not in path.read_bytes() for path in places.directory.iterdir())
    fake.locked = True
    with pytest.raises(Unavailable, match="--keep file"):
        session.kept()
    with pytest.raises(Unavailable, match="--keep file"):
        session.keep(ONE)
    places.new_session(gateway, "file").keep(ONE)
    assert places.session(gateway).kept() == ONE
    fake.locked = False
    places.new_session(gateway, "auto").keep(ONE)
    places.session(gateway).keeper.forget()
    assert fake.held == {}
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(Unavailable, match="not to be had now"):
        places.session(gateway)


@pytest.mark.parametrize(
    "module", ["keyring.backends.fail", "keyring.backends.null", "keyrings.alt.file", "evil.SecretService"]
)
def test_what_is_no_real_keyring_is_not_used(
    places: Places, gateway: Gateway, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    fake = put(monkeypatch, module)
    session = places.new_session(gateway, "auto")
    session.keep(ONE)
    assert fake.held == {}
    assert places.session(gateway).kept() == ONE


def test_a_file_that_others_may_read_is_not_believed(places: Places, gateway: Gateway) -> None:
    session = places.session(gateway)
    session.keep(ONE)
    path = Path(session.keeper.where)
    path.chmod(0o640)
    with pytest.raises(Unavailable, match="Others than you"):
        session.kept()
    path.unlink()
    path.symlink_to(places.directory / "elsewhere")
    with pytest.raises(Unavailable, match="cannot be read"):
        session.kept()


def test_what_is_no_sign_in_is_none(places: Places, gateway: Gateway) -> None:
    for text in ("", "[]", "{}", ONE.written().replace("1900.0", '"x"'), ONE.written()[:-9]):
        write_private(places.of("json", gateway.url), text.encode())
        with pytest.raises(Unauthenticated):
            places.session(gateway).kept()


def test_of_two_only_one_is_within(tmp_path: Path) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work() -> None:
        for _ in range(20):
            with locked(tmp_path / "lock"):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(most) == {1}
    with locked(tmp_path / "lock"), pytest.raises(Unavailable, match="takes too long"), locked(tmp_path / "lock", 0.1):
        pass


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_private(tmp_path / "a", b"old")

    def fail(_: int) -> None:
        raise OSError

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(Unavailable, match="XDG_STATE_HOME"):
        write_private(tmp_path / "a", b"new")
    assert read_private(tmp_path / "a") == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_the_state_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert state_directory({"XDG_STATE_HOME": "/var/x"}) == Path("/var/x/maskproxy")
    for environ in ({}, {"XDG_STATE_HOME": "relative"}, {"XDG_STATE_HOME": ""}):
        assert state_directory(environ) == Path("/home/me/.local/state/maskproxy")


@given(st.floats(0, 1e10), st.floats(1, 1e6), st.floats(-1e5, 1e6))
def test_what_is_fresh_is_valid_for_a_while(issued: float, life: float, later: float) -> None:
    one = SignIn("g", "a", "r", issued, issued + life, "", "")
    if one.is_fresh(issued + later):
        assert one.is_valid(issued + later + min(life, 900) / 4)
    if not one.is_valid(issued + later):
        assert not one.is_fresh(issued + later)


@given(st.text(max_size=60))
def test_a_token_that_says_nothing_says_nothing(token: str) -> None:
    one = SignIn("g", token, "r", 0, 1, "", "")
    assert isinstance(one.claims, dict)
    assert sign_in.read(one.written()) == one
    assert not token or len(token) < 3 or token not in repr(one)
