"""Two nodes on one PostgreSQL, killed and started again in turn: what one of them knows, the other goes on with."""

import asyncio
import json
import os
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from urllib.parse import urlencode

import pytest
import yaml

from maskproxy.dev.planted import github_token
from tests.daemon.place import Place, head_of
from tests.daemon.program import WAIT_S, Program, command, until
from tests.daemon.test_allowances import EFFECTIVE_S
from tests.daemon.test_sign_in import EXCHANGE, issued, with_tokens
from tests.gateway.house import Answer, plain, read_answer
from tests.gateway.test_access import URGENT
from tests.gateway.test_restore import PLACEHOLDER, call, request
from tests.postgres import Server
from tests.store.place import Shelf

JWT = "urn:ietf:params:oauth:token-type:jwt"
SECRET_AS = "MASKPROXY_TEST_DATABASE_PASSWORD"


class Nodes:
    """`config` of each, and a program that runs it or was killed."""

    def __init__(self, place: Place, postgres: Server) -> None:
        self.place = place
        self.where = postgres.empty()
        self.environ = {SECRET_AS: postgres.password, "XDG_CACHE_HOME": str(place.cache)}
        self.configs = [place.config, place.folder / "second.yaml"]
        self.port = with_tokens(place)
        place.secrets.append(postgres.password)
        place.document["store"] = postgres.text(self.where.database, password="${" + SECRET_AS + "}")
        place.document["grants"].append(URGENT | {"groups": ["guests"]})
        place.write()
        second = place.document | {"recording": {"directory": "second"}, "listeners": [{"address": "127.0.0.1:0"}]}
        self.configs[1].write_text(yaml.safe_dump(second))
        self.programs: list[Program] = [self.begin(0), self.begin(1)]

    def begin(self, number: int) -> Program:
        program = Program(self.configs[number], **self.environ)
        self.place._programs.append(program)
        return program

    async def ready(self) -> None:
        for program in self.programs:
            await program.ready()

    async def killed(self, number: int) -> None:
        self.programs[number].signal(signal.SIGKILL)
        await self.programs[number].exit_code()

    async def again(self, number: int) -> None:
        self.programs[number] = self.begin(number)
        await self.programs[number].ready()

    async def post(self, number: int, path: str, body: bytes, token: str, *fields: str) -> Answer:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.programs[number].ports[0])
        writer.write(head_of(path, len(body), token, *fields).replace(b"localhost", b"127.0.0.1:%d" % self.port) + body)
        try:
            async with asyncio.timeout(WAIT_S):
                return await read_answer(reader)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def tokens(self, number: int, **form: str) -> Answer:
        kind = "Content-Type: application/x-www-form-urlencoded"
        return await self.post(number, "/oauth/token", urlencode(form).encode(), "none", kind)

    async def edit(self, number: int, name: str, token: str) -> Answer:
        self.place.origin.reply = plain(json.dumps({"content": [call({"content": name}, "Write")]}).encode())
        return await self.post(number, "/v1/messages", request(f"Summary: the token is {name}.", stream=False), token)

    async def sent(self, number: int, text: str, token: str) -> bytes:
        """What upstream gets of a text."""
        assert (await self.post(number, "/v1/messages", request(text, stream=False), token)).status == 200
        return self.place.origin.received[-1].body

    async def told(self, *arguments: str, person: tuple[int, str] | None = None) -> str:
        """What a command says: of a person at a node, or on the gateway's machine."""
        environ = dict(self.environ)
        if person is not None:
            number, token = person
            environ["MASKPROXY_URL"] = f"http://127.0.0.1:{self.programs[number].ports[0]}"
            environ["MASKPROXY_TOKEN"] = token
        done = await asyncio.to_thread(
            subprocess.run,
            command(*arguments),
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, **environ},
        )
        assert not [secret for secret in self.place.secrets if secret in done.stdout + done.stderr]
        assert done.returncode == 0, done.stderr
        return done.stdout


async def soon(done: Callable[[], Awaitable[bool]]) -> None:
    """Wait until what was decided counts there, too."""
    begun = time.monotonic()
    while not await done():
        assert time.monotonic() - begun < EFFECTIVE_S
        await asyncio.sleep(0.1)


