"""More health-record samples: other codings, escapes, wrappings and lies of HL7 v2, CDA and FHIR, and honest quirks.

Source: HL7 v2.5.1 sections 2.7 (escapes), 2.10.2 (continuation), 2.A.24 (ED); CDA R2 data type ED, XML 1.0 section 4;
FHIR R4 Attachment.url, Binary; RFC 2397 (data:), DICOM PS3.18 annex F (JSON), PS3.19 A.1 (XML).
"""

# ruff: noqa: E501  (a sample on one line reads better)
from __future__ import annotations

import base64
import bz2
import gzip
import json
import random
import zlib
from collections.abc import Callable, Iterator

from safecare.testing.medical_attacks.carriers import TWINS, binary, cda, ed, fhir, narrative, non_xml, oru, section
from safecare.testing.medical_attacks.payloads import EICAR, SCRIPTS, jpeg, lnk, pdf, pe, zipped
from safecare.testing.medical_attacks.sample import Label, Sample
from safecare.testing.medical_attacks.variants import COMMANDS, WORDS

_FHIR = "http://hl7.org/fhir"
_INERT = pe() + bytes(3000)


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _hex(raw: bytes) -> str:
    return f"\\X{raw.hex().upper()}\\"


def _obx(value: str, kind: str = "ED") -> bytes:
    return oru(f"OBX|1|{kind}|11502-2^CR^LN||{value}||||||F")


def _hl7(text: str) -> str:
    """Return `text` with HL7's escapes."""
    codes = {"\\": "E", "|": "F", "^": "S", "~": "R", "&": "T"}
    return "".join(f"\\{codes[one]}\\" if one in codes else one for one in text)


def _one(family: str, technique: str, variant: str, what: str, raw: bytes, label: Label = "attack") -> Sample:
    ending = {"hl7": "hl7", "cda": "xml", "fhir": "xml" if raw.lstrip().startswith(b"<") else "json"}[family]
    twin = "" if label == "benign" else f"{family}-benign-{TWINS[family]}"
    name = f"{family}-{technique}-{variant}.{ending}"
    return Sample(name=name, label=label, family=family, technique=technique, what=what, raw=raw, twin=twin)


def _divided(raw: bytes, media: str) -> bytes:
    letters = _b64(raw)
    pieces = [letters[at : at + 1000] for at in range(0, len(letters), 1000)]
    return oru(*(f"OBX|{n}|ED|11502-2^CR^LN|{n}|^{media}^Base64^{one}||||||F" for n, one in enumerate(pieces, 1)))


