"""Bounded reading of ZIP archives: what an archive says of itself is never believed.

Members are inflated in blocks and stopped at a fixed size; the ratio and the sum over the whole archive
are bounded too, so that a bomb costs no more than its limit.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import IO

MAX_MEMBERS = 2000
"""Members of one archive. Chosen: Office documents stay below 500; peers stop at 2,000-5,000."""
MAX_MEMBER = 16 * 1024 * 1024
"""Bytes read of one member. Chosen: macro projects stay below 4 MB."""
MAX_TOTAL = 64 * 1024 * 1024
"""Bytes read of one archive. Chosen: twice the largest mail that the door takes by default."""
MAX_SEARCHED = 128 * 1024 * 1024
"""Bytes of one archive that are only searched, piece by piece: 0.5 s. Chosen: three million cells take 90 MB."""
PIECE = 1024 * 1024
"""Bytes of a piece. Chosen."""
MOST_CLOSING = 100
"""Tags that close at the end of a piece which are passed over to find one that opens. Chosen."""
BOMB_RATIO = 200
"""Inflated over packed size above which an archive counts as a bomb (deflate ends at 1,032, XML below 50)."""
BOMB_SIZE = 100 * 1024 * 1024
"""Declared size from which `BOMB_RATIO` matters."""

_BLOCK = 64 * 1024
"""Bytes inflated at a time. Chosen: a bomb is noticed after one block too many."""


class ZipError(ValueError):
    """An archive can't be read: `reason` says why, ``limit:`` leads where a bound was reached."""


class Zip:
    """An open archive over `raw`. Raises `ZipError` when its directory can't be read."""

    def __init__(self, raw: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(raw))
            self._infos = self._zip.infolist()
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError, OverflowError) as error:
            raise ZipError(f"archive directory: {error}") from error
        if len(self._infos) > MAX_MEMBERS:
            raise ZipError(f"limit: {len(self._infos)} members, more than {MAX_MEMBERS}")
        self._left, self._searched = MAX_TOTAL, MAX_SEARCHED

    @property
    def names(self) -> list[str]:
        """Names of the members as the archive writes them."""
        return [info.filename for info in self._infos]

    @property
    def encrypted(self) -> bool:
        """True when at least one member is encrypted."""
        return any(info.flag_bits & 1 for info in self._infos)

    @property
    def bomb(self) -> bool:
        """True when the archive declares far more than its size can honestly hold."""
        packed = sum(info.compress_size for info in self._infos)
        size = sum(info.file_size for info in self._infos)
        return size > BOMB_SIZE and size > BOMB_RATIO * max(1, packed)

    def read(self, name: str) -> bytes:
        """Return a member. Raises `ZipError` when it is broken, encrypted or over a limit."""
        try:
            with self._zip.open(name) as member:
                return self._drain(member, name)
        except (zipfile.BadZipFile, zlib.error, ValueError, OSError, LookupError, RuntimeError, EOFError) as error:
            if isinstance(error, ZipError):
                raise
            raise ZipError(f"member {name[:80]!r}: {error}") from error

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield a member of XML piece by piece, each cut in front of a tag that opens. Raises `ZipError` as `read`."""
        rest, size = b"", 0
        try:
            honest = max(MAX_MEMBER, BOMB_RATIO * self._zip.getinfo(name).compress_size)
            with self._zip.open(name) as member:
                while block := member.read(PIECE):
                    size += len(block)
                    self._searched -= len(block)
                    if self._searched < 0 or size > honest:
                        raise ZipError(f"limit: member {name[:80]!r} inflates beyond the limit")
                    rest += block
                    cut = _before_a_tag(rest)
                    yield rest[:cut]
                    rest = rest[cut:]
        except (zipfile.BadZipFile, zlib.error, ValueError, OSError, LookupError, RuntimeError, EOFError) as error:
            if isinstance(error, ZipError):
                raise
            raise ZipError(f"member {name[:80]!r}: {error}") from error
        yield rest

    def find(self, endings: Iterable[str]) -> list[str]:
        """Return the members whose name, lower case, ends with one of `endings`."""
        wanted = tuple(endings)
        return [name for name in self.names if name.lower().endswith(wanted)]

    def _drain(self, member: IO[bytes], name: str) -> bytes:
        out = bytearray()
        while block := member.read(_BLOCK):
            out += block
            self._left -= len(block)
            if len(out) > MAX_MEMBER or self._left < 0:
                raise ZipError(f"limit: member {name[:80]!r} inflates beyond the limit")
        return bytes(out)


def _before_a_tag(xml: bytes) -> int:
    """Return the place of the last tag that opens, or the length where there is none near the end."""
    at = len(xml)
    for _ in range(MOST_CLOSING):
        at = xml.rfind(b"<", max(0, at - PIECE), at)
        if at <= 0:
            break
        if xml[at + 1 : at + 2] not in (b"/", b""):
            return at
    return len(xml)
