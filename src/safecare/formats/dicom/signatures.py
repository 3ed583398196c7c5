"""Digital signatures in a data set: whether what was signed is still what stands there.

Source: PS3.3 C.12.1.1.3 (the byte stream of a MAC: which elements, lengths of sequences and items left out), PS3.15
annex C (algorithms). Whether the certificate is one to be trusted is not asked here; nor are elements that nobody
signed. Checked where the file is written as the MAC was made: explicit VR, little endian, the same codec of frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import cryptography.hazmat.backends.openssl.backend  # noqa: F401 - else loaded with the first key, when no file opens
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from safecare.formats.dicom.model import ITEM, PIXEL_DATA, SEQUENCE_END, TRAILING_PADDING, Dicom, Element

SIGNATURES, MAC_PARAMETERS = 0xFFFAFFFA, 0x4FFE0001
_MAC_ID, _MAC_SYNTAX, _ALGORITHM, _SIGNED = 0x04000005, 0x04000010, 0x04000015, 0x04000020
_AT, _CERTIFICATE_TYPE, _CERTIFICATE, _SIGNATURE = 0x04000105, 0x04000110, 0x04000115, 0x04000120
_LEFT_OUT = frozenset({_CERTIFICATE, _SIGNATURE, 0x04000305, 0x04000310})
"""Elements of the signature's item that are not signed: what signs, and the time-stamp made after it."""
_NEVER = frozenset({0x00080001, SIGNATURES, MAC_PARAMETERS, TRAILING_PADDING})
"""Elements that no signature holds: PS3.3 C.12.1.1.3.1.1."""
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "MD5": hashes.MD5,
    "SHA1": hashes.SHA1,
    "SHA256": hashes.SHA256,
    "SHA384": hashes.SHA384,
    "SHA512": hashes.SHA512,
}
"""Defined terms of MAC Algorithm (0400,0015); RIPEMD160 is known to no library in use here."""
_PLAIN = "1.2.840.10008.1.2.1"
MOST = 100
"""Signatures of one file that are checked. Chosen: a report is signed by two or three people."""
MOST_FED, TIMES = 1 << 30, 5
"""Bytes that all signatures of one file may hash, and how often its own if that is more. Chosen: 1 s; a report is
signed by two or three people. A list of what is signed may name the same long value thousands of times."""
MOST_PIECES = 2_000_000
"""Elements and items that all signatures of one file may hash. Chosen: 3 s; a film of 10,000 frames has 300,000."""

Reason = Literal["", "algorithm", "certificate", "elements", "incomplete", "limit", "syntax"]


class Signature(NamedTuple):
    """One signature and how it stands."""

    place: str
    """The item that holds it."""
    state: Literal["intact", "broken", "unchecked"]
    reason: Reason
    """Why it can't be checked; empty if it was."""
    signer: str
    """Common name of the certificate, empty if there is none."""
    at: str
    """When it was made, as the file says it (DT)."""
    tags: tuple[int, ...]
    """The elements signed."""


class _UncheckedError(Exception):
    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def signatures(found: Dicom) -> Iterator[Signature]:
    """Yield the signatures of a file, those of items of sequences too; at most `MOST`."""
    sequences = [at for at, one in enumerate(found.elements) if one.tag == SIGNATURES]
    if not sequences:
        return
    reader = _Reader(found)
    left, room = MOST, max(MOST_FED, TIMES * len(found.body))
    for sequence in sequences:
        level = reader.within(found.elements[sequence].parent)
        for item in reader.within(sequence).values():
            if not left:
                return
            left -= 1
            made, room = _one(reader, level, item, room)
            yield made


def _one(reader: _Reader, level: dict[int, int], item: int, room: int) -> tuple[Signature, int]:
    """Return how the signature in `item` stands, whose data is `level`, and what room is left to hash."""
    inner = reader.within(item)
    made = Signature(reader.found.path(item), "unchecked", "", "", reader.text(inner, _AT), ())
    number = reader.raw(inner, _MAC_ID)
    parameters = (reader.within(one) for one in reader.items(level, MAC_PARAMETERS))
    mac = next((one for one in parameters if number and reader.raw(one, _MAC_ID) == number), None)
    if mac is None:
        return made._replace(reason="incomplete"), room
    made = made._replace(tags=reader.tags(mac, _SIGNED))
    room -= sum(max(0, reader.found.elements[level[tag]].length) for tag in made.tags if tag in level)
    if room < 0:
        return made._replace(reason="limit"), room
    try:
        certificate = _certificate(reader.raw(inner, _CERTIFICATE))
        names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        made = made._replace(signer=str(names[0].value)[:64] if names else "")
        algorithm = _HASHES.get(reader.text(mac, _ALGORITHM).upper().replace("-", ""))
        if algorithm is None or reader.text(inner, _CERTIFICATE_TYPE) != "X509_1993_SIG":
            return made._replace(reason="algorithm"), room
        if reader.found.syntax.implicit or reader.found.syntax.big:
            return made._replace(reason="syntax"), room
        if not made.tags or any(tag not in level for tag in made.tags):
            return made._replace(state="broken"), room  # what was signed is gone
        hashed = hashes.Hash(algorithm())
        for tag in sorted(made.tags):
            for piece in reader.stream(level[tag], reader.text(mac, _MAC_SYNTAX)):
                hashed.update(piece)
        for tag, index in sorted(inner.items()):
            if tag not in _LEFT_OUT:
                for piece in reader.stream(index, _PLAIN):
                    hashed.update(piece)
        holds = _holds(certificate, reader.raw(inner, _SIGNATURE), hashed.finalize(), algorithm())
        return made._replace(state="intact" if holds else "broken"), room
    except _UncheckedError as error:
        return made._replace(reason=error.reason), room


