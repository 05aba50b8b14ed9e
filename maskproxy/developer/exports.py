"""What programs are told of the gateway by their environment, and what must not stand there. Pure.

Claude Code's traps: with ANTHROPIC_API_KEY it sends that key to Anthropic on side requests, so the token is never
there; it says "Not logged in" behind a proxy unless there is some credential, so it gets a word; it reads some names in
lower case first; other clouds' settings and an entry in NO_PROXY would lead past the gateway.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from maskproxy.developer.previous import KEPT, NAMES, TRUST

_LOOPBACK = "localhost,127.0.0.1,::1"
WORD = "maskproxy"
"""What stands for a token where the proxy brings the real one."""
_PAST = ("ANTHROPIC_API_KEY", "CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY")
_QUIET = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}


@dataclass(frozen=True)
class Exports:
    put: Mapping[str, str]
    drop: tuple[str, ...]

    def shell(self) -> str:
        """Lines for any POSIX shell to evaluate."""
        dropped = [f"unset {name}" for name in self.drop]
        return "\n".join([*dropped, *(f"export {name}={shlex.quote(value)}" for name, value in self.put.items())])

    def over(self, environ: Mapping[str, str]) -> dict[str, str]:
        return {name: value for name, value in environ.items() if name not in self.drop} | dict(self.put)


def for_proxy(gateway: str, url: str, before: Mapping[str, str], trust: Mapping[str, str]) -> Exports:
    """Everything goes to the loopback proxy at `url`, which knows what went elsewhere before."""
    proxies = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"), url)
    put = {
        **proxies,
        "NO_PROXY": _LOOPBACK,
        "no_proxy": _LOOPBACK,
        **trust,
        "ANTHROPIC_AUTH_TOKEN": WORD,
        **_QUIET,
        "MASKPROXY_URL": gateway,
        **{KEPT + name: value for name, value in before.items()},
    }
    gone = tuple(KEPT + name for name in (*NAMES, *TRUST) if name not in before)
    return Exports(put, (*_PAST, "ANTHROPIC_BASE_URL", "ALL_PROXY", "all_proxy", *gone))


def for_base_url(gateway: str, host: str, token: str, ca: str | None, environ: Mapping[str, str]) -> Exports:
    """Claude's clients go to the gateway by its URL, past any proxy. The token lasts some minutes."""
    beside = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    named = beside if host in beside.split(",") else ",".join(filter(None, (beside, host)))
    trust = {} if ca is None or environ.get("NODE_EXTRA_CA_CERTS") else {"NODE_EXTRA_CA_CERTS": ca}
    put = {
        "ANTHROPIC_BASE_URL": gateway,
        "ANTHROPIC_AUTH_TOKEN": token,
        "NO_PROXY": named,
        "no_proxy": named,
        **trust,
        **_QUIET,
        "MASKPROXY_URL": gateway,
    }
    return Exports(put, _PAST)
