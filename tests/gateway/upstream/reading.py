"""Two ways to read an answer in tests."""

import pytest

from maskproxy.errors import UpstreamFailed
from maskproxy.gateway.upstream.pool import UpstreamAnswer


async def whole(answer: UpstreamAnswer) -> bytes:
    """Read an answer to its end, which must come."""
    try:
        return b"".join([chunk async for chunk in answer.chunks()])
    finally:
        await answer.close()


async def torn(answer: UpstreamAnswer) -> bytes:
    """Read an answer that must not end cleanly. Gives what came before the failure."""
    got: list[bytes] = []

    async def read() -> None:
        async for chunk in answer.chunks():
            got.append(chunk)  # noqa: PERF401  # what came before the failure counts

    with pytest.raises(UpstreamFailed):
        await read()
    await answer.close()
    return b"".join(got)