class _Reader:
    """A file's elements by the item that holds them."""

    def __init__(self, found: Dicom) -> None:
        self.found = found
        self._inner: dict[int, list[int]] = {}
        self._within: dict[int, dict[int, int]] = {}
        self._pieces = MOST_PIECES
        for at, one in enumerate(found.elements):
            self._inner.setdefault(one.parent, []).append(at)
        self._view = memoryview(found.body)

    def within(self, index: int) -> dict[int, int]:
        """Return index by tag of what stands in the item `index` (-1: the top); by number where it is a sequence."""
        known = self._within.get(index)
        if known is None:
            elements, inner = self.found.elements, self._inner.get(index, [])
            if index >= 0 and elements[index].tag != ITEM:
                known = {number: at for number, at in enumerate(inner) if elements[at].tag == ITEM}
            else:
                known = {elements[at].tag: at for at in inner}
            self._within[index] = known
        return known

    def items(self, level: dict[int, int], tag: int) -> list[int]:
        return list(self.within(level[tag]).values()) if tag in level else []

    def raw(self, level: dict[int, int], tag: int) -> bytes:
        one = self.found.elements[level[tag]] if tag in level else None
        return self.found.body[one.value : one.end] if one and one.length > 0 else b""

    def text(self, level: dict[int, int], tag: int) -> str:
        return self.raw(level, tag)[:200].decode("ascii", "replace").strip("\0 ")

    def tags(self, level: dict[int, int], tag: int) -> tuple[int, ...]:
        raw = self.raw(level, tag)
        order: Literal["big", "little"] = "big" if self.found.syntax.big else "little"
        words = [int.from_bytes(raw[at : at + 2], order) for at in range(0, len(raw) // 4 * 4, 2)]
        return tuple(group << 16 | number for group, number in zip(words[::2], words[1::2], strict=True))

    def stream(self, index: int, syntax: str) -> Iterator[bytes | memoryview]:
        """Yield the bytes of an element as they are signed. Raises `_UncheckedError`."""
        one, own = self.found.elements[index], self.found.syntax
        if one.vr == "UN" or _unsigned(one.tag):
            raise _UncheckedError("elements")
        coded = one.tag == PIXEL_DATA and self.found.body[one.value - 4 : one.value] == b"\xff\xff\xff\xff"
        if syntax != _PLAIN and syntax != own.uid:
            raise _UncheckedError("syntax")
        if one.tag == PIXEL_DATA and one.parent < 0 and (coded != (syntax not in (_PLAIN, "1.2.840.10008.1.2.1.99"))):
            raise _UncheckedError("syntax")
        yield from self._element(one, index)

    def _element(self, one: Element, index: int) -> Iterator[bytes | memoryview]:
        self._spend()
        if one.vr != "SQ" and self.found.body[one.value - 4 : one.value] != b"\xff\xff\xff\xff":
            yield self._view[one.start : one.end]
            return
        yield self._view[one.start : one.start + 8]  # tag, VR, two bytes: no length
        for place in self._inner.get(index, []):
            item = self.found.elements[place]
            self._spend()
            if item.tag != ITEM:
                continue
            yield self._view[item.start : item.start + 4]
            if one.vr != "SQ":
                yield self._view[item.value : item.end]
                continue
            for inner in self._inner.get(place, []):
                each = self.found.elements[inner]
                if each.vr == "UN":
                    raise _UncheckedError("elements")
                if not _unsigned(each.tag):
                    yield from self._element(each, inner)
        yield (SEQUENCE_END >> 16).to_bytes(2, "little") + (SEQUENCE_END & 0xFFFF).to_bytes(2, "little")

    def _spend(self) -> None:
        self._pieces -= 1
        if self._pieces < 0:
            raise _UncheckedError("limit")


def _unsigned(tag: int) -> bool:
    return tag in _NEVER or not tag & 0xFFFF or tag >> 16 < 8 or tag >> 16 == 0xFFFE


def _certificate(raw: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(_der(raw))
    except (ValueError, UnsupportedAlgorithm, TypeError) as error:
        raise _UncheckedError("certificate") from error


def _holds(certificate: x509.Certificate, signature: bytes, digest: bytes, made: hashes.HashAlgorithm) -> bool:
    try:
        key = certificate.public_key()
        if isinstance(key, rsa.RSAPublicKey):
            size = (key.key_size + 7) // 8
            key.verify(signature[:size], digest, padding.PKCS1v15(), Prehashed(made))
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(_der(signature), digest, ec.ECDSA(Prehashed(made)))
        elif isinstance(key, dsa.DSAPublicKey):
            key.verify(_der(signature), digest, Prehashed(made))
        else:
            raise _UncheckedError("algorithm")
    except InvalidSignature:
        return False
    except (UnsupportedAlgorithm, ValueError) as error:
        raise _UncheckedError("algorithm") from error
    return True


def _der(raw: bytes) -> bytes:
    """Return a value of ASN.1 (DER) without the byte that makes its element even."""
    if len(raw) < 2 or raw[0] != 0x30:
        return raw
    more = raw[1] & 0x7F if raw[1] & 0x80 else 0
    length = int.from_bytes(raw[2 : 2 + more], "big") if more else raw[1]
    return raw[: 2 + more + length]
