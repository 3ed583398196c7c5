"""Files that cost a reader far more than their size: for tests and measurements of the examiner. Harmless elsewhere.

Each one is small, or smaller than what honest mails carry, and asks for time or memory out of proportion: by unpacking,
by numbers of parts, by nesting, by references in a circle, by text that makes expressions try again and again. Source:
the techniques' names stand beside each; Fifield 2019 (overlapping members), Müller et al. 2021 (PDF loops and
bombs), CVE-2026-5437 ff. (sizes in image headers).
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable, Mapping

import zstandard

from safecare.testing.bombs.make import (
    MB,
    chained_pdf,
    coded,
    dicom,
    dicom_elements,
    dicom_fragments,
    dicom_sequences,
    gzipped,
    hl7,
    lzw_pdf,
    mail,
    nested_archives,
    nested_rtf,
    nested_zips,
    object_stream_pdf,
    ooxml,
    overlapping_zip,
    packed,
    pdf,
    pdf_stream,
    png,
    predicted_pdf,
    relations,
    shared_ole,
    tarred,
    windows_image,
    zip_of_bombs,
    zipped,
)

BOMBS: Mapping[str, tuple[str, Callable[[], bytes]]] = {
    "zip of 300 MB": ("a.zip", lambda: zipped({"zeros": bytes(300 * MB)})),
    "zip, nested": ("a.zip", lambda: nested_zips(6)),
    "zip, members of 60 MB each": ("a.zip", lambda: zip_of_bombs(6)),
    "zip, overlapping": ("a.zip", lambda: overlapping_zip(1500)),
    "zip, many members": ("a.zip", lambda: zipped({f"{number}": b"" for number in range(3000)})),
    "zip, many small members": ("a.zip", lambda: zipped({f"{number}.js": b"%d" % number for number in range(1900)})),
    "zip, bzip2": ("a.zip", lambda: zipped({"zeros": bytes(60 * MB)}, zipfile.ZIP_BZIP2)),
    "zip, lzma": ("a.zip", lambda: zipped({"zeros": bytes(60 * MB)}, zipfile.ZIP_LZMA)),
    "gzip": ("a.gz", lambda: gzip.compress(bytes(200 * MB))),
    "gzip in gzip": ("a.gz", lambda: gzipped(2)),
    "gzip, many in a row": ("a.gz", lambda: gzip.compress(bytes(100_000)) * 5000),
    "bzip2": ("a.bz2", lambda: bz2.compress(bytes(60 * MB))),
    "xz": ("a.xz", lambda: lzma.compress(bytes(60 * MB))),
    "zstd": ("a.zst", lambda: zstandard.compress(bytes(200 * MB))),
    "7z": ("a.7z", lambda: packed({"zeros": bytes(60 * MB)}, "7zip")),
    "7z, nested": ("a.7z", lambda: nested_archives(2, "7zip")),
    "page, rows of numbers": (
        "a.html",
        lambda: (
            b"<html><script>String.fromCharCode(" + b"".join(b"%d," % (64 + n % 40) for n in range(MB)) + b"1)</script>"
        ),
    ),
    "page, many rows": (
        "a.html",
        lambda: b"<html><script>String.fromCharCode;" + (b"72,73," * 3000 + b"1];") * 40 + b"</script>",
    ),
    "7z, PPMd": ("a.7z", lambda: packed({"words": b"".join(b"%d words " % n for n in range(MB))}, "7zip", "ppmd")),
    "wim, XPRESS": ("a.wim", lambda: windows_image(1920)),
    "wim, many files": ("a.wim", lambda: windows_image(2, 1900)),
    "iso": ("a.iso", lambda: packed({f"{number}.txt": bytes(2 * MB) for number in range(20)}, "iso9660")),
    "tar, many members": ("a.tar", lambda: tarred({f"{number}": b"x" for number in range(1900)})),
    "tar.gz": ("a.tgz", lambda: gzip.compress(tarred({f"{number}": bytes(8 * MB) for number in range(20)}))),
    "cpio in gzip": (
        "a.cpio.gz",
        lambda: gzip.compress(packed({f"{n}": bytes(8 * MB) for n in range(20)}, "cpio_newc")),
    ),
    "pdf, deflate": (
        "a.pdf",
        lambda: pdf(b"<</Type/Catalog>>", pdf_stream(zlib.compress(bytes(200 * MB)), b"/Filter/FlateDecode")),
    ),
    "pdf, many deflated": (
        "a.pdf",
        lambda: pdf(b"<</Type/Catalog>>", *[pdf_stream(zlib.compress(bytes(15 * MB)), b"/Filter/FlateDecode")] * 200),
    ),
    "pdf, filters chained": ("a.pdf", lambda: chained_pdf(3)),
    "pdf, LZW": ("a.pdf", lzw_pdf),
    "pdf, ASCII85": (
        "a.pdf",
        lambda: pdf(b"<</Type/Catalog>>", *[pdf_stream(b"87cUR" * 100_000, b"/Filter/ASCII85Decode")] * 20),
    ),
    "pdf, run length": (
        "a.pdf",
        lambda: pdf(b"<</Type/Catalog>>", *[pdf_stream(b"\0A" * 500_000, b"/Filter/RunLengthDecode")] * 20),
    ),
    "pdf, predictors": ("a.pdf", predicted_pdf),
    "pdf, object streams": ("a.pdf", object_stream_pdf),
    "pdf, many objects": ("a.pdf", lambda: pdf(*[b"<</A(x)/B 1 0 R/Kids[2 0 R]>>"] * 99_000)),
    "pdf, references in a circle": (
        "a.pdf",
        lambda: pdf(
            *[b"<</Type/Pages/Kids[%s]>>" % b" ".join(b"%d 0 R" % (n + k) for k in range(50)) for n in range(5000)]
        ),
    ),
    "pdf, unending": ("a.pdf", lambda: b"%PDF-1.4\n" + b"1 0 obj<</Kids[" * 50_000),
    "pdf, cross-reference loop": ("a.pdf", lambda: pdf(b"<</Type/Catalog>>", trailer=b"/Prev 0") * 3000),
    "pdf, names": ("a.pdf", lambda: pdf(b"<</Type/Catalog" + b"/#4a#53(" * 200_000 + b">>")),
    "pdf, strings": ("a.pdf", lambda: pdf(b"<</JS " + b"(" * MB + b">>")),
    "pdf, links": (
        "a.pdf",
        lambda: pdf(*[b"<</S/URI/URI(http://a%d.example/)/AA<</O 1 0 R>>>>" % n for n in range(30_000)]),
    ),
    "pdf, files named": (
        "a.pdf",
        lambda: pdf(
            *[pdf_stream(b"x%d" % n, b"/Type/EmbeddedFile") for n in range(3000)], *[b"<</F(a)/EF<<>>>>"] * 3000
        ),
    ),
    "ooxml, relations": ("a.docx", lambda: ooxml(word__a_rels=b"", **{"word__a.rels": relations(100_000)})),
    "ooxml, many relation files": (
        "a.docx",
        lambda: ooxml(**{f"word___rels__{n}.rels": relations(300) for n in range(190)}),
    ),
    "ooxml, parts": ("a.docx", lambda: ooxml(**{f"word__{n}.xml": b"<a/>" for n in range(1900)})),
    "ooxml, document of 15 MB": (
        "a.docx",
        lambda: ooxml(**{f"word__document{n}.xml": b"<w:instrText>DDE<" * 900_000 for n in range(5)}),
    ),
    "ole, one chain many times": ("a.doc", shared_ole),
    "ole, chain in a circle": ("a.doc", lambda: shared_ole(circle=True)),
    "rtf, objects": ("a.rtf", lambda: b"{\\rtf1" + b"{\\objdata " * 20_000),
    "rtf, objects within objects": ("a.rtf", nested_rtf),
    "rtf, groups": ("a.rtf", lambda: b"{\\rtf1" + b"{" * 5 * MB),
    "rtf, groups in an object": ("a.rtf", lambda: b"{\\rtf1{\\*\\objdata " + b"{}" * 2 * MB),
    "rtf, words": ("a.rtf", lambda: b"{\\rtf1{\\*\\objdata " + b"\\a" * 2 * MB),
    "dicom, elements": ("a.dcm", lambda: dicom_elements(1_000_000)),
    "dicom, items": (
        "a.dcm",
        lambda: dicom(b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\0\xe0\0\0\0\0" * 1_000_000),
    ),
    "dicom, sequences": ("a.dcm", lambda: dicom_sequences(300_000)),
    "dicom, fragments": ("a.dcm", lambda: dicom_fragments(390_000)),
    "dicom, frames of markers": (
        "a.dcm",
        lambda: dicom_fragments(10_000, b"\xff\xd8\xff" + b"\xff\xfe\0\2" * 199 + b"\0"),
    ),
    "dicom, frames like programs": (
        "a.dcm",
        lambda: dicom_fragments(3000, b"PK\3\4" * 500, b"1.2.3.4.5.6.7.8.9.10.11\0"),
    ),
    "dicom, small frames": ("a.dcm", lambda: dicom_fragments(95_000, b"\xff\xd8\xff\xe0\0\2")),
    "dicom, deflated": (
        "a.dcm",
        lambda: dicom(zlib.compress(bytes(300 * MB))[2:-4], b"1.2.840.10008.1.2.1.99"),
    ),
    "hl7, segments": ("a.hl7", lambda: hl7(b"OBX|1|ED|||^^^Base64^AAAA\r" * 300_000)),
    "hl7, fields": ("a.hl7", lambda: hl7(b"OBX" + b"|~^&" * MB)),
    "hl7, escapes": ("a.hl7", lambda: hl7(b"OBX|1|TX|||\\X" + b"0D" * MB)),
    "hl7, many escapes": ("a.hl7", lambda: hl7(b"OBX|1|TX|||" + b"\\X0D" * 500_000)),
    "hl7, messages": ("a.hl7", lambda: hl7(b"") * 60_000),
    "fhir, depth": ("a.json", lambda: b'{"resourceType":"Bundle","a":' + b'{"a":' * 200_000),
    "fhir, lists": ("a.json", lambda: b'{"resourceType":"Bundle","a":[' + b"[],\n" * MB + b"[]]}"),
    "fhir, resources": (
        "a.json",
        lambda: (
            b'{"resourceType":"Bundle","entry":['
            + b'{"resource":{"resourceType":"Binary","data":"QUJD"}},' * 40_000
            + b"{}]}"
        ),
    ),
    "xml, depth": ("a.xml", lambda: b"<ClinicalDocument>" + b"<a>" * MB),
    "xml, attributes": (
        "a.xml",
        lambda: b"<ClinicalDocument " + b"".join(b"a%d='x' " % n for n in range(200_000)) + b"/>",
    ),
    "xml, entities": (
        "a.xml",
        lambda: (
            b'<!DOCTYPE x [<!ENTITY a0 "lol">'
            + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12))
            + b"]><ClinicalDocument>&a11;</ClinicalDocument>"
        ),
    ),
    "xml, blocks": (
        "a.xml",
        lambda: b"<ClinicalDocument>" + b"<text representation='B64'>QUJD</text>" * 60_000 + b"</ClinicalDocument>",
    ),
    "base64 in base64": ("a.txt", lambda: coded(8)),
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
    "mail, attached bombs": (
        "a.eml",
        lambda: mail([(f"{n}.zip", zipped({"a": bytes([n]) * 60 * MB})) for n in range(8)]),
    ),
    "mail, large picture": ("a.eml", lambda: mail([("a.png", png(60_000, 60_000)), ("b.png", png(3400, 3400))])),
    "mail, pictures": ("a.eml", lambda: mail([(f"{n}.png", png(1500, 900 + n)) for n in range(30)])),
    "picture in a document": (
        "a.eml",
        lambda: mail([("a.docx", ooxml(**{f"word__{n}.png": png(3000, 3000 + n) for n in range(30)}))]),
    ),
    "notebook": (
        "a.one",
        lambda: (
            b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3"
            + b"\xe7\x16\xe3\xbd\x65\x26\x11\x45\xa4\xc4\x8d\x4d\x0b\x7a\x9e\xac\xff\xff\x01\0\0\0\0\0".ljust(40, b"\1")
            * 30_000
        ),
    ),
}
"""Name of a file and how it is made, by technique."""
