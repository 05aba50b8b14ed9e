import pytest

from maskproxy.developer.exports import for_base_url, for_proxy
from maskproxy.developer.previous import before, exceptions, is_ours, matches, previous

OURS = "http://maskproxy:secret@127.0.0.1:4000"


@pytest.mark.parametrize(
    ("entries", "host", "port", "matched"),
    [
        ("*", "a", 1, True),
        ("example.com", "example.com", 443, True),
        ("example.com", "a.example.com", 443, True),
        ("example.com", "notexample.com", 443, False),
        (".example.com", "a.example.com", 443, True),
        ("*.Example.com", "A.example.com.", 443, True),
        ("example.com:8443", "example.com", 443, False),
        ("example.com:443", "example.com", 443, True),
        ("a b,c", "b", 1, True),
        ("10.0.0.0/8", "10.1.2.3", 1, True),
        ("10.0.0.0/8", "11.1.2.3", 1, False),
        ("127.0.0.1", "127.0.0.1", 1, True),
        ("[::1]:443", "::1", 443, True),
        ("::1", "::1", 443, True),
        ("0.1", "10.0.0.1", 1, False),
        ("", "a", 1, False),
    ],
)
def test_no_proxy(entries: str, host: str, port: int, matched: bool) -> None:
    assert matches(exceptions(entries), host, port) is matched


def test_lower_case_counts_first_and_all_proxy_last() -> None:
    found = previous({"https_proxy": "lower:1", "HTTPS_PROXY": "http://upper:2", "ALL_PROXY": "https://all"})
    assert found.https is not None
    assert found.http is not None
    assert (found.https.host, found.https.port, found.https.secure) == ("lower", 1, False)
    assert (found.http.host, found.http.port, found.http.secure) == ("all", 443, True)
    assert previous({}).towards("a", 1, secure=True) is None


def test_a_password_is_in_no_repr() -> None:
    found = previous({"HTTPS_PROXY": "http://me:pa%20ss@p:1"})
    assert found.https is not None
    assert found.https.authorization == "Basic bWU6cGEgc3M="
    assert "bWU6" not in repr(found)


@pytest.mark.parametrize("url", ["socks5://a:1", "http://", "http://a:99999", "ftp://a"])
def test_what_is_no_http_proxy_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"proxy|http"):
        previous({"HTTPS_PROXY": url})


def test_a_proxy_of_ours_leads_to_what_was_there_before_it() -> None:
    environ = {"HTTPS_PROXY": "http://old:1", "no_proxy": "near", "SSL_CERT_FILE": "/roots", "ALL_PROXY": "http://x"}
    first = for_proxy("https://g", OURS, before(environ), {"SSL_CERT_FILE": "/ours"}).over(environ)
    assert first["SSL_CERT_FILE"] == "/ours"
    assert is_ours(first["HTTPS_PROXY"])
    assert not is_ours("http://maskproxy:secret@proxy.example.com:1")
    assert before(first) == before(environ)
    second = for_proxy("https://g", OURS, before(first), {}).over(first)
    assert before(second) == before(environ)
    nothing = for_proxy("https://g", OURS, before({}), {}).over(second)
    assert before(nothing) == {}


def test_exports_are_read_by_a_shell_as_they_were_meant() -> None:
    exports = for_proxy("https://g", "http://maskproxy:'; x@127.0.0.1:1", {"HTTPS_PROXY": "$(touch x)"}, {})
    lines = exports.shell().splitlines()
    assert "unset ANTHROPIC_API_KEY" in lines
    assert "export MASKPROXY_PREVIOUS_HTTPS_PROXY='$(touch x)'" in lines


def test_by_url_claudes_clients_go_past_any_proxy() -> None:
    def environ(**changes: str) -> dict[str, str]:
        return for_base_url("https://g.example", "g.example", "t", "/ca", changes).over(changes)

    assert environ()["NO_PROXY"] == "g.example"
    assert environ(no_proxy="a,b")["NO_PROXY"] == "a,b,g.example"
    assert environ(NO_PROXY="a,g.example")["no_proxy"] == "a,g.example"
    assert environ()["NODE_EXTRA_CA_CERTS"] == "/ca"
    assert environ(NODE_EXTRA_CA_CERTS="/mine")["NODE_EXTRA_CA_CERTS"] == "/mine"
    assert "ANTHROPIC_API_KEY" not in environ(ANTHROPIC_API_KEY="k")
