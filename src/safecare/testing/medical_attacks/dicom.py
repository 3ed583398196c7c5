"""DICOM attack files: preamble, appended data, private and public attributes, pixel data, encapsulated documents.

Source of the kinds: PS3.10 section 7.5, CVE-2019-11687 (preamble), CVE-2026-32711 (file-set paths), the parser
weaknesses of 2024-2026 (lengths, nesting, deflate), and PS3.5 section 6.2 (what a value may hold).
"""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from safecare.testing.medical_attacks.payloads import (
    BINARIES,
    EICAR,
    SCRIPTS,
    TEXTS,
    jpeg,
    jpeg_2000,
    pdf,
    pe,
    rle,
    zipped,
)
from safecare.testing.medical_attacks.sample import Label, Sample
from safecare.testing.medical_attacks.writer import (
    BIG,
    CT_IMAGE,
    DEFLATED,
    ENCAPSULATED_CDA,
    ENCAPSULATED_PDF,
    ENCAPSULATED_STL,
    EXPLICIT,
    HTJ2K,
    IMPLICIT,
    JPEG,
    JPEG_2000,
    JPEG_LS,
    JPIP,
    MEDIA_DIRECTORY,
    MPEG4,
    RLE,
    ROOT,
    Image,
    Items,
    Writer,
    padded,
)

SIDE = 16
"""Rows and columns of the made images."""


def image(rng: random.Random, syntax: str = EXPLICIT, items: Items | None = None, **more: Any) -> Image:
    """Return a valid CT image of random voxels in `syntax`; `items` are added to its own, `more` fields of `Image`."""
    own: Items = {
        (0x00080005, "CS"): "ISO_IR 192",
        (0x00080020, "DA"): "20260105",
        (0x00080060, "CS"): "CT",
        (0x00080070, "LO"): "Fabricant SA",
        (0x00081030, "LO"): "Thorax sans injection",
        (0x00100010, "PN"): "EXEMPLE^ALIX",
        (0x00100020, "LO"): f"T{rng.randrange(10**6):06d}",
        (0x0020000D, "UI"): f"{ROOT}.2.{rng.randrange(10**9)}",
        (0x0020000E, "UI"): f"{ROOT}.3.{rng.randrange(10**9)}",
        (0x00280002, "US"): 1,
        (0x00280004, "CS"): "MONOCHROME2",
        (0x00280010, "US"): SIDE,
        (0x00280011, "US"): SIDE,
        (0x00280100, "US"): 16,
        (0x00280101, "US"): 12,
        (0x00280102, "US"): 11,
        (0x00280103, "US"): 0,
    }
    voxels = b"".join(struct.pack("<H", rng.randrange(4096)) for _ in range(SIDE * SIDE))
    pixels = None if more.get("fragments") else voxels
    return Image(syntax=syntax, items={**own, **(items or {})}, pixels=pixels, **more)


def _sample(technique: str, variant: str, what: str, raw: bytes, label: Label = "attack", twin: str = "ct") -> Sample:
    name = f"dicom-{technique}-{variant}.dcm" if variant else f"dicom-{technique}.dcm"
    told = f"dicom-benign-{twin}.dcm" if label != "benign" else ""
    return Sample(name=name, label=label, family="dicom", technique=technique, what=what, raw=raw, twin=told)


def preambles(rng: random.Random) -> Iterator[Sample]:
    """Yield files whose preamble makes them something else too; what does not fit in 128 bytes lies further on."""
    for name, payload in {**BINARIES, **SCRIPTS}.items():
        start = payload[:128]
        for syntax, told in ((EXPLICIT, ""), (IMPLICIT, "-implicit")) if name in ("pe", "elf") else ((EXPLICIT, ""),):
            made = image(rng, syntax, preamble=start, after=payload[128:] if name in ("zip", "pdf") else b"")
            yield _sample("preamble", name + told, f"The preamble begins a file of kind {name}.", made.write())
    hidden = pe()
    made = image(rng, items={(0x00091001, "OB"): hidden})
    made.preamble = hidden[:60]
    at = made.write().index(b"PE\0\0")
    made.preamble = pe(at)[:64]
    what = "A program whose first header is the preamble and whose second lies in a private element (CVE-2019-11687)."
    yield _sample("preamble", "pe-in-private", what, made.write())


