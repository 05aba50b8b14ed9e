"""What people write where a secret belongs: documented examples, `xxxx`, `<token>`, `your-api-key-here`."""

from __future__ import annotations

import re
from hashlib import sha256
from itertools import pairwise
from urllib.parse import unquote_to_bytes

from maskproxy.masking.checks.references import is_identifier

_EXAMPLES = frozenset(
    bytes.fromhex(digest)
    for digest in (
        # SHA-256 of example values from vendors' documentation: whole, so that only exactly they are let through.
        "1a5d44a2dca19669d72edf4c4f1c27c4c1ca4b4408fbb17f6ce4ad452d78ddb3",  # AWS access key ids
        "c6ea27c534f993d31f0aef882e3d200e7b87470c379ae79c8f9b19d3bd363dc9",
        "cb20d34a7adda2f5d2043836051e242fd4c2b233e02c80c91fe9d5af9b100574",
        "78314b11be2e581549ac1c4f616563fad3fdf0c3b71678f6e2299182080e0598",  # AWS secret access keys
        "e21b597ba6b9cafa59d9ebc4d65c0385f5eb3fa56abab2607fa76589ad849a33",
        "6c96130f130ab0d6d158397e24d2bcc1c9a5e73ae081f6e983f1c7b545d24a4c",  # tokens and secrets in RFC 6749 and 6750
        "00cf4c781dc37003f7c7dd7d4c9a6ef1e0f4c62d9a291aa8bc398774e3fefd32",
        "a71b359a87afde133e6d9731de69f8823d62b012072d43749f5dc976505403f5",
        "b8e148545b13c78bc74da2f1a7275dd71e56ddece129d7d2f7b3ecc06f7994da",
        "e9974c507d2a802143f614c878fcbb622a3800e05e6e0d329fee2c5b6b243329",
        "53f5da0aaa93d64cd5772c554cbf940f0539e689dddbeb8f923eec3f72c02ea9",
        "7f44193a6edea087f5c0811306efae871c412b46ebee9a179fb3acf0cb5144a3",  # what RFC 6455 adds to a WebSocket's key
        "c32e2773e4569c47896df72c8f3afb0d2a1ec6a86ede7c11b1c9bdb0eb344fbf",  # a token of Login with Amazon
        "1984d686fff0737b5161a03d1aec81111c906e9066e3bde4314232d502262ed0",  # keys, tokens and signatures in RFC 5849
        "293257ab6495ebb11cf9e4aee0686ca30df8de2ab8d251f2cbbcf177bdfcae91",
        "2ff8b0fb93aca981c78f1e94355c298c23435461f1072ef4674848e620371787",
        "4bed31c8d172429025c9dcfed5ad9cf769fe12b513f24ff5098632929a2c8d91",
        "4c20e6f5cc11b93731e74cbe20739821d61c3563c9f50ecb884a27cd369f01fb",
        "5586407997f5e8492fa0d6d310460386c80cc3542de6c876f75582bc219d4b82",
        "649e1f5c769e718ba10d1a702a36499a731441d960b06da91c4c97786bf84595",
        "6aa14267d94944e6b6483c81f5ad37f87bbc7e88aa368d4aba1e71e0b79cd8c4",
        "80f8b7c904d4a43f3b7036db73247daafe15b3f647b337d19031ff67b7c1a177",
        "b258c27f4721358c986dd9bf85e3ae7a8e8766196cd1cd51bd3a8dedb152bff2",
        "bb9b1163338b2a51495834ad5c65420443d6327381cf0f94ebf92b117f209d72",
    )
)
_FILLED = re.compile(rb"[xX*.#_0-]{4,}|[*]{3}|[.]{3}|[xX]{3}|(.)\1{5,}|<.*>|\[.*\]", re.DOTALL)
_NOTHING = frozenset(
    b"null none nil true false undefined required optional string bytes boolean integer number unknown empty".split()
)
_TELLING = frozenset(
    b"example placeholder redacted masked changeme replaceme fillme insertme setme dummy fixme todo tbd notset unset "
    b"omitted scrubbed filtered hidden obfuscated lorem ipsum foobar sample".split()
)
_ASKING = frozenset(b"change replace fill insert set edit update".split())
_OPENING = frozenset(b"your my insert enter put add replace the some a".split())
_NAMING = frozenset(
    word + plural
    for word in b"key token secret password passwd pass pwd credential value apikey".split()
    for plural in (b"", b"s")
)
_FEW_LETTERS = re.compile(rb"[A-Za-z]{1,3}")
_HEXSPEAK = re.compile(rb"(?i:dead(?:beef|c0de)|cafebabe|baadf00d|feedface|0badc0de)[0-9a-fA-F]*")
"""Words that people spell in hexadecimal; hardly any drawn digest begins so."""
_RUN_TOGETHER = re.compile(rb"(?:your|my|insert|enter|some)[a-z]{0,16}(?:key|token|secret|password|passwd)(?:here)?")
_STAND_IN_LIMIT = 80
_MOST_ESCAPES = 2
"""`a%20secret` is read as it is meant; four words and more are a passphrase, whatever they are."""


def is_example(text: bytes) -> bool:
    """Tell whether a vendor documents exactly this value as an example, or a form with nothing else in it."""
    if sha256(text).digest() in _EXAMPLES:
        return True
    first, *fields = text.split(b"&")
    return bool(fields) and is_example(first) and all(_tells_nothing(field) for field in fields)


def is_stand_in(text: bytes) -> bool:
    """Tell whether people write this where a secret belongs: `xxxx`, `<token>`, `your-api-key-here`."""
    if _FILLED.fullmatch(text) or _FEW_LETTERS.fullmatch(text) or _HEXSPEAK.fullmatch(text):
        return True
    if len(text) > _STAND_IN_LIMIT:
        return False
    if 0 < text.count(b"%") <= _MOST_ESCAPES:
        text = unquote_to_bytes(text)
    lower = text.lower().rstrip(b"])}>")
    words = re.split(rb"[-_. ]", lower)
    plain = all(word.isalnum() for word in words)
    return (
        lower in _NOTHING
        or (lower in _NAMING and len(lower) < len(text))  # `[&password=password]`, the optional part of a syntax
        or (plain and not _TELLING.isdisjoint(words))
        or (plain and any(pair[0] in _ASKING and pair[1] in (b"me", b"this", b"it") for pair in pairwise(words)))
        or (plain and words[0] in _OPENING and not _NAMING.isdisjoint(words[1:]))
        or _RUN_TOGETHER.fullmatch(lower) is not None
    )


def _tells_nothing(field: bytes) -> bool:
    value = field.rpartition(b"=")[2]
    return not value or is_identifier(value) or is_example(value)
