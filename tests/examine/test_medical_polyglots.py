"""Files that are DICOM and something else, made as the tools for polyglots make them: cavity, parasite, appended."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine
from safecare.testing.medical_attacks.payloads import BINARIES, SCRIPTS, zipped
from safecare.testing.medical_attacks.writer import EXPLICIT, IMPLICIT, JPEG_2000, Image, Items

FOUND = (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS)
HEADS: dict[str, bytes] = {
    "png": b"\x89PNG\r\n\x1a\n",
    "gif": b"GIF89a\x10\0\x10\0",
    "jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF\0",
    "flac": b"fLaC\0\0\0\x22",
    "ogg": b"OggS\0\2",
    "id3": b"ID3\3\0\0\0\0\0\x7f",
    "matroska": b"\x1aE\xdf\xa3",
    "mp4": b"\0\0\0\x20ftypisom",
    "pcap": b"\xd4\xc3\xb2\xa1\2\0\4\0",
    "icon": b"\0\0\1\0\1\0",
    "wad": b"IWAD\1\0",
    "cpio": b"070701",
    "zstd": b"\x28\xb5\x2f\xfd",
    "postscript": b"%!PS\n",
    "comment": b"/* ",
    "page": b"<html><!--",
    "python": b'"""',
    "batch": b"@echo off\r\n",
    "mail": b"From: a@b\nSubject: x\n\n",
}
ENGINE = Engine(only=("dicom",))


@pytest.mark.parametrize("name", HEADS)
def test_every_other_format_in_the_preamble_is_found(name: str) -> None:
    raw = Image(preamble=HEADS[name], pixels=b"\1\2").write()
    assert ENGINE.judge(raw).verdict in FOUND


@pytest.mark.parametrize("name", [*BINARIES, *SCRIPTS])
@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, JPEG_2000])
def test_a_parasite_in_front_of_the_meta_information_is_found(name: str, syntax: str) -> None:
    payload = {**BINARIES, **SCRIPTS}[name]
    host = Image(syntax=syntax, pixels=b"\1\2").write()
    raw = host[:132] + b"\x09\0\0\0OB\0\0" + struct.pack("<I", len(payload)) + payload + host[132:]
    assert ENGINE.judge(raw).verdict in FOUND


@pytest.mark.parametrize("tail", [HEADS["png"] + b"\0" * 60, HEADS["flac"] + b"\0" * 60, bytes(range(256)) * 3])
@pytest.mark.parametrize("more", [{"pixels": b"\1\2"}, {"syntax": IMPLICIT, "pixels": b"\1\2"}, {}])
def test_what_is_appended_is_found_whatever_it_is(tail: bytes, more: dict[str, Any]) -> None:
    verdict = ENGINE.judge(Image(**more).write() + tail).verdict
    assert verdict in FOUND or (not more.get("pixels") and verdict is Verdicts.UNREADABLE)


def test_files_inside_values_are_no_polyglots() -> None:
    document: Items = {(0x00420011, "OB"): zipped({"a.model": b"x"}, b""), (0x00420012, "LO"): "model/3mf+zip"}
    assert ENGINE.judge(Image(items=document).write()).verdict is Verdicts.CLEAN
    vendor: Items = {
        (0x00090010, "LO"): "FABRICANT",
        (0x00091001, "UT"): "<Protocol><Script>Thorax</Script><object name='a'/></Protocol>",
        (0x00091002, "OB"): b"\x1f\x8b\x08\0" + bytes(60),
        (0x00081190, "UR"): "https://pacs.hopital.com",
    }
    assert ENGINE.judge(Image(items=vendor, pixels=b"\1\2").write()).verdict is Verdicts.CLEAN


def test_zeros_behind_the_data_set_are_padding_however_many_and_what_follows_them_is_not() -> None:
    host = Image(pixels=b"\1\2").write()
    assert ENGINE.judge(host + bytes(2_000_000)).verdict is Verdicts.CLEAN
    assert ENGINE.judge(host + bytes(400_000) + zipped({"a.txt": b"x"}, b"")).verdict in FOUND


def test_a_comment_that_begins_in_the_preamble_is_found() -> None:
    assert ENGINE.judge(Image(preamble=b"a=1/*", pixels=b"\1\2").write()).verdict in FOUND
