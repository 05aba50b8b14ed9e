"""What a name promises of its value: a password, a key or token that looks random, or nothing secret at all.

A name is split into its words (`dbPassword2`, `DB_PASSWORD`, `db.pass-word`), and looked at from its kernel: what stands
left of it (`public_`, `max_`) or right of it (`_field`, `_url`, `_hash`) may say that the value is no secret.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache

from maskproxy.masking.checks.words import plain


class Promise(IntEnum):
    """How much a name says; the greater, the less a value has to look like a secret."""

    SOME_KEY = 1
    """A key of something: the value must look random, and be longer than other ids are."""
    KEY = 2
    """Keys and tokens: the value must look random, and be long."""
    SECRET = 3
    """The value must look random."""
    PASSWORD = 4
    """People choose it: short and word-like values count."""


_PASSWORD = frozenset(
    plain(word.encode()) for word in
    "password passwd passwort passphrase passcode pwd pass passe pw psk pswd psw passw userpass passwrd paswd paswword pasword "
    "kennwort kennung zugangscode contrasena contrasenya clave senha palavrachave motdepasse mdp haslo heslo parola "
    "parole wachtwoord losenord adgangskode salasana jelszo geslo lozinka sifre sandi passord pincode passkey "
    "пароль 密码 密碼 口令 パスワード 비밀번호 암호 κωδικος סיסמה masterpassword authpassword".split()
)
_SECRET = frozenset("secret credential credentials cred creds salt pepper secretkey privatekey clientsecret geheimnis".split())
_KEY = frozenset("token auth apikey authkey accesskey jwt bearer seed nonce accesstoken authtoken jeton".split())
_ENDINGS = tuple((plain(ending.encode()), kind) for ending, kind in (
    ("password", Promise.PASSWORD), ("passwd", Promise.PASSWORD), ("passwort", Promise.PASSWORD),
    ("passphrase", Promise.PASSWORD), ("pwd", Promise.PASSWORD), ("contrasena", Promise.PASSWORD),
    ("пароль", Promise.PASSWORD), ("パスワード", Promise.PASSWORD), ("密码", Promise.PASSWORD),
    ("secret", Promise.SECRET), ("secretkey", Promise.SECRET), ("privatekey", Promise.SECRET),
    ("token", Promise.KEY), ("apikey", Promise.KEY), ("accesskey", Promise.KEY), ("authkey", Promise.KEY),
))  # fmt: skip
_PASS_USERS = frozenset("require db my sql mysql root admin user usr ftp mail smtp ldap pg redis mongo http proxy login bind".split())
_KEYS_OF = {
    **dict.fromkeys(
        "jwt secret private encryption encrypt crypto crypt cipher aes des rsa hmac signing sign signature master symmetric "
        "shared decryption decrypt storage account primary secondary".split(),
        Promise.SECRET,
    ),
    **dict.fromkeys(
        "api access auth authentication authorization app application service session license licence client consumer "
        "subscription ssh deploy host security server user admin webhook integration write read maps rest bot".split(),
        Promise.KEY,
    ),
}
"""What kind of key is a secret."""
_PUBLIC_KEYS_OF = frozenset("gpg pgp rpm vapid public host cache sort foreign partition hash map object row index".split())
_KEY_WORDS = frozenset(("key", "keys"))
_CODE_OF = frozenset("auth access security secret pin verification otp".split())
_PLURALS = {"passwords": "password", "secrets": "secret", "tokens": "token", "apikeys": "apikey", "passes": "pass"}
_CANCEL_LEFT = frozenset(
    "public pub publishable request idempotency pagination paging  max min num number is has no not show hide forgot forget reset invalid wrong missing require "
    "requires required enable enables use uses allow input next prev previous page sync continuation special pad eos bos "
    "unk mask cls sep stop begin count total get fetch validate check verify checking compare encode generate make "
    "create read parse lookup find select update delete remove revoke rotate clear refreshing expired without "
    "same site recaptcha per by on if for the to of from in and or can could should must will sort primary foreign "
    "cache partition row index object map translation i18n locale label message error keyword keywords lexer syntax "
    "literal operator punctuation comment identifier semantic image vocab extra design css theme color "
    "completion prompt used free remaining daily monthly one single two cross hash hashed first last".split()
) - frozenset(("cross", "one", "single", "primary", "of", "for"))
_CANCEL_RIGHT = frozenset(
    "identifier leak verification namespace mechanism re rx arg args field fields label hint error errors message messages msg regex regexp pattern policy length len size type types kind "
    "name names file files filename path paths dir directory folder url uri link links endpoint id ids header headers "
    "prefix suffix count expiry expires expired expiration expire ttl timeout age max min format input form placeholder "
    "title description desc help prompt confirmation reset change changed required enabled disabled enable strength "
    "validator validators validation encoder encoding manager service provider providers store storage handler helper util utils "
    "factory class method param params parameter parameters column col attr attribute attributes "
    "property env variable var ref reference references selector xpath locator css icon color button page view template event action "
    "status state source scope scopes grant issuer audience algorithm algo alg digest hash hasher sha256 sha1 md5 "
    "checksum fingerprint index position pos offset start end limit limits usage used rotation version arn "
    "option options flag mode visibility visible toggle show text box textbox dialog window screen module "
    "package plugin helpers parser reader writer callback function fn func cmd command exists valid invalid is required "
    "protected protection request response requests route router modal tag tags list map dict set schema model models "
    "kinds budget cost price symbol address ring chain ring rotation date time at on by in created updated last "
    "lifetime lifespan duration period window exp claim claims realm domain host user username email login "
    "hashing hashes hashed stores managers request auth authentication authenticator authenticate".split()
) - frozenset("text list dict map set user login host domain username email storage box auth authentication".split())
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+")


@lru_cache(maxsize=4096)
def words(name: bytes) -> tuple[str, ...]:
    """Split a name into its words, in lower case and without accents."""
    return tuple(_PLURALS.get(word, word) for word in (found.lower() for found in _WORD.findall(plain(name))))


@lru_cache(maxsize=4096)
def promise(name: bytes) -> Promise | None:
    """Give what a name promises; None: it is no name of a secret."""
    some = words(name)
    for at in range(len(some) - 1, -1, -1):
        found = _kernel(some, at)
        if found is None:
            continue
        kind, start = found
        if not _CANCEL_LEFT.isdisjoint(some[:start]) or not _CANCEL_RIGHT.isdisjoint(some[at + 1 :]):
            return None
        return kind
    return None


def _kernel(some: tuple[str, ...], at: int) -> tuple[Promise, int] | None:
    """Give what the word there promises, and where its kernel begins."""
    word, before = some[at], some[at - 1] if at else ""
    if word in _KEY_WORDS:
        if before in _PUBLIC_KEYS_OF:
            return None
        kind = _KEYS_OF.get(before)
        if kind is None:
            return Promise.SOME_KEY, at
        return kind, at - 1
    if word == "code" and before in _CODE_OF:
        return Promise.KEY, at - 1
    if word in {"word", "phrase"} and before == "pass":
        return Promise.PASSWORD, at - 1
    if word == "pin" and len(some) > 1:
        return None
    if word == "string" and before in {"connection", "conn"}:
        return Promise.SECRET, at - 1
    for kind, kernels in ((Promise.PASSWORD, _PASSWORD), (Promise.SECRET, _SECRET), (Promise.KEY, _KEY)):
        if word in kernels:
            return kind, at
    for ending, kind in _ENDINGS:
        if word.endswith(ending):
            return kind, at
    if word.endswith("pass") and word[:-4] in _PASS_USERS:
        return Promise.PASSWORD, at
    return None
