"""Encrypted RAR archives, turned into plain ones with a password: what unpacks them then knows no locks. Pure.

Source: RAR 5.0 archive format (rarlab.com/technote.htm); RAR 3 headers and key after the technote that came with
version 3; PBKDF2 with HMAC-SHA256 (RFC 8018), AES in CBC mode.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass

import numpy as np

RAR5, RAR3 = b"Rar!\x1a\x07\x01\x00", b"Rar!\x1a\x07\x00"
MOST_POWER = 17
"""Power of two of the turns of a key. Chosen: RAR writes 15; each further one doubles 20 ms."""
MOST_BLOCKS = 5000
"""Blocks of one archive that are read. Chosen: more is a limit of the whole submission already."""
_FILE, _SERVICE, _LOCK, _END = 2, 3, 4, 5
_EXTRA, _DATA = 1, 2
_OLD_MAIN, _OLD_FILE, _OLD_END = 0x73, 0x74, 0x7B


MOST_NAMES = 2000
"""Names that are read of one archive. Chosen, as for members of one container."""


class RarLockError(ValueError):
    """The archive can't be opened: another password, or a lock that is not known here."""


def opened(raw: bytes, word: str) -> bytes:
    """Return the archive without its locks. Raises `RarLockError`."""
    try:
        if raw.startswith(RAR5):
            return _opened_5(raw, word)
        if raw.startswith(RAR3):
            return _opened_3(raw, word)
    except (struct.error, IndexError, ValueError) as error:
        raise RarLockError("another password, or damaged") from error
    raise RarLockError("not a RAR archive of version 3 or 5")


def names_3(raw: bytes) -> list[str]:
    """Return the names of the files of a RAR 1.5 to 3 archive as its plain heads tell them, whatever their packing."""
    names: list[str] = []
    at = 7
    while at + 7 <= len(raw) and len(names) < MOST_NAMES:
        kind, flags, size = struct.unpack_from("<xxBHH", raw, at)
        if size < 7:
            break
        head = raw[at : at + size]
        more = int.from_bytes(head[7:11], "little") if flags & 0x8000 or kind == _OLD_FILE else 0
        if kind == _OLD_FILE and len(head) >= 32:
            wide = 8 if flags & 0x100 else 0  # lengths of 64 bits
            more += int.from_bytes(head[32:36], "little") << 32 if wide else 0
            length = int.from_bytes(head[26:28], "little")
            names.append(head[32 + wide : 32 + wide + length].split(b"\0")[0].decode("utf-8", "replace"))
        elif kind == _OLD_END:
            break
        at += size + more
    return names


