from __future__ import annotations

import random
import string

import pytest

from maskproxy.masking.valid.irregular import is_irregular


@pytest.mark.parametrize(
    "name",
    [
        "SLnEquivariantMatrices",
        "AVMetadataFaceObject",
        "SlackTokenProvider2",
        "authorization",
        "HTTPServer",
        "sha256",
        "TCP6ServerEndpoint",
        "ReaderOptionsModelS700",
        "V1InvoiceWillBeDueEvent",
    ],
)
def test_names_in_programs_are_made_of_words(name: str) -> None:
    assert is_irregular(name.encode()) == (name == "sha256")


@pytest.mark.parametrize(
    "alphabet", [string.ascii_letters + string.digits, string.ascii_lowercase + string.digits, "0123456789abcdef"]
)
def test_what_a_machine_draws_is_irregular(alphabet: str) -> None:
    draw = random.Random(5)
    drawn = ["".join(draw.choices(alphabet, k=32)) for _ in range(1000)]
    assert sum(is_irregular(text.encode()) for text in drawn) >= 980
