"""Coins' keys: base58 with its checksum, and phrases of BIP 39's English words (their checksum is not kept)."""

from __future__ import annotations

from hashlib import sha256

from benchmarks.quality.values.draw import ALPHABETS, Draw

_PHRASE_WORDS = (
    "abandon ability absent acid acoustic actor adapt advice alpha amazing anchor animal antenna arctic armor arrow "
    "artist aspect atom august autumn avocado bachelor balcony bamboo banana barely beach before bicycle blossom "
    "bonus bracket bronze bullet cabin cactus camera canyon carbon castle catalog cereal cherry choice cinnamon "
    "circle citizen clever cliff coconut column coral cousin cradle crystal curious cushion daring decade deer "
    "depart desert diesel dinosaur dolphin donkey dragon drum eagle echo ecology elbow elder embrace emerge empower "
    "enjoy entire erosion evoke exotic fabric faint falcon famous fantasy festival fiber fossil fragile frozen galaxy "
    "garlic gesture giraffe globe gospel gravity guitar habit hamster harvest hazard hedgehog horizon hybrid idle "
    "impact inherit jacket jaguar jungle kangaroo ketchup kingdom kitten ladder lava lemon liberty lizard lobster "
    "lunar machine magnet mango marble meadow mimic mosquito muffin mystery napkin neglect noble nuclear obscure ocean "
    "olive orbit orchard ostrich oxygen oyster panther parade peanut pelican pioneer pistol pottery prosper pumpkin "
    "puzzle quantum rabbit raccoon relief ribbon rookie saddle salmon satoshi sausage scorpion shiver silver sketch "
    "slender spatial squirrel sunset symptom tackle tenant thunder tomato tornado tragic tunnel turtle umbrella unveil "
    "urban vacuum velvet village violin vivid volcano voyage walnut wealth whisper wisdom wrestle yellow zebra zoo"
).split()


def phrase(draw: Draw, count: int) -> str:
    return " ".join(draw.pick(_PHRASE_WORDS) for _ in range(count))


def wif(draw: Draw, _: int) -> str:
    """Bitcoin's wallet import format, compressed or not: 51 or 52 characters beginning with 5, K or L."""
    return _checked(b"\x80" + draw.bytes(32) + draw.pick((b"", b"\x01")))


def xprv(draw: Draw, _: int) -> str:
    """A BIP 32 extended private key: 78 bytes and a checksum."""
    return _checked(bytes.fromhex("0488ade4") + draw.bytes(41) + b"\x00" + draw.bytes(32))


def _checked(payload: bytes) -> str:
    alphabet = ALPHABETS["b58"]
    number, text = int.from_bytes(payload + sha256(sha256(payload).digest()).digest()[:4], "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = alphabet[digit] + text
    return text