def hl7(_: random.Random) -> Iterator[Sample]:
    """Yield HL7 v2 messages whose documents are written in other ways."""
    letters, packed = _b64(_INERT), _b64(zipped({"cr.exe": _INERT}))
    wrapped = json.dumps({"message": _obx(f"^application^pdf^Base64^{letters}").decode()}).encode()
    lines = [packed[at : at + 200] for at in range(0, len(packed), 200)]
    made: dict[str, tuple[str, bytes]] = {
        "escaped": ("Plain ED, each byte as an escape.", _obx(f"^TEXT^PLAIN^A^{_hex(pe())}")),
        "escaped-apart": (
            "An escape for every two bytes.",
            _obx("^TEXT^PLAIN^A^" + "".join(_hex(pe()[at : at + 2]) for at in range(0, len(pe()), 2))),
        ),
        "letters-escaped": (
            "Letters of Base64 as escapes.",
            _obx(f"^application^pdf^Base64^{_hex(letters[:40].encode())}{letters[40:]}"),
        ),
        "no-coding": ("No coding is named.", _obx(f"^application^pdf^^{letters}")),
        "coding-b64": ("The coding is called B64.", _obx(f"^application^pdf^B64^{letters}")),
        "hex-prefixed": ("Hexadecimal with 0x.", _obx(f"^application^pdf^Hex^0x{pe().hex()}")),
        "data-address": ("A data: address.", _obx(f"^application^pdf^Base64^data:application/pdf;base64,{letters}")),
        "url-letters": ("Base64 of addresses.", _obx(f"^application^pdf^Base64^{_b64(_INERT).replace('/', '_')}")),
        "twice-coded": ("Base64 of Base64.", _obx(f"^application^pdf^Base64^{_b64(letters.encode())}")),
        "gzip": ("Packed by gzip.", _obx(f"^application^pdf^Base64^{_b64(gzip.compress(_INERT, mtime=0))}")),
        "zlib": ("Packed by zlib.", _obx(f"^application^pdf^Base64^{_b64(zlib.compress(_INERT))}")),
        "divided": ("An archive in pieces.", _divided(zipped({"cr.exe": _INERT}), "application^zip")),
        "lines": ("Base64 in lines of text.", oru(*(f"OBX|{n}|TX|1||{one}" for n, one in enumerate(lines, 1)))),
        "continued": (
            "Continued in a segment of its own.",
            oru(f"OBX|1|ED|1||^application^pdf^Base64^{_b64(EICAR)[:30]}", f"ADD|{_b64(EICAR)[30:]}"),
        ),
        "site-segment": ("In a segment of the site.", oru(f"ZEF|1|^application^pdf^Base64^{letters}")),
        "repeated": (
            "The second repetition.",
            _obx(f"^application^pdf^Base64^{_b64(pdf(''))}~^application^pdf^Base64^{letters}"),
        ),
        "wide": ("UTF-16 without a mark.", _obx(f"^application^pdf^Base64^{letters}").decode().encode("utf-16-le")),
        "marked": ("UTF-8 with a mark.", b"\xef\xbb\xbf" + _obx(f"^application^pdf^Base64^{letters}")),
        "text-escaped": ("A program as escapes in a text.", _obx(_hex(pe()), "TX")),
        "shortcut": ("A shortcut that calls itself a picture.", oru(ed(lnk(), "image^jpeg"))),
        "page-escaped": ("A script in escapes.", _obx("\\X3C\\script\\X3E\\console.log(1)\\X3C\\/script\\X3E\\", "FT")),
    }
    for name, (what, raw) in made.items():
        yield _one("hl7", "coding", name, what, raw)
    yield _one("fhir", "wrapped", "hl7", "A message within JSON.", wrapped)
    inner = _obx(f"^application^pdf^Base64^{letters}")
    yield _one("cda", "wrapped", "hl7", "A message within XML.", b"<m><![CDATA[" + inner + b"]]></m>")
    for name in ("drop-table", "svg", "substitution", "entity-file", "template", "listen"):
        yield _one("hl7", "command", name, f"A text holds {name}.", oru(f"OBX|1|TX|1||{_hl7(COMMANDS[name])}"))


