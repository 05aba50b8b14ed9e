"""Faults that take more than the file to see: keys that do not fit, hosts outside the CA, rules that do not compile.

Dials nothing, runs no command, and writes only the cache of compiled rules. For `maskproxy check`, start and reload.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path

from maskproxy.config.document import Faults
from maskproxy.config.model import Audit, Config, GrantMasking, Interception, Masking, RuleActions, SecretSource, Tls
from maskproxy.errors import ConfigurationFault, MaskproxyError, StartFailed
from maskproxy.gateway.interception.certificates import CertificateAuthority
from maskproxy.masking.loading import compile_rules
from maskproxy.masking.rulefiles.survey import survey
from maskproxy.origins import is_loopback
from maskproxy.protected.sealed_file import read
from maskproxy.service.masking_key import masking_key
from maskproxy.service.rule_cache import rule_cache
from maskproxy.service.rule_notes import rule_notes
from maskproxy.service.rules import ConfiguredRules, nameless
from maskproxy.store.files import check_private

_NO_STORE = (
    "not set: in edits only what the request itself still holds comes back, nobody can let pass what is no secret, "
    "nothing can be revoked, and people see each other's files and batches"
)
LIMIT_SECRET_BYTES = 64 * 1024


def deeper_faults(config: Config) -> Faults:
    """Every fault as (path in the file, sentence). `config` has passed `config.load`."""
    faults: Faults = []
    for i, listener in enumerate(config.listeners):
        if listener.tls is not None:
            faults += tls_faults(f"listeners[{i}].tls", listener.tls)
    faults += trust_faults(config)
    if config.interception is not None:
        faults += interception_faults(config, config.interception)
    for i, route in enumerate(config.routes):
        if route.credential is not None:
            source = route.credential.source
            place = f"routes[{i}].credential.from"
            faults += secret_faults(place, source)
            if source.oauth2 is not None:
                faults += secret_faults(f"{place}.oauth2.client_secret", source.oauth2.client_secret)
    for i, webhook in enumerate(config.audit.webhooks if config.audit is not None else ()):
        faults += secret_faults(f"audit.webhooks[{i}].secret", webhook.secret)
    rules = ConfiguredRules()
    faults += rule_faults(rules, "masking", config.masking, config.masking)
    for i, grant in enumerate(config.grants):
        faults += rule_faults(rules, f"grants[{i}].masking", config.masking.under(grant.masking), grant.masking)
    faults += key_faults(config.masking)
    if isinstance(config.store, Path):
        try:
            check_private(config.store)
        except StartFailed as error:
            faults.append(("store", str(error)))
    return faults


def notes(config: Config) -> list[tuple[str, str]]:
    """What is allowed and may surprise: settings without effect, and what is not done because it is not set."""
    told: list[tuple[str, str]] = []
    if config.store is None:
        told.append(("store", _NO_STORE))
    elif config.grants and not any(config.masking.under(grant.masking).restore.tools for grant in config.grants):
        told.append(("store", "not in use for edits: restore.tools puts nothing back under any grant"))
    if config.recording is None:
        told.append(("recording", "not set: nothing is recorded"))
    syslog = config.audit.syslog if config.audit is not None else None
    if syslog is not None and syslog.address.transport != "tls" and not is_loopback(syslog.address.host):
        told.append(("audit.syslog.address", "not tls: whoever is on the way can read and change events"))
    if not config.grants:
        told.append(("grants", "not set: nobody may use any route"))
    observed = [i for i, grant in enumerate(config.grants) if grant.mode == "observe"]
    told += [(f"grants[{i}].mode", "observe: secrets are counted and reach upstream unmasked") for i in observed]
    told += grant_notes(config)
    told += passing("masking.actions", config.masking.actions)
    for i, grant in enumerate(config.grants):
        told += passing(f"grants[{i}].masking.actions", grant.masking.actions or ())
    told += rule_notes("masking", config.masking.rules)
    for i, grant in enumerate(config.grants):
        told += rule_notes(f"grants[{i}].masking", grant.masking.rules or ())
    return told


def grant_notes(config: Config) -> Iterator[tuple[str, str]]:
    for i, grant in enumerate(config.grants):
        if grant.claims and "iss" not in grant.claims and len(config.identity.issuers) > 1:
            yield f"grants[{i}].claims", "no iss: tokens of every issuer can meet them"
        limits = grant.limits
        if config.store is None and (limits.requests_per_minute or limits.tokens_per_day):
            yield f"grants[{i}].limits", "without store each node counts for itself, and anew when it starts"
        if limits.tokens_per_day and (grant.endpoints is None or "batches" in grant.endpoints):
            yield (
                f"grants[{i}].limits.tokens_per_day",
                "batches are counted late: when results are fetched",
            )


def passing(place: str, entries: Sequence[RuleActions]) -> Iterator[tuple[str, str]]:
    for i, entry in enumerate(entries):
        for direction, action in (("request", entry.request), ("answer", entry.answer)):
            if action in {"alert", "allow"}:
                yield f"{place}[{i}].{direction}", f"{action}: what these rules find passes unmasked"


def tls_faults(place: str, tls: Tls) -> Iterator[tuple[str, str]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(tls.certificate, tls.key, password=lambda: "")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            yield f"{place}.key", "The key does not belong to the certificate."
        else:
            yield place, "The certificate and its key cannot be read as PEM, or the key needs a password."
    except OSError:
        yield place, "The certificate or its key cannot be read."
    if tls.client_ca is not None and not holds_certificates(tls.client_ca):
        yield f"{place}.client_ca", "The file holds no certificate in PEM."


def trust_faults(config: Config) -> Iterator[tuple[str, str]]:
    for i, route in enumerate(config.routes):
        if route.trust is not None and not holds_certificates(route.trust):
            yield f"routes[{i}].trust", "The file holds no certificate in PEM."
        oauth2 = route.credential.source.oauth2 if route.credential is not None else None
        if oauth2 is not None and oauth2.trust is not None and not holds_certificates(oauth2.trust):
            yield f"routes[{i}].credential.from.oauth2.trust", "The file holds no certificate in PEM."
    telemetry = config.claude_code.telemetry if config.claude_code is not None else None
    if telemetry is not None and telemetry.trust is not None and not holds_certificates(telemetry.trust):
        yield "claude_code.telemetry.trust", "The file holds no certificate in PEM."
    for i, issuer in enumerate(config.identity.issuers):
        if issuer.trust is not None and not holds_certificates(issuer.trust):
            yield f"identity.issuers[{i}].trust", "The file holds no certificate in PEM."
    audit = config.audit or Audit()
    if audit.syslog is not None and audit.syslog.trust is not None and not holds_certificates(audit.syslog.trust):
        yield "audit.syslog.trust", "The file holds no certificate in PEM."
    for i, webhook in enumerate(audit.webhooks):
        if webhook.trust is not None and not holds_certificates(webhook.trust):
            yield f"audit.webhooks[{i}].trust", "The file holds no certificate in PEM."


def holds_certificates(path: Path) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except (OSError, ssl.SSLError):
        return False
    return True


def interception_faults(config: Config, interception: Interception) -> Iterator[tuple[str, str]]:
    try:
        authority = CertificateAuthority.load(interception.ca.certificate, interception.ca.key)
    except ConfigurationFault as error:
        for path, sentence in error.faults:
            yield ".".join(part for part in ("interception.ca", path) if part), sentence
        return
    except MaskproxyError as error:
        yield "interception.ca", str(error)
        return
    for i, route in enumerate(config.routes):
        for j, host in enumerate(route.hosts):
            if not authority.permits(host):
                yield f"routes[{i}].hosts[{j}]", "The interception CA is constrained to other names."


def secret_faults(place: str, source: SecretSource) -> Iterator[tuple[str, str]]:
    """A secret in a file is one line that a header field can hold."""
    if source.file is None:
        return
    try:
        with source.file.open("rb") as file:
            secret = file.read(LIMIT_SECRET_BYTES + 1).strip()
    except OSError:
        yield f"{place}.file", "The file cannot be read by this user."
        return
    if not secret:
        yield f"{place}.file", "The file is empty."
    elif len(secret) > LIMIT_SECRET_BYTES or not all(0x20 < byte < 0x7F for byte in secret):
        yield f"{place}.file", "The file must hold one secret: one line of visible ASCII characters."


def key_faults(masking: Masking) -> Faults:
    """The masking key, and the fingerprints that were made with it."""
    if not masking.key.file.exists():
        sentence = "It was made under another masking key: this configuration has none yet."
        return [(f"masking.protected[{i}].file", sentence) for i in range(len(masking.protected))]
    try:
        key = masking_key(masking.key.file, make=False)
    except MaskproxyError as error:
        return [("masking.key.file", str(error))]
    faults: Faults = []
    for i, protected in enumerate(masking.protected):
        try:
            read(protected.file, key)
        except MaskproxyError as error:
            faults.append((f"masking.protected[{i}].file", str(error)))
    return faults


def rule_faults(loader: ConfiguredRules, place: str, masking: Masking, said: Masking | GrantMasking) -> Faults:
    """Load all together, as the daemon will; if that fails, find out whose fault it is.

    `masking` is what holds there, `said` what the file says at this place: what it leaves open is no fault of it.
    """
    if said.rules is None and said.actions is None:
        return []
    try:
        rules = loader.treatments(masking).rules
    except MaskproxyError as whole:
        if said.rules is None:
            return []
        faults: Faults = []
        for i, source in enumerate(said.rules):
            found = survey([source])
            faults += [(f"{place}.rules[{i}]", str(fault)) for fault in found.faults]
            if found.faults:
                continue
            try:
                compile_rules(found, cache=rule_cache(os.environ))
            except MaskproxyError as error:
                faults.append((f"{place}.rules[{i}]", str(error)))
        return faults or [(f"{place}.rules", str(whole))]
    return [
        (f"{place}.actions[{i}].rules[{j}]", "No rule has this id. See `maskproxy rules list`.")
        for i, entry in enumerate(said.actions or ())
        for j in nameless(rules, entry.rules)
    ]