def appended(rng: random.Random) -> Iterator[Sample]:
    """Yield files with something behind the data set."""
    for name in ("pe", "elf", "zip", "pdf", "7z", "rar", "gzip", "class"):
        yield _sample(
            "appended", name, f"A file of kind {name} follows the data set.", image(rng, after=BINARIES[name]).write()
        )
    for name in ("sh", "html", "php", "bat"):
        yield _sample("appended", name, f"A script ({name}) follows.", image(rng, after=SCRIPTS[name]).write())
    yield _sample("appended", "eicar", "EICAR follows.", image(rng, after=EICAR).write())
    made = image(rng, DEFLATED, after=padded(BINARIES["zip"]))
    yield _sample("appended", "deflated-zip", "An archive follows a deflated data set.", made.write(), twin="deflated")
    made = image(rng, IMPLICIT, after=BINARIES["pe"])
    yield _sample("appended", "implicit-pe", "A program follows.", made.write(), twin="implicit")
    made = image(rng, JPEG, fragments=(jpeg(),), after=BINARIES["zip"])
    yield _sample("appended", "jpeg-zip", "An archive follows encapsulated pixels.", made.write(), twin="jpeg")
    made = image(rng, items={(0xFFFCFFFC, "OB"): BINARIES["pe"]})
    yield _sample("appended", "trailing-padding", "The trailing padding is a program.", made.write())


def private(rng: random.Random) -> Iterator[Sample]:
    """Yield files with payloads in private elements: with and without creator, nested, in every kind of value."""
    creator: Items = {(0x00090010, "LO"): "FABRICANT 1.0"}
    for name, payload in {**BINARIES, **SCRIPTS, "eicar": EICAR}.items():
        made = image(rng, items={**creator, (0x00091010, "OB"): payload})
        yield _sample("private", name, f"A private element holds a file of kind {name}.", made.write(), twin="private")
    for vr in ("UN", "OW", "UT", "OF"):
        made = image(rng, items={**creator, (0x00091010, vr): pe()})
        yield _sample("private", f"pe-{vr.lower()}", f"A program in a private {vr}.", made.write(), twin="private")
    for syntax, told in ((IMPLICIT, "implicit"), (BIG, "big"), (DEFLATED, "deflated")):
        made = image(rng, syntax, items={**creator, (0x00091010, "OB"): pe()})
        yield _sample("private", f"pe-{told}", f"A program, {told} syntax.", made.write(), twin=told)
    made = image(rng, items={(0x00091010, "OB"): zipped()})
    yield _sample("private", "zip-no-creator", "An archive in a private element that nobody reserved.", made.write())
    for undefined, told in ((False, "length"), (True, "delimited")):
        inner: Items = {**creator, (0x00091010, "OB"): pe()}
        made = image(rng, items={(0x00081140, "SQ"): [{(0x00081155, "UI"): ROOT}, inner]}, undefined=undefined)
        yield _sample("private", f"pe-nested-{told}", "A program in a private element in a sequence.", made.write())
    shifted = b"\0" * 32 + pe()
    made = image(rng, items={**creator, (0x00091010, "OB"): shifted})
    yield _sample("private", "pe-shifted", "A program after 32 zero bytes.", made.write(), twin="private")
    made = image(rng, items={**creator, (0x00091010, "UT"): TEXTS["base64-pe"]})
    yield _sample("private", "base64-pe", "A program as Base64 in a private text.", made.write(), twin="private")


