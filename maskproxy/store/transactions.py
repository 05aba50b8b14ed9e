"""One transaction, from its beginning to its commit. Blocking.

It is tried again where another node went first, or where the connection was lost before the commit was asked for: then
nothing of it is in the database. Whether a commit took place on which the connection was lost is not known, and told.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from maskproxy.errors import MaskproxyError, StoreFailed
from maskproxy.store.database import alone_in, words
from maskproxy.store.postgres import was_lost_in_a_race

T = TypeVar("T")

_TRIES = 4


def transact(engine: Engine, work: Callable[[Connection], T], *, alone: bool = False) -> T:
    """With `alone`, no other node writes in between. Raises StoreFailed, and what `work` raises of ours."""
    chosen = alone_in(engine) if alone else engine
    for left in reversed(range(_TRIES)):
        commits = False
        try:
            with chosen.begin() as connection:
                result = work(connection)
                commits = True
            return result
        except MaskproxyError:
            raise
        except Exception as error:
            was_lost = isinstance(error, DBAPIError) and error.connection_invalidated and not commits
            if left and (was_lost or was_lost_in_a_race(error)):
                continue
            raise StoreFailed("The store cannot be used.", detail=words(error), retry=True) from error
    raise AssertionError("unreachable")
