"""Who a mail is addressed to: hidden readers, and a house's own mail."""

from __future__ import annotations

import pytest

from safecare.examine.engine import Engine
from safecare.examine.mail.addressed import readers
from safecare.formats.mail import read_mail


@pytest.mark.parametrize(
    ("headers", "own", "told"),
    [
        ("From: a@house.example\nTo: b@house.example\n", (), {"house.example"}),
        ("From: a@house.example\nTo: a@house.example\n", (), set()),
        ("From: a@house.example\nTo: a@house.example\n", ("house.example",), {"house.example"}),
        ("From: a@far.example\nTo: a@far.example\nDelivered-To: b@house.example\n", (), {"house.example"}),
        ("From: a@far.example\nTo: a@far.example, b@far.example\n", (), {"far.example"}),
        ("From: a@far.example\nTo: undisclosed-recipients:;\n", (), set()),
    ],
)
def test_the_readers_of_a_mail(headers: str, own: tuple[str, ...], told: set[str]) -> None:
    mail = read_mail(f"{headers}Subject: s\n\ntext\n".encode(), own)
    assert readers(mail.mime.headers, mail) == told


OFFER = (
    "From: Mr Ali <ali@firm.example>\nTo: {to}\nReply-To: ali.office@gmail.com\nSubject: Proposal\n"
    "Message-ID: <1@firm.example>\nContent-Type: text/plain\n\nI am the lawyer of a late client who left unclaimed "
    "funds of 7.5 million dollars. Your share is 40 percent. Send your full name and telephone.\n"
)


@pytest.mark.parametrize("to", ["ali@firm.example", "undisclosed-recipients:;"])
def test_an_offer_to_hidden_readers_is_found(to: str) -> None:
    found = {one.rule for one in Engine().judge(OFFER.format(to=to).encode(), "a.eml").findings}
    assert "mail.order.advance" in found
