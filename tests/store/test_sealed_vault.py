import pytest
from sqlalchemy import text

from maskproxy.errors import StoreFailed
from maskproxy.masking import Known
from maskproxy.store.postgres_url import StorePlace
from maskproxy.store.sealed_vault import LIMIT_SECRET_BYTES
from maskproxy.store.vault_rows import Bounds
from tests.store.place import DAY_S, KEY, Shelf, known

ONE, TWO = known(b"first secret"), known(b"the second one", rule="other-rule")


async def written(shelf: Shelf) -> list[tuple[str, int]]:
    """Placeholders and when they were last seen; waits for what was posted."""
    query = text("SELECT placeholder, seen_us FROM vault ORDER BY seen_us")
    rows = await shelf.store.call(lambda connection: connection.execute(query).all(), timeout_s=10)
    return [(row[0], row[1]) for row in rows]


async def test_what_is_remembered_is_recalled_with_its_rule(shelf: Shelf) -> None:
    vault = shelf.vault()
    vault.remember("ada", [ONE, TWO])
    unknown = known(b"never kept").placeholder
    assert sorted(await vault.recall("ada", [TWO.placeholder, unknown, ONE.placeholder])) == sorted([ONE, TWO])
    assert shelf.counted == [2]


async def test_another_person_gets_nothing_even_by_the_same_placeholder(shelf: Shelf) -> None:
    vault = shelf.vault()
    vault.remember("ada", [ONE])
    assert await vault.recall("bob", [ONE.placeholder]) == []
    vault.remember("bob", [ONE._replace(secret=b"of another")])
    assert [k.secret for k in await vault.recall("bob", [ONE.placeholder])] == [b"of another"]
    assert await vault.recall("ada", [ONE.placeholder]) == [ONE]


async def test_a_row_moved_to_another_name_does_not_open(shelf: Shelf) -> None:
    vault = shelf.vault()
    vault.remember("ada", [ONE])
    vault.remember("bob", [TWO])
    move = "UPDATE vault SET scope = (SELECT scope FROM vault WHERE placeholder = :two) WHERE placeholder = :one"
    names = {"one": ONE.placeholder.decode(), "two": TWO.placeholder.decode()}
    await shelf.store.call(lambda connection: connection.execute(text(move), names).rowcount, timeout_s=10)
    assert await vault.recall("bob", [ONE.placeholder, TWO.placeholder]) == [TWO]
    assert shelf.tampered == [1]


async def test_nothing_stands_on_the_disk_in_clear(shelf: Shelf) -> None:
    person, secret = "https://idp.example#ada-lovelace", b"hunter2-hunter2-hunter2"
    vault = shelf.vault()
    vault.remember(person, [known(secret, person)])
    await written(shelf)
    before = shelf.kept()
    assert known(secret, person).placeholder in before
    await shelf.store.close()
    for found in (before, shelf.kept()):
        assert secret not in found
        assert secret[:8] not in found
        assert b"ada-lovelace" not in found
        assert KEY not in found


async def test_it_is_there_after_a_restart_but_not_under_another_key(where: StorePlace) -> None:
    shelf = Shelf(where)
    await shelf.open()
    shelf.vault().remember("ada", [ONE])
    await shelf.store.close()
    await shelf.open()
    assert await shelf.vault().recall("ada", [ONE.placeholder]) == [ONE]
    assert await shelf.vault(b"\x02" * 32).recall("ada", [ONE.placeholder]) == []
    assert shelf.tampered == []
    await shelf.store.close()


async def test_what_was_written_lately_is_not_written_again_until_it_should_be_made_young(shelf: Shelf) -> None:
    vault = shelf.vault(keep_s=8000)
    vault.remember("ada", [ONE])
    (first,) = await written(shelf)
    shelf.now_s += 999
    vault.remember("ada", [ONE])
    assert await written(shelf) == [first]
    shelf.now_s += 2
    vault.remember("ada", [ONE])
    assert await written(shelf) == [(first[0], first[1] + 1_001_000_000)]


async def test_a_failed_write_is_tried_again_with_the_next_turn(shelf: Shelf) -> None:
    vault = shelf.vault()
    shelf.change("ALTER TABLE vault RENAME TO elsewhere")
    vault.remember("ada", [ONE])
    with pytest.raises(StoreFailed):
        await vault.recall("ada", [ONE.placeholder])
    assert [failed for failed, _ in shelf.told] == [True]
    shelf.change("ALTER TABLE elsewhere RENAME TO vault")
    vault.remember("ada", [ONE])
    assert await vault.recall("ada", [ONE.placeholder]) == [ONE]
    assert [failed for failed, _ in shelf.told] == [True, False]