@pytest.fixture
async def nodes(place: Place, postgres: Server) -> Nodes:
    nodes = Nodes(place, postgres)
    await nodes.ready()
    return nodes


async def test_nodes_on_one_database_go_on_with_what_the_other_knew(nodes: Nodes) -> None:
    place, secret = nodes.place, github_token().value

    def events() -> list[str]:
        said = [event["event"] for program in place._programs for event in program.events()]
        return sorted(event for event in said if event.startswith(("access ", "allowance ")))

    place.origin.reply = plain(b"{}")
    ada, guest = place.token("ada"), place.token("eve", groups=["guests"])
    first = issued(place, await nodes.tokens(0, grant_type=EXCHANGE, subject_token=ada, subject_token_type=JWT))
    signed_in = first["access_token"]

    # The vault: what one node masked, the other puts back. The keys: what one node signed, the other believes.
    found = PLACEHOLDER.search(await nodes.sent(0, f"my key: {secret}\n", signed_in))
    assert found is not None
    name = found[0].decode()
    await nodes.programs[0].measured("maskproxy_store_secrets", lambda value: value >= 1)
    _, findings = await asyncio.gather(
        nodes.told("access", "request", "urgent", "--for", "1h", "--reason", "an outage", person=(0, guest)),
        nodes.told("findings", "--json", person=(0, signed_in)),
    )
    assert name in findings
    await nodes.killed(0)
    answer = await nodes.edit(1, name, signed_in)
    assert json.loads(answer.body)["content"][0]["input"] == {"content": secret}

    # Approvals and allowances, decided on the machine while a node is down, count on it from its first request on.
    place.origin.reply = plain(b"{}")
    assert (await nodes.post(1, "/v1/messages", b"{}", guest)).status == 403
    on_site = ("-c", str(nodes.configs[1]))
    (row,) = json.loads(await nodes.told("access", "list", *on_site, "--json"))
    asked, _ = await asyncio.gather(
        nodes.told("allow", name, "--for", "2h", "--reason", "it is revoked", "--json", person=(1, signed_in)),
        nodes.told("access", "approve", row["id"], *on_site),
    )
    await nodes.told("allow", "approve", json.loads(asked)["id"], *on_site, "--reason", "so it is")
    await nodes.again(0)
    assert (await nodes.post(0, "/v1/messages", b"{}", guest)).status == 200
    assert secret.encode() in await nodes.sent(0, secret, signed_in)

    await until(lambda: "allowance approved" in events(), "what was decided in a log")

    # Revocations count where a node is up within seconds, and where it is down from its first request on.
    await nodes.killed(1)
    second = issued(place, await nodes.tokens(0, grant_type="refresh_token", refresh_token=first["refresh_token"]))
    await nodes.told("access", "revoke", "--person", "eve", *on_site)

    async def is_revoked() -> bool:
        return (await nodes.post(0, "/v1/messages", b"{}", guest)).status == 403

    await soon(is_revoked)
    await nodes.again(1)
    assert (await nodes.post(1, "/v1/messages", b"{}", guest)).status == 403

    # Sign-ins: a refresh token of either node is good at the other, once.
    third = issued(place, await nodes.tokens(1, grant_type="refresh_token", refresh_token=second["refresh_token"]))
    assert (await nodes.post(0, "/v1/messages", b"{}", third["access_token"])).status == 200
    assert (await nodes.tokens(0, grant_type="refresh_token", refresh_token=first["refresh_token"])).status == 401

    async def is_over() -> bool:
        return (await nodes.post(1, "/v1/messages", b"{}", third["access_token"])).status == 401

    await soon(is_over)
    told = ["access approved", "access asked", "access revoked", "allowance approved", "allowance asked"]
    await until(lambda: events() == told, "each event in one log")
    kept = Shelf(nodes.where).kept()
    assert name.encode() in kept
    assert not [secret for secret in (secret, signed_in, first["refresh_token"]) if secret.encode() in kept]
