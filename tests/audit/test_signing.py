import hashlib
import hmac

from maskproxy.audit.signing import signature


def test_it_covers_time_and_body() -> None:
    expected = hmac.new(b"key", b'1764108000.{"a":1}', hashlib.sha256).hexdigest()
    assert signature(b"key", "1764108000", b'{"a":1}') == f"v1={expected}"
    others = {signature(b"key", "1764108001", b'{"a":1}'), signature(b"key", "1764108000", b'{"a":2}')}
    assert f"v1={expected}" not in others
