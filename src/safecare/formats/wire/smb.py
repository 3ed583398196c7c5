"""SMB 2 and 3 as they pass by: which files are written, renamed and deleted on a share, and how random the bytes are.

Source: MS-SMB2 (2.2.1 header, 2.2.13 CREATE, 2.2.21 WRITE, 2.2.39 SET_INFO), MS-FSCC (2.4.11
FileDispositionInformation, 2.4.42 FileRenameInformation). An encrypted conversation (SMB 3, 2.2.41) shows nothing, and
nothing is told of it. Reads are passed over. Names are kept without the folders before the last two.
"""

from __future__ import annotations

import math
import struct
from collections import Counter
from collections.abc import Iterator
from typing import Any

from safecare.formats.wire.message import Message, Protocol, Talk, WireError

KEPT = 1 << 17
"""Bytes of a message that are kept: enough to see what is written; a longer rest is passed over (chosen)."""
SAMPLE = 4096
"""Bytes of a write by which its randomness is judged (chosen: a page; random ones reach 7.95 bits per byte)."""
LEAST = 1024
"""Bytes below which randomness says nothing: a few bytes can't reach many values."""
MOST_COMPOUND = 32
"""Messages in one frame (2.2.1: clients put together three or four)."""
_CREATE, _WRITE, _SET_INFO, _NEGOTIATE = 5, 9, 17, 0
_RENAME, _DISPOSITION, _DISPOSITION_EX = 10, 13, 64
_WRITES = 0x4000_0000 | 0x1000_0000 | 0x0006
"""Access that may change a file: GENERIC_WRITE, GENERIC_ALL, FILE_WRITE_DATA, FILE_APPEND_DATA (2.2.13.1.1)."""
_OVERWRITES = (0, 4, 5)
"""CreateDisposition that empties a file that is there: SUPERSEDE, OVERWRITE, OVERWRITE_IF."""


def size(data: bytes | bytearray) -> int:
    """Return the size of the first frame (2.1: direct TCP transport); -1 when none begins here."""
    if len(data) < 8:
        return 0
    known = data[0] == 0 and data[4] in (0xFC, 0xFD, 0xFE, 0xFF) and data[5:8] == b"SMB"
    return 4 + int.from_bytes(data[1:4], "big") if known else -1


def sniff(data: bytes) -> bool:
    """Tell whether a frame of SMB 2 or 3 begins here."""
    return len(data) >= 68 and size(data) >= 68 and data[4] == 0xFE and data[8:10] == b"\x40\0"


def from_client(data: bytes) -> bool | None:
    """Tell who sent a frame: responses bear the flag SERVER_TO_REDIR."""
    return data[20] & 1 == 0 if len(data) > 20 and data[4] == 0xFE else None


def parse(data: bytes, talk: Talk) -> Iterator[Message]:
    """Yield what the frame changes on the share. Raises `WireError`."""
    if size(data) < 0 or len(data) < 8:
        raise WireError("no message begins here")
    if data[4] != 0xFE:
        return
    at = 4
    for _ in range(MOST_COMPOUND):
        if at + 64 > len(data):
            raise WireError("cut off inside a header")
        command, _, flags, following = struct.unpack_from("<HHII", data, at + 12)
        body = data[at + 64 : at + following if following >= 64 else len(data)]
        message_id = struct.unpack_from("<Q", data, at + 24)[0]
        status = struct.unpack_from("<I", data, at + 8)[0]
        try:
            if flags & 1:
                _answered(command, status, message_id, body, talk)
            else:
                yield from _asked(command, message_id, data, at, body, talk)
        except (struct.error, IndexError) as error:
            raise WireError("cut off inside a command") from error
        if following < 64:
            return
        at += following


def _asked(command: int, message_id: int, data: bytes, at: int, body: bytes, talk: Talk) -> Iterator[Message]:
    if command == _CREATE:
        access, _, _, disposition = struct.unpack_from("<IIII", body, 24)
        where, length = struct.unpack_from("<HH", body, 44)
        name = _short(data[at + where : at + where + length])
        talk.remember("last", name)
        talk.remember(("open", message_id), name)
        if access & _WRITES and name and disposition in (*_OVERWRITES, 2):
            yield _message("create", name, {"disposition": disposition})
    elif command == _WRITE:
        where, length, offset = struct.unpack_from("<HIQ", body, 2)
        name = _file(body[16:32], talk)
        known = talk.memory.get(("written", name))
        if known is not None and offset:
            return
        talk.remember(("written", name), True)
        sample = data[at + where : at + where + min(length, SAMPLE)]
        yield _message("write", name, {"bytes": length, "randomness": randomness(sample)})
    elif command == _SET_INFO and body[2] == 1:  # SMB2_0_INFO_FILE
        kind, where = body[3], struct.unpack_from("<H", body, 8)[0]
        name, info = _file(body[16:32], talk), data[at + where :]
        if kind == _RENAME:
            length = struct.unpack_from("<I", info, 16)[0]
            yield _message("rename", name, {"new_name": _short(info[20 : 20 + length])})
        elif kind in (_DISPOSITION, _DISPOSITION_EX) and info[0] & 1:
            yield _message("delete", name, {})


def _answered(command: int, status: int, message_id: int, body: bytes, talk: Talk) -> None:
    """Remember under which handle a file is open (2.2.14)."""
    name = talk.memory.pop(("open", message_id), None)
    if command == _CREATE and status == 0 and name is not None and len(body) >= 80:
        talk.remember(("file", bytes(body[64:80])), name)


def _file(handle: bytes, talk: Talk) -> str:
    """Return the name of a handle; all ones stands for the one that the frame has opened (3.2.4.1.4)."""
    key = "last" if handle == b"\xff" * 16 else ("file", bytes(handle))
    return str(talk.memory.get(key, ""))


def _message(command: str, name: str, fields: dict[str, Any]) -> Message:
    return Message("smb", command, "request", "file", target=name, fields=fields | {"name": name})


def _short(raw: bytes) -> str:
    """Return a name with the folder that it lies in: enough to tell one from another, and no more than is needed."""
    name = raw[: len(raw) // 2 * 2].decode("utf-16-le", "replace")
    return "\\".join("".join(char if char.isprintable() else "?" for char in name).split("\\")[-2:])[:200]


def randomness(sample: bytes) -> float:
    """Return the entropy of the bytes, in bits for each (0-8); 0 when there are too few to tell."""
    if len(sample) < LEAST:
        return 0.0
    total = len(sample)
    return round(-sum(count / total * math.log2(count / total) for count in Counter(sample).values()), 2)


PROTOCOL = Protocol("smb", True, False, frozenset({445}), sniff, size, parse, from_client, KEPT)