def public(rng: random.Random) -> Iterator[Sample]:
    """Yield files with payloads in standard attributes: overlays, tables, waveforms, texts."""
    for tag, vr, told in (
        (0x60003000, "OW", "overlay"),
        (0x00281201, "OW", "palette"),
        (0x00283006, "OW", "lookup-table"),
        (0x50003000, "OW", "curve"),
        (0x54001010, "OB", "waveform"),
        (0x00420011, "OB", "document"),
        (0x04000120, "OB", "certificate"),
    ):
        for name in ("pe", "zip", "elf"):
            made = image(rng, items={(tag, vr): BINARIES[name]})
            yield _sample("bulk", f"{told}-{name}", f"{told} data is a file of kind {name}.", made.write())
    for tag, vr, told in (
        (0x00100010, "PN", "patient-name"),
        (0x00081030, "LO", "study-description"),
        (0x00104000, "LT", "patient-comments"),
        (0x00204000, "LT", "image-comments"),
        (0x0040A160, "UT", "text-value"),
        (0x00080070, "LO", "manufacturer"),
    ):
        for name in ("script-tag", "lookup", "event-handler") if told != "patient-comments" else TEXTS:
            made = image(rng, items={(tag, vr): TEXTS[name]})
            yield _sample("text", f"{told}-{name}", f"{told} holds {name}.", made.write())


def documents(rng: random.Random) -> Iterator[Sample]:
    """Yield encapsulated documents that carry something."""
    cda = (
        b'<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"><component><structuredBody><component><section>'
        b"<text><script>console.log(1)</script></text></section></component></structuredBody></component>"
        b"</ClinicalDocument>"
    )
    for sop, media, told, raw in (
        (ENCAPSULATED_PDF, "application/pdf", "pdf-script-eicar", pdf(extra=EICAR)),
        (ENCAPSULATED_PDF, "application/pdf", "pdf-is-pe", pe()),
        (ENCAPSULATED_PDF, "application/pdf", "pdf-is-html", SCRIPTS["html"]),
        (ENCAPSULATED_CDA, "text/XML", "cda-script", cda),
        (ENCAPSULATED_STL, "model/stl", "stl-is-pe", pe()),
        (ENCAPSULATED_STL, "model/stl", "stl-is-zip", zipped()),
    ):
        items: Items = {
            (0x00080005, "CS"): "ISO_IR 192",
            (0x00080060, "CS"): "DOC",
            (0x00420011, "OB"): raw,
            (0x00420012, "LO"): media,
        }
        made = Image(sop_class=sop, items=items)
        yield _sample("document", told, f"The encapsulated document: {told}.", made.write(), twin="document")


