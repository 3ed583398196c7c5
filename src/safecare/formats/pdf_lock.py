"""The standard lock of PDF files: keys out of passwords, and what they open (RC4, AES).

Pure. Most locked files open without a password: the lock only asks programs not to print or copy. Source: ISO
32000-1:2008, 7.6; ISO 32000-2:2020, 7.6.4 (revision 6, algorithms 2.A and 2.B); Adobe's extension level 3 (revision 5).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

_PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
"""ISO 32000-1, algorithm 2, step a."""


class Method(Enum):
    """How streams or strings are locked: 7.6.5, CFM of a crypt filter."""

    NONE = "None"
    RC4 = "V2"
    AES = "AESV2"
    AES256 = "AESV3"


@dataclass(frozen=True)
class Lock:
    """The encryption dictionary: 7.6.3.1 (table 20), 7.6.4.2 (table 21). `size`: bytes of the key."""

    revision: int
    size: int
    owner: bytes
    user: bytes
    owner_key: bytes
    user_key: bytes
    permissions: int
    first_id: bytes
    metadata: bool
    streams: Method
    strings: Method


def key_of(lock: Lock, word: str) -> bytes | None:
    """Return the file's key if `word` is its user's or owner's password, else None."""
    if lock.revision >= 5:
        return _key_256(lock, word.encode()[:127])
    plain = word.encode("latin-1", "replace")
    padded = (plain + _PADDING)[:32]
    return _key_as_user(lock, padded) or _key_as_user(lock, _user_by_owner(lock, padded))


def opened(lock: Lock, key: bytes, number: int, generation: int, data: bytes, method: Method) -> bytes:
    """Return `data` of object `number` unlocked; as it is where it can't be."""
    if method is Method.NONE or not data:
        return data
    if method is not Method.AES256:
        salt = b"sAlT" if method is Method.AES else b""
        given = key + number.to_bytes(4, "little")[:3] + generation.to_bytes(4, "little")[:2] + salt
        key = _md5(given)[: min(len(key) + 5, 16)]
    if method is Method.RC4:
        return _rc4(key, data)
    if len(data) < 32 or len(data) % 16:
        data = data[: len(data) // 16 * 16]
        if len(data) < 32:
            return b""
    out = _aes(key, data[:16], data[16:])
    return out[: -out[-1]] if 1 <= out[-1] <= 16 else out


def _key_as_user(lock: Lock, padded: bytes) -> bytes | None:
    """Algorithms 2, 4, 5 and 6."""
    given = padded + lock.owner[:32] + (lock.permissions & 0xFFFFFFFF).to_bytes(4, "little") + lock.first_id
    key = _md5(given + (b"\xff\xff\xff\xff" if lock.revision >= 4 and not lock.metadata else b""))
    for _ in range(50 if lock.revision >= 3 else 0):
        key = _md5(key[: lock.size])
    key = key[: lock.size]
    if lock.revision == 2:
        return key if _rc4(key, _PADDING) == lock.user[:32] else None
    proof = _md5(_PADDING + lock.first_id)
    for turn in range(20):
        proof = _rc4(bytes(one ^ turn for one in key), proof)
    return key if proof == lock.user[:16] else None


def _user_by_owner(lock: Lock, padded: bytes) -> bytes:
    """Algorithm 7: the user's password that the owner's opens."""
    key = _md5(padded)
    for _ in range(50 if lock.revision >= 3 else 0):
        key = _md5(key[: lock.size])
    key, out = key[: lock.size], lock.owner[:32]
    for turn in range(19 if lock.revision >= 3 else 0, -1, -1):
        out = _rc4(bytes(one ^ turn for one in key), out)
    return out


def _key_256(lock: Lock, word: bytes) -> bytes | None:
    """Algorithm 2.A."""
    for proof, locked, more in ((lock.user, lock.user_key, b""), (lock.owner, lock.owner_key, lock.user[:48])):
        if len(proof) >= 48 and len(locked) >= 32 and _hash(lock, word, proof[32:40], more) == proof[:32]:
            return _aes(_hash(lock, word, proof[40:48], more), bytes(16), locked[:32])
    return None


def _hash(lock: Lock, word: bytes, salt: bytes, more: bytes) -> bytes:
    """Algorithm 2.B; revision 5 stops after its first step."""
    key = hashlib.sha256(word + salt + more).digest()
    if lock.revision == 5:
        return key
    turn, last = 0, 0
    while turn < 64 or last > turn - 32:
        coded = _aes(key[:16], key[16:32], (word + key + more) * 64, decrypt=False)
        kind = (hashlib.sha256, hashlib.sha384, hashlib.sha512)[sum(coded[:16]) % 3]
        key, last, turn = kind(coded).digest(), coded[-1], turn + 1
    return key[:32]


def _md5(raw: bytes) -> bytes:
    return hashlib.md5(raw, usedforsecurity=False).digest()


@cache
def _ciphers() -> Any:
    from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    return Cipher, algorithms.AES, modes.CBC, ARC4


def _rc4(key: bytes, data: bytes) -> bytes:
    cipher, _, _, rc4 = _ciphers()
    return bytes(cipher(rc4(key), None).encryptor().update(data))


def _aes(key: bytes, start: bytes, data: bytes, *, decrypt: bool = True) -> bytes:
    cipher, aes, cbc, _ = _ciphers()
    made = cipher(aes(key), cbc(start))
    return bytes((made.decryptor() if decrypt else made.encryptor()).update(data))
