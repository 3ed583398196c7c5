"""Certificates for tests of TLS: an authority, and papers of it, as PEM files. Valid for a century, on 127.0.0.1."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

Days = tuple[datetime, datetime]
DAYS: Days = datetime(2020, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)


class Papers(NamedTuple):
    """PEM files: an authority, a certificate that it signed, and the key of that."""

    authority: Path
    certificate: Path
    key: Path


def papers(folder: Path, name: str = "node", *, host: str = "127.0.0.1", days: Days = DAYS) -> Papers:
    """Write new papers for `name` at the address `host` into `folder`, over those that are there; good for `days`."""
    root, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    paths = Papers(*(folder / f"{name}{end}" for end in ("-authority.pem", ".pem", ".key")))
    paths.authority.write_bytes(_signed("root", root, "root", root, host, DAYS, authority=True))
    paths.certificate.write_bytes(_signed(name, own, "root", root, host, days, authority=False))
    paths.key.write_bytes(own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    by: str,
    by_key: ec.EllipticCurvePrivateKey,
    host: str,
    days: Days,
    *,
    authority: bool,
) -> bytes:
    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    builder = x509.CertificateBuilder(named(by), named(name), key.public_key(), x509.random_serial_number(), *days)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address(host))])
    made = (
        builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by_key.public_key()), critical=False)
        .add_extension(names, critical=False)
        .sign(by_key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM)
