import ssl

from maskproxy.dev.throwaway import server_identity


def handshake(identity_pem: bytes, context: ssl.SSLContext, host: str) -> str:
    """In memory, so that no port is needed."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    trust = ssl.create_default_context(cadata=identity_pem.decode())
    client = trust.wrap_bio(to_client, to_server, server_hostname=host)
    server = context.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                return error.verify_message
    return client.version() or ""


def test_a_client_that_trusts_it_believes_it() -> None:
    identity = server_identity()
    assert handshake(identity.ca_pem, identity.context, "localhost") == "TLSv1.3"
    assert handshake(identity.ca_pem, identity.context, "127.0.0.1") == "TLSv1.3"


def test_nobody_else_does() -> None:
    identity, other = server_identity(), server_identity()
    assert "certificate" in handshake(other.ca_pem, identity.context, "localhost")
    assert "mismatch" in handshake(identity.ca_pem, identity.context, "api.anthropic.com")
