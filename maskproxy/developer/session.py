"""The sign-in at one gateway: kept, refreshed before it ends, ended.

A refresh token is worth something once, so only one process refreshes at a time; the others then find what it got.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from maskproxy.developer import oauth
from maskproxy.developer.gateway import Gateway
from maskproxy.developer.keeping import Keeper
from maskproxy.developer.private import locked
from maskproxy.developer.sign_in import SignIn
from maskproxy.errors import MaskproxyError, Unauthenticated, Unavailable

AGAIN = "Sign in: maskproxy login"


class Session:
    def __init__(self, gateway: Gateway, keeper: Keeper, lock: Path, clock: Callable[[], float] = time.time) -> None:
        self.gateway = gateway
        self.keeper = keeper
        self._lock = lock
        self._clock = clock

    def kept(self) -> SignIn:
        """As it is, with nothing asked of the gateway. Raises Unauthenticated where there is none."""
        one = self.keeper.kept()
        if one is None or one.gateway != str(self.gateway.url):
            raise Unauthenticated(f"You are not signed in at {self.gateway.url}. {AGAIN}")
        return one

    def fresh(self) -> SignIn:
        """One whose token lasts some minutes more.

        Raises Unauthenticated where the sign-in is over, and Unavailable where the gateway cannot say so and the token
        has ended; one that has not is given until then.
        """
        one = self.kept()
        if one.is_fresh(self._clock()):
            return one
        with locked(self._lock):
            one = self.kept()
            return one if one.is_fresh(self._clock()) else self._refreshed(one)

    def _refreshed(self, one: SignIn) -> SignIn:
        now = self._clock()
        if not one.refresh_token:
            if one.is_valid(now):
                return one
            raise Unauthenticated(f"Your sign-in at {self.gateway.url} has ended. {AGAIN}")
        try:
            new = oauth.refreshed(self.gateway, one, now)
        except Unauthenticated as error:
            self.keeper.forget()
            raise Unauthenticated(f"Your sign-in at {self.gateway.url} is over. {AGAIN}", detail=str(error)) from error
        except MaskproxyError:
            if one.is_valid(self._clock()):
                return one
            raise
        self.keeper.keep(new)
        return new

    def keep(self, one: SignIn) -> None:
        with locked(self._lock):
            self.keeper.keep(one)

    def end(self) -> None:
        """Revoke and forget. Raises Unavailable where what is kept cannot be read, or the gateway does not know."""
        with locked(self._lock):
            one = self.keeper.kept()
            try:
                if one is not None and one.revocation_path:
                    oauth.revoke(self.gateway, one)
            except MaskproxyError as error:
                raise Unavailable(
                    "Forgotten on this machine, but the gateway could not be told. There the sign-in lasts until its "
                    "time is over, or its operators end it.",
                    detail=str(error),
                ) from error
            finally:
                self.keeper.forget()
