"""Keys of ours: one signs, the next is known before it does, the last is known until its tokens are over."""

import json

import pytest
from sqlalchemy import update

from maskproxy.access.keyset import KeySet
from maskproxy.errors import Unauthenticated, Unavailable
from maskproxy.gateway.identity.authenticator import Authenticator
from maskproxy.gateway.identity.keys import KeyDirectory, TrustedIssuer
from maskproxy.signin.signing_keys import KeyRing, RingTimes
from maskproxy.signin.tokens import TokenRules, claims_of, signed
from maskproxy.store.schema import signing_keys
from maskproxy.store.store import Store
from tests.signin.people import NOW, login
from tests.store.place import KEY, Shelf

TIMES = RingTimes(signs_s=1000, before_s=100, after_s=50, ask_every_s=0)
RULES = TokenRules("https://gateway.example.com", "maskproxy", 15 * 60)


def ring(shelf: Shelf, key: bytes = KEY, store: Store | None = None) -> tuple[KeyRing, list[int]]:
    tampered: list[int] = []
    made = KeyRing(
        store or shelf.store,
        key,
        wall_ns=lambda: int(shelf.now_s * 1e9),
        tampered=tampered.append,
        unforeseen=lambda _: None,
        times=TIMES,
    )
    return made, tampered


def kids(keys: KeyRing) -> list[object]:
    document = keys.jwks()["keys"]
    assert isinstance(document, list)
    return [key["kid"] for key in document]


async def test_a_new_key_is_published_before_it_signs_and_the_old_until_its_tokens_are_over(shelf: Shelf) -> None:
    keys, _ = ring(shelf)
    with pytest.raises(Unavailable):
        keys.signing()
    await keys.refresh()
    first = keys.signing().row.kid
    seen = keys.usable()
    shelf.now_s += 899
    await keys.refresh()
    assert kids(keys) == [first]
    assert keys.usable() is seen, "nothing changed, so what was verified stays verified"
    shelf.now_s += 2
    await keys.refresh()
    _, second = kids(keys)
    assert keys.signing().row.kid == first
    shelf.now_s += 99
    assert keys.signing().row.kid == second, "without a look at the store"
    shelf.now_s += 49
    await keys.refresh()
    assert kids(keys) == [first, second]
    shelf.now_s += 2
    await keys.refresh()
    assert kids(keys) == [second]


async def test_what_is_published_holds_nothing_private_and_makes_the_same_key_set(shelf: Shelf) -> None:
    keys, _ = ring(shelf)
    await keys.refresh()
    document = json.loads(json.dumps(keys.jwks()))
    assert set(document["keys"][0]) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
    read = KeySet.from_dict(document)
    assert read.faults == ()
    found = read.find(keys.signing().row.kid, "ES256")
    assert found is not None
    secret = keys.signing().private.private_numbers().private_value.to_bytes(32, "big")
    assert secret not in shelf.kept()


async def test_nodes_on_one_store_share_their_keys(shelf: Shelf) -> None:
    beside = Store(shelf.where)
    await beside.start()
    one, _ = ring(shelf)
    other, _ = ring(shelf, store=beside)
    await one.refresh()
    await other.refresh()
    assert kids(one) == kids(other)
    await beside.close()


async def test_a_key_that_another_node_made_is_looked_up_when_a_token_names_it(shelf: Shelf) -> None:
    one, _ = ring(shelf)
    other, _ = ring(shelf)
    kid = "unknown"
    await other.keys_for(kid)
    shelf.now_s += 950
    await one.refresh()
    new = kids(one)[-1]
    assert new in await other.keys_for(str(new))


async def test_a_row_that_nobody_sealed_here_is_no_key(shelf: Shelf) -> None:
    stranger, _ = ring(shelf, b"\x02" * 32)
    await stranger.refresh()
    keys, tampered = ring(shelf)
    await keys.refresh()
    assert tampered == [1]
    assert kids(keys) == [keys.signing().row.kid] != kids(stranger)


async def test_a_key_s_times_cannot_be_changed(shelf: Shelf) -> None:
    keys, _ = ring(shelf)
    await keys.refresh()
    far = update(signing_keys).values(ends_us=int((NOW + 10**6) * 1e6))
    await shelf.store.call(lambda connection: connection.execute(far), timeout_s=5)
    fresh, tampered = ring(shelf)
    await fresh.refresh()
    assert tampered == [1]
    assert kids(fresh) != kids(keys)


async def test_a_clock_that_was_set_back_is_no_end(shelf: Shelf) -> None:
    keys, _ = ring(shelf)
    await keys.refresh()
    shelf.now_s -= 5000
    await keys.refresh()
    assert keys.signing().row.signs_from_us == int(shelf.now_s * 1e6)


async def test_our_tokens_are_verified_without_a_fetch_until_their_session_is_over(shelf: Shelf) -> None:
    keys, _ = ring(shelf)
    await keys.refresh()
    over: set[str] = set()
    issuers = [TrustedIssuer(RULES.verified_by())]
    directory = KeyDirectory([], own={RULES.issuer: keys})
    authenticator = Authenticator(directory, issuers, lambda: shelf.now_s, is_over=over.__contains__)
    key = keys.signing()
    token = signed(claims_of(login(), "s1", RULES, shelf.now_s, NOW + 10**6), key.row.kid, key.private)
    person = await authenticator.authenticate(token)
    assert (person.key, person.name) == ("https://idp.example.com#u-1", "Ada Lovelace")
    assert person.groups == {"engineering"}
    assert await authenticator.authenticate(token) is person
    over.add("s1")
    with pytest.raises(Unauthenticated, match="ended"):
        await authenticator.authenticate(token)
    over.clear()
    shelf.now_s += 15 * 60 + 61
    with pytest.raises(Unauthenticated, match="expired"):
        await authenticator.authenticate(token)
