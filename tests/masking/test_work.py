from __future__ import annotations

import base64

import pytest

from maskproxy.errors import TooLarge
from maskproxy.masking import Masking, Work
from tests.masking.builtin import MASKING

TOKEN = b"gh" + b"p_" + b"aB3dE5gH7jK9" * 3


def test_a_body_that_looks_like_secrets_too_often_is_refused_in_words() -> None:
    near = b"password = " * 300
    assert MASKING.bounded(Work(looks=1000)).find(near) == MASKING.find(near)
    with pytest.raises(TooLarge, match="in parts"):
        MASKING.bounded(Work(looks=900)).find(near)


def test_a_body_with_too_many_secrets_is_refused_in_words() -> None:
    text = b" ".join([TOKEN] * 4)
    assert len(MASKING.bounded(Work(found=4)).find(text)) == 4
    with pytest.raises(TooLarge, match="in parts"):
        MASKING.bounded(Work(found=3)).find(text)


def test_what_is_decoded_counts_too() -> None:
    span = base64.b64encode(b"token and key and so on " * 4000)
    assert not MASKING.bounded(Work()).find(span)
    with pytest.raises(TooLarge):
        MASKING.bounded(Work(looks=300)).find(span)


def test_all_texts_of_a_body_share_its_work() -> None:
    body = MASKING.bounded(Work(found=3))
    others: list[Masking] = [body, body.knowing([("known", b"something else")])]
    for masking in (*others, body):
        assert len(masking.find(TOKEN)) == 1
    with pytest.raises(TooLarge):
        others[1].find(TOKEN)
