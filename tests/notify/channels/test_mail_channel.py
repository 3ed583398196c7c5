"""Mail through a real SMTP server."""

from __future__ import annotations

import email
import email.policy
import socket
from collections.abc import Iterator

import msgspec
import pytest
from aiosmtpd.controller import Controller

from safecare.model.ids import IncidentId, NoticeId, SiteId
from safecare.model.notice import Notice, Receipt
from safecare.model.text import Text, say
from safecare.notify.channels.mail import Mail, MailServer
from safecare.testing.clock import START, FakeClock

NOTICE = Notice(
    id=NoticeId("0199-notice"),
    revision=2,
    incident=IncidentId("i"),
    site=SiteId("s"),
    at=START,
    role="operator",
    channel="mail",
    severity=90,
    title=say("Porte forcée\r\nBcc: everyone@example"),
    body=say("Open the incident."),
)


class Inbox:
    """What the SMTP server has got; it refuses addresses that begin with ``no``."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], bytes]] = []

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: object, session: object, envelope: object, address: str, options: object
    ) -> str:
        if address.startswith("no"):
            return "550 no such person"
        envelope.rcpt_tos.append(address)  # type: ignore[attr-defined]
        return "250 OK"

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:  # noqa: N802
        self.mails.append((envelope.rcpt_tos, envelope.content))  # type: ignore[attr-defined]
        return "250 OK"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    handler, port = Inbox(), free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    controller.stop()


def send(port: int, *to: str, **more: object) -> list[Receipt]:
    def render(text: Text, notice: Notice) -> str:
        return text.key

    server = MailServer(host="127.0.0.1", port=port, sender="safecare@hospital.example", timeout=5.0)
    mail = Mail(
        msgspec.structs.replace(server, **more),
        {"operator": to},
        render,
        FakeClock(),
        public_url="https://safe.example/",
    )
    return mail.send(NOTICE)


def outcomes(receipts: list[Receipt]) -> list[tuple[str, str]]:
    return [(one.outcome, one.reason.key if one.reason else "") for one in receipts]


def test_a_mail_reaches_each_address_alone(inbox: tuple[Inbox, int]) -> None:
    handler, port = inbox
    [receipt] = send(port, "a@hospital.example", "b@hospital.example")
    assert (receipt.outcome, receipt.who, receipt.channel) == ("sent", "operator", "mail")
    assert [to for to, _ in handler.mails] == [["a@hospital.example"], ["b@hospital.example"]]
    mail = email.message_from_bytes(handler.mails[0][1], policy=email.policy.default)
    assert mail["Subject"] == "Porte forcée Bcc: everyone@example"
    assert mail["Bcc"] is None
    assert mail["To"] == "a@hospital.example"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == "<0199-notice.2@hospital.example>"
    body = mail.get_body()
    assert body is not None
    assert "https://safe.example/a/0199-notice" in body.get_content()


def test_refused_addresses_are_told(inbox: tuple[Inbox, int]) -> None:
    handler, port = inbox
    assert outcomes(send(port, "no@x.example", "a@x.example")) == [
        ("sent", ""),
        ("failed", "The mail server refused {count} of the addresses"),
    ]
    assert outcomes(send(port, "no@x.example")) == [("failed", "The mail server refused {count} of the addresses")]
    assert len(handler.mails) == 1


def test_why_it_failed_is_said(inbox: tuple[Inbox, int]) -> None:
    _, port = inbox
    assert outcomes(send(port)) == [("nobody", "No mail address is known for the role {role}")]
    assert outcomes(send(free_port(), "a@x.example")) == [("failed", "The mail server can't be reached")]
    assert send(port, "a@x.example", security="starttls")[0].outcome == "failed"
    assert send(port, "a@x.example", user="u", password="p")[0].outcome == "failed"
    assert outcomes(send(port, "a\r\n@x.example")) == [
        ("failed", "A mail address or the sender's address is not well written")
    ]


def test_a_server_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert outcomes(send(port, "a@x.example", timeout=0.2)) == [
            ("failed", "The mail server did not answer in time")
        ]
