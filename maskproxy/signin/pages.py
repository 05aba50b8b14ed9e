"""The pages that people see while they sign in. Pure: no script, one style sheet, every value escaped.

A page says what it does before somebody does it, and what to do when something went wrong. Nothing is sent but by a
person who presses a button; a page that only leads on does so by itself, and has a link for whoever stays.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from urllib.parse import urlsplit

from maskproxy.signin import site
from maskproxy.signin.attempts import Goal
from maskproxy.signin.login import Login

STYLE = (
    ":root{color-scheme:light dark;font:1.1rem/1.5 system-ui,sans-serif}"
    "body{max-width:34rem;margin:3rem auto;padding:0 1.2rem}"
    "h1{font-size:1.5rem}dt{font-weight:600}dd{margin:0 0 .6rem}"
    "label{display:block;font-weight:600}"
    "input,button{font:inherit;padding:.6rem .9rem;border:2px solid;border-radius:.4rem}"
    "input{font-family:ui-monospace,monospace;letter-spacing:.15em;width:12rem;text-transform:uppercase}"
    "button{cursor:pointer;margin:.6rem .6rem 0 0}.code{font-family:ui-monospace,monospace;font-size:1.3rem}"
    ".problem{border-left:.4rem solid #b3261e;padding-left:.8rem}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_SURFACES = {"claude_code": "Claude Code", "maskproxy-cli": "the maskproxy command on this machine"}


@dataclass(frozen=True, slots=True)
class Page:
    title: str
    body: str
    onward: str | None = None
    """Where the browser goes by itself."""
    posts_to: str = "'self'"

    @property
    def policy(self) -> str:
        """Content-Security-Policy."""
        return (
            f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action {self.posts_to}; base-uri 'none'; "
            "frame-ancestors 'none'"
        )

    def html(self) -> bytes:
        onward = "" if self.onward is None else f'<meta http-equiv="refresh" content="0; url={escape(self.onward)}">'
        return (
            '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{escape(self.title)}</title>{onward}<style>{STYLE}</style></head>"
            f"<body><main><h1>{escape(self.title)}</h1>{self.body}</main></body></html>"
        ).encode("utf-8", "replace")


def _form(action: str, hidden: Mapping[str, str], inner: str) -> str:
    fields = "".join(f'<input type="hidden" name="{escape(n)}" value="{escape(v)}">' for n, v in hidden.items())
    return f'<form method="post" action="{escape(action)}">{fields}{inner}</form>'


def code_page(token: str, typed: str, problem: str = "") -> Page:
    """Where the code from the terminal is typed. One that came with the link is filled in, and not sent."""
    told = f'<p class="problem" role="alert" id="problem">{escape(problem)}</p>' if problem else ""
    described = ' aria-describedby="problem" aria-invalid="true"' if problem else ""
    inner = (
        f'<label for="code">Code</label><input id="code" name="user_code" value="{escape(typed[:64])}" required '
        f'maxlength="32" autocomplete="off" autocapitalize="characters" spellcheck="false" autofocus{described}>'
        "<div><button>Continue</button></div>"
    )
    intro = (
        "<p>Type the code that stands in your terminal. Go on only if you started this sign-in yourself: with a code "
        "that somebody sent you, you would let them in under your name.</p>"
    )
    return Page("Sign in with a code", told + intro + _form(site.DEVICE, {"form": token}, inner))


def providers_page(token: str, goal: str, names: Sequence[str]) -> Page:
    buttons = "".join(f'<div><button name="provider" value="{escape(n)}">{escape(n)}</button></div>' for n in names)
    return Page(
        "Sign in with",
        "<p>Choose where you have your account.</p>" + _form(site.PROVIDER, {"form": token, "goal": goal}, buttons),
    )


def leaving_page(url: str, to: str) -> Page:
    return Page("One moment", f'<p><a href="{escape(url)}">Go on to {escape(to)}</a></p>', onward=url)


def post_page(url: str, fields: Mapping[str, str], to: str) -> Page:
    """The way to a provider that wants a form. Without scripts it takes a press of a button."""
    parts = urlsplit(url)
    body = _form(url, fields, f"<button autofocus>Go on to {escape(to)}</button>")
    # A provider may send what was posted on to another of its hosts, which `form-action` is held against as well.
    return Page("Sign in at your company", body, posts_to=f"{parts.scheme}://{parts.netloc} https:")


def confirm_page(token: str, name: str, goal: Goal, login: Login) -> Page:
    """Names who let what in, before they do."""
    who = f"{login.name} ({login.email})" if login.email and login.email != login.name else login.name
    asked = datetime.fromtimestamp(goal.asked_us / 1e6, UTC).strftime("%H:%M:%S UTC")
    rows = [
        ("You are", who),
        ("as known by", login.provider),
        ("You let in", surface_name(goal.surface)),
        ("It asked", f"from the address {goal.peer} at {asked}"),
    ]
    told = "".join(f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>" for term, text in rows)
    if goal.user_code:
        told += f'<dt>The code in its terminal</dt><dd class="code">{escape(goal.user_code)}</dd>'
    warning = (
        "<p>Approve only if you started this yourself, just now"
        + (", and this very code stands in your terminal" if goal.user_code else "")
        + ". If somebody asked you to come here, deny.</p>"
    )
    buttons = (
        '<button name="decision" value="approve">Approve</button><button name="decision" value="deny">Deny</button>'
    )
    return Page(
        "Let this program in under your name?",
        f"<dl>{told}</dl>{warning}{_form(site.CONFIRM, {'form': token, 'id': name}, buttons)}",
    )


def message_page(title: str, *sentences: str, again: bool = False) -> Page:
    body = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    return Page(title, body + (f'<p><a href="{site.DEVICE}">Enter a code again</a></p>' if again else ""))


def surface_name(surface: str) -> str:
    return _SURFACES.get(surface, f"a program that calls itself {surface}")
