"""A whole, valid configuration in a directory, with every file that it names."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml

FULL: dict[str, Any] = {
    "public_url": "https://maskproxy.corp.example:8443",
    "listeners": [
        {"address": "0.0.0.0:8443", "tls": {"certificate": "tls.pem", "key": "tls.key", "client_ca": "ca.pem"}},
        {"address": "127.0.0.1:8080"},
    ],
    "admin": {"address": "127.0.0.1:9465"},
    "interception": {"ca": {"certificate": "ca.pem", "key": "ca.key"}},
    "routes": [
        {
            "name": "claude",
            "hosts": ["API.anthropic.com"],
            "upstream": "https://api.anthropic.com",
            "trust": "upstream-ca.pem",
            "base_url": True,
            "api": "anthropic",
            "credential": {"header": "X-Api-Key", "from": {"file": "anthropic.key"}},
        },
        {"name": "telemetry", "hosts": ["statsig.example.com"], "refuse": "not allowed here"},
    ],
    "tunnels": ["git.example.com:443", {"target": "10.0.0.7:22", "private": True}],
    "identity": {
        "issuers": [
            {"issuer": "https://idp.example.com", "audience": "maskproxy", "groups_claim": "groups", "trust": "idp.pem"}
        ]
    },
    "grants": [
        {"name": "developers", "groups": ["engineering"], "routes": ["claude"], "for": "8h", "mode": "enforce"},
    ],
    "masking": {
        "key": {"file": "masking.key"},
        "rules": ["builtin:default", "own.yaml"],
        "scope": "person",
        "restore": {"tools": ["Edit", "Write"], "model_made": "mask"},
        "media": "pass",
    },
    "recording": {"directory": "recordings", "rotate": {"size": "256MiB", "age": "1h"}, "keep": "90d"},
    "store": "sqlite:///state.db",
    "limits": {"head_s": 30, "body_bytes": {"messages": "32MiB", "files": "500MiB"}},
}

TOKENS: dict[str, Any] = {"for": "10m", "refresh_for": "7d", "exchanged_for": "2h", "audience": "maskproxy"}
CLAUDE_CODE: dict[str, Any] = {
    "managed_settings": [
        {"name": "engineers", "groups": ["engineering"], "settings": {"permissions": {"deny": ["WebFetch"]}}},
        {"name": "everybody", "settings": {"model": "sonnet", "cleanupPeriodDays": 1, "a": None}},
    ],
    "models": "hide",
    "telemetry": {"collector": "https://otlp.example.com:4318", "trust": "idp.pem"},
    "login_notice": "Company use only.",
}

PUBLIC = ("tls.pem", "ca.pem", "upstream-ca.pem", "idp.pem", "own.yaml")
PRIVATE = ("tls.key", "ca.key", "anthropic.key")


def full() -> dict[str, Any]:
    return copy.deepcopy(FULL)


def with_sign_in() -> dict[str, Any]:
    """The same with tokens of the gateway's own."""
    document = full() | {"claude_code": copy.deepcopy(CLAUDE_CODE)}
    document["identity"]["tokens"] = copy.deepcopy(TOKENS)
    return document


def write(directory: Path, document: dict[str, Any]) -> Path:
    """Put the configuration and every file it names into `directory`."""
    for name in PUBLIC:
        (directory / name).write_text("public\n")
    for name in PRIVATE:
        (directory / name).write_text("private\n")
        (directory / name).chmod(0o600)
    path = directory / "maskproxy.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path
