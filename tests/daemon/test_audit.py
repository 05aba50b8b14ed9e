"""The audit trail of the real program: rotated by others, reopened at SIGHUP, and whole at the end."""

import json
import signal
from pathlib import Path

from tests.daemon.place import Place
from tests.daemon.program import until
from tests.gateway.test_exchange import messages


def sessions(path: Path) -> list[str]:
    return [json.loads(line)["session"] for line in path.read_text().splitlines()]


async def test_sighup_opens_the_file_anew_even_where_the_new_configuration_is_faulty(
    tmp_path: Path, cache: Path
) -> None:
    async with Place(tmp_path, cache) as place:
        place.document |= {"audit": {"file": "audit.jsonl"}}
        place.write()
        program = await place.run()
        trail, rotated = tmp_path / "audit.jsonl", tmp_path / "audit.jsonl.1"
        first = await place.post("/v1/messages", messages("one"))
        await until(lambda: bool(trail.read_bytes()), "the first event")
        trail.rename(rotated)
        place.config.write_text("listeners: nothing of the kind")
        program.signal(signal.SIGHUP)
        await program.told("reload failed, the old configuration stays")
        second = await place.post("/v1/messages", messages("two"))
        program.signal(signal.SIGTERM)
        assert await program.exit_code() == 0
        assert sessions(rotated) == [first.value("x-maskproxy-session")]
        assert sessions(trail) == [second.value("x-maskproxy-session")]
        assert trail.stat().st_mode & 0o777 == 0o600