def pixels(rng: random.Random) -> Iterator[Sample]:
    """Yield files whose pixel data is longer than declared, or no pixels at all."""
    for name in ("pe", "zip", "elf", "pdf"):
        made = image(rng)
        made.pixels = (made.pixels or b"") + BINARIES[name]
        yield _sample("pixel-excess", name, f"A file of kind {name} behind the pixels.", made.write())
        made = image(rng)
        made.pixels = BINARIES[name].ljust(2 * SIDE * SIDE, b"\0")[: 2 * SIDE * SIDE]
        if name == "pe":
            yield _sample("pixel-payload", name, "The pixels are a program.", made.write())
    made = image(rng)
    made.pixels = (made.pixels or b"") + bytes(rng.randrange(256) for _ in range(3000))
    yield _sample("pixel-excess", "random", "3 kB that nothing shows behind the pixels.", made.write())
    made = image(rng)
    made.pixels = (made.pixels or b"")[: SIDE * SIDE]
    yield _sample("pixel-short", "half", "Half of the pixels are missing.", made.write(), "malformed")
    for syntax, told in (
        (JPEG, "jpeg"),
        (JPEG_LS, "jpeg-ls"),
        (JPEG_2000, "jpeg-2000"),
        (RLE, "rle"),
        (HTJ2K, "htj2k"),
        (MPEG4, "mpeg4"),
    ):
        for name in ("pe", "zip", "sh"):
            payload = {**BINARIES, **SCRIPTS}[name]
            made = image(rng, syntax, fragments=(payload,))
            yield _sample("fragment", f"{told}-{name}", f"A {told} frame is a {name}.", made.write(), twin="jpeg")
    for told, frame in (("jpeg", jpeg()), ("jpeg-2000", jpeg_2000())):
        syntax = JPEG if told == "jpeg" else JPEG_2000
        for name, payload in (("eicar", EICAR), ("pe", pe()), ("zip", zipped())):
            made = image(rng, syntax, fragments=(frame + payload,))
            yield _sample("after-image", f"{told}-{name}", f"{name} behind the end of a {told}.", made.write())
    made = image(rng, JPEG, fragments=(jpeg(pe()),))
    yield _sample("fragment", "jpeg-comment-pe", "A program in a comment of a JPEG frame.", made.write(), twin="jpeg")
    made = image(rng, JPEG, fragments=(jpeg(SCRIPTS["php"]),))
    yield _sample("fragment", "jpeg-comment-php", "A script in a comment of a JPEG frame.", made.write(), twin="jpeg")
    made = image(rng, JPEG, fragments=(jpeg(),), table=padded(pe(), b"\0").ljust(512, b"\0"))
    yield _sample("fragment", "offset-table-pe", "The basic offset table is a program.", made.write(), twin="jpeg")
    made = image(rng, RLE, fragments=(rle() + pe(),))
    yield _sample("after-image", "rle-pe", "A program behind the segments of an RLE frame.", made.write(), twin="rle")


def names(rng: random.Random) -> Iterator[Sample]:
    """Yield UIDs and file names that leave their folder, and places that a viewer would fetch from."""
    for at, bad in enumerate(
        ("../../../../etc/cron.d/x", "..\\..\\Windows\\x", "/etc/passwd", "1.2;rm -rf /", "1.2/../3")
    ):
        for tag, told in ((0x00080018, "instance"), (0x0020000D, "study"), (0x0020000E, "series")):
            made = image(rng, items={(tag, "UI"): bad})
            yield _sample("uid", f"{told}-{at}", f"The {told} UID is {bad}.", made.write())
    made = image(rng, meta={(0x00020003, "UI"): "../../x"})
    yield _sample("uid", "meta", "The instance UID of the meta information is a path.", made.write())
    for at, name in enumerate(
        ("..\\..\\..\\EVIL", "IMAGES\\../../EVIL", "C:\\WINDOWS\\EVIL", "/etc/passwd", "\\\\HOST\\SHARE\\X")
    ):
        record: Items = {(0x00041430, "CS"): "IMAGE", (0x00041500, "CS"): name, (0x00041511, "UI"): ROOT}
        items: Items = {(0x00041130, "CS"): "DISK", (0x00041220, "SQ"): [record]}
        raw = Image(sop_class=MEDIA_DIRECTORY, items=items).write()
        yield _sample("file-set", f"path-{at}", f"A file of the directory is {name}.", raw, twin="directory")
    for told, tag, vr, url in (
        ("jpip", 0x00287FE0, "UR", "https://attacker.example/jpip?target=1"),
        ("retrieve-url", 0x00081190, "UR", "https://attacker.example/x.exe"),
        ("retrieve-uri", 0x0040E010, "UR", "file:////attacker.example/share/x"),
        ("smb", 0x00081190, "UR", "smb://attacker.example/share/x"),
        ("javascript", 0x0040E010, "UR", "javascript:console.log(1)"),
    ):
        made = image(rng, JPIP if told == "jpip" else EXPLICIT, items={(tag, vr): url})
        if told == "jpip":
            made.pixels = None
        yield _sample("remote", told, f"A viewer is told to fetch {url}.", made.write())