@dataclass
class _Reader:
    raw: bytes
    at: int = 0

    def bytes(self, count: int) -> bytes:
        if count > len(self.raw) - self.at:
            raise RarLockError("cut off")
        self.at += count
        return self.raw[self.at - count : self.at]

    def number(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            one = self.bytes(1)[0]
            value |= (one & 0x7F) << shift
            if one < 0x80:
                return value
        raise RarLockError("a number without an end")


def _number(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _opened_5(raw: bytes, word: str) -> bytes:
    out, at, keys, headers = bytearray(RAR5), len(RAR5), dict[tuple[bytes, int], bytes](), b""
    for _ in range(MOST_BLOCKS):
        if at >= len(raw):
            return bytes(out)
        if headers:
            start, at = raw[at : at + 16], at + 16
            size = _Reader(_aes(headers, start, raw[at : at + 16]), 4)
            whole = size.number() + size.at
            locked = -(-whole // 16) * 16
            block = _aes(headers, start, raw[at : at + locked])[:whole]
            at += locked
        else:
            size = _Reader(raw, at + 4)
            whole = size.number() + size.at - at
            block = raw[at : at + whole]
            at += whole
        head = _Reader(block, 4)
        head.number()
        kind, flags = head.number(), head.number()
        extra = head.number() if flags & _EXTRA else 0
        length = head.number() if flags & _DATA else 0
        data = raw[at : at + length]
        at += length
        if kind == _LOCK:
            head.number()
            checked = head.number() & 1
            power, salt = head.bytes(1)[0], head.bytes(16)
            headers = _key_5(word, salt, power, head.bytes(12) if checked else b"", keys)
        elif kind in (_FILE, _SERVICE):
            lock = _lock_5(block[len(block) - extra :] if extra else b"")
            if lock:
                power, salt, start, proof = lock
                data = _aes(_key_5(word, salt, power, proof, keys), start, data[: len(data) // 16 * 16])
            if kind == _FILE:
                out += _file_5(head, flags, len(block) - extra, data)
        elif kind == _END:
            out += _block_5(_number(_END) + _number(0) + _number(0))
            return bytes(out)
        else:
            out += _block_5(_number(kind) + _number(flags & ~_EXTRA) + block[head.at : len(block) - extra]) + data
    raise RarLockError("too many blocks")


def _block_5(body: bytes) -> bytes:
    whole = _number(len(body)) + body
    return zlib.crc32(whole).to_bytes(4, "little") + whole


def _file_5(head: _Reader, flags: int, end: int, data: bytes) -> bytes:
    """Return a file's block without its checksum, which is keyed, and what stood behind its name."""
    told, size, attributes = head.number(), head.number(), head.number()
    time = head.bytes(4) if told & 2 else b""
    if told & 4:
        head.bytes(4)
    rest, method = head.at, head.number() >> 7 & 7
    data = data[:size] if not method else data[: _packed_size(data)]
    body = _number(_FILE) + _number(flags & ~_EXTRA | _DATA) + _number(len(data)) + _number(told & ~4)
    return _block_5(body + _number(size) + _number(attributes) + time + head.raw[rest:end]) + data


def _packed_size(data: bytes) -> int:
    """Return where the last packed piece ends: behind it stands what filled the lock up."""
    at = 0
    while at + 3 <= len(data):
        flags, width = data[at], (data[at] >> 3 & 3) + 1
        at += 2 + width + int.from_bytes(data[at + 2 : at + 2 + width], "little")
        if flags & 0x40:
            return at
    return len(data)


def _lock_5(extra: bytes) -> tuple[int, bytes, bytes, bytes] | None:
    """Return power, salt, start and proof of the record of encryption in an extra area."""
    reader = _Reader(extra)
    while reader.at < len(extra):
        size = reader.number()
        record = _Reader(reader.bytes(size))
        if record.number() == 1:
            record.number()
            checked = record.number() & 1
            power, salt, start = record.bytes(1)[0], record.bytes(16), record.bytes(16)
            return power, salt, start, record.bytes(12) if checked else b""
    return None


def _key_5(word: str, salt: bytes, power: int, proof: bytes, keys: dict[tuple[bytes, int], bytes]) -> bytes:
    if power > MOST_POWER:
        raise RarLockError("its key takes too long")
    if (salt, power) not in keys:
        given = word.encode()[:127]
        if proof:
            check = hashlib.pbkdf2_hmac("sha256", given, salt, (1 << power) + 32)
            folded = bytes(check[n] ^ check[n + 8] ^ check[n + 16] ^ check[n + 24] for n in range(8))
            if folded != proof[:8]:
                raise RarLockError("another password")
        keys[salt, power] = hashlib.pbkdf2_hmac("sha256", given, salt, 1 << power)
    return keys[salt, power]


def _opened_3(raw: bytes, word: str) -> bytes:
    out, at, locked = bytearray(RAR3), len(RAR3), False
    keys: dict[bytes, tuple[bytes, bytes]] = {}
    for _ in range(MOST_BLOCKS):
        if at + 7 > len(raw):
            return bytes(out)
        if locked:
            salt, at = raw[at : at + 8], at + 8
            key, start = _key_3(word, salt, keys)
            size = struct.unpack_from("<H", _aes(key, start, raw[at : at + 16]), 5)[0]
            whole = -(-size // 16) * 16
            block = bytearray(_aes(key, start, raw[at : at + whole])[:size])
            at += whole
        else:
            size = struct.unpack_from("<H", raw, at + 5)[0]
            block = bytearray(raw[at : at + size])
            at += size
        if size < 7 or zlib.crc32(block[2:]) & 0xFFFF != struct.unpack_from("<H", block)[0]:
            raise RarLockError("another password, or damaged")
        kind, flags = struct.unpack_from("<BH", block, 2)
        length = struct.unpack_from("<I", block, 7)[0] if flags & 0x8000 or kind == _OLD_FILE else 0
        data = raw[at : at + length]
        at += length
        if kind == _OLD_MAIN and flags & 0x80:
            locked = True
            struct.pack_into("<H", block, 3, flags & ~0x80)
        elif kind == _OLD_FILE and flags & 4:
            if not flags & 0x400 or block[24] < 29:
                raise RarLockError("a lock of a version before 3")
            place = 32 + (8 if flags & 0x100 else 0) + struct.unpack_from("<H", block, 26)[0]
            key, start = _key_3(word, bytes(block[place : place + 8]), keys)
            data = _aes(key, start, data[: len(data) // 16 * 16])
            del block[place : place + 8]
            struct.pack_into("<HH", block, 3, flags & ~0x404, len(block))
        struct.pack_into("<H", block, 0, zlib.crc32(block[2:]) & 0xFFFF)
        out += block + data
        if kind == _OLD_END:
            return bytes(out)
    raise RarLockError("too many blocks")


def _key_3(word: str, salt: bytes, keys: dict[bytes, tuple[bytes, bytes]]) -> tuple[bytes, bytes]:
    """Return key and start: SHA-1 over 2^18 pieces of password, salt and counter, looked at 16 times on the way."""
    if salt not in keys:
        piece, digest, start = word.encode("utf-16-le") + salt, hashlib.sha1(usedforsecurity=False), bytearray()
        block = np.zeros((0x4000, len(piece) + 3), np.uint8)
        block[:, : len(piece)] = np.frombuffer(piece, np.uint8)
        for turn in range(16):
            counters = np.arange(turn * 0x4000, (turn + 1) * 0x4000, dtype="<u4").view(np.uint8).reshape(-1, 4)
            block[:, len(piece) :] = counters[:, :3]
            first = block[0].tobytes()
            digest.update(first)
            start.append(digest.copy().digest()[19])
            digest.update(block[1:].tobytes())
        found = struct.pack("<4I", *struct.unpack(">4I", digest.digest()[:16]))
        keys[salt] = (found, bytes(start))
    return keys[salt]


def _aes(key: bytes, start: bytes, data: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    return Cipher(algorithms.AES(key), modes.CBC(start)).decryptor().update(data)
