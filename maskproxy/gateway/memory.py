"""The memory that bodies held whole may take, all exchanges together.

A body is held whole where it must be seen whole to be masked. When the budget is spent, the exchange that asks for more
is refused, with a hint to try again; what others hold is not touched.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from maskproxy.errors import Unavailable


class MemoryBudget:
    """`limit_bytes` for everything that is reserved at one time."""

    __slots__ = ("_limit_bytes", "_used_bytes")

    def __init__(self, limit_bytes: int) -> None:
        if limit_bytes < 0:
            raise ValueError("limit_bytes must not be negative")
        self._limit_bytes = limit_bytes
        self._used_bytes = 0

    @property
    def limit_bytes(self) -> int:
        """The whole budget."""
        return self._limit_bytes

    @property
    def used_bytes(self) -> int:
        """What is reserved now."""
        return self._used_bytes

    def reserve(self) -> Reservation:
        """Begin a reservation of nothing, for a `with` or `async with`, which gives back what it grew to."""
        return Reservation(self)

    def take(self, n: int) -> None:
        """Take `n` bytes or, with Unavailable, none. Callers use a Reservation."""
        if self._used_bytes + n > self._limit_bytes:
            raise Unavailable("The gateway holds as much as it may at this moment. Try again soon.", retry=True)
        self._used_bytes += n

    def give_back(self, n: int) -> None:
        """Give back what `take` took."""
        self._used_bytes -= n


class Reservation:
    """One exchange's part of the budget."""

    __slots__ = ("_budget", "_closed", "held_bytes")

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self._closed = False
        self.held_bytes = 0

    def grow(self, n: int) -> None:
        """Hold `n` bytes more. Raises Unavailable, and holds what it held, when the budget does not allow it."""
        if n < 0:
            raise ValueError("a reservation grows by what is not negative")
        if self._closed:
            raise ValueError("the reservation is closed")
        self._budget.take(n)
        self.held_bytes += n

    def shrink(self, n: int) -> None:
        """Give `n` of the held bytes back early."""
        if not 0 <= n <= self.held_bytes:
            raise ValueError("a reservation shrinks by at most what it holds")
        self._budget.give_back(n)
        self.held_bytes -= n

    def close(self) -> None:
        """Give everything back. A second call does nothing."""
        self.shrink(self.held_bytes)
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()
