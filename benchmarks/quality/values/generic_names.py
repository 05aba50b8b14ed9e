"""Names under which generic secrets stand: what they mean, in many languages, with what they belong to before them."""

from __future__ import annotations

from benchmarks.quality.values.draw import Draw

_PASSWORDS = (
    (30, "password"), (9, "passwd"), (8, "pass"), (8, "pwd"), (4, "passphrase"), (2, "pass phrase"), (3, "passcode"), (2, "pw"),
    (2, "credentials"), (2, "passwort"), (1, "kennwort"), (2, "contrasena"), (1, "clave"), (2, "mot de passe"),
    (2, "mdp"), (2, "senha"), (1, "wachtwoord"), (1, "haslo"), (1, "heslo"), (1, "parola"), (1, "losenord"), (1, "sifre"), (1, "пароль"), (1, "密码"), (1, "パスワード"),
)  # fmt: skip
_KEYS = (
    (14, "api key"), (8, "apikey"), (14, "secret"), (12, "token"), (8, "secret key"), (6, "auth token"), (6, "access token"),
    (6, "client secret"), (4, "access key"), (3, "private key"), (3, "encryption key"), (3, "signing key"), (3, "refresh token"),
    (2, "master key"), (2, "shared secret"), (2, "app secret"), (2, "webhook secret"), (2, "jwt secret"), (2, "session secret"),
    (2, "cookie secret"), (2, "hmac key"), (2, "bearer token"), (1, "api secret"), (1, "consumer secret"), (1, "security token"),
    (1, "license key"), (1, "secret key base"), (1, "csrf secret"), (1, "aes key"), (1, "service token"), (1, "deploy key"),
    (1, "schlussel"), (1, "geheimnis"), (1, "jeton"), (1, "clave secreta"),
)  # fmt: skip
_OWNERS = (
    "", "", "", "", "db", "db", "database", "mysql", "postgres", "admin", "root", "user", "smtp", "email", "mail", "ldap", "redis",
    "ftp", "sftp", "ssh", "test", "prod", "dev", "app", "service", "keystore", "truststore", "ssl", "wifi", "proxy", "rabbitmq",
    "mongo", "elastic", "jenkins", "backup", "sa", "default", "new", "old", "my", "internal", "billing", "payment", "partner",
    "datasource", "kafka", "vpn", "sudo", "account", "hub", "registry", "grafana", "sonar", "x", "acme",
)  # fmt: skip
_SUFFIXES = ("", "", "", "", "", "", "", "", "value", "prod", "dev", "test", "1", "2", "default")


def person(draw: Draw) -> str:
    return _named(draw, draw.weighted(_PASSWORDS))


def machine(draw: Draw) -> str:
    return _named(draw, draw.weighted(_KEYS))


def _named(draw: Draw, meaning: str) -> str:
    return " ".join(part for part in (draw.pick(_OWNERS), meaning, draw.pick(_SUFFIXES)) if part)
