import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.idp.browser import Browser
from tests.signin.surfing import Front


@pytest.fixture
async def browser(front: Front) -> AsyncIterator[Browser]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    front.other.configure_trust(context)
    async with Browser(context) as browser:
        yield browser


@pytest.fixture
def front(tmp_path: Path) -> Front:
    """Made, and not started: a test says with which providers."""
    front = Front(tmp_path)
    front.providers = None
    return front
