import asyncio

from tests.daemon.place import Place
from tests.daemon.program import WAIT_S


async def test_a_new_key_works_at_once_and_an_old_one_no_more(place: Place) -> None:
    await place.run()
    old = place.token("ada")
    assert (await place.post("/v1/messages", b"{}", old)).status == 200
    place.issuer.take_new_key("house-2")
    assert (await place.post("/v1/messages", b"{}", place.token("bob"))).status == 200
    assert (await place.post("/v1/messages", b"{}", old)).status == 401


async def test_keys_that_were_fetched_serve_through_an_outage(place: Place) -> None:
    await place.run()
    assert (await place.post("/v1/messages", b"{}")).status == 200
    place.issuer.down = True
    assert (await place.post("/v1/messages", b"{}", place.token("bob"))).status == 200
    known = place.issuer.key
    place.issuer.take_new_key("house-3")
    unknown = await place.post("/v1/messages", b"{}", place.token("eve"))
    assert (unknown.status, unknown.value("x-should-retry")) == (503, "true")
    place.issuer.key = known
    assert (await place.post("/v1/messages", b"{}", place.token("joe"))).status == 200


async def test_a_start_during_an_outage_refuses_until_the_keys_come(place: Place) -> None:
    place.issuer.down = True
    await place.run()
    token = place.token()
    refused = await place.post("/v1/messages", b"{}", token)
    assert (refused.status, refused.value("x-should-retry")) == (503, "true")
    assert place.origin.received == []
    place.issuer.down = False
    async with asyncio.timeout(WAIT_S):
        while (await place.post("/v1/messages", b"{}", token)).status != 200:
            await asyncio.sleep(0.1)


async def test_strangers_cost_few_fetches(place: Place) -> None:
    await place.run()
    assert (await place.post("/v1/messages", b"{}")).status == 200
    before, known = place.issuer.asked, place.issuer.key
    tokens = []
    for number in range(60):
        place.issuer.take_new_key(f"unknown-{number}")
        tokens.append(place.token("eve"))
    place.issuer.key = known
    statuses = {(await place.post("/v1/messages", b"{}", token)).status for token in tokens}
    assert statuses <= {401, 503}
    assert place.issuer.asked - before <= 5
