"""What a server's certificate says in TLS up to 1.2, where it still passes in clear text. For the inventory.

Source: RFC 5246, 7.4.2 (Certificate), RFC 5280, 4.1 (names, validity).
"""

from __future__ import annotations

import hashlib
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

CERTIFICATE = 11
"""Handshake type (RFC 5246, 7.4)."""
BEFORE_END = frozenset({2, 4, 11, 22, 23})
"""Messages of a server that may stand before or beside its certificate: greeting, ticket, status, user data."""
MOST_HANDSHAKE = 1 << 16
"""Bytes of a server's first messages that are kept (chosen: chains of certificates have 3 to 10 kB)."""
MOST_NAMES = 8
"""Names of one certificate that are told (chosen: devices have one or two, shared servers hundreds)."""


def first_certificate(held: bytes) -> bytes | None:
    """Return the server's own certificate out of handshake messages; None while more bytes are needed.

    Empty bytes: there is none.
    """
    at = 0
    while at + 4 <= len(held):
        kind, length = held[at], int.from_bytes(held[at + 1 : at + 4], "big")
        if kind not in BEFORE_END or length > MOST_HANDSHAKE:
            return b""
        if kind == CERTIFICATE:
            if at + 4 + length > len(held):
                return None
            body = held[at + 4 : at + 4 + length]
            size = int.from_bytes(body[3:6], "big")
            return body[6 : 6 + size] if 0 < size <= len(body) - 6 else b""
        at += 4 + length
    return None if len(held) < MOST_HANDSHAKE else b""


def certificate(raw: bytes) -> dict[str, Any] | None:
    """Return names, who signed, from when to when (ISO 8601, UTC), fingerprint; None if it can't be read."""

    def common(name: x509.Name) -> str:
        parts = [
            str(one.value)
            for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
            for one in name.get_attributes_for_oid(kind)
        ]
        return _printable(parts[0]) if parts else ""

    try:
        read = x509.load_der_x509_certificate(raw)
        subject, issuer = read.subject, read.issuer
        begins, ends = read.not_valid_before_utc, read.not_valid_after_utc
        names: list[str] = []
        try:
            other = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            names = [_printable(one) for one in other.get_values_for_type(x509.DNSName)[:MOST_NAMES]]
        except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, ValueError):
            names = []
        return {
            "subject": common(subject) or (names[0] if names else ""),
            "issuer": common(issuer),
            "self_signed": subject == issuer,
            "names": names,
            "not_before": begins.isoformat(),
            "not_after": ends.isoformat(),
            "fingerprint": hashlib.sha256(raw).hexdigest(),
        }
    except (ValueError, TypeError, x509.InvalidVersion, NotImplementedError):
        return None


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)[:100]