def clinical(_: random.Random) -> Iterator[Sample]:
    """Yield CDA documents with other representations, entities, addresses and character sets."""
    letters = _b64(_INERT)

    def body(text: str, head: str = "") -> bytes:
        return cda(f"<nonXMLBody>{text}</nonXMLBody>", head)

    half = len(letters) // 2
    halves = f'<!DOCTYPE x [<!ENTITY a "{letters[:half]}"><!ENTITY b "{letters[half:]}">]>'
    refs = "".join(f"&#{ord(one)};" for one in _b64(pe()))
    wide = cda(non_xml(_INERT)).decode().replace("UTF-8", "UTF-16")
    native = '<NativeDicomModel xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM">{}</NativeDicomModel>'
    attribute = '<DicomAttribute tag="00091010" vr="OB">{}</DicomAttribute>'
    made: dict[str, tuple[str, bytes]] = {
        "entities": ("Base64 in entities.", body("<text representation='B64'>&a;&b;</text>", halves)),
        "references": ("Each letter as a reference.", body(f"<text representation='B64'>{refs}</text>")),
        "named-base64": ("The representation is base64.", body(f"<text representation='base64'>{letters}</text>")),
        "named-hex": ("Hexadecimal.", body(f"<text representation='HEX'>{pe().hex()}</text>")),
        "not-named": ("No representation.", body(f"<text mediaType='application/pdf'>{letters}</text>")),
        "text-that-is-base64": ("It says text.", body(f"<text representation='TXT'>{letters}</text>")),
        "page": ("A page.", body(f"<text mediaType='text/html'><![CDATA[{SCRIPTS['html'].decode()}]]></text>")),
        "page-escaped": ("A page.", body("<text>&lt;img src=x onerror=console.log(1)&gt;</text>")),
        "data-address": ("A data: address.", body(f"<text><reference value='data:a/b;base64,{letters}'/></text>")),
        "program-address": ("A program elsewhere.", body("<text><reference value='http://a.example/a.exe'/></text>")),
        "system-file": ("A system file.", body("<text><reference value='../../../../etc/passwd'/></text>")),
        "link-share": ("A link to a share.", cda(section("<linkHtml href='\\\\a.example\\x'>x</linkHtml>"))),
        "title": ("A script in the title.", cda(section("x"), "", "<script>console.log(1)</script>")),
        "style": ("A style.", cda(section("<content style='background:url(javascript:x())'>x</content>"))),
        "wide-little": ("UTF-16 without a mark.", wide.encode("utf-16-le")),
        "wide-big": ("UTF-16 without a mark.", wide.encode("utf-16-be")),
        "attribute": ("In an attribute.", cda(section(f"<content ID='{letters}'>x</content>"))),
        "comment": ("In a comment.", cda(section("x") + f"<!-- {letters} -->")),
        "zlib-unsaid": ("Packed, unsaid.", body(f"<text representation='B64'>{_b64(zlib.compress(_INERT))}</text>")),
        "deflate-unsaid": (
            "Packed, unsaid.",
            body(f"<text representation='B64'>{_b64(zlib.compress(_INERT)[2:-4])}</text>"),
        ),
        "bzip2": (
            "Packed as BZ.",
            body(f"<text representation='B64' compression='BZ'>{_b64(bz2.compress(_INERT))}</text>"),
        ),
        "dicom-inline": (
            "DICOM in XML.",
            native.format(attribute.format(f"<InlineBinary>{letters}</InlineBinary>")).encode(),
        ),
        "dicom-bulk": (
            "DICOM in XML.",
            native.format(attribute.format('<BulkData uri="file:///etc/passwd"/>')).encode(),
        ),
    }
    for name, (what, raw) in made.items():
        yield _one("cda", "coding", name, what, raw)


