"""Members of ZIP archives under AES (method 99), opened with a password. Pure.

Source: WinZip, "AES Encryption Information: Encryption Specification AE-1 and AE-2", 2009; PBKDF2 with HMAC-SHA1, 1,000
turns; AES in counter mode, the counter written lowest byte first, from 1 on.
"""

from __future__ import annotations

import hashlib

import numpy as np

FIELD = 0x9901
_SALT = {1: 8, 2: 12, 3: 16}
"""Bytes of salt by strength; the key has twice as many."""
_PROOF, _SEAL = 2, 10
"""Bytes that tell a wrong password, and of the authentication code at the end."""


def told(extra: bytes) -> tuple[int, int] | None:
    """Return strength and true packing method out of the extra fields of a member; None if there are none."""
    place = 0
    while place + 4 <= len(extra):
        kind, size = (
            int.from_bytes(extra[place : place + 2], "little"),
            int.from_bytes(extra[place + 2 : place + 4], "little"),
        )
        if kind == FIELD and size >= 7 and extra[place + 8] in _SALT:
            return extra[place + 8], int.from_bytes(extra[place + 9 : place + 11], "little")
        place += 4 + size
    return None


def opened(data: bytes, strength: int, word: str) -> bytes | None:
    """Return `data` decrypted, still packed, if `word` is its password (one wrong one in 65,536 is taken for it)."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    salt = _SALT[strength]
    if len(data) < salt + _PROOF + _SEAL:
        return None
    keys = hashlib.pbkdf2_hmac("sha1", word.encode(), data[:salt], 1000, 4 * salt + _PROOF)
    if keys[-_PROOF:] != data[salt : salt + _PROOF]:
        return None
    body = data[salt + _PROOF : -_SEAL]
    count = -(-len(body) // 16)
    counters = np.zeros((count, 2), "<u8")
    counters[:, 0] = np.arange(1, count + 1)
    stream = Cipher(algorithms.AES(keys[: 2 * salt]), modes.ECB()).encryptor().update(counters.tobytes())  # noqa: S305
    return (np.frombuffer(stream, np.uint8, len(body)) ^ np.frombuffer(body, np.uint8)).tobytes()
