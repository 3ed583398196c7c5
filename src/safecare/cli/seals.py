"""What sealing and verifying share: the key files, the seals beside files, hashing in a confined process."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import msgspec
import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from safecare.cli.files import Language, files_of, reason_of, shown
from safecare.examine.medical.dicom_signed import told
from safecare.formats.dicom import DicomError, looks_like_dicom, read_dicom
from safecare.formats.dicom.signatures import Signature, signatures
from safecare.formats.seal import MAX_SEAL, Digests, Seal, SealError, digests, read_seal, sign
from safecare.locale.catalogue import Catalogue
from safecare.model.hospital import Hospital
from safecare.model.layout import laid_out
from safecare.model.text import Text, say
from safecare.sources.files.confined import confined

ENDING = ".seal"
STATES: dict[str, Text] = {
    "intact": say("intact"),
    "changed": say("changed"),
    "sealed": say("sealed"),
    "forged": say("forged"),
    "unsealed": say("unsealed"),
    "missing": say("missing"),
    "renamed": say("renamed"),
    "added": say("added"),
    "removed": say("removed"),
}
"""How a file, or one of its attributes, is."""


class Words:
    """What sealing and verifying say to people, in one language."""

    def __init__(self, language: Language) -> None:
        """Take the language; read the catalogue."""
        self._language, self._catalogue, self._nobody = language, Catalogue.load(), Hospital.empty()

    def say(self, text: Text) -> str:
        """Return a sentence."""
        return self._catalogue.render(text, self._language, self._nobody)

    def state(self, state: str) -> str:
        """Return how a file is, as wide as the widest word."""
        widest = max(len(self.say(one)) for one in STATES.values())
        return f"{self.say(STATES[state]):<{widest}}"

    def reason(self, error: Exception | str) -> str:
        """Return why something failed, or what a part said of it in English."""
        text = error if isinstance(error, str) else reason_of(error)
        return self._catalogue.reason(text, self._language)

    def signature(self, one: Signature) -> str:
        """Return how a digital signature in a file stands."""
        return self.say(told(one))


def default_key() -> Path:
    """Return where the private key of this user lies."""
    return Path(typer.get_app_dir("safecare")) / "seal.key"


class KeyFile:
    """A private key in a file that only its owner reads, and the public one beside it (``.pub``)."""

    def __init__(self, path: Path | None = None) -> None:
        """Take the path of the private key; default: the user's own."""
        self.path = path or default_key()

    def private(self) -> Ed25519PrivateKey:
        """Return the key; make it where there is none. Raises `OSError`, `ValueError`."""
        if not self.path.exists():
            self._make()
        found = load_pem_private_key(self.path.read_bytes(), None)
        if not isinstance(found, Ed25519PrivateKey):
            raise ValueError("no Ed25519 key")  # noqa: TRY004 - what the file holds, not what was passed
        return found

    def public(self) -> Ed25519PublicKey:
        """Return the public key, from the file beside the private one. Raises `OSError`, `ValueError`."""
        found = load_pem_public_key(self.path.with_suffix(".pub").read_bytes())
        if not isinstance(found, Ed25519PublicKey):
            raise ValueError("no Ed25519 key")  # noqa: TRY004
        return found

    def _make(self) -> None:
        key = Ed25519PrivateKey.generate()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.path.with_suffix(".pub").write_bytes(public)
        file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "wb") as stream:
            stream.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


class SealedFile:
    """A file and the seal beside it."""

    def __init__(self, path: Path) -> None:
        """Take the path of the file."""
        self.path = path
        self.seal_path = path.with_name(path.name + ENDING)

    def digests(self) -> Digests:
        """Return the hashes of the file as it is. Raises `OSError`, `MemoryError`, `WorkerError`."""
        if self.path.exists() and not self.path.is_file():
            raise OSError("not a regular file")  # a pipe would be waited for, a device has no end
        return msgspec.msgpack.decode(confined(_digests, self.path.read_bytes()), type=laid_out(Digests))

    def signatures(self) -> list[Signature]:
        """Return the digital signatures in a DICOM file, checked. Raises `OSError`, `MemoryError`, `WorkerError`."""
        raw = self.path.read_bytes()
        if not looks_like_dicom(raw):
            return []
        return msgspec.msgpack.decode(confined(_signatures, raw), type=laid_out(list[Signature]))

    def write(self, key: Ed25519PrivateKey, at: datetime) -> None:
        """Seal the file. Raises `OSError`, `WorkerError`."""
        raw = sign(shown(Path(self.path.name)), self.digests(), at, key)
        waiting = self.seal_path.with_name(self.seal_path.name + ".new")
        waiting.write_bytes(raw)
        waiting.replace(self.seal_path)

    def read(self, trusted: Ed25519PublicKey) -> Seal:
        """Return the seal. Raises `OSError`, `SealError`."""
        if self.seal_path.stat().st_size > MAX_SEAL:
            raise SealError(f"no seal: larger than {MAX_SEAL} bytes")
        return read_seal(self.seal_path.read_bytes(), trusted)


def files(paths: Iterable[Path], *, missing: bool = False) -> Iterator[Path]:
    """Yield the files of `paths`, seals left out. `missing`: those, too, of which only the seal is left."""
    for path in paths:
        if not os.path.isdir(path):  # noqa: PTH112 - what lies out of reach is told by who opens it
            yield path
            continue
        found = set(files_of([path]))
        whole = {one for one in found if one.suffix != ENDING}
        if missing:
            whole |= {one.with_name(one.name.removesuffix(ENDING)) for one in found if one.suffix == ENDING}
        yield from sorted(whole)


def _signatures(raw: bytes) -> bytes:
    try:
        return msgspec.msgpack.encode(list(signatures(read_dicom(raw))))
    except DicomError:
        return msgspec.msgpack.encode([])


def _digests(raw: bytes) -> bytes:
    return msgspec.msgpack.encode(digests(raw))
