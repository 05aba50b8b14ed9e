"""Calls of the official Python SDK: reads them as JSON from standard input, prints each one's outcome as JSON."""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

import anthropic


def main() -> None:
    asked = json.load(sys.stdin)
    client = anthropic.Anthropic(base_url=asked["base_url"], auth_token=asked["token"])
    json.dump([outcome(client, call) for call in asked["calls"]], sys.stdout)


def outcome(client: Any, call: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return {"ok": plain(CALLS[call["do"]](client, **call["with"]))}
    except anthropic.APIError as error:
        told = error.body.get("error", {}) if isinstance(error.body, dict) else {}
        return {
            "error": type(error).__name__,
            "status": getattr(error, "status_code", None),
            "type": told.get("type"),
            "message": told.get("message"),
        }


def plain(value: Any) -> Any:
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.to_dict(mode="json") if hasattr(value, "to_dict") else value


def stream(client: Any, **arguments: Any) -> Any:
    with client.messages.stream(**arguments) as answer:
        return answer.get_final_message()


def upload(client: Any, *, name: str, text: str) -> Any:
    return client.files.upload(file=(name, text.encode(), "text/plain"))


CALLS: dict[str, Callable[..., Any]] = {
    "create": lambda client, **arguments: client.messages.create(**arguments),
    "stream": stream,
    "count": lambda client, **arguments: client.messages.count_tokens(**arguments),
    "batch": lambda client, **arguments: client.messages.batches.create(**arguments),
    "results": lambda client, of: list(client.messages.batches.results(of)),
    "upload": upload,
    "download": lambda client, of: client.files.download(of).read().decode(),
    "models": lambda client: [model.id for model in client.models.list()],
}

if __name__ == "__main__":
    main()
