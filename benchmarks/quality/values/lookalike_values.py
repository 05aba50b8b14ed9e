"""Values that are no secrets: what stands under a secret's name instead of one, and what is public by design."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.quality.values.draw import Draw
from benchmarks.quality.values.names import spellings


def references(draw: Draw, name: str) -> tuple[str, str]:
    """A family and a value: a placeholder, or a reference to where the secret is."""
    family, make = draw.weighted(_REFERENCES)
    return family, make(draw, name)


def hollow(draw: Draw, name: str) -> str:
    """What stands in a URL, a header or a command where the secret will be."""
    spelt = spellings(name)
    upper, snake, kebab, camel = (spelt[manner] for manner in ("UPPER", "snake", "kebab", "camel"))
    return draw.pick((
        f"${{{upper}}}", f"${{{upper}}}", f"${upper}", f"<{kebab}>", f"<your-{kebab}>", f"{{{snake}}}", f"{{{{ {snake} }}}}", f"${{{camel}}}", f"YOUR_{upper}",
        f"${{{{ secrets.{upper} }}}}", f"%{upper}%", f"[{upper}]", "****", "xxxxxxxx", "REDACTED", "...", f"$({upper})", f"#{{{snake}}}", "%s", f"{{{{.{spelt['Pascal']}}}}}",
    ))  # fmt: skip


def _placeholder(draw: Draw, name: str) -> str:
    spelt = spellings(name)
    return draw.pick((
        f"your-{spelt['kebab']}", f"YOUR_{spelt['UPPER']}", f"<{spelt['kebab']}>", f"<your {name}>", f"your_{spelt['snake']}_here",
        "changeme", "CHANGEME", "change-me", "xxxxxxxx", "XXXXXXXXXXXXXXXX", "********", "****", "...", "REDACTED", "[REDACTED]",
        "<secret>", "replace_me", "REPLACE_WITH_YOUR_KEY", "TBD", "example", "placeholder", "dummy", "none", "null", "foo", "insert-key-here",
        f"[{spelt['UPPER']}]", "xxxx-xxxx-xxxx", "your-256-bit-secret", "••••••••", "sk-...", "ghp_xxxxxxxxxxxxxxxxxxxx", "N/A", "to be set",
        "<enter password>", "example-token", "notset", "***MASKED***", "removed", "hidden", "sample",
    ))  # fmt: skip


def _reference(draw: Draw, name: str) -> str:
    upper, dotted, kebab = (spellings(name)[manner] for manner in ("UPPER", "dotted", "kebab"))
    return draw.pick((
        f"${{{upper}}}", f"${upper}", f"{{{{ {dotted} }}}}", f"${{{{ secrets.{upper} }}}}", f"{{{{ .Values.{dotted} }}}}", f"%{upper}%",
        f"vault:secret/data/{kebab}#value", f"!vault/{kebab}", f"arn:aws:secretsmanager:eu-west-1:123456789012:secret:{kebab}",
        f"op://vault/{kebab}/password", f"/run/secrets/{kebab}", f"file:///etc/{kebab}", f"${{env:{upper}}}", f"#{{{kebab}}}", f"@Microsoft.KeyVault(SecretName={kebab})",
        f"sm://{draw.word()}/{kebab}", f"$({upper})", f"${{var.{kebab}}}", f"ssm:/prod/{draw.word()}/{kebab}", f"@@{upper}@@", f"__{upper}__", f"{{{dotted}}}", f"projects/{draw.word()}/secrets/{kebab}",
        f"env.{upper}", f"process.env.{upper}", f"os.environ['{upper}']", f"config.{dotted}",
    ))  # fmt: skip


def _interface(draw: Draw, name: str) -> str:
    title = spellings(name)["Title"]
    return draw.pick((
        f"Enter your {name}", "Forgot your password?", f"{title} must not be empty", f"Invalid {name}", f"{title} has expired", "Passwords do not match",
        "Passwort eingeben", "Mot de passe oublié ?", "Introduce tu contraseña", f"Show {name}", f"Please enter a valid {name}.", "Password (again)",
        f"{title}:", "At least 8 characters", "Das Passwort ist falsch", "パスワードを入力してください", "Введите пароль", f"The {name} of the {draw.word()}",
    ))  # fmt: skip


def _plain(draw: Draw, _: str) -> str:
    return draw.pick(
        (
            "true",
            "false",
            "null",
            "None",
            "string",
            "text",
            "password",
            "token",
            "secret",
            "0",
            "3600",
            "required",
            "optional",
            "str",
            "bearer",
            "basic",
            "enabled",
            "int",
            "varchar(255)",
            "undefined",
            "hidden",
            "sha256",
            "[]",
            "{}",
            "id",
            "file",
            "env",
            "input",
        )
    )


_REFERENCES: tuple[tuple[float, tuple[str, Callable[[Draw, str], str]]], ...] = (
    (32, ("placeholders", _placeholder)),
    (36, ("references", _reference)),
    (20, ("words of interfaces", _interface)),
    (12, ("plain words", _plain)),
)

PUBLIC: tuple[tuple[str, str, str], ...] = (
    ("publishable keys", "stripe publishable key|publishable key|stripe public key", "pk_live_{alnum:24}"),
    ("publishable keys", "stripe publishable key", "pk_test_{alnum:99}"),
    ("publishable keys", "mapbox token|mapbox access token", "pk.{mapbox}.{b64u:22}"),
    ("publishable keys", "posthog key|posthog project key", "phc_{alnum:43}"),
    ("publishable keys", "supabase publishable key|supabase anon key", "sb_publishable_{b64u:31}"),
    ("publishable keys", "mailgun public key", "pubkey-{hex:32}"),
    ("publishable keys", "sentry dsn|dsn", "https://{hex:32}@o{d:6}.ingest.sentry.io/{d:7}"),
    ("publishable keys", "newrelic browser key", "NRJS-{hex:19}"),
    ("public keys", "ssh public key|public key|authorized key", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{b64:43}"),
    ("public keys", "ssh public key|deploy public key", "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ{b64:340}"),
    ("public keys", "age recipient|recipient", "age1{b36:58}"),
    ("identifiers", "message id|id", "msg_01{alnum:22}"),
    ("identifiers", "tool use id|tool call id", "toolu_01{alnum:22}"),
    ("identifiers", "request id", "req_01{alnum:22}"),
    ("identifiers", "call id", "call_{alnum:24}"),
    ("identifiers", "completion id", "chatcmpl-{alnum:29}"),
    ("identifiers", "response id", "resp_{hex:48}"),
    ("identifiers", "file id", "file-{alnum:24}"),
    ("identifiers", "uuid|id|tenant id|session name|correlation id", "{uuid}"),
    ("identifiers", "trace id|span id|build id", "{hex:32}"),
    ("identifiers", "container id|image id", "{hex:64}"),
    ("identifiers", "object id|document id", "{hex:24}"),
    ("identifiers", "twilio account sid|account sid", "AC{hex:32}"),
    ("identifiers", "google client id|client id", "{d:12}-{b36:32}.apps.googleusercontent.com"),
    ("identifiers", "stripe customer|price id", "price_1{alnum:23}"),
    ("identifiers", "vpc id|subnet id|instance id", "i-0{hex:16}"),
    ("identifiers", "spreadsheet id|drive file id", "1{b64u:43}"),
    ("identifiers", "video id|short id", "{b64u:11}"),
    ("hashes", "commit|commit sha|revision|git commit", "{hex:40}"),
    ("hashes", "sha256|checksum|digest|file hash", "{hex:64}"),
    ("hashes", "md5|etag|content hash", "{hex:32}"),
    ("hashes", "image digest|layer digest", "sha256:{hex:64}"),
    ("hashes", "integrity|subresource integrity", "sha384-{b64:64}"),
    ("hashes", "cache key", "v1-deps-{hex:64}"),
    ("hashes", "fingerprint|ssh fingerprint", "SHA256:{b64:43}"),
    ("hashes", "sha512", "{hex:128}"),
    ("names of things", "token type|grant type|auth type", "client_credentials"),
    ("names of things", "token url|token endpoint|auth url", "https://login.example.org/oauth2/{lower:5}/token"),
    ("names of things", "secret name|secret id|key name", "{lower:6}-db-password"),
    ("names of things", "password file|secret path|key file|private key path", "/etc/{lower:6}/password.txt"),
    ("names of things", "key algorithm|password hasher|token algorithm", "HS256"),
    ("names of things", "max tokens|token limit|token count|total tokens", "{d:4}"),
    ("names of things", "primary key|foreign key|partition key|sort key", "{lower:7}_id"),
    ("names of things", "cache key|storage key|session key|redis key", "user:{d:4}:profile"),
    ("names of things", "public token|next page token|continuation token|page token", "{d:3}"),
    ("personal data", "phone|phone number|telefon", "+4930{d:8}"),
    ("personal data", "card number|credit card", "4{d:15}"),
    ("personal data", "iban|account", "DE{d:20}"),
    ("personal data", "ssn|social security number", "{d:3}-{d:2}-{d:4}"),
    ("personal data", "tax id|national id|cpf|aadhaar", "{d:11}"),
    ("personal data", "email|contact", "{lower:6}.{lower:7}@example.org"),
    ("personal data", "ip|address|host", "10.{d:2}.{d:2}.{d:2}"),
    ("personal data", "order number|invoice number|account number", "{d:10}"),
    ("personal data", "mac address|mac", "{hex:2}:{hex:2}:{hex:2}:{hex:2}:{hex:2}:{hex:2}"),
)  # fmt: skip