def resources(_: random.Random) -> Iterator[Sample]:
    """Yield FHIR resources whose contents are not what they say, or not where one looks."""
    letters = _b64(_INERT)
    attachment: Callable[[str], dict[str, object]] = lambda url: {  # noqa: E731
        "resourceType": "DocumentReference",
        "content": [{"attachment": {"contentType": "application/pdf", "url": url}}],
    }
    inline = {"00080018": {"vr": "UI", "Value": ["1.2"]}, "00091010": {"vr": "OB", "InlineBinary": letters}}
    made: dict[str, tuple[str, bytes]] = {
        "data-address": ("A data: address.", fhir(attachment(f"data:application/pdf;base64,{letters}"))),
        "program-address": ("A program elsewhere.", fhir(attachment("http://attacker.example/cr.exe"))),
        "host-address": ("The host's services.", fhir(attachment("http://169.254.169.254/latest/"))),
        "pdf-is-zip": ("An archive as a PDF.", fhir(binary(zipped({"a.exe": _INERT})))),
        "text-is-page": ("A page as text.", fhir(binary(SCRIPTS["html"], "text/plain"))),
        "text-is-script": ("A script as text.", fhir(binary(SCRIPTS["vbs"], "text/plain"))),
        "text-is-command": ("A command as text.", fhir(binary(SCRIPTS["powershell"], "text/plain"))),
        "image-is-shortcut": ("A shortcut as a picture.", fhir(binary(lnk(), "image/jpeg"))),
        "called-program": ("It calls itself a program.", fhir(binary(b"SAFECARE" * 8, "application/x-msdownload"))),
        "value-string": ("In a plain value.", fhir({"resourceType": "Observation", "valueString": letters})),
        "hex": ("Hexadecimal.", fhir({"resourceType": "Binary", "data": pe().hex()})),
        "gzip": ("Packed.", fhir(binary(gzip.compress(_INERT, mtime=0)))),
        "zlib": ("Packed.", fhir(binary(zlib.compress(_INERT)))),
        "twice-coded": ("Base64 of Base64.", fhir(binary(letters.encode()))),
        "slashes": ("Escaped slashes.", fhir(binary(_INERT)).replace(b"/", b"\\/")),
        "wide": ("UTF-16 without a mark.", fhir(binary(_INERT)).decode().encode("utf-16-le")),
        "comma": ("A comma too many.", fhir(binary(_INERT)).replace(b"\n}", b",\n}")),
        "cut": ("Cut off.", fhir({**binary(_INERT), "meta": "x"})[:-12]),
        "more-behind": ("Something behind it.", fhir(binary(_INERT)) + b"x"),
        "bulk-address": (
            "A system file.",
            json.dumps({"00091010": {"vr": "OB", "BulkDataURI": "file:///etc/x"}}).encode(),
        ),
        "dicom-json": ("DICOM in JSON.", json.dumps(inline).encode()),
        "turtle": (
            "In Turtle.",
            f'@prefix fhir: <http://hl7.org/fhir/> .\n[] a fhir:Binary; fhir:data "{letters}"^^xsd:base64Binary.'.encode(),
        ),
        "xml-data-address": (
            "A data: address.",
            f'<Media xmlns="{_FHIR}"><content><url value="data:a/b;base64,{letters}"/></content></Media>'.encode(),
        ),
        "xml-entity": (
            "An entity in XML.",
            f'<!DOCTYPE x [<!ENTITY p "{letters}">]><Binary xmlns="{_FHIR}"><data value="&p;"/></Binary>'.encode(),
        ),
        "narrative-slash": ("A narrative.", fhir(narrative("<svg/onload=console.log(1)>"))),
        "narrative-style": ("A narrative.", fhir(narrative("<style>@import url(http://attacker.example)</style>"))),
        "command": (
            "A name that is a command.",
            fhir({"resourceType": "Patient", "name": [{"text": COMMANDS["drop-table"]}]}),
        ),
    }
    for name, (what, raw) in made.items():
        yield _one("fhir", "coding", name, what, raw)


