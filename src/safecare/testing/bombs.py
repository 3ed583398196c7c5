"""Files that cost a reader far more than their size: for tests and measurements of the examiner. Harmless elsewhere.

Each one is small, or smaller than what honest mails carry, and asks for time or memory out of proportion: by unpacking,
by numbers of parts, by nesting, by references in a circle, by text that makes expressions try again and again. Source:
the techniques' names stand beside each; Fifield 2019 (overlapping members), Müller et al. 2021 (PDF loops and
bombs), CVE-2026-5437 ff. (sizes in image headers).
"""

from __future__ import annotations

import base64
import bz2
import ctypes
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping

import zstandard

from safecare.examine.unpack.libarchive import library

MB = 1_000_000


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a ZIP archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, raw in members.items():
            archive.writestr(name, raw)
    return out.getvalue()


def packed(members: Mapping[str, bytes], form: str) -> bytes:
    """Return an archive that libarchive writes: `form` is ``7zip``, ``iso9660``, ``xar``, ``cpio_newc``."""
    lib = library()
    pointer = ctypes.c_void_p
    for name, result, arguments in (
        ("archive_write_new", pointer, []),
        (f"archive_write_set_format_{form}", ctypes.c_int, [pointer]),
        ("archive_write_open_memory", ctypes.c_int, [pointer, pointer, ctypes.c_size_t, pointer]),
        ("archive_write_header", ctypes.c_int, [pointer, pointer]),
        ("archive_write_data", ctypes.c_ssize_t, [pointer, ctypes.c_char_p, ctypes.c_size_t]),
        ("archive_write_close", ctypes.c_int, [pointer]),
        ("archive_write_free", ctypes.c_int, [pointer]),
        ("archive_entry_new", pointer, []),
        ("archive_entry_free", None, [pointer]),
        ("archive_entry_set_pathname", None, [pointer, ctypes.c_char_p]),
        ("archive_entry_set_size", None, [pointer, ctypes.c_int64]),
        ("archive_entry_set_filetype", None, [pointer, ctypes.c_uint]),
        ("archive_entry_set_perm", None, [pointer, ctypes.c_uint]),
    ):
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    room = sum(map(len, members.values())) + (1 << 20) + 4096 * len(members)
    out, used = ctypes.create_string_buffer(room), ctypes.c_size_t()
    archive = lib.archive_write_new()
    getattr(lib, f"archive_write_set_format_{form}")(archive)
    lib.archive_write_open_memory(archive, out, room, ctypes.byref(used))
    for name, raw in members.items():
        entry = lib.archive_entry_new()
        lib.archive_entry_set_pathname(entry, name.encode())
        lib.archive_entry_set_size(entry, len(raw))
        lib.archive_entry_set_filetype(entry, 0o100000)
        lib.archive_entry_set_perm(entry, 0o644)
        lib.archive_write_header(archive, entry)
        lib.archive_write_data(archive, raw, len(raw))
        lib.archive_entry_free(entry)
    lib.archive_write_close(archive)
    lib.archive_write_free(archive)
    return out.raw[: used.value]


