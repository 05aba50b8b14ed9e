"""Signing in: by the browser of this machine, which comes back to a loopback address, or by a code typed elsewhere."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import Callable
from urllib.parse import urlencode

from maskproxy.developer import oauth
from maskproxy.developer.gateway import Gateway
from maskproxy.developer.oauth import Endpoints, Pending, Pkce
from maskproxy.developer.redirect import Redirect
from maskproxy.developer.sign_in import SignIn
from maskproxy.errors import Unauthenticated, Unavailable

BROWSER_S = 600.0
"""After which the gateway has forgotten the attempt too."""
_SLOWER_S = 5.0

Say = Callable[[str], None]


def by_browser(gateway: Gateway, endpoints: Endpoints, show: Callable[[str], bool], say: Say) -> SignIn:
    """`show` opens a page. Raises Denied, Unauthenticated and Unavailable."""
    if not endpoints.authorization:
        raise _nobody()
    return asyncio.run(_by_browser(gateway, endpoints, show, say))


async def _by_browser(gateway: Gateway, endpoints: Endpoints, show: Callable[[str], bool], say: Say) -> SignIn:
    pkce, state = Pkce.new(), secrets.token_urlsafe(32)
    redirect = Redirect(state, endpoints.issuer)
    async with redirect.listening():
        asked = {
            "response_type": "code",
            "client_id": oauth.CLIENT,
            "redirect_uri": redirect.url,
            "state": state,
            "code_challenge": pkce.challenge,
            "code_challenge_method": "S256",
        }
        url = f"{gateway.url}{endpoints.authorization}?{urlencode(asked)}"
        say(f"Your browser opens to sign you in. Should it not, open this page on this machine:\n  {url}")
        # Some browsers keep whoever opened them waiting until they are closed. That is no reason for us to.
        threading.Thread(target=show, args=(url,), daemon=True).start()
        code = await redirect.code(BROWSER_S)
        # The server stays for as long as the browser may load the page's icon, and ends with this command.
        return await asyncio.to_thread(oauth.traded_code, gateway, endpoints, code, pkce, redirect.url, time.time())


def by_device(gateway: Gateway, endpoints: Endpoints, say: Say, sleep: Callable[[float], None] = time.sleep) -> SignIn:
    """Raises as above. A gateway that cannot be reached for a while is asked again."""
    if not endpoints.device:
        raise _nobody()
    device = oauth.device(gateway, endpoints)
    notice = f"{device.notice}\n" if device.notice else ""
    say(
        f"{notice}Open {device.uri} in a browser, on any machine, and type:\n\n    {device.user_code}\n\n"
        f"or open {device.uri_complete} and compare the code. It is good for {device.expires_s / 60:.0f} minutes."
    )
    interval_s, ends_s = device.interval_s, time.monotonic() + device.expires_s
    while time.monotonic() < ends_s:
        sleep(interval_s)
        try:
            return oauth.traded_device(gateway, endpoints, device.device_code, time.time())
        except Pending as pending:
            interval_s += _SLOWER_S if pending.slower else 0
        except Unavailable:
            interval_s += _SLOWER_S
    raise Unauthenticated("Nobody typed the code in time. Start again.")


def _nobody() -> Unavailable:
    return Unavailable("Nobody can sign in at this gateway by a browser. Ask its operators for another way.")
