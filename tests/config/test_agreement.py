from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.config.agreement import disagreements
from tests.config.sample import full, with_sign_in

HOOK: dict[str, Any] = {"name": "rotate", "url": "https://h.example/x", "secret": {"env": "A"}}
Change = Callable[[dict[str, Any]], object]


def test_the_sample_agrees_with_itself() -> None:
    assert disagreements(full()) == []


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda d: d["routes"].append({**d["routes"][1], "hosts": ["x.example"]}), "routes[2].name"),
        (lambda d: d["routes"][1].update(hosts=["api.ANTHROPIC.com"]), "routes[1].hosts[0]"),
        (lambda d: d["routes"][1].update(hosts=["x.example", "X.example"]), "routes[1].hosts[1]"),
        (lambda d: d["routes"][0].update(refuse="no"), "routes[0]"),
        (lambda d: d["routes"][0].pop("upstream"), "routes[0]"),
        (lambda d: d["routes"][1].update(base_url=True), "routes[1].base_url"),
        (lambda d: d["routes"][1].update(trust="idp.pem"), "routes[1].trust"),
        (lambda d: d["routes"][0].update(upstream="http://127.0.0.1:1"), "routes[0].trust"),
        (lambda d: d.pop("interception"), "routes[1].hosts"),
        (lambda d: d["tunnels"].append("api.anthropic.com:443"), "tunnels[2]"),
        (lambda d: d["tunnels"].append({"target": "api.anthropic.com:443"}), "tunnels[2]"),
        (lambda d: d["listeners"][0].pop("tls"), "listeners[0]"),
        (lambda d: d["listeners"][1].update(address="0.0.0.0:8443"), "listeners[1].address"),
        (lambda d: d["grants"][0].update(routes=["claude", "claud"]), "grants[0].routes[1]"),
        (lambda d: d["grants"].append(d["grants"][0]), "grants[1].name"),
        (lambda d: d["grants"][0].pop("groups"), "grants[0]"),
        (lambda d: d.update(audit={"queue": 5}), "audit"),
        (lambda d: d.update(audit={"syslog": {"address": "udp://h:1", "trust": "idp.pem"}}), "audit.syslog.trust"),
        (
            lambda d: d.update(audit={"webhooks": [HOOK | {"secret": {"file": "a", "env": "B"}}]}),
            "audit.webhooks[0].secret",
        ),
        (lambda d: d.update(audit={"webhooks": [HOOK, HOOK]}), "audit.webhooks[1].name"),
        (lambda d: (d["routes"][0].pop("api"), d["grants"][0].update(models=["x"])), "grants[0].routes[0]"),
        (
            lambda d: (d.pop("store"), d["grants"][0].update(approval={"approvers": ["x"]})),
            "grants[0].approval",
        ),
        (lambda d: d["grants"][0].update(reason=True), "grants[0].reason"),
        (
            lambda d: (d["routes"][0].pop("api"), d["grants"][0].update(limits={"tokens_per_day": 5})),
            "grants[0].routes[0]",
        ),
        (lambda d: d["masking"].update(actions=[{"rules": ["*"]}]), "masking.actions[0]"),
        (
            lambda d: d["grants"][0].update(masking={"actions": [{"rules": ["*"]}]}),
            "grants[0].masking.actions[0]",
        ),
        (lambda d: d["identity"]["issuers"].append(d["identity"]["issuers"][0]), "identity.issuers[1].issuer"),
        (lambda d: d["routes"][0]["credential"]["from"].update(env="KEY"), "routes[0].credential.from"),
        (lambda d: d["routes"][0]["credential"].update({"from": {}}), "routes[0].credential.from"),
        (
            lambda d: d["routes"][0]["credential"].update({"from": {"oauth2": {"client_secret": {}}}}),
            "routes[0].credential.from.oauth2.client_secret",
        ),
    ],
)
def test_each_disagreement_is_told_at_its_place(change: Change, path: str) -> None:
    document = full()
    change(document)
    assert path in [p for p, _ in disagreements(document)]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda d: d.pop("public_url"), "identity.tokens"),
        (lambda d: d.pop("store"), "identity.tokens"),
        (lambda d: d["identity"].pop("tokens"), "claude_code"),
        (lambda d: d.update(public_url="http://maskproxy.corp.example"), "public_url"),
        (lambda d: d["identity"]["issuers"][0].update(issuer=d["public_url"]), "identity.issuers[0].issuer"),
        (lambda d: d["identity"]["issuers"][0].update(issuer=d["public_url"] + "/"), "identity.issuers[0].issuer"),
        (
            lambda d: d["claude_code"]["managed_settings"][1].update(name="engineers"),
            "claude_code.managed_settings[1].name",
        ),
    ],
)
def test_what_signing_in_here_needs_is_told(change: Change, path: str) -> None:
    document = with_sign_in()
    assert disagreements(document) == []
    change(document)
    assert [place for place, _ in disagreements(document)] == [path]


def test_on_loopback_people_sign_in_without_tls() -> None:
    assert disagreements(with_sign_in() | {"public_url": "http://127.0.0.1:8080"}) == []


def test_two_listeners_on_any_free_port_are_fine() -> None:
    document = full()
    document["listeners"] = [{"address": "127.0.0.1:0"}, {"address": "127.0.0.1:0"}]
    assert disagreements(document) == []


JUNK = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "hosts", "routes", "target", "address", "from", "upstream"]), inner)
    ),
    max_leaves=10,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(list(full())), JUNK))
def test_any_shape_is_survived(document: dict[str, Any]) -> None:
    assert isinstance(disagreements(document), list)