def tarred(members: Mapping[str, bytes]) -> bytes:
    """Return a tape archive."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, raw in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(raw)
            archive.addfile(info, io.BytesIO(raw))
    return out.getvalue()


def _nested(depth: int) -> bytes:
    raw = zipped({"zeros": bytes(30 * MB)})
    for _ in range(depth):
        raw = zipped({f"{number}.zip": raw for number in range(4)})
    return raw


def _overlapping(count: int) -> bytes:
    """Return an archive whose `count` directory entries all give one packed block of 16 MB (Fifield 2019)."""
    one = zipped({"a": bytes(16 * MB)})
    at = one.find(b"PK\1\2")
    end = one.find(b"PK\5\6")
    entries = b"".join(
        one[at : at + 46] + b"%05d" % number + one[at + 47 : end] for number in range(count)
    ).replace(b"\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00", b"\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00")
    fixed = bytearray(entries)
    size = 46 + 5 + (end - at - 47)
    for number in range(count):
        fixed[number * size + 28 : number * size + 30] = struct.pack("<H", 5)
    tail = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, len(fixed), at, 0)
    return one[:at] + bytes(fixed) + tail


def _nested_packed(depth: int, form: str) -> bytes:
    raw = packed({f"{number}": bytes(4 * MB) for number in range(8)}, form)
    for _ in range(depth):
        raw = packed({f"{number}.7z": raw + bytes([number]) for number in range(6)}, form)
    return raw


def _streams(depth: int) -> bytes:
    raw = bytes(200 * MB)
    for _ in range(depth):
        raw = gzip.compress(raw)
    return raw


def pdf(*objects: bytes, trailer: bytes = b"") -> bytes:
    """Return a PDF of `objects`, numbered from 1 on."""
    body = b"".join(b"%d 0 obj%s endobj\n" % (number, one) for number, one in enumerate(objects, 1))
    return b"%PDF-1.7\n" + body + b"trailer<</Root 1 0 R" + trailer + b">>\nstartxref\n0\n%%EOF"


def _stream(raw: bytes, keys: bytes) -> bytes:
    return b"<<%s/Length %d>>stream\n" % (keys, len(raw)) + raw + b"\nendstream"


def _chained(times: int) -> bytes:
    raw = bytes(100 * MB)
    for _ in range(times):
        raw = zlib.compress(raw, 9)
    return pdf(b"<</Type/Catalog>>", _stream(raw, b"/Filter[" + b"/FlateDecode" * times + b"]"))


def _lzw() -> bytes:
    return pdf(b"<</Type/Catalog>>", *[_stream(b"\x80" + b"\x0b\x61" * 100_000, b"/Filter/LZWDecode")] * 60)


def _object_streams() -> bytes:
    inner = b" ".join(b"%d %d" % (number, 4 * number) for number in range(9_000)) + b" "
    raw = zlib.compress(inner + b"<<>>" * 9_000)
    one = _stream(raw, b"/Type/ObjStm/N 9000/First %d/Filter/FlateDecode" % len(inner))
    return pdf(b"<</Type/Catalog>>", *[one] * 60)


def _predicted() -> bytes:
    raw = zlib.compress(b"\2\1" * (7 * MB))
    keys = b"/Type/ObjStm/N 1/First 4/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 1>>"
    return pdf(b"<</Type/Catalog>>", *[_stream(raw, keys)] * 6)


def _ooxml(**members: bytes) -> bytes:
    return zipped({"[Content_Types].xml": b"<Types/>", **{name.replace("__", "/"): raw for name, raw in members.items()}})


def _relations(count: int) -> bytes:
    one = b'<Relationship Id="r%d" Type="http://x/image" Target="http://a.example/%d" TargetMode="External"/>'
    return b"<Relationships>" + b"".join(one % (number, number) for number in range(count)) + b"</Relationships>"


def _ole(*, circle: bool = False) -> bytes:
    """Return an OLE file whose 2,000 streams all are the same megabyte of sectors, which may lead in a circle."""
    count, sector, data = 2000, 512, 2000
    directory = count * 128 // sector
    tables = -(-(directory + data + 40) * 4 // sector)
    first = tables + directory
    fat = [0xFFFFFFFD] * tables + [*range(tables + 1, first), 0xFFFFFFFE]
    fat += [*range(first + 1, first + data), first if circle else 0xFFFFFFFE]
    fat += [0xFFFFFFFF] * (tables * 128 - len(fat))
    head = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        *(0x3E, 3, 0xFFFE, 9, 6, 0, tables, tables, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0),
    ) + struct.pack("<109I", *range(tables), *[0xFFFFFFFF] * (109 - tables))  # fmt: skip
    links = {0: (0xFFFFFFFF, 0xFFFFFFFF, count // 2)}

    def tree(low: int, high: int) -> int:
        if low > high:
            return 0xFFFFFFFF
        middle = (low + high) // 2
        links[middle] = (tree(low, middle - 1), tree(middle + 1, high), 0xFFFFFFFF)
        return middle

    links[0] = (0xFFFFFFFF, 0xFFFFFFFF, tree(1, count - 1))
    entries = b""
    for number in range(count):
        name = (f"s{number:04d}" if number else "Root Entry").encode("utf-16-le")
        place = struct.pack("<IQ", first if number else 0xFFFFFFFE, data * sector if number else 0)
        kinds = struct.pack("<HBBIII", len(name) + 2, 2 if number else 5, 1, *links[number])
        entries += name.ljust(64, b"\0") + kinds + bytes(36) + place
    return head + struct.pack(f"<{len(fat)}I", *fat) + entries + bytes(data * sector)


def _rtf_objects() -> bytes:
    return b"{\\rtf1" + b"{\\object{\\*\\objdata " * 200 + b"01050000" * (3 * MB // 8 * 5)


def _dicom(elements: bytes, syntax: bytes = b"1.2.840.10008.1.2.1\0") -> bytes:
    meta = b"\2\0\x10\0UI" + struct.pack("<H", len(syntax)) + syntax
    return bytes(128) + b"DICM" + b"\2\0\0\0UL\4\0" + struct.pack("<I", len(meta)) + meta + elements


def _dicom_elements(count: int) -> bytes:
    return _dicom(b"".join(struct.pack("<HH2sH", 0x0009, number & 0xFFFF, b"LO", 0) for number in range(count)))


def _dicom_sequences(count: int) -> bytes:
    one = b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\0\xe0\xff\xff\xff\xff"
    ends = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    return _dicom((one * 30 + ends * 30) * (count // 30))


def _dicom_fragments(count: int) -> bytes:
    head = b"\x28\0\x10\0US\2\0\1\0\x28\0\x11\0US\2\0\1\0\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff"
    return _dicom(head + b"\xfe\xff\0\xe0\2\0\0\0\xff\xd8" * count, b"1.2.840.10008.1.2.4.50")


def _hl7(body: bytes) -> bytes:
    return b"MSH|^~\\&|A|B|C|D|20260101||ORU^R01|1|P|2.5\r" + body


def _mail(parts: Iterator[tuple[str, bytes]] | list[tuple[str, bytes]]) -> bytes:
    out = [b"From: a@b.example\r\nTo: c@d.example\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"]
    for name, raw in parts:
        head = f'Content-Type: application/octet-stream; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        out.append(head.encode() + base64.encodebytes(raw))
    return b"\r\n--b\r\n".join(out) + b"\r\n--b--\r\n"


def _png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, raw: bytes) -> bytes:
        return struct.pack(">I", len(raw)) + kind + raw + struct.pack(">I", zlib.crc32(kind + raw))

    rows = zlib.compress(bytes(min(width * height, 200 * MB) // 8))
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def _base64(times: int) -> bytes:
    raw = b"MZ" + b"X" * MB
    for _ in range(times):
        raw = base64.encodebytes(raw)
    return raw


def _member_bombs(count: int) -> bytes:
    return zipped({f"{number}.txt": bytes([65 + number]) * (60 * MB) for number in range(count)})


BOMBS: Mapping[str, tuple[str, Callable[[], bytes]]] = {
    "zip of 300 MB": ("a.zip", lambda: zipped({"zeros": bytes(300 * MB)})),
    "zip, nested": ("a.zip", lambda: _nested(6)),
    "zip, members of 60 MB each": ("a.zip", lambda: _member_bombs(6)),
    "zip, overlapping": ("a.zip", lambda: _overlapping(1500)),
    "zip, many members": ("a.zip", lambda: zipped({f"{number}": b"" for number in range(3000)})),
    "zip, many small members": ("a.zip", lambda: zipped({f"{number}.js": b"%d" % number for number in range(1900)})),
    "zip, bzip2": ("a.zip", lambda: zipped({"zeros": bytes(200 * MB)}, zipfile.ZIP_BZIP2)),
    "zip, lzma": ("a.zip", lambda: zipped({"zeros": bytes(200 * MB)}, zipfile.ZIP_LZMA)),
    "gzip": ("a.gz", lambda: gzip.compress(bytes(200 * MB))),
    "gzip in gzip": ("a.gz", lambda: _streams(2)),
    "gzip, many in a row": ("a.gz", lambda: gzip.compress(bytes(100_000)) * 5000),
    "bzip2": ("a.bz2", lambda: bz2.compress(bytes(200 * MB))),
    "xz": ("a.xz", lambda: lzma.compress(bytes(200 * MB))),
    "zstd": ("a.zst", lambda: zstandard.compress(bytes(200 * MB))),
    "7z": ("a.7z", lambda: packed({"zeros": bytes(200 * MB)}, "7zip")),
    "7z, nested": ("a.7z", lambda: _nested_packed(2, "7zip")),
    "iso": ("a.iso", lambda: packed({f"{number}.txt": bytes(2 * MB) for number in range(20)}, "iso9660")),
    "tar, many members": ("a.tar", lambda: tarred({f"{number}": b"x" for number in range(1900)})),
    "tar.gz": ("a.tgz", lambda: gzip.compress(tarred({f"{number}": bytes(8 * MB) for number in range(20)}))),
    "cpio in gzip": ("a.cpio.gz", lambda: gzip.compress(packed({f"{n}": bytes(8 * MB) for n in range(20)}, "cpio_newc"))),
    "pdf, deflate": ("a.pdf", lambda: pdf(b"<</Type/Catalog>>", _stream(zlib.compress(bytes(200 * MB)), b"/Filter/FlateDecode"))),
    "pdf, many deflated": (
        "a.pdf",
        lambda: pdf(b"<</Type/Catalog>>", *[_stream(zlib.compress(bytes(15 * MB)), b"/Filter/FlateDecode")] * 200),
    ),
    "pdf, filters chained": ("a.pdf", lambda: _chained(3)),
    "pdf, LZW": ("a.pdf", _lzw),
    "pdf, ASCII85": ("a.pdf", lambda: pdf(b"<</Type/Catalog>>", *[_stream(b"87cUR" * 100_000, b"/Filter/ASCII85Decode")] * 20)),
    "pdf, run length": ("a.pdf", lambda: pdf(b"<</Type/Catalog>>", *[_stream(b"\0A" * 500_000, b"/Filter/RunLengthDecode")] * 20)),
    "pdf, predictors": ("a.pdf", _predicted),
    "pdf, object streams": ("a.pdf", _object_streams),
    "pdf, many objects": ("a.pdf", lambda: pdf(*[b"<</A(x)/B 1 0 R/Kids[2 0 R]>>"] * 99_000)),
    "pdf, references in a circle": (
        "a.pdf",
        lambda: pdf(*[b"<</Type/Pages/Kids[%s]>>" % b" ".join(b"%d 0 R" % (n + k) for k in range(50)) for n in range(5000)]),
    ),
    "pdf, unending": ("a.pdf", lambda: b"%PDF-1.4\n" + b"1 0 obj<</Kids[" * 50_000),
    "pdf, cross-reference loop": ("a.pdf", lambda: pdf(b"<</Type/Catalog>>", trailer=b"/Prev 0") * 3000),
    "pdf, names": ("a.pdf", lambda: pdf(b"<</Type/Catalog" + b"/#4a#53(" * 200_000 + b">>")),
    "pdf, strings": ("a.pdf", lambda: pdf(b"<</JS " + b"(" * MB + b">>")),
    "pdf, links": ("a.pdf", lambda: pdf(*[b"<</S/URI/URI(http://a%d.example/)/AA<</O 1 0 R>>>>" % n for n in range(30_000)])),
    "pdf, files named": (
        "a.pdf",
        lambda: pdf(*[_stream(b"x%d" % n, b"/Type/EmbeddedFile") for n in range(3000)], *[b"<</F(a)/EF<<>>>>"] * 3000),
    ),
    "ooxml, relations": ("a.docx", lambda: _ooxml(word__a_rels=b"", **{"word__a.rels": _relations(100_000)})),
    "ooxml, many relation files": (
        "a.docx",
        lambda: _ooxml(**{f"word___rels__{n}.rels": _relations(300) for n in range(190)}),
    ),
    "ooxml, parts": ("a.docx", lambda: _ooxml(**{f"word__{n}.xml": b"<a/>" for n in range(1900)})),
    "ooxml, document of 15 MB": (
        "a.docx",
        lambda: _ooxml(**{f"word__document{n}.xml": b"<w:instrText>DDE<" * 900_000 for n in range(5)}),
    ),
    "ole, one chain many times": ("a.doc", _ole),
    "ole, chain in a circle": ("a.doc", lambda: _ole(circle=True)),
    "rtf, objects": ("a.rtf", lambda: b"{\\rtf1" + b"{\\objdata " * 20_000),
    "rtf, objects within objects": ("a.rtf", _rtf_objects),
    "rtf, groups": ("a.rtf", lambda: b"{\\rtf1" + b"{" * 5 * MB),
    "rtf, groups in an object": ("a.rtf", lambda: b"{\\rtf1{\\*\\objdata " + b"{}" * 2 * MB),
    "rtf, words": ("a.rtf", lambda: b"{\\rtf1{\\*\\objdata " + b"\\a" * 2 * MB),
    "dicom, elements": ("a.dcm", lambda: _dicom_elements(1_000_000)),
    "dicom, items": (
        "a.dcm",
        lambda: _dicom(b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\0\xe0\0\0\0\0" * 1_000_000),
    ),
    "dicom, sequences": ("a.dcm", lambda: _dicom_sequences(300_000)),
    "dicom, fragments": ("a.dcm", lambda: _dicom_fragments(390_000)),
    "dicom, deflated": (
        "a.dcm",
        lambda: _dicom(zlib.compress(bytes(300 * MB))[2:-4], b"1.2.840.10008.1.2.1.99"),
    ),
    "hl7, segments": ("a.hl7", lambda: _hl7(b"OBX|1|ED|||^^^Base64^AAAA\r" * 300_000)),
    "hl7, fields": ("a.hl7", lambda: _hl7(b"OBX" + b"|~^&" * MB)),
    "hl7, escapes": ("a.hl7", lambda: _hl7(b"OBX|1|TX|||\\X" + b"0D" * MB)),
    "hl7, many escapes": ("a.hl7", lambda: _hl7(b"OBX|1|TX|||" + b"\\X0D" * 500_000)),
    "hl7, messages": ("a.hl7", lambda: _hl7(b"") * 60_000),
    "fhir, depth": ("a.json", lambda: b'{"resourceType":"Bundle","a":' + b'{"a":' * 200_000),
    "fhir, lists": ("a.json", lambda: b'{"resourceType":"Bundle","a":[' + b"[],\n" * MB + b"[]]}"),
    "fhir, resources": (
        "a.json",
        lambda: b'{"resourceType":"Bundle","entry":[' + b'{"resource":{"resourceType":"Binary","data":"QUJD"}},' * 40_000 + b"{}]}",
    ),
    "xml, depth": ("a.xml", lambda: b"<ClinicalDocument>" + b"<a>" * MB),
    "xml, attributes": ("a.xml", lambda: b"<ClinicalDocument " + b"".join(b"a%d='x' " % n for n in range(200_000)) + b"/>"),
    "xml, entities": (
        "a.xml",
        lambda: b'<!DOCTYPE x [<!ENTITY a0 "lol">'
        + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12))
        + b"]><ClinicalDocument>&a11;</ClinicalDocument>",
    ),
    "xml, blocks": (
        "a.xml",
        lambda: b"<ClinicalDocument>" + b"<text representation='B64'>QUJD</text>" * 60_000 + b"</ClinicalDocument>",
    ),
    "base64 in base64": ("a.txt", lambda: _base64(8)),
    "html, tags": ("a.html", lambda: b"<html>" + b"<a" * 500_000),
    "html, forms": ("a.html", lambda: b"<html>" + b"<form <input " * 300_000),
    "html, data": ("a.html", lambda: b"<html><script>" + b"data:a;b;c;base64,".ljust(40, b"A") * 100_000),
    "html, scripts": ("a.html", lambda: b"<html><script>" + b"new Blob(atob('" * 200_000),
    "svg": ("a.svg", lambda: b"<svg>" + b"<script>CDATA[" * 200_000),
    "script": ("a.ps1", lambda: b"powershell certutil " * 100_000),
    "script, array": ("a.js", lambda: b"var a=[" + b"1 , " * 500_000),
    "text, uuencode": ("a.txt", lambda: b"begin 644 a\n" * 200_000),
    "text, lines": ("a.txt", lambda: (b"A" * 76 + b"\r\n") * 40_000),
    "flat xml": ("a.xml", lambda: b"<w:wordDocument>" + b"<w:instrText><w:binData " * 200_000),
    "csv": ("a.csv", lambda: b"=" * 2 * MB),
    "sylk": ("a.slk", lambda: b"ID;P\n" + b"NN;N" * 500_000),
    "yara, one byte": ("a.bin", lambda: b"\x08" * 3 * MB),
    "yara, hits": ("a.bin", lambda: b"sekurlsa::logonpasswords gentilkiwi " * 100_000),
    "yara, web shells": ("a.php", lambda: b"<?php eval( " * 300_000),
    "program, headers": ("a.exe", lambda: b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0" + b"PK\x03\x04MSCF" * 400_000),
    "data, streams": ("a.bin", lambda: b"\1\2\3" * 2000 + (b"\xf3" + zlib.compress(bytes(10 * MB))) * 50),
    "binhex": ("a.hqx", lambda: b"(This file must be converted with BinHex 4.0)\n:" + b'!"#$' * 500_000),
    "mail, parts within parts": (
        "a.eml",
        lambda: b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(5000)),
    ),
    "mail, attached bombs": ("a.eml", lambda: _mail([(f"{n}.zip", zipped({"a": bytes([n]) * 60 * MB})) for n in range(20)])),
    "mail, large picture": ("a.eml", lambda: _mail([("a.png", _png(60_000, 60_000)), ("b.png", _png(3400, 3400))])),
    "mail, pictures": ("a.eml", lambda: _mail([(f"{n}.png", _png(1500, 900 + n)) for n in range(30)])),
    "picture in a document": ("a.eml", lambda: _mail([("a.docx", _ooxml(**{f"word__{n}.png": _png(3000, 3000 + n) for n in range(30)}))])),
    "notebook": (
        "a.one",
        lambda: b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3"
        + b"\xe7\x16\xe3\xbd\x65\x26\x11\x45\xa4\xc4\x8d\x4d\x0b\x7a\x9e\xac\xff\xff\x01\0\0\0\0\0".ljust(40, b"\1") * 30_000,
    ),
}
"""Name of a file and how it is made, by technique."""
