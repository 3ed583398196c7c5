"""Compiled help, compiled AutoIt scripts, InstallShield programs: what they bring along is found. All made here."""

from __future__ import annotations

import contextlib
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.examine.api import Budget, Context, Limits, Part, UnreadableError, Verdicts
from safecare.examine.engine import Engine
from safecare.examine.unpack import autoit, installers
from safecare.examine.unpack.chm import FRAME, Help

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
ENGINE = Engine()


def bits(*fields: tuple[int, int]) -> bytes:
    text = "".join(f"{value:0{width}b}" for value, width in fields)
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


def lzx(raw: bytes) -> list[bytes]:
    """Return pieces of LZX that hold `raw` plainly, each one a start of its own ([MS-PATCH], block type 3)."""
    pieces = []
    for at in range(0, len(raw), FRAME):
        data = raw[at : at + FRAME]
        text = f"{0:01b}{3:03b}{len(data):024b}"
        text += "0" * (-len(text) % 16)
        words = b"".join(int(text[n : n + 16], 2).to_bytes(2, "little") for n in range(0, len(text), 16))
        pieces.append(words + struct.pack("<III", 1, 1, 1) + data + b"\0" * (len(data) % 2))
    return pieces


def help_file(files: dict[str, bytes]) -> bytes:
    """Return compiled help of `files`, packed as LZX."""
    whole = b"".join(files.values())
    pieces = lzx(whole)
    store = "::DataSpace/Storage/MSCompressed/"
    places = [sum(map(len, pieces[:number])) for number in range(len(pieces))]
    packed = b"".join(pieces)
    resets = struct.pack("<IIIIQQQ", 2, len(pieces), 8, 40, len(whole), len(packed), FRAME)
    plain = {
        store + "Content": packed,
        store + "ControlData": struct.pack("<I4sIIIII", 6, b"LZXC", 2, 1, 2, 1, 0),
        store + "Transform/{7FC28940-9D31-11D0-9B27-00A0C91E9C7C}/InstanceData/ResetTable": resets
        + struct.pack(f"<{len(places)}Q", *places),
    }

    def number(value: int) -> bytes:
        out = [value & 0x7F]
        while value := value >> 7:
            out.insert(0, value & 0x7F | 0x80)
        return bytes(out)

    listing, at = b"", 0
    for section, group in ((1, files), (0, plain)):
        at = 0
        for name, raw in group.items():
            listing += number(len(name)) + name.encode() + number(section) + number(at) + number(len(raw))
            at += len(raw)
    chunk = b"PMGL" + struct.pack("<IIII", 4096 - 20 - len(listing), 0, 0xFFFFFFFF, 0xFFFFFFFF) + listing
    table = b"ITSP" + struct.pack("<IIIIIIIII", 1, 0x54, 10, 4096, 2, 1, 0, 0, 0) + struct.pack("<II", 0, 1)
    table = table.ljust(0x54, b"\0") + chunk.ljust(4096, b"\0")
    start = 0x60 + len(table)
    head = b"ITSF" + struct.pack("<IIIII", 3, 0x60, 1, 0, 0) + bytes(32) + struct.pack("<QQQQ", 0, 0, 0x60, len(table))
    return (head + struct.pack("<Q", start)).ljust(0x60, b"\0") + table + b"".join(plain.values())


def compiled(kind: bytes, name: str, raw: bytes) -> bytes:
    """Return a compiled script that brings one file along, packed without any repetition."""
    version = autoit._VERSIONS[kind]
    lock = autoit._twister if kind == b"EA05" else autoit._lagged
    proof = bytes(range(16))
    seed = sum(proof) if kind == b"EA05" else 0

    def text(value: str, numbers: tuple[int, int]) -> bytes:
        coded = value.encode(version.letters)
        return struct.pack("<I", len(value) ^ numbers[0]) + lock(coded, len(value) + numbers[1])

    packed = (
        kind + struct.pack(">I", len(raw)) + bits(*[part for one in raw for part in ((version.literal, 1), (one, 8))])
    )
    out = lock(b"FILE", version.mark) + text(">FILE<", version.kind) + text(name, version.name)
    out += struct.pack("<BII", 1, len(packed) ^ version.size, len(raw) ^ version.size) + bytes(20)
    out += lock(packed, seed + version.content)
    return b"MZ" + bytes(98) + autoit._MAGIC + kind + proof + out


