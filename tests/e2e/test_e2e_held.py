"""A mail that the door holds, on the page: the analyst reads why, lets one through and throws one away."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from e2e_attack import HOME, VICTIM, Attacker
from e2e_people import House
from playwright.sync_api import Browser, expect

from safecare.app.files import demo_hospital, hospital_of
from safecare.scenarios.make.mail import spear_phish
from safecare.scenarios.private import PrivatePlatform, free_doors, free_ports

pytest_plugins = ["e2e_fixtures"]
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("e2e-screens")]


@dataclass
class NextServer:
    """The hospital's mail server behind the door."""

    got: list[bytes] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - the library's
        del server, session
        self.got.append(bytes(envelope.original_content or b""))
        return "250 2.0.0 Queued as 7"


@pytest.fixture
def behind() -> Iterator[tuple[NextServer, int]]:
    """A mail server of its own, and its port."""
    handler, [port] = NextServer(), free_ports(1)
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield handler, port
    finally:
        controller.stop()


@pytest.fixture
def held(browser: Browser, behind: tuple[NextServer, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A platform whose mail door stands in line and holds what is not clean."""
    [console] = free_ports(1)
    doors = free_doors(hospital_of(demo_hospital()).doors)
    ports = {name: one["port"] for name, one in doors.items()}
    doors["mail-intake"] |= {"forward": f"127.0.0.1:{behind[1]}", "policy": "hold"}
    platform = PrivatePlatform(
        tmp_path_factory.mktemp("held") / "data", doors, options=("--no-link", "--port", str(console))
    )
    with platform:
        yield House(Attacker(platform, ports), browser)


def test_a_held_mail_is_let_through_and_another_thrown_away(held: House, behind: tuple[NextServer, int]) -> None:
    server, _ = behind
    mails = [spear_phish(seed=seed, at=datetime.now(UTC), to=VICTIM, home=HOME) for seed in (7, 8)]
    for raw in mails:
        with smtplib.SMTP("127.0.0.1", held.attacker.ports["mail-intake"], timeout=90) as door:
            assert door.sendmail("rh@lookalike.example", [VICTIM], raw) == {}
    waiting = held.until("/api/held", lambda found: len(found) == 2)
    assert {one["state"] for one in waiting} == {"waiting"}
    assert server.got == []
    with held.person("operator", "Nadia Ferrand") as nadia:
        nadia.open("/rejects")
        expect(nadia.page.get_by_test_id("held").locator("tbody tr")).to_have_count(2)
        expect(nadia.page.get_by_test_id("release")).to_have_count(0)
        assert nadia.complaints == []
    with held.person("analyst", "Paul Mercier") as paul:
        paul.open("/rejects")
        rows = paul.page.get_by_test_id("held").locator("tbody tr")
        expect(rows).to_have_count(2)
        for button, reason in (("discard", "asks for a macro"), ("release", "the pharmacist waits for it")):
            paul.press(button)
            dialog = paul.page.get_by_role("dialog")
            confirm = dialog.get_by_role("button", name="Confirm")
            expect(confirm).to_be_disabled()
            paul.page.get_by_test_id("held-reason").fill(reason)
            confirm.click()
            expect(dialog).to_have_count(0)
            expect(rows.filter(has_text=reason)).to_have_count(1)
        expect(paul.page.get_by_test_id("release")).to_have_count(0)
        assert paul.complaints == []
    states = held.until("/api/held", lambda found: {one["state"] for one in found} == {"discarded", "sent"})
    assert {(one["state"], one["reason"]) for one in states} == {
        ("discarded", "asks for a macro"),
        ("sent", "the pharmacist waits for it"),
    }
    [sent] = server.got
    assert any(sent.endswith(raw.rstrip(b"\r\n") + b"\r\n") for raw in mails)
