"""Codes in pictures of mails: read, judged like links, and bounded."""

from __future__ import annotations

import io
import struct
import zlib
from email.message import EmailMessage

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from safecare.examine.api import Verdict, Verdicts
from safecare.examine.engine import Engine
from safecare.examine.mail.pictures import PICTURES, coded_links, size_of
from safecare.formats.mail import read_mail
from safecare.sources.files.process import Worker
from safecare.sources.files.wire import Job, Setup

ENGINE = Engine(own=("aurore.example",), only=("mail",))


def code(text: str, scale: int = 5, border: int = 4, **colours: str) -> bytes:
    out = io.BytesIO()
    segno.make(text, micro=False).save(out, kind="png", scale=scale, border=border, **colours)
    return out.getvalue()


def mail(sender: str, subject: str, html: str, *pictures: bytes) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "user1@aurore.example", subject
    message["Message-ID"], message["Date"] = "<1@mail.example>", "Mon, 2 Mar 2026 08:00:00 +0000"
    message.set_content(html, subtype="html")
    for number, raw in enumerate(pictures):
        message.add_attachment(raw, maintype="image", subtype="png", filename=f"{number}.png", disposition="inline")
    return message.as_bytes()


def parts(*pictures: bytes) -> list[bytes]:
    return [one.body for one in read_mail(mail("a@b.example", "x", "x", *pictures)).files]


PHISHING = mail(
    "Support <it@other.example>",
    "MFA",
    "Votre compte expire aujourd'hui. Scannez le QR code avec votre téléphone pour valider votre authentification.",
    code("https://login.verify-account.example/m365?e=user1@aurore.example"),
)


def judged(raw: bytes) -> Verdict:
    return ENGINE.judge(raw, "a.eml")


def test_a_code_that_asks_for_access_is_found() -> None:
    verdict = judged(PHISHING)
    rules = {one.rule for one in verdict.findings}
    assert verdict.verdict in (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS), verdict
    assert {"mail.code.asked", "mail.link.recipient"} <= rules


@pytest.mark.parametrize(
    "text",
    ["https://pаypal.com/login", "HTTPS://XN--PYPAL-4VE.COM/LOGIN", "http://192.0.2.7/a", "paypal.com.x.example/a"],
)
def test_where_a_code_leads_is_judged_like_a_link(text: str) -> None:
    rules = {one.rule for one in judged(mail("a@b.example", "x", "x", code(text))).findings}
    assert any(one.startswith("mail.link.") for one in rules), rules


@pytest.mark.parametrize(
    "raw",
    [
        mail("Congrès <info@congres.example>", "Votre billet", "Votre billet.", code("BILLET-2026-000123")),
        mail("Congrès <info@congres.example>", "Billet", "À bientôt.", code("https://congres.example/b/12")),
        mail("Wifi <info@hotel.example>", "Wifi", "Wifi", code("WIFI:T:WPA;S=hotel;P=secret;;")),
        mail(
            "DSI <dsi@aurore.example>",
            "Votre compte",
            "Scannez le QR code pour valider votre compte.",
            code("https://mfa.aurore.example/enrol"),
        ),
    ],
)
def test_everyday_codes_are_clean(raw: bytes) -> None:
    assert judged(raw).verdict is Verdicts.CLEAN, judged(raw)


def test_small_borderless_and_coloured_codes_are_read() -> None:
    link = "https://evil.example/login?u=1234567890abcdef1234567890abcdef"
    for raw in (
        code(link, 2, 0),
        code(link, 3, 1),
        code(link, 20, 0),
        code(link, 6, 4, dark="#103060", light="#ffe0c0"),
    ):
        assert coded_links(parts(raw)) == [link]


def _grey(width: int, height: int) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width + 1) * height) if width * height < 2_000_000 else b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_pictures_are_bounded_in_pixels_and_number() -> None:
    link = code("https://evil.example/a")
    assert coded_links(parts(_grey(60_000, 60_000), link)) == ["https://evil.example/a"]
    assert coded_links(parts(*[_grey(60 + number, 60) for number in range(PICTURES)], link)) == []


@given(st.binary(max_size=300), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"\xff\xd8\xff\xc0"]))
def test_no_bytes_make_it_raise(raw: bytes, start: bytes) -> None:
    assert len(size_of(start + raw)) == 2
    assert coded_links(parts(start + raw)) == []


def test_codes_are_read_behind_the_locked_door() -> None:
    worker = Worker(30.0, 10)
    try:
        answer = worker.ask(Job(len(PHISHING), name="a.eml"), PHISHING, Setup(own=("aurore.example",)))
        assert answer.verdict, answer.error
        assert "mail.code.asked" in {one.rule for one in answer.verdict.findings}
    finally:
        worker.stop()
