"""`maskproxy ca`: the certificate authority that interception signs with."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from maskproxy.cli.options import config_option
from maskproxy.errors import ConfigurationFault, StartFailed

DEFAULT_DOMAIN = "api.anthropic.com"


@click.group()
def ca() -> None:
    """Make or print the interception CA.

    It is name-constrained: clients that check constraints, as OpenSSL and BoringSSL do, believe it about no other host.
    """


@ca.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--domain", "domains", multiple=True, metavar="NAME", help=f"A name to sign for, again for more; {DEFAULT_DOMAIN}."
)
def init(directory: Path, domains: tuple[str, ...]) -> None:
    """Make a CA: DIRECTORY/ca.pem for clients to trust, and DIRECTORY/ca.key for the gateway alone.

    Nothing is overwritten.
    """
    from maskproxy.gateway.interception.certificates import make_ca
    from maskproxy.origins import parse_host

    names = domains or (DEFAULT_DOMAIN,)
    try:
        hosts = [parse_host(name) for name in names]
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--domain") from error
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_ca(directory, hosts)
    except FileExistsError as error:
        raise StartFailed("There is a CA in this directory already. Choose another, or remove it first.") from error
    except OSError as error:
        raise StartFailed(f"The CA cannot be written: {os.strerror(error.errno or 0)}.") from error
    click.echo(f"{directory / 'ca.pem'}")
    click.echo(
        f"A CA for {', '.join(hosts)}. Give ca.pem to clients (NODE_EXTRA_CA_CERTS); ca.key stays here.", err=True
    )


@ca.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), required=False)
@config_option("Take its CA.")
def show(directory: Path | None, config_path: Path | None) -> None:
    """Print the certificate of the CA in DIRECTORY, or of a configuration, in PEM; what it is, on standard error."""
    if (directory is None) == (config_path is None):
        raise click.UsageError("Name either a directory or a configuration with -c.")
    path = certificate_of(config_path) if config_path is not None else directory / "ca.pem"  # type: ignore[operator]
    try:
        pem = path.read_bytes()
    except OSError as error:
        raise StartFailed(f"The certificate cannot be read: {os.strerror(error.errno or 0)}.") from error
    for line in described(pem):
        click.echo(line, err=True)
    sys.stdout.buffer.write(pem)


def certificate_of(config_path: Path) -> Path:
    from maskproxy.config import load

    config = load(config_path, os.environ)
    if config.interception is None:
        raise ConfigurationFault([("interception", "The configuration has no interception CA.")])
    return config.interception.ca.certificate


def described(pem: bytes) -> list[str]:
    """Whose certificate, for what, until when, and its fingerprint."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        certificate = x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise StartFailed("The file holds no certificate in PEM.") from error
    try:
        names = certificate.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    except x509.ExtensionNotFound:
        names = []
    permitted = ", ".join(str(name.value) for name in names) or "any name: it has no constraints"
    return [
        f"subject      {certificate.subject.rfc4514_string()}",
        f"signs for    {permitted}",
        f"valid until  {certificate.not_valid_after_utc:%Y-%m-%d}",
        f"SHA-256      {certificate.fingerprint(SHA256()).hex(':').upper()}",
    ]
