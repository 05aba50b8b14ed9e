"""Clean files in which much looks random: lock files, images, certificates, minified code, logs of commits."""

from __future__ import annotations

import base64
import json
import textwrap
from collections.abc import Callable

from benchmarks.quality.texts.surroundings import fill
from benchmarks.quality.values.draw import Draw
from benchmarks.quality.values.recipes import cook

_PICTURE = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
_CERTIFIED = b"\x30\x82\x03\x5d\x30\x82\x02\x45\xa0\x03\x02\x01\x02"
_PINS = "<<w>>-<<w>>==2.<<n>>.1 \\\n    --hash=sha256:{hex:64} \\\n    --hash=sha256:{hex:64}\n"
_SUMS = (
    "github.com/<<w1>>/<<w2>> v1.<<n>>.0 h1:{padded:32}\ngithub.com/<<w1>>/<<w2>> v1.<<n>>.0/go.mod h1:{padded:32}\n"
)
_CRATES = (
    '[[package]]\nname = "<<w>>"\nversion = "0.<<n>>.1"\n'
    'source = "registry+https://<<host>>/index"\nchecksum = "{hex:64}"\n\n'
)
_COMMIT = (
    "commit {hex:40}\nAuthor: <<W1>> <<<w1>>@example.org>\nDate:   Mon May 13 10:12:44 2024 +0200\n\n"
    "    %s <<w>> <<w>>\n\n"
)
_DONE = ("Rotate the token of the", "Ask for the password in the", "Drop the secret", "Rename the key of the")
_SCRIPT = (
    "function {lower:1}({lower:1},t){return t.<<w>>(e),e.token=void 0,t}",
    "{lower:1}.password={lower:1}.password;var n=!1,r=[<<n>>,<<n>>];",
    '{lower:1}.exports={key:"<<w>>",secret:!0,<<w>>:{lower:1}};',
    'if({lower:1}&&"<<w>>"==={lower:1}.type)throw Error(i(<<n>>));',
    '{lower:1}.token?{lower:1}("<<w>>-<<w>>"):{lower:1}();',
)


def _written(template: str, draw: Draw) -> str:
    return cook(fill(template, "value", "", lambda value: value, draw), draw)


def _image(draw: Draw) -> str:
    data = base64.b64encode(_PICTURE + draw.bytes(draw.between(300, 1500))).decode()
    template = draw.pick(
        (
            '<img alt="<<w>>" src="data:image/png;base64,%s">\n',
            ".<<w>> { background: url(data:image/png;base64,%s); }\n",
        )
    )
    return _written(template, draw) % data


def _certificate(draw: Draw) -> str:
    lines = "\n".join(textwrap.wrap(base64.b64encode(_CERTIFIED + draw.bytes(850)).decode(), 64))
    kind = draw.pick(("CERTIFICATE", "CERTIFICATE", "CERTIFICATE REQUEST", "PUBLIC KEY", "RSA PUBLIC KEY"))
    return f"# {draw.word()}\n-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----\n"


def _pgp_public(draw: Draw) -> str:
    lines = "\n".join(textwrap.wrap(draw.base64(600), 64))
    return (
        f"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{lines}\n={draw.of('b64', 4)}\n-----END PGP PUBLIC KEY BLOCK-----\n"
    )


def _minified(draw: Draw) -> str:
    return (
        "!function(e,t){"
        + "".join(_written(draw.pick(_SCRIPT), draw) for _ in range(draw.between(20, 60)))
        + "}(this);\n"
    )


def _package_lock(draw: Draw) -> str:
    packages = {
        f"node_modules/{draw.word()}-{draw.word()}": {
            "version": f"{draw.between(0, 9)}.{draw.between(0, 40)}.{draw.between(0, 9)}",
            "resolved": f"https://registry.example.org/{draw.word()}/-/{draw.word()}-1.0.{draw.between(0, 9)}.tgz",
            "integrity": "sha512-" + draw.base64(64),
        }
        for _ in range(draw.between(3, 8))
    }
    return json.dumps({"name": draw.word(), "lockfileVersion": 3, "packages": packages}, indent=2) + "\n"


def _source_map(draw: Draw) -> str:
    mappings = ";".join(",".join(draw.of("b64", 4, 5) for _ in range(draw.between(3, 12))) for _ in range(30))
    names = ["token", "password"]
    return json.dumps({"version": 3, "sources": [f"{draw.word()}.ts"], "names": names, "mappings": mappings}) + "\n"


def _repeated(template: str, count: int) -> Callable[[Draw], str]:
    return lambda draw: "".join(_written(template, draw) for _ in range(count))


def _git_log(draw: Draw) -> str:
    return "".join(_written(_COMMIT % draw.pick(_DONE), draw) for _ in range(4))


MADE: dict[str, Callable[[Draw], str]] = {
    "base64 images": _image,
    "certificates and public keys": _certificate,
    "pgp public keys": _pgp_public,
    "minified code": _minified,
    "package-lock.json": _package_lock,
    "go.sum": _repeated(_SUMS, 4),
    "Cargo.lock": _repeated(_CRATES, 5),
    "requirements with hashes": _repeated(_PINS, 4),
    "git log": _git_log,
    "source maps": _source_map,
}
