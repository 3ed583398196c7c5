"""Files of many mails within archives, mails and streams: each mail is opened, none adds up with its neighbours."""

from __future__ import annotations

import base64
import io
import zipfile

import pytest

from safecare.examine.api import Limits, Verdicts
from safecare.examine.engine import Engine

LINE = b"From a@b.example Mon Mar  2 08:00:00 2026\n"
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
ALARM = (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS)


def mail(number: int, text: bytes = b"See you at 10.\n") -> bytes:
    head = b"From: Anna <anna@aurore.example>\nTo: b@aurore.example\nSubject: Re: planning %d\n" % number
    return head + b"Message-ID: <%d@aurore.example>\n\n" % number + text


def with_file(raw: bytes, name: bytes) -> bytes:
    head = b"From: Anna <anna@aurore.example>\nTo: b@aurore.example\nSubject: x\nMIME-Version: 1.0\n"
    part = b"Content-Type: application/octet-stream; name=%s\nContent-Transfer-Encoding: base64\n\n" % name
    body = b"--b\n" + part + base64.encodebytes(raw) + b"--b--\n"
    return head + b'Content-Type: multipart/mixed; boundary="b"\n\n' + body


def zipped(raw: bytes, name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, raw)
    return out.getvalue()


def box(*mails: bytes) -> bytes:
    return b"".join(LINE + one + b"\n" for one in mails)


LAST = box(mail(1), mail(2), with_file(zipped(EICAR, "a.com"), b"a.zip"))


@pytest.mark.parametrize(
    ("raw", "name", "part"),
    [
        (LAST, "-", "mail-3/a.zip/a.com"),
        (zipped(LAST, "inbox"), "old.zip", "inbox/mail-3/a.zip/a.com"),
        (with_file(LAST, b"inbox.mbox"), "a.eml", "inbox.mbox/mail-3/a.zip/a.com"),
    ],
)
def test_the_last_mail_is_opened_as_the_first(raw: bytes, name: str, part: str) -> None:
    found = Engine().judge(raw, name)
    assert found.verdict is Verdicts.MALICIOUS
    assert part in {one.where.part for one in found.findings if one.rule == "rule.eicar_test_file"}


def test_the_phishing_mail_among_others_is_told_with_its_place() -> None:
    bad = (
        b"From: PayPal <a@notice.example>\nTo: b@aurore.example\nSubject: Your account is suspended\n\n"
        b"Confirm your account: https://notice.example/login\n"
    )
    found = Engine().judge(box(mail(1), bad, mail(2)), "-")
    assert (found.type, found.verdict in ALARM) == ("mbox", True)
    assert {one.where.part for one in found.findings if one.rule.startswith("mail.")} == {"mail-2"}


def test_what_honest_mails_have_in_common_does_not_add_up() -> None:
    text = b"Please click http://aurore.example/ soon.\n"
    mails = [mail(number, text) for number in range(60)]
    alone = Engine().judge(mails[0], "a.eml")
    assert alone.findings, "nothing to add up"
    assert alone.verdict is Verdicts.CLEAN
    found = Engine().judge(box(*mails), "-")
    assert (found.verdict, found.findings) == (Verdicts.CLEAN, ())


def test_one_mail_that_quotes_such_lines_stays_one() -> None:
    found = Engine().judge(LAST, "a.eml", "message/rfc822")
    assert found.type == "mail"


def test_too_many_mails_are_told() -> None:
    found = Engine(limits=Limits(members=3)).judge(box(*map(mail, range(5))), "-")
    assert [one.rule for one in found.findings] == ["limit.members"]
