"""Seals: signed hashes of a file and, of a DICOM file, of each attribute, so that a later change shows where it is.

The signature is Ed25519 (RFC 8032) over the seal's own JSON without the signature, keys in order. Hashes are SHA-256;
those of attributes are cut to 128 bits, which still takes 2^128 tries to meet. No value stands in a seal.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from safecare.formats.dicom import Dicom, DicomError, looks_like_dicom, read_dicom, shown
from safecare.formats.dicom.model import ITEM, PIXEL_DATA
from safecare.model.layout import laid_out

MAX_SEAL = 64 * 1024 * 1024
"""Largest seal (bytes) that is read. Chosen: 400,000 attributes, the reader's limit, take 25 MB."""
_SHORT = 16
"""Bytes of a digest of one attribute (chosen: 128 bits; the whole file has all of SHA-256)."""


class SealError(ValueError):
    """A seal that can't be read, or was not made with the key that is trusted."""


class Change(NamedTuple):
    """One attribute that is not as it was sealed."""

    place: str
    change: Literal["changed", "added", "removed"]


class Digests(msgspec.Struct, frozen=True):
    """Hashes of a file as it is."""

    size: int
    sha256: str
    attributes: dict[str, str] = {}


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """What was sealed, when, and by whom (`key`: the public key, Base64)."""

    version: Literal[1] = 1
    name: str
    at: datetime
    digests: Digests
    key: str
    signature: str = ""


def digests(raw: bytes) -> Digests:
    """Return the hashes of `raw`; of a DICOM file that can be read, those of its attributes, too."""
    attributes: dict[str, str] = {}
    if looks_like_dicom(raw):
        try:
            attributes = dict(_attributes(read_dicom(raw)))
        except DicomError:
            attributes = {}
    return Digests(len(raw), hashlib.sha256(raw).hexdigest(), attributes)


def sign(name: str, told: Digests, at: datetime, key: Ed25519PrivateKey) -> bytes:
    """Return the seal of a file called `name`, ready to be written."""
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode("ascii")
    seal = Seal(name=name, at=at, digests=told, key=public)
    signature = base64.b64encode(key.sign(_signed(seal))).decode("ascii")
    return msgspec.json.encode(msgspec.structs.replace(seal, signature=signature), order="sorted") + b"\n"


def read_seal(raw: bytes, trusted: Ed25519PublicKey) -> Seal:
    """Return the seal if it was signed with `trusted`. Raises `SealError`."""
    try:
        seal = msgspec.json.decode(raw, type=laid_out(Seal))
        signature = base64.b64decode(seal.signature, validate=True)
    except (ValueError, msgspec.MsgspecError) as error:
        raise SealError(f"no seal: {error}") from error
    except RecursionError as error:
        raise SealError("no seal: nested too deeply") from error
    try:
        trusted.verify(signature, _signed(seal))
    except InvalidSignature as error:
        other = base64.b64encode(trusted.public_bytes_raw()).decode("ascii") != seal.key
        raise SealError("signed with another key" if other else "its signature does not hold") from error
    return seal


def changes(sealed: Digests, now: Digests) -> list[Change]:
    """Return what differs, attribute by attribute; empty where only bytes between attributes do, or nothing."""
    before, after = sealed.attributes, now.attributes
    found = [Change(place, "changed") for place in before if place in after and after[place] != before[place]]
    found += [Change(place, "removed") for place in before if place not in after]
    return found + [Change(place, "added") for place in after if place not in before]


def _signed(seal: Seal) -> bytes:
    return msgspec.json.encode(msgspec.structs.replace(seal, signature=""), order="sorted")


def _attributes(found: Dicom) -> Iterator[tuple[str, str]]:
    """Yield (place, hash) of the preamble, of each element that holds a value, and of what was appended."""
    yield "preamble", _short(found.preamble)
    for one in found.meta:
        yield shown(one.tag), _short(found.data[one.value : one.end])
    items: dict[int, int] = {}
    paths: dict[int, str] = {-1: ""}
    fragments = {place for place, one in enumerate(found.elements) if one.tag == PIXEL_DATA}
    view = memoryview(found.body)
    for place, one in enumerate(found.elements):
        if one.parent in fragments:
            continue
        if one.tag == ITEM:
            items[one.parent] = number = items.get(one.parent, 0) + 1
            paths[place] = f"{paths[one.parent]}[{number}]"
            continue
        path = paths[place] = paths[one.parent] + shown(one.tag)
        sequence = place + 1 < len(found.elements) and found.elements[place + 1].parent == place
        if not sequence or place in fragments:
            yield path, _short(view[one.value : one.end])
    for parent, count in items.items():
        yield f"{paths[parent]} items", str(count)
    if found.end < len(found.data):
        yield "after the data set", _short(found.data[found.end :])


def _short(raw: bytes | memoryview) -> str:
    return base64.b64encode(hashlib.sha256(raw).digest()[:_SHORT]).decode("ascii")
