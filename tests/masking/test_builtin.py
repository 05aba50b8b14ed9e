"""The rules that come with the program: by their own samples, in any cut, and against what must stay visible."""

from __future__ import annotations

import base64
import email.message
import http.client
import json
import random
import tokenize
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.masking import Rule
from maskproxy.masking.proof import failures
from tests.masking.builtin import FILLER, MASKING, NEAR_MISSES, RULES, SAMPLES
from tests.masking.spelling import ENCODERS, NEEDLESS


def test_there_are_rules_for_the_families_that_matter() -> None:
    assert len(RULES.rules) >= 100
    assert {"anthropic", "ai", "aws", "google", "azure", "github", "gitlab", "urls", "databases"} <= {
        r.family for r in RULES.rules
    }


def test_every_sample_is_found_where_it_is_marked_and_no_near_miss_is() -> None:
    assert list(failures(RULES)) == []


@pytest.mark.parametrize(("rule", "sample"), dict(SAMPLES).items(), ids=[rule.id for rule in dict(SAMPLES)])
def test_a_sample_is_masked_alike_in_every_cut(rule: Rule, sample: bytes) -> None:
    """The last one of each rule; `make fuzz` takes them all."""
    whole, findings = MASKING.text(sample)
    assert findings
    assert all(sample[f.start : f.end] not in bytes(whole) for f in findings)
    for step in (1, 3, 64):
        stream = MASKING.masker()
        out = b"".join(stream.feed(sample[i : i + step]) for i in range(0, len(sample), step)) + stream.finish()
        assert out == whole
        assert stream.findings == findings
    # What was masked stays as it is when it comes again. Only a placeholder that stands in a value is at stake here.
    assert MASKING.text(whole)[0] == whole, rule.id


snippets = st.one_of(
    st.sampled_from([sample.decode() for _, sample in SAMPLES]),
    st.sampled_from([text.decode() for text in NEAR_MISSES]),
    st.sampled_from(FILLER),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(snippets, min_size=1, max_size=5).map("".join), st.integers(0, 2**32))
def test_samples_next_to_one_another_are_masked_alike_in_every_cut(text: str, seed: int) -> None:
    data, at, draw = text.encode(), 0, random.Random(seed)
    whole, findings = MASKING.text(data)
    stream = MASKING.masker()
    out = []
    while at < len(data):
        size = draw.choice([1, 2, 4, 4, 9, 30, 200])
        out.append(stream.feed(data[at : at + size]))
        out[-1].decode()
        at += size
    assert b"".join([*out, stream.finish()]) == whole
    assert stream.findings == findings


@settings(max_examples=150, deadline=None)
@given(st.lists(snippets, min_size=1, max_size=3).map("".join), st.sampled_from((*ENCODERS, NEEDLESS)))
def test_raw_json_that_holds_a_secret_is_never_called_clean(text: str, encode: Callable[[object], str]) -> None:
    if MASKING.find(text.encode()):
        assert MASKING.may_hold(encode({"content": [text]}).encode())


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(
        ["password", "db_password", "apiKey", "token", "client_secret", "Authorization", "x-api-key", "name"]
    ),
    st.one_of(
        snippets,
        st.text(max_size=12),
        st.sampled_from(["hunter2pw", 'pa"ss\\wörd', "Bearer abcdef0123456789", "a/b=c+d1"]),
    ),
    st.sampled_from((*ENCODERS, NEEDLESS)),
)
def test_raw_json_whose_key_betrays_a_value_is_never_called_clean(
    key: str, value: str, encode: Callable[[object], str]
) -> None:
    if MASKING.find(f"{key}: {value}".encode(errors="replace")):
        assert MASKING.may_hold(encode({"a": {key: value}}).encode())


def test_ordinary_json_is_called_clean() -> None:
    body = {
        "model": "x",
        "max_tokens": 1024,
        "messages": [{"role": "user", "content": "What's <b>new</b>? → see C:\\x\n" * 50}],
    }
    assert not MASKING.may_hold(json.dumps(body).encode())


_draw = random.Random(7)


def _word(count: int) -> str:
    return "".join(_draw.choices("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz123456789", k=count))


