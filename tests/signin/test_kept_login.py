import pytest

from maskproxy.errors import Denied
from maskproxy.signin import kept_login
from tests.signin.people import NOW, UPSTREAM_REFRESH, login


def test_a_login_is_read_as_it_was_written() -> None:
    for one in (login(), login(ends_at=NOW + 1, refresh_token=None, claims={"a": [{"b": None}]})):
        read = kept_login.read(kept_login.written(one))
        assert (read, dict(read.claims)) == (one, dict(one.claims))


def test_what_cannot_be_shown_is_left_out_of_names_and_refused_in_what_names_a_person() -> None:
    read = kept_login.read(kept_login.written(login(name="Ada\x1b[31m\n", email="a" * 600)))
    assert (read.name, len(read.email)) == ("Ada[31m", 512)
    assert kept_login.read(kept_login.written(login(name="\n"))).name == "u-1"
    for changes in ({"subject": ""}, {"subject": "a\nb"}, {"subject": "s" * 513}, {"issuer": "\x00"}):
        with pytest.raises(Denied):
            kept_login.written(login(**changes))


def test_more_than_can_be_kept_is_told() -> None:
    with pytest.raises(Denied, match="fewer groups"):
        kept_login.written(login(groups=frozenset(f"group-{number:0200}" for number in range(2000))))


def test_what_a_provider_says_later_counts_but_for_when_the_person_signed_in() -> None:
    before, now = login(), login(groups=frozenset({"new"}), signed_in_at=NOW + 900, refresh_token=None)
    renewed = kept_login.renewed(before, now)
    assert (set(renewed.groups), renewed.signed_in_at) == ({"new"}, NOW - 5)
    assert renewed.refresh_token == UPSTREAM_REFRESH, "one that was not replaced goes on"
    assert kept_login.renewed(before, login(refresh_token="next")).refresh_token == "next"
