"""How bombs are made: archives, documents and messages with more in them than their size says."""

from __future__ import annotations

import base64
import ctypes
import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping

from safecare.examine.unpack.libarchive import library

MB = 1_000_000


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a ZIP archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, raw in members.items():
            archive.writestr(name, raw)
    return out.getvalue()


def packed(members: Mapping[str, bytes], form: str, packing: str = "") -> bytes:
    """Return an archive that libarchive writes: `form` is ``7zip``, ``iso9660``, ``xar``, ``cpio_newc``.

    `packing` of 7z: ``ppmd``; else the library's own choice.
    """
    lib = library()
    pointer = ctypes.c_void_p
    for name, result, arguments in (
        ("archive_write_new", pointer, []),
        (f"archive_write_set_format_{form}", ctypes.c_int, [pointer]),
        ("archive_write_set_options", ctypes.c_int, [pointer, ctypes.c_char_p]),
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
    if packing:
        lib.archive_write_set_options(archive, b"7zip:compression=" + packing.encode())
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


def nested_zips(depth: int) -> bytes:
    """Return an archive of four archives of four, `depth` deep, around 30 MB."""
    raw = zipped({"zeros": bytes(30 * MB)})
    for _ in range(depth):
        raw = zipped({f"{number}.zip": raw for number in range(4)})
    return raw


def overlapping_zip(count: int) -> bytes:
    """Return an archive whose `count` directory entries all give one packed block of 16 MB (Fifield 2019)."""
    one = zipped({"a": bytes(16 * MB)})
    at = one.find(b"PK\1\2")
    end = one.find(b"PK\5\6")
    entries = b"".join(one[at : at + 46] + b"%05d" % number + one[at + 47 : end] for number in range(count)).replace(
        b"\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00", b"\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    )
    fixed = bytearray(entries)
    size = 46 + 5 + (end - at - 47)
    for number in range(count):
        fixed[number * size + 28 : number * size + 30] = struct.pack("<H", 5)
    tail = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, len(fixed), at, 0)
    return one[:at] + bytes(fixed) + tail


def nested_archives(depth: int, form: str) -> bytes:
    """Return archives of six archives, `depth` deep, written by libarchive."""
    raw = packed({f"{number}": bytes(4 * MB) for number in range(8)}, form)
    for _ in range(depth):
        raw = packed({f"{number}.7z": raw + bytes([number]) for number in range(6)}, form)
    return raw


def gzipped(depth: int) -> bytes:
    """Return 200 MB of zeros packed `depth` times over."""
    raw = bytes(200 * MB)
    for _ in range(depth):
        raw = gzip.compress(raw)
    return raw


def pdf(*objects: bytes, trailer: bytes = b"") -> bytes:
    """Return a PDF of `objects`, numbered from 1 on."""
    body = b"".join(b"%d 0 obj%s endobj\n" % (number, one) for number, one in enumerate(objects, 1))
    return b"%PDF-1.7\n" + body + b"trailer<</Root 1 0 R" + trailer + b">>\nstartxref\n0\n%%EOF"


def pdf_stream(raw: bytes, keys: bytes) -> bytes:
    """Return the text of a stream object with `keys`."""
    return b"<<%s/Length %d>>stream\n" % (keys, len(raw)) + raw + b"\nendstream"


def chained_pdf(times: int) -> bytes:
    """Return a PDF whose stream has the same filter `times` over."""
    raw = bytes(100 * MB)
    for _ in range(times):
        raw = zlib.compress(raw, 9)
    return pdf(b"<</Type/Catalog>>", pdf_stream(raw, b"/Filter[" + b"/FlateDecode" * times + b"]"))


def lzw_pdf() -> bytes:
    """Return a PDF of streams that only LZW unpacks, code by code."""
    return pdf(b"<</Type/Catalog>>", *[pdf_stream(b"\x80" + b"\x0b\x61" * 100_000, b"/Filter/LZWDecode")] * 60)


def object_stream_pdf() -> bytes:
    """Return a PDF of 540,000 objects in 60 object streams."""
    inner = b" ".join(b"%d %d" % (number, 4 * number) for number in range(9_000)) + b" "
    raw = zlib.compress(inner + b"<<>>" * 9_000)
    one = pdf_stream(raw, b"/Type/ObjStm/N 9000/First %d/Filter/FlateDecode" % len(inner))
    return pdf(b"<</Type/Catalog>>", *[one] * 60)


def predicted_pdf() -> bytes:
    """Return a PDF of object streams whose lines are one byte long."""
    raw = zlib.compress(b"\2\1" * (7 * MB))
    keys = b"/Type/ObjStm/N 1/First 4/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 1>>"
    return pdf(b"<</Type/Catalog>>", *[pdf_stream(raw, keys)] * 6)


def ooxml(**members: bytes) -> bytes:
    """Return an Office document; two underscores in a name are a folder."""
    return zipped(
        {"[Content_Types].xml": b"<Types/>", **{name.replace("__", "/"): raw for name, raw in members.items()}}
    )


def relations(count: int) -> bytes:
    """Return a list of `count` relations to addresses outside."""
    one = b'<Relationship Id="r%d" Type="http://x/image" Target="http://a.example/%d" TargetMode="External"/>'
    return b"<Relationships>" + b"".join(one % (number, number) for number in range(count)) + b"</Relationships>"


def shared_ole(*, circle: bool = False) -> bytes:
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


def nested_rtf() -> bytes:
    """Return a text of objects within objects."""
    return b"{\\rtf1" + b"{\\object{\\*\\objdata " * 200 + b"01050000" * (3 * MB // 8 * 5)


def dicom(elements: bytes, syntax: bytes = b"1.2.840.10008.1.2.1\0") -> bytes:
    """Return a DICOM file of `elements`."""
    meta = b"\2\0\x10\0UI" + struct.pack("<H", len(syntax)) + syntax
    return bytes(128) + b"DICM" + b"\2\0\0\0UL\4\0" + struct.pack("<I", len(meta)) + meta + elements


def dicom_elements(count: int) -> bytes:
    """Return a file of `count` empty elements."""
    return dicom(b"".join(struct.pack("<HH2sH", 0x0009, number & 0xFFFF, b"LO", 0) for number in range(count)))


def dicom_sequences(count: int) -> bytes:
    """Return a file of `count` sequences, 30 within each other."""
    one = b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\0\xe0\xff\xff\xff\xff"
    ends = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    return dicom((one * 30 + ends * 30) * (count // 30))


def dicom_fragments(count: int, one: bytes = b"\xff\xd8", syntax: bytes = b"1.2.840.10008.1.2.4.50") -> bytes:
    """Return an image of `count` fragments that are `one`."""
    head = b"\x28\0\x10\0US\2\0\1\0\x28\0\x11\0US\2\0\1\0\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff"
    return dicom(head + (b"\xfe\xff\0\xe0" + struct.pack("<I", len(one)) + one) * count, syntax)


def hl7(body: bytes) -> bytes:
    """Return hl7."""
    return b"MSH|^~\\&|A|B|C|D|20260101||ORU^R01|1|P|2.5\r" + body


def mail(parts: Iterator[tuple[str, bytes]] | list[tuple[str, bytes]]) -> bytes:
    """Return a mail with `parts` attached."""
    head = b"From: a@b.example\r\nTo: c@d.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
    out = [head + b"Content-Type: multipart/mixed; boundary=b\r\n"]
    for name, raw in parts:
        kind = f'Content-Type: application/octet-stream; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        out.append(kind.encode() + base64.encodebytes(raw))
    return b"\r\n--b\r\n".join(out) + b"\r\n--b--\r\n"


def png(width: int, height: int) -> bytes:
    """Return a picture of that size in black, of at most 200 million pixels."""

    def chunk(kind: bytes, raw: bytes) -> bytes:
        return struct.pack(">I", len(raw)) + kind + raw + struct.pack(">I", zlib.crc32(kind + raw))

    rows = zlib.compress(bytes(min(width * height, 200 * MB) // 8))
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def coded(times: int) -> bytes:
    """Return a program coded as Base64 `times` over."""
    raw = b"MZ" + b"X" * MB
    for _ in range(times):
        raw = base64.encodebytes(raw)
    return raw


def zip_of_bombs(count: int) -> bytes:
    """Return an archive of `count` members of 60 MB."""
    return zipped({f"{number}.txt": bytes([65 + number]) * (60 * MB) for number in range(count)})


def windows_image(pieces: int, files: int = 1) -> bytes:
    """Return a WIM image of files of `pieces` chunks of zeros each, packed by XPRESS to 263 bytes a chunk.

    One letter, then a repetition of it to the chunk's end ([MS-XCA] 2.2): two codes of one bit.
    """
    chunk, size = 32_768, 263
    codes = bytearray(256)
    codes[0], codes[271 // 2] = 1, 1 << 4
    piece = bytes(codes) + struct.pack("<HHBH", 0x4000, 0, 255, chunk - 4)
    table = struct.pack(f"<{pieces - 1}I", *range(size, size * pieces, size))
    data = table + piece * pieces
    tree, at = struct.pack("<II", 8, 0) + struct.pack("<QIiQ", 102, 0x10, -1, 120).ljust(104, b"\0") + bytes(8), 208
    for number in range(files):
        name = f"{number:05}".encode("utf-16-le")
        digest = number.to_bytes(20, "big")[:-1] + b"\1"
        file = (struct.pack("<QIiQ", 102 + len(name), 0x20, -1, 0).ljust(64, b"\0") + digest).ljust(96, b"\0")
        file += struct.pack("<HHH", 0, 0, len(name)) + name
        tree += file + bytes(-len(file) % 8)
    tree += bytes(8)
    blobs = struct.pack("<QQQHI", len(tree) | 2 << 56, at, len(tree), 1, 1) + b"\2" * 20
    for number in range(files):
        digest = number.to_bytes(20, "big")[:-1] + b"\1"
        blobs += struct.pack("<QQQHI", len(data) | 4 << 56, at + len(tree), pieces * chunk, 1, 1) + digest
    start = struct.pack("<8sIIII16sHHI", b"MSWIM\0\0\0", 208, 0x10D00, 0x20002, chunk, bytes(16), 1, 1, 1)
    place = at + len(tree) + len(data)
    return (start + struct.pack("<QQQ", len(blobs), place, len(blobs))).ljust(208, b"\0") + tree + data + blobs
