"""Locked PDF files: opened without a password or with a told one, and judged inside; else no alarm."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from safecare.examine.api import Budget, Context, Limits, Part, Verdicts
from safecare.examine.engine import Engine
from safecare.examine.pdf import locked
from safecare.examine.pdf.analyser import Pdf
from safecare.examine.pdf.locked import unlock
from safecare.examine.pdf.objects import find
from safecare.testing.bombs.make import mail

KINDS = ("RC4-40", "RC4-128", "AES-128", "AES-256-R5", "AES-256")
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
ENGINE = Engine()


def made(kind: str, user: str, owner: str = "owner", *, attack: bool = True, file: bytes = b"") -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    if attack:
        action = DictionaryObject(
            {
                NameObject("/S"): NameObject("/JavaScript"),
                NameObject("/JS"): TextStringObject("app.launchURL('http://a.example/');"),
            }
        )
        writer.root_object[NameObject("/OpenAction")] = action
    if file:
        writer.add_attachment("a.txt", file)
    writer.encrypt(user, owner, algorithm=kind)
    out = io.BytesIO()
    writer.write(out)
    assert PdfReader(io.BytesIO(out.getvalue())).is_encrypted
    return out.getvalue()


def rules(raw: bytes, *words: str) -> list[str]:
    context = Context(Budget(Limits(), len(raw)))
    context.passwords += words
    return [getattr(one, "rule", "part") for one in Pdf().examine(Part(raw, types=("pdf",)), context)]


@pytest.mark.parametrize("kind", KINDS)
def test_what_opens_without_a_password_is_judged_inside(kind: str) -> None:
    assert "pdf.javascript.reaches" in rules(made(kind, ""))
    verdict = ENGINE.judge(made(kind, "", attack=False, file=EICAR))
    assert verdict.verdict is Verdicts.MALICIOUS, verdict
    honest = ENGINE.judge(made(kind, "", attack=False, file=b"harmless"))
    assert (honest.verdict, honest.findings) == (Verdicts.CLEAN, ()), honest


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("word", ["geheim", "the owner's"])
def test_a_told_password_of_user_or_owner_opens(kind: str, word: str) -> None:
    raw = made(kind, "geheim", "the owner's")
    for words in ((), ("wrong",)):
        assert "pdf.encrypted" in rules(raw, *words)
        assert "pdf.javascript.reaches" not in rules(raw, *words)
    assert {"pdf.opened", "pdf.javascript.reaches"} <= set(rules(raw, "wrong", word))


def test_only_encrypted_is_no_alarm() -> None:
    assert ENGINE.judge(made("AES-256", "secret")).verdict is Verdicts.CLEAN


def test_a_password_in_the_mail_opens_its_pdf() -> None:
    raw = mail([("facture.pdf", made("AES-256", "Rendezvous-2026", file=EICAR))])
    told = raw.replace(
        b"\r\n--b\r\n", b"\r\n--b\r\nContent-Type: text/plain\r\n\r\nMot de passe : Rendezvous-2026\r\n\r\n--b\r\n", 1
    )
    assert "rule.eicar_test_file" not in [one.rule for one in ENGINE.judge(raw, "a.eml").findings]
    assert "rule.eicar_test_file" in [one.rule for one in ENGINE.judge(told, "a.eml").findings]


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_locks_have_a_verdict(kind: str) -> None:
    raw = made(kind, "")
    at = raw.rfind(b"/Encrypt")
    for place in range(0, len(raw), 97):
        broken = raw[:place] + b"<(\\9" + raw[place + 4 :]
        assert not [one for one in ENGINE.judge(broken).findings if one.rule.endswith(".failed")]
    assert ENGINE.judge(raw[:at] + raw[at:].replace(b"/Encrypt", b"/Encrypt <</V 9>>")).verdict is not None


def test_of_very_many_strings_only_some_are_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = made("RC4-128", "", attack=False)
    document = find(raw)
    assert unlock(document, ()) == ""
    assert not document.cut
    monkeypatch.setattr(locked, "MOST_STRINGS", 3)
    many = b"/Type /Catalog /Many [(one)(two)(three)(four)] /OpenAction <</S/JavaScript>>"
    listed = raw.replace(b"/Type /Catalog", many)
    document = find(listed)
    assert unlock(document, ()) == ""
    opened = next(one.text for one in document.objects if b"/Many" in one.text)
    assert b"(four)" in opened
    assert b"(one)" not in opened
    assert document.cut
    assert document.acts
