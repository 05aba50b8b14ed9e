import os
import pwd
from pathlib import Path

import pytest

from maskproxy.service.logged_in import logged_in


@pytest.mark.parametrize(
    ("account", "named"), [("4294967295", "{me}"), ("not a number", "{me}"), ("0", "root as {me}")]
)
def test_who_decides_is_who_the_system_says_is_logged_in(
    monkeypatch: pytest.MonkeyPatch, account: str, named: str
) -> None:
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: account)
    monkeypatch.setattr(os, "getuid", lambda: 65534)
    monkeypatch.setenv("LOGNAME", "somebody-else")
    assert logged_in() == named.format(me=pwd.getpwuid(65534).pw_name)


def test_a_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: "4000000001")
    monkeypatch.setattr(os, "getuid", lambda: 4000000001)
    assert logged_in() == "user 4000000001"
