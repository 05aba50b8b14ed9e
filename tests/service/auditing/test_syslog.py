"""Syslog over real sockets: the messages, and what becomes of them while nobody listens."""

import json
import os
import ssl

import pytest
import trustme

from maskproxy.service.auditing.syslog import SyslogSink, Transport
from tests.service.auditing.receivers import SyslogServer, trail, until


def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_every_event_is_a_message_in_order(transport: Transport) -> None:
    server, (theirs, ours) = SyslogServer(), contexts()
    if transport == "udp":
        await server.listen_udp()
    else:
        await server.listen(theirs if transport == "tls" else None)
    trust = ours if transport == "tls" else None
    sink = SyslogSink(transport, "127.0.0.1", server.port, "authpriv", "node-1", trust)
    async with trail(sink) as told:
        await told.tell("one", "two", "three")
        await until(lambda: len(server.messages) == 3)
        assert server.actions == ["one", "two", "three"]
        head, _, line = server.messages[0].partition(b" - ")
        time = json.loads(line)["time"]
        assert head.decode() == f"<85>1 {time} node-1 maskproxy {os.getpid()} replay"
        await until(lambda: told.measured("delivered") == 3)
        assert (told.measured("dropped"), told.alarms) == (0, 0)
    await server.close()


async def test_a_server_that_comes_back_gets_what_waited_and_its_absence_is_an_alarm() -> None:
    server = SyslogServer()
    await server.listen()
    sink = SyslogSink("tcp", "127.0.0.1", server.port, "local0", "node-1", None)
    async with trail(sink) as told:
        await told.tell("before")
        await until(lambda: server.actions == ["before"])
        await server.close()
        await told.tell("meanwhile", "and again")
        await until(lambda: told.alarms == 1)
        await server.listen()
        await until(lambda: server.actions == ["before", "meanwhile", "and again"])
        await until(lambda: "audit sink works again" in told.log.getvalue())
        assert told.measured("dropped") == 0
    await server.close()


async def test_a_server_whose_certificate_nobody_trusts_gets_nothing() -> None:
    server, (theirs, _) = SyslogServer(), contexts()
    await server.listen(theirs)
    sink = SyslogSink("tls", "127.0.0.1", server.port, "local0", "node-1", ssl.create_default_context())
    async with trail(sink, life_s=0.0) as told:
        await told.tell("one")
        await until(lambda: told.measured("dropped") == 1)
        assert server.messages == []
        assert told.alarms == 2
    await server.close()