def bombs(rng: random.Random) -> Iterator[Sample]:
    """Yield files that cost the reader memory, time or stack."""
    writer = Writer(EXPLICIT)
    for told, vr, length in (("ob", "OB", 0xFFFFFFF0), ("un", "UN", 0x7FFFFFFF), ("ut", "UT", 0xFFFFFFFE)):
        made = image(rng, raw=writer.element(0x7FE10010, vr, b"\0" * 16, length=length))
        yield _sample("bomb", f"length-{told}", f"An element claims {length} bytes.", made.write())
    for depth in (64, 400, 20_000):
        made = image(rng, raw=b"\x40\0\x30\xa7SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * depth)
        yield _sample("bomb", f"depth-{depth}", f"{depth} sequences within each other.", made.write())
    big: Items = {(0x00280010, "US"): 65535, (0x00280011, "US"): 65535, (0x00280008, "IS"): "9999"}
    yield _sample("bomb", "rows-columns", "65535 x 65535 pixels in 9999 frames.", image(rng, items=big).write())
    for megabytes in (100, 300):
        deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        head = writer.dataset(image(rng).items) + writer.element(0x7FE00010, "OW", b"", length=megabytes << 20)
        raw = deflater.compress(head) + deflater.flush(zlib.Z_FULL_FLUSH)
        block = deflater.compress(bytes(1 << 20)) + deflater.flush(zlib.Z_FULL_FLUSH)  # stands alone: may be repeated
        bomb = image(rng, DEFLATED).head() + raw + block * megabytes + deflater.flush()
        yield _sample("bomb", f"deflate-{megabytes}", f"Inflates to {megabytes} MB.", bomb)
    items = b"\xfe\xff\x00\xe0\0\0\0\0" * 500_000
    sequence = b"\x40\0\x30\xa7SQ\0\0" + struct.pack("<I", len(items)) + items
    yield _sample("bomb", "items", "500,000 empty items.", image(rng, raw=sequence).write())
    made = image(rng, DEFLATED, items={(0x00204000, "LT"): EICAR.decode()})
    yield _sample("deflated", "eicar", "EICAR in a deflated data set.", made.write(), twin="deflated")
    made = image(rng, DEFLATED, items={(0x00420011, "OB"): zipped()})
    yield _sample("deflated", "zip", "An archive in a deflated data set.", made.write(), twin="deflated")


def malformed(rng: random.Random) -> Iterator[Sample]:
    """Yield damaged files: no attack, but nobody can say what a reader makes of them."""
    whole = image(rng).write()
    for part in (2, 3, 5):
        what = f"Cut off after {part - 1} of {part} parts."
        yield _sample("damaged", f"cut-{part}", what, whole[: len(whole) * (part - 1) // part], "malformed")
    broken = Image(raw=b"\x40\0\x30\xa7SQ\0\0\x20\0\0\0" + b"\x11" * 32).write()
    yield _sample("damaged", "no-item", "A sequence without items.", broken, "malformed")
    cut = image(rng, DEFLATED).write()
    yield _sample("damaged", "deflated-cut", "A deflated data set is cut off.", cut[:-40], "malformed")
    random_set = image(rng).head() + bytes(rng.randrange(256) for _ in range(2000))
    yield _sample("damaged", "random", "Random bytes for a data set.", random_set, "malformed")


def benign(rng: random.Random) -> Iterator[Sample]:
    """Yield honest files: the twins of the attacks, and those that look odd but are allowed."""
    creator: Items = {(0x00090010, "LO"): "FABRICANT 1.0"}
    noise = bytes(rng.randrange(256) for _ in range(2048))
    tiff = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 1) + struct.pack("<HHII", 256, 3, 1, SIDE) + b"\0" * 4
    record: Items = {(0x00041430, "CS"): "IMAGE", (0x00041500, "CS"): "IMAGES\\IM00001", (0x00041511, "UI"): ROOT}
    texts: Items = {
        (0x00104000, "LT"): "Douleur < 3 jours ; TA 120/80. Voir <CR du 05/01> & suite.",
        (0x00081030, "LO"): "Script de sortie (ordonnance)",
        (0x00204000, "LT"): "MZ n'est pas un programme ; PK non plus.",
    }
    nested: Items = {(0x00081140, "SQ"): [{(0x00081155, "UI"): ROOT, (0x00081150, "UI"): CT_IMAGE}]}
    frames: Items = {(0x00280008, "IS"): "3"}
    three = image(rng, items=frames)
    three.pixels = noise[: 2 * SIDE * SIDE] * 3
    overlay: Items = {(0x60000010, "US"): SIDE, (0x60000011, "US"): SIDE, (0x60003000, "OW"): noise[: SIDE * SIDE // 8]}
    document: Items = {(0x00080060, "CS"): "DOC", (0x00420011, "OB"): pdf(""), (0x00420012, "LO"): "application/pdf"}
    bulk: Items = {**creator, (0x00091010, "OB"): noise}
    chance: Items = {**creator, (0x00091010, "OB"): b"MZ" + noise}
    odd = image(rng, items={(0x00280010, "US"): 5, (0x00280011, "US"): 3, (0x00280100, "US"): 8})
    odd.pixels = bytes(15)
    made: dict[str, tuple[str, Image]] = {
        "ct": ("A CT image.", image(rng)),
        "implicit": ("Implicit little endian.", image(rng, IMPLICIT)),
        "big": ("Explicit big endian.", image(rng, BIG)),
        "deflated": ("A deflated data set.", image(rng, DEFLATED)),
        "jpeg": ("A JPEG frame.", image(rng, JPEG, fragments=(jpeg(),))),
        "jpeg-comment": ("A JPEG frame with a comment.", image(rng, JPEG, fragments=(jpeg(b"Lavc58"),))),
        "jpeg-2000": ("A JPEG 2000 frame.", image(rng, JPEG_2000, fragments=(jpeg_2000(),))),
        "rle": ("An RLE frame.", image(rng, RLE, fragments=(rle(),))),
        "frames": ("Three frames in five fragments.", image(rng, JPEG, fragments=(jpeg()[:60], jpeg()[60:], jpeg()))),
        "multi-frame": ("Three native frames.", three),
        "private": ("A private block with bulk data.", image(rng, items=bulk)),
        "private-mz": ("A private value that begins with MZ by chance.", image(rng, items=chance)),
        "private-nested": ("Sequences with and without length.", image(rng, items=nested, undefined=True)),
        "tiff": ("A DICOM and TIFF dual file (whole-slide imaging).", image(rng, preamble=tiff)),
        "texts": ("Texts with angle brackets, MZ and PK.", image(rng, items=texts)),
        "overlay": ("An overlay.", image(rng, items=overlay)),
        "document": ("An encapsulated PDF.", Image(sop_class=ENCAPSULATED_PDF, items=document)),
        "directory": ("A media directory.", Image(sop_class=MEDIA_DIRECTORY, items={(0x00041220, "SQ"): [record]})),
        "padding": ("Trailing padding of zeros.", image(rng, items={(0xFFFCFFFC, "OB"): bytes(512)})),
        "odd-length": ("An odd number of pixels, padded.", odd),
        "zeros-after": ("Zero bytes behind the data set.", image(rng, after=bytes(64))),
        "retrieve-url": (
            "A retrieve URL of the hospital's own archive.",
            image(rng, items={(0x00081190, "UR"): "https://pacs.hopital.example/wado/studies/1.2.3"}),
        ),
    }
    for name, (what, one) in made.items():
        yield _sample("benign", name, what, one.write(), "benign")
    without = image(rng).write()[132:]
    yield _sample("benign", "no-preamble", "Without preamble and prefix, as old devices write.", without, "benign")


FAMILIES: tuple[Callable[[random.Random], Iterator[Sample]], ...] = (
    *(benign, preambles, appended, private, public, documents, pixels, names, bombs, malformed),
)
"""All makers of DICOM samples."""