def shield(name: bytes, raw: bytes) -> bytes:
    """Return the list of files of an InstallShield program."""
    packed = zlib.compress(raw)
    locked = installers._unlocked(packed, name, 1024)
    twice = bytes((one << 4 | one >> 4) & 255 for one in range(256))
    key = bytes(one ^ b"\x13\x35\x86\x07"[place % 4] for place, one in enumerate(name))
    coded = bytes(~one & 255 ^ key[place % 1024 % len(key)] for place, one in enumerate(packed)).translate(twice)
    assert installers._unlocked(coded, name, 1024) == packed
    assert locked != packed
    told = name.ljust(260, b"\0") + struct.pack("<IIIIIH", 6, 0, len(coded), 0, 0, 1) + bytes(30)
    return b"MZ" + bytes(98) + b"InstallShield\0" + struct.pack("<HI", 1, 0) + bytes(26) + told + coded


CARRIERS = {
    "compiled help": help_file({"/a.htm": b"<html>" + b"x" * 70_000, "/b.txt": EICAR}),
    "AutoIt, EA05": compiled(b"EA05", "C:\\a\\b.txt", EICAR),
    "AutoIt, EA06": compiled(b"EA06", "C:\\a\\b.txt", EICAR),
    "InstallShield": shield(b"clam.msi", EICAR + bytes(3000)),
}


@pytest.mark.parametrize("name", CARRIERS)
def test_what_they_bring_along_is_found(name: str) -> None:
    verdict = ENGINE.judge(CARRIERS[name])
    assert verdict.verdict is Verdicts.MALICIOUS, verdict
    assert any(one.rule == "rule.eicar_test_file" and one.where.part for one in verdict.findings)


def test_help_that_starts_a_program_is_told() -> None:
    page = (
        b'<html><object classid="clsid:adb880a6-d8ff-11cf-9377-00aa003b7a11"><param name="Command" value="ShortCut">'
        b'<param name="Item1" value=",cmd.exe,/c calc"></object>'
    )
    attack = ENGINE.judge(help_file({"/a.htm": page}))
    assert "page.starts" in [one.rule for one in attack.findings]
    newer = page.replace(b"adb880a6-d8ff-11cf-9377-00aa003b7a11", b"52a2aaae-085d-4187-97ea-8c30db990436")
    assert "page.starts" in [one.rule for one in ENGINE.judge(help_file({"/a.htm": newer})).findings]
    other = page.replace(b"adb880a6-d8ff-11cf-9377-00aa003b7a11", b"22d6f312-b0f6-11d0-94ab-0080c74c7e95")
    assert ENGINE.judge(help_file({"/a.htm": other})).verdict is Verdicts.CLEAN
    contents = page.replace(b"ShortCut", b"Contents").replace(b",cmd.exe,/c calc", b"")
    assert ENGINE.judge(help_file({"/a.htm": contents})).verdict is Verdicts.CLEAN


def test_frames_of_lzx_in_a_cabinet_join() -> None:
    raw = bytes(range(256)) * 1000
    files = list(Help().examine(Part(help_file({"/a": raw[:100], "/b": raw})), Context(Budget(Limits(), len(raw)))))
    assert [one.raw for one in files if isinstance(one, Part)] == [raw[:100], raw]


def test_tokens_of_a_script_are_words() -> None:
    word = "Run"
    coded = struct.pack("<I", 3) + b"".join(struct.pack("<H", ord(one) ^ 3) for one in word)
    assert autoit.texts(b"\1\0\0\0" + b"\x31" + coded + b"\x05\0\0\0\0\x7f").split() == [b"Run"]


@given(st.sampled_from(sorted(CARRIERS)), st.integers(0, 100_000), st.binary(min_size=1, max_size=8))
def test_damaged_ones_have_a_verdict(name: str, place: int, noise: bytes) -> None:
    whole = CARRIERS[name]
    at = place % len(whole)
    verdict = ENGINE.judge(whole[:at] + noise + whole[at + len(noise) :])
    assert not [one for one in verdict.findings if one.rule.endswith(".failed")], verdict


@given(st.binary(max_size=300), st.sampled_from([0, 1]))
def test_packed_scripts_stay_in_bounds(raw: bytes, literal: int) -> None:
    with contextlib.suppress(UnreadableError):
        assert len(autoit.unpack(raw, 5000, literal)) <= 5000
    autoit.texts(raw)