def quirks(rng: random.Random) -> Iterator[Sample]:
    """Yield honest records as systems write them."""
    small, large = pdf(""), pdf("", rng.randbytes(4000).hex().encode())
    picture = _b64(jpeg() * 3)
    hash_ = "4d5a" + "ab" * 30
    rtf = b"{\\rtf1\\ansi Compte rendu \\par}"

    def body(text: str) -> bytes:
        return cda(f"<nonXMLBody>{text}</nonXMLBody>")

    def elsewhere(url: str) -> bytes:
        content = [{"attachment": {"contentType": "application/pdf", "url": url}}]
        return fhir({"resourceType": "DocumentReference", "content": content})

    made: dict[str, tuple[str, bytes]] = {
        "hl7/divided": ("A PDF in pieces.", _divided(large, "application^pdf")),
        "hl7/continued": ("Continued.", oru(f"OBX|1|ED|1||^application^pdf^Base64^{_b64(small)[:300]}", f"ADD|{_b64(small)[300:]}")),
        "hl7/site-segments": ("Segments of the site.", oru(f"ZEF|1|^application^pdf^Base64^{_b64(small)}", "ZFU|1||||20240101")),
        "hl7/rtf": ("A text with form.", oru(ed(rtf, "text^rtf"))),
        "hl7/page": ("A page.", oru(ed(b"<html><style>p{color:red}</style><p>CR</p></html>", "text^html"))),
        "hl7/hash": ("A hash that begins like a program.", _obx(hash_, "ST")),
        "hl7/form": ("Forms and letters.", _obx("\\H\\Titre\\N\\\\.br\\\\.in+4\\ texte \\XC3A9\\ \\C2842\\", "FT")),
        "hl7/zlib": ("Packed text.", oru(ed(zlib.compress(b"texte " * 100), "text^plain"))),
        "hl7/data-address": ("A data: address.", _obx(f"^application^pdf^Base64^data:application/pdf;base64,{_b64(small)}")),
        "hl7/lines": ("Sixty lines.", oru(*(f"OBX|{n}|TX|1||Ligne {n} du compte rendu" for n in range(60)))),
        "hl7/wide": ("UTF-16.", _obx(f"^application^pdf^Base64^{_b64(small)}").decode().encode("utf-16")),
        "cda/file": ("A file beside it.", body("<text><reference value='../docs/cr.pdf'/></text>")),
        "cda/plain": ("Plain text.", body("<text mediaType='text/plain'>CRP &lt; 5 ; suite.</text>")),
        "cda/rtf": ("A text with form.", body(f"<text mediaType='text/rtf'>{rtf.decode()}</text>")),
        "cda/page": ("A page.", body("<text mediaType='text/html'>&lt;html&gt;&lt;p&gt;x&lt;/p&gt;</text>")),
        "cda/picture": ("A picture in an address.", cda(section(f"<img src='data:image/jpeg;base64,{picture}'/>"))),
        "cda/sheet": ("A stylesheet beside it.", cda(section("x"), '<?xml-stylesheet type="text/xsl" href="../CDA.xsl"?>\n')),
        "cda/not-packed": ("Not packed as it says.", body(f"<text representation='B64' compression='DF'>{_b64(small)}</text>")),
        "fhir/local": ("As the standard's examples.", elsewhere("http://localhost:9556/svc/fhir/Binary/1")),
        "fhir/relative": ("An attachment on the same server.", elsewhere("Binary/1")),
        "fhir/picture": ("A picture in an address.", elsewhere(f"data:image/jpeg;base64,{picture}")),
        "fhir/random": ("Encrypted bytes.", fhir(binary(rng.randbytes(3000), "application/octet-stream"))),
        "fhir/archive": ("An archive of a text.", fhir(binary(zipped({"cr.txt": b"texte"}), "application/zip"))),
        "fhir/hash": ("A hash.", fhir({"resourceType": "Observation", "valueString": hash_ * 2})),
        "fhir/table": ("A narrative.", fhir(narrative("<table style='width:100%'><tr><td>CRP &lt; 5</td></tr></table>"))),
    }  # fmt: skip
    for name, (what, raw) in made.items():
        family, _, variant = name.partition("/")
        yield _one(family, "benign", variant, what, raw, "benign")
    for name, text in WORDS.items():
        if name == "japanese":
            continue
        escaped = text.replace("&", "&amp;").replace("<", "&lt;")
        yield _one("hl7", "benign", f"words-{name}", "Words.", oru(f"OBX|1|TX|1||{_hl7(text)}"), "benign")
        yield _one("cda", "benign", f"words-{name}", "Words.", cda(section(escaped)), "benign")
        note: dict[str, object] = {"resourceType": "Observation", "note": [{"text": text}]}
        yield _one("fhir", "benign", f"words-{name}", "Words.", fhir(note), "benign")


FAMILIES: tuple[Callable[[random.Random], Iterator[Sample]], ...] = (quirks, hl7, clinical, resources)
"""All makers of these samples."""
