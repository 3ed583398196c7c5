"""Mails for tests of the mail analyser."""

from __future__ import annotations

from email.message import EmailMessage

PASSED = "Authentication-Results: mx.chu-aurore.fr; spf=pass smtp.mailfrom={0}; dmarc=pass header.from={0}\r\n"


def page_mail(sender: str, subject: str, html: str, **headers: str) -> bytes:
    """Return a mail to somebody of the house whose text is a page; `headers` are further fields."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "user1@aurore.example", subject
    message["Message-ID"], message["Date"] = "<1@mail.example>", "Mon, 2 Mar 2026 08:00:00 +0000"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(html, subtype="html")
    return message.as_bytes()


def proved_mail(sender: str, subject: str, text: str, *more: str) -> bytes:
    """Return a mail whose sender is proved by SPF and DMARC; `more` are further fields."""
    domain = sender.rpartition("@")[2].rstrip(">")
    head = PASSED.format(domain) + f"From: {sender}\r\nTo: agent@chu-aurore.fr\r\nSubject: {subject}\r\n"
    fields = "".join(f"{one}\r\n" for one in (*more, f"Message-ID: <1.2@{domain}>", "Content-Type: text/html"))
    return f"{head}{fields}\r\n<p>{text}</p>".encode()
