"""How people and machines are reached: telephone numbers, e-mail addresses, public IP addresses.

What is reserved for documentation (RFC 2606, RFC 5737, the numbers 555-01xx) is nobody's.
"""

from __future__ import annotations

import re
from ipaddress import ip_address

_NOISE = re.compile(r"[^0-9]+")
_CALLING_CODE = re.compile(
    r"1[2-9]|7[3-9]|2[07]|2[1-69][0-9]|3[0-469]|3[578][0-9]|4[013-9]|42[0-9]|5[1-8]|5[09][0-9]|6[0-6]|6[7-9][0-9]|"
    r"8[1246]|8[05-8][0-9]|9[0-58]|9[679][0-9]"
)
_FICTIONAL = re.compile(r"1?[2-9][0-9]{2}55501[0-9]{2}")
_RESERVED = (
    "example",
    "test",
    "invalid",
    "localhost",
    "local",
    "internal",
    "example.com",
    "example.net",
    "example.org",
)
_FILES = frozenset(
    b"avif bmp c cc cfg conf cpp css csv d doc docx dll dylib exe gif go gz h hpp html ico ini java jpeg jpg js "
    b"json jsx less lock log map md mjs mp3 mp4 o pdf php plist png py pyc rb rs scss sh so sql svg svgz tar "
    b"tgz toml ts tsx txt vue wasm webp whl woff woff2 xml yaml yml zip service socket target timer mount".split()
)


def is_phone(candidate: bytes) -> bool:
    """Tell whether this is a number with a country's calling code, or one of North America."""
    text = candidate.decode("ascii", "replace")
    digits = _NOISE.sub("", text)
    if len(set(digits)) < 3:
        return False
    if text.startswith(("+", "00")):
        digits = digits if text[0] == "+" else digits[2:]
        return 8 <= len(digits) <= 15 and bool(_CALLING_CODE.match(digits)) and not _FICTIONAL.fullmatch(digits)
    return len(digits) in (10, 11) and not _FICTIONAL.fullmatch(digits)


def is_email(candidate: bytes) -> bool:
    """Tell whether this is somebody's address, not a reserved name, a file's name or a repository's address."""
    local, _, domain = candidate.decode("ascii", "replace").lower().rpartition("@")
    top = domain.rpartition(".")[2].encode()
    reserved = any(domain == name or domain.endswith(f".{name}") for name in _RESERVED)
    return local != "git" and not reserved and top not in _FILES and not local.startswith(".") and ".." not in domain


def is_public_ip(candidate: bytes) -> bool:
    """Tell whether this is an address that the Internet routes."""
    try:
        return ip_address(candidate.decode("ascii")).is_global
    except ValueError:
        return False
