import io
import json
import logging
import warnings
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.service.logs import MASK, EventLog, LineFormatter, Net, printable, start

JWT = "eyJhbGciOiJFUzI1NiJ9" + "." + "eyJzdWIiOiJhZGEifQ" + "." + "c2lnbmF0dXJl"
SECRETS = [
    JWT,
    JWT[:-12],
    "Bearer " + "opaque-token-1",
    "basic " + "YWRhOmh1bnRlcjI=",
    "sk-" + "ant-api03-" + "x" * 30,
    "mpr_" + "x" * 43,
    "gh" + "p_" + "a1B2" * 9,
    "AKIA" + "ABCDEFGHIJKLMNOP",
    "ada:hunter2pw@",
    "-----BEGIN " + "EC PRIVATE KEY-----\nMIGHAgEA\n-----END",
]


@pytest.fixture(autouse=True)
def own_root() -> Iterator[None]:
    """What `start` changes is put back."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    shown = warnings.showwarning
    yield
    logging.captureWarnings(capture=False)
    warnings.showwarning = shown
    root.handlers[:] = handlers
    root.setLevel(level)


def opened(form: str = "json", level: str = "info", *, journal: bool = False) -> tuple[EventLog, io.StringIO]:
    stream = io.StringIO()
    return start(level, form, stream=stream, journal=journal)[0], stream


def only(stream: io.StringIO) -> dict[str, object]:
    (line,) = stream.getvalue().splitlines()
    fields: dict[str, object] = json.loads(line)
    return fields


def test_an_event_is_one_json_line() -> None:
    log, stream = opened()
    log("ready", listeners=["127.0.0.1:1"], status=200, person="Ada\nLovelace", level="not this", nothing=None)
    fields = only(stream)
    assert str(fields.pop("time")).endswith("+00:00")
    assert fields == {
        "level": "info",
        "event": "ready",
        "listeners": "['127.0.0.1:1']",
        "status": 200,
        "person": "Ada\nLovelace",
        "nothing": None,
    }


@pytest.mark.parametrize("secret", SECRETS)
def test_what_looks_like_a_token_is_masked_everywhere(secret: str) -> None:
    log, stream = opened()
    core = secret.removesuffix("@").partition(" ")[2] or secret.removesuffix("@")
    text = f"https://{secret}host" if secret.endswith("@") else f"value {secret}"
    log(f"event {text}", field=text)
    fields = only(stream)
    for name in ("event", "field"):
        assert core not in str(fields[name])
        assert MASK in str(fields[name])


def test_a_token_at_the_cut_is_masked_before_it_is_cut() -> None:
    log, stream = opened()
    log("long", field="x" * 1980 + " " + JWT)
    assert "eyJ" not in stream.getvalue()


def test_known_secrets_are_masked_and_replaced() -> None:
    stream = io.StringIO()
    log, net = start("info", "json", secrets=["hunter2pw", "hunter2pw-longer", "abc"], stream=stream)
    log("hunter2pw-longer hunter2pw abc")
    assert only(stream)["event"] == f"{MASK} {MASK} abc"
    net.follow(list)
    log("hunter2pw")
    assert stream.getvalue().count("hunter2pw") == 1


def test_an_exception_is_told_by_type_and_place_only() -> None:
    log, stream = opened()
    try:
        try:
            raise ValueError("hunter2pw")
        except ValueError as error:
            raise KeyError("hunter3pw") from error
    except KeyError as error:
        log.failed("it failed", error, exchange="req_1")
    text = stream.getvalue()
    chain = only(stream)["exception"]
    assert "hunter" not in text
    assert isinstance(chain, list)
    assert [c.split(" ")[0] for c in chain] == ["KeyError", "ValueError"]
    assert "service/test_logs.py:" in chain[0]


def test_of_a_foreign_logger_only_the_first_line_is_kept() -> None:
    _, stream = opened()
    logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: <Task ('hunter2pw')>")
    logging.getLogger("asyncio").info("chatter")
    fields = only(stream)
    assert (fields["event"], fields["logger"]) == ("Task exception was never retrieved", "asyncio")


def test_a_message_that_does_not_fit_its_values_is_survived() -> None:
    record = logging.LogRecord("maskproxy", logging.INFO, __file__, 1, "%d", ("hunter2pw",), None)
    line = LineFormatter(Net(), json_lines=True).format(record)
    assert json.loads(line)["event"] == "a log message that does not fit its values"


def test_text_for_a_terminal_cannot_be_broken_out_of() -> None:
    log, stream = opened("text")
    log("refused", person="\x1b[2Jada\nforged line", error="Denied")
    (line,) = stream.getvalue().splitlines()
    assert "\x1b" not in line
    assert "warning refused  person=\\x1b[2Jada\\nforged line  error=Denied" in line


def test_levels_and_journald_priorities() -> None:
    log, stream = opened("json", "warning", journal=True)
    log("quiet")
    log("loud", error="OSError")
    assert stream.getvalue().startswith("<4>{")


def test_opened_twice_it_writes_once() -> None:
    opened()
    log, stream = opened()
    log("once")
    assert only(stream)["event"] == "once"


@settings(deadline=None)
@given(st.text(), st.sampled_from(SECRETS[:1] + SECRETS[4:7]), st.text())
def test_no_neighbour_unmasks_a_token(before: str, secret: str, after: str) -> None:
    assert secret not in Net([secret]).mask(before + secret + after)
    assert printable(before).isprintable()