async def test_it_expires_and_a_recall_makes_it_young(shelf: Shelf) -> None:
    vault = shelf.vault(keep_s=7 * DAY_S)
    vault.remember("ada", [ONE, TWO])
    shelf.now_s += 4 * DAY_S
    assert await vault.recall("ada", [ONE.placeholder]) == [ONE]
    shelf.now_s += 4 * DAY_S
    assert await vault.recall("ada", [ONE.placeholder, TWO.placeholder]) == [ONE]
    await vault.prune()
    assert [name for name, _ in await written(shelf)] == [ONE.placeholder.decode()]
    shelf.now_s += 8 * DAY_S
    await vault.prune()
    assert await written(shelf) == []
    assert shelf.counted[-1] == 0
    await shelf.store.close()
    assert ONE.placeholder not in shelf.kept()


async def test_a_shorter_keep_counts_for_what_is_there_already(shelf: Shelf) -> None:
    shelf.vault(keep_s=7 * DAY_S).remember("ada", [ONE])
    shelf.now_s += 2 * DAY_S
    shorter = shelf.vault(keep_s=DAY_S)
    assert await shorter.recall("ada", [ONE.placeholder]) == []
    await shorter.prune()
    assert await written(shelf) == []


async def test_a_clock_that_steps_back_loses_nothing(shelf: Shelf) -> None:
    vault = shelf.vault()
    vault.remember("ada", [ONE])
    await written(shelf)
    shelf.now_s -= 3 * DAY_S
    vault.remember("ada", [ONE])
    await vault.prune()
    assert await vault.recall("ada", [ONE.placeholder]) == [ONE]


async def test_of_one_scope_the_oldest_are_forgotten_first(shelf: Shelf) -> None:
    vault = shelf.vault(bounds=Bounds(scope_rows=3))
    secrets = [known(b"secret number %d" % number) for number in range(5)]
    vault.remember("bob", [TWO])
    for secret in secrets:
        shelf.now_s += 1
        vault.remember("ada", [secret])
    names = [secret.placeholder for secret in secrets]
    assert sorted(await vault.recall("ada", names)) == sorted(secrets[2:])
    assert await vault.recall("bob", [TWO.placeholder]) == [TWO]


async def test_many_at_once_are_bounded_too_and_the_last_ones_stay(shelf: Shelf) -> None:
    vault = shelf.vault(bounds=Bounds(scope_rows=600))
    secrets = [known(b"secret number %d" % number) for number in range(700)]
    vault.remember("ada", secrets)
    assert sorted(await vault.recall("ada", [s.placeholder for s in secrets])) == sorted(secrets[100:])


async def test_one_scope_is_bounded_in_bytes(shelf: Shelf) -> None:
    vault = shelf.vault(bounds=Bounds(scope_bytes=3000))
    secrets = [known(b"%d" % number * 1000) for number in range(1, 5)]
    for secret in secrets:
        shelf.now_s += 1
        vault.remember("ada", [secret])
    assert sorted(await vault.recall("ada", [s.placeholder for s in secrets])) == sorted(secrets[2:])


async def test_all_together_are_bounded_and_some_room_is_made(shelf: Shelf) -> None:
    vault = shelf.vault(bounds=Bounds(rows=32))
    for number in range(33):
        shelf.now_s += 1
        vault.remember(f"person {number}", [known(b"secret number %d" % number)])
    left = await written(shelf)
    assert len(left) == 30
    assert shelf.counted[-1] == 30
    assert (await vault.recall("person 32", [known(b"secret number 32").placeholder])) != []
    assert (await vault.recall("person 2", [known(b"secret number 2").placeholder])) == []


async def test_one_that_stood_for_two_texts_stands_for_neither_from_then_on(shelf: Shelf) -> None:
    vault = shelf.vault()
    for secret in (ONE.secret, b"another text", b"another text", ONE.secret):
        vault.remember("ada", [ONE._replace(secret=secret)])
    assert await vault.recall("ada", [ONE.placeholder]) == []
    query = text("SELECT length(sealed), length(digest), size_bytes FROM vault")
    assert await shelf.store.call(lambda connection: connection.execute(query).all(), timeout_s=60) == [(0, 0, 0)]


async def test_what_is_very_long_is_not_kept(shelf: Shelf) -> None:
    vault = shelf.vault()
    largest = Known(b"MASKED_A", "a", b"x" * LIMIT_SECRET_BYTES)
    vault.remember("ada", [largest, Known(b"MASKED_B", "b", b"x" * (LIMIT_SECRET_BYTES + 1))])
    assert await vault.recall("ada", [b"MASKED_A", b"MASKED_B"]) == [largest]


def test_what_is_known_does_not_tell_itself() -> None:
    assert "first" not in f"{ONE!r} {ONE}"
