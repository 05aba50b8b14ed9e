"""Values of generic secrets: what people make up and machines draw, in about the shares that repositories show."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.quality.values.draw import Draw

_WORDS = (
    "summer winter spring autumn monday friday london berlin paris dragon monkey tiger eagle falcon shadow master sunshine "
    "football hockey soccer coffee pizza banana orange purple silver golden rocket hunter ranger wizard knight castle "
    "thunder storm phoenix matrix trinity gandalf frodo batman superman welcome hello letme secure access system server "
    "oracle mysql linux docker jenkins tomcat nagios zabbix kafka redis admin manager company office acme globex initech"
).split()
_NAMES = "alice bob carol dave erin frank grace heidi ivan judy mallory oscar peggy trent victor walter anna peter maria".split()
_WALKS = ("qwerty", "1qaz2wsx", "zaq12wsx", "qwertz", "asdfgh", "q1w2e3r4", "1q2w3e4r5t", "zxcvbn", "qazwsx", "azerty")
_SIGNS = "!@#$%&*?_-+."
_LEET = str.maketrans({"a": "@", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"})


Shape = tuple[str, Callable[[Draw], str]]
"""A kind of value by its name, and what writes one."""


def password(draw: Draw) -> str:
    """What a person types."""
    return draw.weighted(PEOPLE)[1](draw)


def _word(draw: Draw) -> str:
    return draw.pick(_WORDS) if draw.chance(0.6) else draw.word()


def _word_digits(draw: Draw) -> str:
    word = _word(draw)
    return (word.capitalize() if draw.chance(0.5) else word) + draw.pick(
        (draw.of("d", 1, 4), str(draw.between(1985, 2026)))
    )


def _word_digits_sign(draw: Draw) -> str:
    return _word_digits(draw) + draw.pick(_SIGNS) * draw.pick((1, 1, 1, 2, 3))


def _leet(draw: Draw) -> str:
    word = _word(draw) + draw.pick(("", draw.pick(_WORDS)))
    text = word.translate(_LEET)
    return (
        (text[0].upper() if draw.chance(0.4) else text[0]) + text[1:] + draw.of("d", 0, 4) + draw.pick(("", "!", "#"))
    )


def _named(draw: Draw) -> str:
    return draw.pick(_NAMES).capitalize() + draw.pick(("", "_", ".", "@")) + draw.of("d", 2, 4)


def _company(draw: Draw) -> str:
    return f"{draw.pick(_WORDS)}{draw.pick('-_@.')}{draw.pick(('db', 'prod', 'dev', 'root', 'admin', 'app'))}{draw.pick(('', draw.of('d', 1, 4)))}"


def _telling(draw: Draw) -> str:
    """One that says what it is, as people do it."""
    word = draw.pick(
        ("password", "passw0rd", "Passw0rd", "P@ssword", "admin", "secret", "s3cret", "root", "test", "pass")
    )
    return word + draw.pick((draw.of("d", 2, 4), "@" + draw.of("d", 3), "!" + draw.of("d", 2), draw.of("d", 1) + "!"))


def _passphrase(draw: Draw) -> str:
    words = [_word(draw) for _ in range(draw.between(3, 5))]
    return draw.pick(
        (
            "-".join(words),
            "_".join(words),
            "".join(word.capitalize() for word in words) + draw.of("d", 0, 2),
            " ".join(words),
        )
    )


def _pwgen(draw: Draw) -> str:
    return draw.of("alnum", 8, 14)


def _with_signs(draw: Draw) -> str:
    characters = [
        draw.of("alnum", 1) if draw.chance(0.75) else draw.pick("!@#$%^&*()-_=+[]{};:,.?/~|<>")
        for _ in range(draw.between(10, 24))
    ]
    return draw.of("alpha", 1) + "".join(characters)


PEOPLE: tuple[tuple[float, Shape], ...] = (
    (16, ("word and digits", _word_digits)),
    (18, ("word and digits with sign", _word_digits_sign)),
    (14, ("leetspeak", _leet)),
    (6, ("name", _named)),
    (7, ("keyboard walk", lambda draw: draw.pick(_WALKS) + draw.pick(("", draw.of("d", 1, 4), "!")))),
    (8, ("compound", _company)),
    (7, ("passphrase", _passphrase)),
    (10, ("8 to 14 alphanumeric", _pwgen)),
    (8, ("with signs", _with_signs)),
    (3, ("digits", lambda draw: draw.of("d", 5, 10))),
    (3, ("4 to 7 characters", lambda draw: draw.of("b36", 4, 7))),
    (5, ("says what it is", _telling)),
    (4, ("one word", _word)),
)
MACHINES: tuple[tuple[float, Shape], ...] = (
    (16, ("hex", lambda draw: draw.of("hex", draw.pick((16, 24, 32, 32, 32, 40, 48, 64, 64))))),
    (4, ("HEX", lambda draw: draw.of("HEX", draw.pick((16, 32, 40, 64))))),
    (18, ("alphanumeric", lambda draw: draw.of("alnum", draw.pick((16, 20, 20, 24, 32, 32, 40, 48, 64))))),
    (6, ("lower alphanumeric", lambda draw: draw.of("b36", draw.pick((16, 20, 25, 32, 40))))),
    (18, ("base64", lambda draw: draw.base64(draw.pick((12, 16, 24, 32, 32, 48, 64))))),
    (14, ("base64url", lambda draw: draw.of("b64u", draw.pick((22, 32, 43, 43, 64, 86))))),
    (8, ("uuid", lambda draw: draw.uuid())),
    (4, ("base32", lambda draw: draw.of("b32", draw.pick((16, 26, 32))))),
    (6, ("prefixed", lambda draw: f"{draw.word()}_{draw.of('alnum', draw.pick((16, 24, 32)))}")),
    (6, ("with signs", _with_signs)),
)
