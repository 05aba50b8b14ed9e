"""A keyword, a gap, a value: found as people write it, and not where something else stands between them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.masking import Masking, RuleSet
from maskproxy.masking.loading import read_rule
from maskproxy.masking.samples import cook
from tests.masking.rulesets import PLACEHOLDERS

KEY = cook("{hex:32}")
RULE = {"id": "datadog", "keywords": ["datadog", "dd api key"], "pattern": "[0-9a-f]{32}"}
MASKING = Masking(RuleSet([read_rule(RULE, "test", "a test")]), PLACEHOLDERS)

WRITTEN = [
    "DATADOG_API_KEY=%s",
    "export DATADOG_API_KEY='%s'",
    'datadog.apiKey: "%s"',
    '"datadog_api_key": "%s"',
    '{"a": "{\\"datadog_api_key\\": \\"%s\\"}"}',
    '{\\"a\\": {\\\\\\"datadog_api_key\\\\\\": \\\\\\"%s\\\\\\"}}',
    'setDatadogKey("%s")',
    "client = Datadog::Client.new('%s')",
    "datadog.initialize(api_key='%s', host=None)",
    "'datadog_key' => '%s',",
    'datadogKey := "%s"',
    'const DATADOG_KEY: &\'static str = "%s";',
    'private static final String DATADOG_KEY = "%s";',
    '#define DATADOG_KEY "%s"',
    '<add key="DatadogApiKey" value="%s"/>',
    "<datadogKey>%s</datadogKey>",
    "agent --datadog-key %s --other",
    "DD-API-KEY: %s",
    "curl -H 'DD-API-KEY: %s' https://host/",
    "https://api.datadoghq.com/api/v1/validate?api_key=%s",
    "our datadog key is %s, please rotate it",
    "The Datadog API key for production was `%s`.",
    'os.environ["DATADOG_API_KEY"] = "%s"',
    'DATADOG_API_KEY /* production */ = "%s"',
    "ddApiKey=%s",
    "dd.api.key = %s",
    "+DATADOG_API_KEY=%s",
    "    12\tDATADOG_API_KEY=%s",
    "datadog:\n  apiKey: %s\n",
    '"datadog": {\n    "apiKey": "%s"\n}',
    "[datadog]\napi_key = %s\n",
    'provider "datadog" {\n  api_key = "%s"\n}',
    'Datadog(\n    api_key="%s",\n)',
    "     7\tdatadog:\n     8\t  apiKey: %s\n",
    "+datadog:\r\n+  apiKey: %s\r\n",
    "set DATADOG_API_KEY=%s&&run",
    "${DATADOG_API_KEY:-%s}",
]


@pytest.mark.parametrize("written", WRITTEN)
def test_a_value_is_found_as_people_write_it(written: str) -> None:
    text = written % KEY
    assert [(f.start, f.end) for f in MASKING.find(text.encode())] == [(text.index(KEY), text.index(KEY) + 32)]
    assert MASKING.may_hold(json.dumps({"text": text}).encode())


@pytest.mark.parametrize(
    "text",
    [
        f"md5: {KEY}",
        f"key = {KEY} # datadog",
        f"https://github.com/DataDog/datadog-go/commit/{KEY}",
        f"uses: DataDog/action@{KEY}",
        f"datadog {KEY}0",
        f"datadog {KEY}-x",
        f"datadog {KEY[:-1]}",
        f"datadog x{KEY}",
        f"datadog\n\ncommit {KEY}",
        f"We like datadog.\nmd5 {KEY}",
        f"datadog: {'word ' * 12}{KEY}",
        f"datadog: 100% {KEY}",
        f"datadog md5: {KEY}",
        f'"datadog": {{"checksum": "{KEY}"}}',
        f"datadog-agent.zip MD5={KEY}",
    ],
)
def test_what_is_not_set_off_by_its_keyword_stays(text: str) -> None:
    assert MASKING.find(text.encode()) == []


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(WRITTEN), st.integers(1, 9))
def test_no_cut_shows(written: str, step: int) -> None:
    text = (written % KEY).encode()
    stream = MASKING.masker()
    out = b"".join(stream.feed(text[at : at + step]) for at in range(0, len(text), step)) + stream.finish()
    assert out == MASKING.text(text)[0]


def test_a_keyword_in_the_name_of_a_placeholder_betrays_nothing_and_one_beside_it_does() -> None:
    ours = PLACEHOLDERS.make("datadog", b"x").decode()
    assert MASKING.find(f"{ours}: {KEY}".encode()) == []
    assert len(MASKING.find(f"{ours} datadog: {KEY}".encode())) == 1
    assert len(MASKING.find(f"datadog {ours[:40]}: {KEY}".encode())) == 1
