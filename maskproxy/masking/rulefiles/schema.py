"""The JSON Schema of rule files, for editors: what the reader takes, as far as a schema can say it.

Made from the tables that the reader uses. `rules.schema.json` in the package is this, written out.
"""

from __future__ import annotations

import json
from typing import Any

from maskproxy.masking.actions import ACTIONS, DIRECTIONS
from maskproxy.masking.checks.evidence import EVIDENCE
from maskproxy.masking.checks.reading import CLEARS
from maskproxy.masking.lifting import LIFTS
from maskproxy.masking.placeholders import RULE_ID_LIMIT
from maskproxy.masking.rulefiles.entries import ID_PATTERN
from maskproxy.masking.rules import RANKS
from maskproxy.masking.samples import ALPHABETS
from maskproxy.masking.valid import VALID

_Schema = dict[str, Any]


def schema_text() -> str:
    """Write the schema out."""
    return json.dumps(schema(), indent=2) + "\n"


def schema() -> _Schema:
    """Give the schema, in draft 7, which editors know best."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "maskproxy rules",
        "type": "object",
        "required": ["rules"],
        "additionalProperties": False,
        "properties": {
            "family": {"type": "string", "description": "What the rules have in common; else the file's name."},
            "lift": _lift(),
            "parts": {
                "type": "object",
                "additionalProperties": {"type": "string"},
                "description": "Patterns by name, which the rules' patterns may hold as (?&name).",
            },
            "rules": {"type": "array", "items": _rule()},
        },
    }


def _rule() -> _Schema:
    alphabets = ", ".join(sorted(ALPHABETS))
    return {
        "type": "object",
        "required": ["id", "pattern"],
        "additionalProperties": False,
        "properties": {
            "id": {
                "type": "string",
                "pattern": f"^{ID_PATTERN}$",
                "maxLength": RULE_ID_LIMIT,
                "description": "In kebab-case; the placeholder shows it.",
            },
            "name": _text("What it finds, for people."),
            "severity": {"enum": list(RANKS), "default": "high", "description": "Names a span that rules share."},
            "tags": _texts("Words of your own."),
            "pattern": _text(
                "A regex: bounded repetitions; one (?P<secret>...) at the top level, else all of it is the secret; "
                "\\b, \\A, \\Z and look-around of one byte at its ends; at its end one class may go on without bound."
            ),
            "keywords": _texts("One of these must stand just before the secret; the pattern is then the secret alone."),
            "checks": _checks(),
            "except": {"type": "array", "items": _exception(), "description": "What is let pass all the same."},
            "lift": _lift(),
            "samples": _texts(
                f"Texts in which it is found, as recipes: {{alnum:36}}; the secret in « ». Alphabets: {alphabets}."
            ),
            "near_misses": _texts("Texts in which nothing is found."),
            "action": {
                "description": "What is done where it is found, for both directions or for each.",
                "anyOf": [
                    _action(),
                    {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {direction: _action() for direction in DIRECTIONS},
                    },
                ],
            },
        },
    }


def _checks() -> _Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "entropy": {"type": "number", "minimum": 0, "maximum": 8, "description": "At least so many bits a byte."},
            "clear": {
                "type": "array",
                "items": {"enum": sorted(CLEARS)},
                "description": "Kinds that are no secret.",
            },
            "allow": _texts("Exact values that are no secret."),
            "holds": _texts("Each must be found in the secret."),
            "unless_after": _texts("What the secret does not stand right behind, as patterns."),
            "valid": {
                "type": "array",
                "items": {"enum": sorted(VALID)},
                "description": "Check digits and ranges that must hold. For numbers, never for tokens.",
            },
            "evidence": {
                "enum": sorted(EVIDENCE),
                "description": "In which place the secret stands beside its name; both are then judged together.",
            },
        },
    }


def _exception() -> _Schema:
    filled = {"type": "array", "items": {"type": "string", "minLength": 1}}
    return {
        "type": "object",
        "additionalProperties": False,
        "anyOf": [
            {"required": [name], "properties": {name: {"type": "array", "minItems": 1}}} for name in ("secret", "words")
        ],
        "properties": {
            "secret": {**filled, "description": "Regexes in Go's syntax, looked for in the secret."},
            "words": {**filled, "description": "Words, in either case, looked for in the secret."},
            "all": {"type": "boolean", "default": False, "description": "A regex and a word must both be found."},
        },
    }


def _lift() -> _Schema:
    return {
        "enum": list(LIFTS),
        "default": "approval",
        "description": "What it takes for a person's false positive to pass.",
    }


def _action() -> _Schema:
    return {"enum": list(ACTIONS)}


def _text(description: str) -> _Schema:
    return {"type": "string", "description": description}


def _texts(description: str) -> _Schema:
    return {"type": "array", "items": {"type": "string"}, "description": description}
