"""Signs data sets as PS3.3 C.12.1.1.3 says, with a key made from a seed: equal seeds give equal bytes.

Written apart from what checks signatures (`safecare.formats.dicom.signatures`), so that one can tell on the other.
"""

from __future__ import annotations

import hashlib
import struct
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from safecare.testing.medical_attacks.writer import EXPLICIT, ROOT, Items, Writer

_HASHES = {"SHA256": hashes.SHA256(), "SHA384": hashes.SHA384(), "SHA512": hashes.SHA512()}
_END = struct.pack("<HH", 0xFFFE, 0xE0DD)
_START, _STOP = datetime(2026, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)


def signed(items: Items, seed: str, algorithm: str = "SHA256", said: str = "", syntax: str = EXPLICIT) -> Items:
    """Return `items` with the signature of all of them; `said` names another algorithm than the one used."""
    key = ec.derive_private_key(int.from_bytes(hashlib.sha256(seed.encode()).digest()), ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "SAFECARE-INERT-TEST")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(_START).not_valid_after(_STOP)
    certificate = made.sign(key, hashes.SHA256(), ecdsa_deterministic=True).public_bytes(Encoding.DER)
    tags = b"".join(struct.pack("<HH", tag >> 16, tag & 0xFFFF) for tag, _ in sorted(items))
    mac: Items = {
        (0x04000005, "US"): 1,
        (0x04000010, "UI"): syntax,
        (0x04000015, "CS"): said or algorithm,
        (0x04000020, "AT"): tags,
    }
    item: Items = {
        (0x04000005, "US"): 1,
        (0x04000100, "UI"): ROOT + ".9",
        (0x04000105, "DT"): "20260105101500",
        (0x04000110, "CS"): "X509_1993_SIG",
    }
    chosen = _HASHES[algorithm]
    value = key.sign(stream(items) + stream(item), ec.ECDSA(chosen, deterministic_signing=True))
    item |= {(0x04000115, "OB"): certificate, (0x04000120, "OB"): value}
    return {**items, (0x4FFE0001, "SQ"): [mac], (0xFFFAFFFA, "SQ"): [item]}


def stream(items: Items) -> bytes:
    """Return the bytes that are signed of a data set: lengths of sequences and items left out, each with its end."""
    out, writer = b"", Writer(EXPLICIT)
    for (tag, vr), value in sorted(items.items()):
        out += _sequence(tag, value) if isinstance(value, list) else writer.element(tag, vr, value)
    return out


def _sequence(tag: int, value: list[Items]) -> bytes:
    inner = b"".join(struct.pack("<HH", 0xFFFE, 0xE000) + stream(one) for one in value)
    return struct.pack("<HH", tag >> 16, tag & 0xFFFF) + b"SQ\0\0" + inner + _END