def _hex(count: int) -> str:
    return "".join(_draw.choices("0123456789abcdef", k=count))


def _base64(count: int) -> str:
    return base64.b64encode(_draw.randbytes(count)).decode()


_PREFIXES = ("msg_01", "toolu_01", "req_011C", "srvtoolu_01", "file_01", "call_", "chatcmpl-", "resp_")
_VISIBLE = [
    *(f"{prefix}{_word(24)}" for prefix in _PREFIXES),
    f"{_hex(8)}-{_hex(4)}-{_hex(4)}-{_hex(4)}-{_hex(12)}",
    f"commit {_hex(40)}",
    f"sha256:{_hex(64)}",
    f"md5 {_hex(32)}",
    f"pk_live_{_word(24)}",
    f"pk_test_{_word(99)}",
    f"phc_{_word(43)}",
    f"sb_publishable_{_word(31)}",
    f"pubkey-{_hex(32)}",
    f"https://{_hex(32)}@o1.ingest.sentry.io/2",
    f"sha512-{_base64(64)}",
    f"ssh-ed25519 {_base64(51)} me@host",
    f"-----BEGIN CERTIFICATE-----\n{_base64(96)}\n-----END CERTIFICATE-----",
    f"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{_base64(96)}\n-----END PGP PUBLIC KEY BLOCK-----",
    f"data:image/png;base64,{_base64(3000)}",
    "$ANSIBLE_VAULT;1.1;AES256\n" + _hex(80),
]


@pytest.mark.parametrize("text", _VISIBLE)
def test_what_is_public_by_design_stays_visible(text: str) -> None:
    assert MASKING.find(text.encode()) == []
    assert MASKING.find(json.dumps({"id": text}).encode()) == []


@pytest.mark.parametrize(
    "text",
    [
        "password = get_password()",
        "def login(self, user: str, password: str | None = None) -> Token:",
        "token = request.headers.get('Authorization')",
        "if password != other_password: raise ValueError('password mismatch')",
        "const { password, token } = req.body;",
        "secret: process.env.SECRET,",
        "usage: input_tokens: 1234, output_tokens=5678",
        "export API_KEY=$(cat key.txt)",
        "Authorization: Bearer ${TOKEN}",
        "The password must be at least 12 characters; choose a good secret.",
        "password=password, api_key=api_key",
        "git clone https://github.com/owner/repo.git && curl http://localhost:8080/path",
        "@media (min-width: 40em) { --token-color: #ffcc00; }",
    ],
)
def test_ordinary_code_and_prose_stay_as_they_are(text: str) -> None:
    assert MASKING.find(text.encode()) == []


def test_the_standard_library_holds_next_to_no_secrets() -> None:
    sources = [
        Path(str(module.__file__)) for module in (json, email.message, http.client, tokenize, urllib.request, random)
    ]
    text = b"".join(path.read_bytes() for path in {p for s in sources for p in s.parent.glob("*.py")})
    assert len(text) > 1_000_000
    found = MASKING.find(text)
    assert len(found) <= 6, [text[f.start - 30 : f.end] for f in found]


def test_a_private_key_is_masked_however_it_is_shown() -> None:
    draw = random.Random(3)
    lines = [base64.b64encode(draw.randbytes(48)).decode() for _ in range(6)]
    begin, end = (f"-----{word} RSA PRIVATE KEY-----" for word in ("BEGIN", "END"))
    plain = "\n".join([begin, *lines, end])
    shown = "\n".join(f"{number:6}\t{line}" for number, line in enumerate([begin, *lines, end], 1))
    (finding,) = MASKING.find(plain.encode())
    assert (finding.rule, finding.start, finding.end) == ("private-key-pem", 0, len(plain))
    assert MASKING.text(f"cat:\n{shown}\nend".encode())[0] == f"cat:\n     1\t{finding.placeholder}\nend".encode()
    escaped = json.dumps(plain)
    out = MASKING.text(escaped.encode())[0]
    assert not any(line.encode() in bytes(out) for line in lines)
    truncated = MASKING.text("\n".join([begin, *lines]).encode())[0]
    assert not any(line.encode() in bytes(truncated) for line in lines)
