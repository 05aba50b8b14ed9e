"""Values that structures hold: key material in PEM and its kin, encoded pairs, hashes, passwords that people type."""

from __future__ import annotations

import base64
import struct
import textwrap
from collections.abc import Callable

from benchmarks.quality.values.draw import ALPHABETS, Draw
from benchmarks.quality.values.passwords import password

_CRYPT = "./" + ALPHABETS["alnum"]


def user_password(draw: Draw, _: int) -> str:
    return base64.b64encode(f"{draw.word()}:{password(draw)}".encode()).decode()


def password64(draw: Draw, _: int) -> str:
    return base64.b64encode(password(draw).encode()).decode()


def plain_password(draw: Draw, _: int) -> str:
    """One without blanks and quotes, for places that hold no others."""
    while True:
        value = password(draw)
        if not set(value) & set(" '\"\\;#<>&{}[]()|,:`$@/?%"):
            return value


def any_password(draw: Draw, _: int) -> str:
    return password(draw)


def crypt(draw: Draw, count: int) -> str:
    return "".join(draw.pick(_CRYPT) for _ in range(count))


def der(draw: Draw, count: int) -> bytes:
    """A DER sequence with a version and integers, as private keys begin, of about so many bytes."""
    body = b"\x02\x01\x00\x02\x82\x01\x01\x00" + draw.bytes(count)
    return b"\x30\x82" + struct.pack(">H", len(body)) + body


def pem_body(draw: Draw, count: int) -> str:
    """Base64 in lines of 64, as RSA's and PKCS#8's private keys have it."""
    return "\n".join(textwrap.wrap(base64.b64encode(der(draw, count)).decode(), 64))


def pem_line(draw: Draw, count: int) -> str:
    r"""The same as one line, with `\n` spelt out."""
    return pem_body(draw, count).replace("\n", "\\n")


def openssh_body(draw: Draw, count: int) -> str:
    raw = b"openssh-key-v1\0" + b"\0\0\0\x04none\0\0\0\x04none\0\0\0\0\0\0\0\x01" + draw.bytes(count)
    return "\n".join(textwrap.wrap(base64.b64encode(raw).decode(), 70))


def pgp_body(draw: Draw, count: int) -> str:
    text = base64.b64encode(b"\x95\x03\x98\x04" + draw.bytes(count)).decode()
    return "\n".join([*textwrap.wrap(text, 64), "=" + draw.of("b64", 4)])


def base64_lines(draw: Draw, count: int) -> str:
    return "\n".join(textwrap.wrap(base64.b64encode(draw.bytes(count)).decode(), 64))


def pem_in_base64(draw: Draw, count: int) -> str:
    """A whole PEM, encoded once more, as kubeconfigs and CI variables hold it."""
    kind = draw.pick(("RSA ", "EC ", ""))
    whole = f"-----BEGIN {kind}PRIVATE KEY-----\n{pem_body(draw, count)}\n-----END {kind}PRIVATE KEY-----\n"
    return base64.b64encode(whole.encode()).decode()


def keystore(draw: Draw, _: int) -> str:
    """Base64 of a PKCS#12 file: a sequence that begins with version 3."""
    body = b"\x02\x01\x03\x30\x82" + draw.bytes(700)
    return base64.b64encode(b"\x30\x82" + struct.pack(">H", len(body)) + body).decode()


def sas_signature(draw: Draw, _: int) -> str:
    return draw.base64(32).replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")


def signed_cookie(draw: Draw, _: int) -> str:
    return f"s%3A{draw.of('b64u', 32)}.{draw.of('alnum', 40)}%2B{draw.of('alnum', 2)}"


MAKERS: dict[str, Callable[[Draw, int], str]] = {
    "password": any_password,
    "plain": plain_password,
    "userpass64": user_password,
    "password64": password64,
    "crypt": crypt,
    "pem": pem_body,
    "pemline": pem_line,
    "openssh": openssh_body,
    "pgp": pgp_body,
    "lines64": base64_lines,
    "pem64": pem_in_base64,
    "p12": keystore,
    "sig": sas_signature,
    "cookie": signed_cookie,
}
