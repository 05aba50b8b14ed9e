from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.developer.machine import Machine, StrictGateway, at_work
from tests.signin.surfing import Front


@pytest.fixture
async def front(tmp_path: Path) -> AsyncIterator[Front]:
    front = Front(tmp_path)
    await front.start()
    yield front
    await front.close()


@pytest.fixture
async def machine(tmp_path: Path, front: Front) -> AsyncIterator[Machine]:
    machine = await at_work(tmp_path, front)
    yield machine
    await machine.close()


@pytest.fixture
def strict() -> Iterator[StrictGateway]:
    gateway = StrictGateway()
    yield gateway
    gateway.close()


@pytest.fixture
async def strict_machine(tmp_path: Path, strict: StrictGateway) -> AsyncIterator[Machine]:
    machine = Machine(tmp_path, strict.url, None)
    machine.sign_in({"access_token": "access-0", "refresh_token": "refresh-0", "expires_in": 900})
    yield machine
    await machine.close()
