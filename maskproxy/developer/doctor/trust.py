"""Whether programs of each kind trust the gateway: handshakes with just the roots that they would have."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from maskproxy.developer.doctor.check import Check
from maskproxy.developer.trust import certificates, read_text
from maskproxy.origins import Url

WAIT_S = 10.0
_NOT_YET, _EXPIRED, _OTHER_NAME = 9, 10, 62
_NODE = """
const [host, port] = process.argv.slice(1);
const s = require('tls').connect({host, port: Number(port), servername: require('net').isIP(host) ? '' : host}, () => {
  console.log('trusted'); s.destroy();
});
s.on('error', (e) => { console.log(e.code || 'failed'); process.exit(0); });
"""


def by_system(url: Url, ca: Path | None) -> Check:
    """This command's own trust: `--ca`, else the system's roots, whatever the environment names."""
    name = "trust: this command"
    places = ssl.get_default_verify_paths()
    if ca is not None:
        context = _context(ca)
        if context is None:
            return Check(name, f"{ca} holds no certificate in PEM, or cannot be read.", "Name another file: --ca FILE")
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        file, folder = Path(places.openssl_cafile), Path(places.openssl_capath)
        if file.exists() or folder.exists():
            context.load_verify_locations(
                str(file) if file.exists() else None, str(folder) if folder.exists() else None
            )
    fault = handshake(url, context)
    if fault is None:
        return Check(name, f"The gateway's certificate is trusted by {ca or 'the system'}.")
    told, fix = fault
    return Check(
        name, told, fix or "Get the file of its authority from the gateway's operators, and name it: --ca FILE"
    )


def handshake(url: Url, context: ssl.SSLContext) -> tuple[str, str] | None:
    """None for one that is trusted; else what is wrong, and what to do where that does not depend on the roots."""
    try:
        with socket.create_connection((url.host, url.port), WAIT_S) as raw:
            raw.settimeout(WAIT_S)
            with context.wrap_socket(raw, server_hostname=url.host):
                return None
    except ssl.SSLCertVerificationError as error:
        if error.verify_code == _OTHER_NAME:
            return f"The gateway's certificate is for another name than {url.host}.", "Use the name that it is for."
        if error.verify_code == _EXPIRED:
            return "The gateway's certificate has expired.", "Tell the gateway's operators, and check this clock."
        if error.verify_code == _NOT_YET:
            return "The gateway's certificate is not valid yet.", "Set this machine's clock."
        return "The gateway's certificate is not trusted.", ""
    except (OSError, ValueError) as error:
        return f"TLS with the gateway fails ({type(error).__name__}).", "Check the port: does it speak TLS?"


def by_python(url: Url, environ: Mapping[str, str], ca: str | None) -> Iterator[Check]:
    """`ca`: the interception CA where programs come through a proxy of ours. None: they speak to the gateway itself."""
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        if environ.get(name):
            yield _of_file(f"trust: Python by {name}", name, Path(environ[name]), url, ca)


def by_node(url: Url, environ: Mapping[str, str], ca: str | None) -> Check:
    """As above. Node itself is asked where it is installed; its own roots are known to nobody else."""
    name = "trust: Node"
    named = environ.get("NODE_EXTRA_CA_CERTS", "")
    if named and not certificates(read_text(Path(named))):
        return Check(
            name,
            "NODE_EXTRA_CA_CERTS names a file without certificates in PEM, or none to be read. Node passes over it.",
            "Name the file of the authority: export NODE_EXTRA_CA_CERTS=FILE",
        )
    if ca is not None:
        return _of_file(name, "NODE_EXTRA_CA_CERTS", Path(named or "/nonexistent"), url, ca)
    node = shutil.which("node", path=environ.get("PATH"))
    if node is None:
        return Check(name, "Not looked at: no node in PATH.")
    try:
        done = subprocess.run(  # noqa: S603 - the person's own node
            [node, "-e", _NODE, "--", url.host, str(url.port)],
            env=dict(environ),
            capture_output=True,
            text=True,
            timeout=WAIT_S,
            check=False,
        )
        said = done.stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        said = "no answer"
    if said == "trusted":
        return Check(name, "Node trusts the gateway's certificate.")
    code = said if said.replace("_", "").isalnum() else "failed"
    return Check(
        name,
        f"Node does not trust the gateway's certificate ({code}).",
        "export NODE_EXTRA_CA_CERTS=FILE, the file of the gateway's authority",
    )


def _of_file(name: str, variable: str, file: Path, url: Url, ca: str | None) -> Check:
    text = read_text(file)
    if ca is not None:
        held = set(map(_plain, certificates(text)))
        if held.issuperset(map(_plain, certificates(ca))):
            return Check(name, f"{variable} holds the gateway's interception CA.")
        return Check(name, f"{variable} does not hold the gateway's interception CA.", 'eval "$(maskproxy env)"')
    context = _context(file)
    if context is None:
        return Check(
            name, f"{variable} names a file without certificates in PEM.", f"unset {variable}, or name another"
        )
    fault = handshake(url, context)
    if fault is None:
        return Check(name, f"The gateway's certificate is trusted by {variable}.")
    return Check(name, fault[0], fault[1] or f"Add the gateway's authority to the file of {variable}.")


def _context(file: Path) -> ssl.SSLContext | None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(file)
    except (OSError, ssl.SSLError):
        return None
    return context


def _plain(pem: str) -> str:
    return "".join(pem.split())
