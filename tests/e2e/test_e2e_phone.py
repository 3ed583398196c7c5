"""The phone: passkeys by a virtual authenticator, push messages through the browser's own worker, reports and calls."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest
from e2e_people import IN_CHARGE, PHONE, House, Person
from playwright.sync_api import CDPSession, expect

from safecare.notify.channels.webpush import message

pytest_plugins = ["e2e_fixtures"]
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("e2e-phone")]

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def authenticator(person: Person) -> CDPSession:
    """Give the browser an authenticator that is always unlocked."""
    session = person.context.new_cdp_session(person.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


def test_a_passkey_is_made_and_signs_in_again(house: House) -> None:
    local = house.url.replace("127.0.0.1", "localhost")
    with house.visitor(viewport=PHONE) as jade:
        authenticator(jade)
        jade.page.goto(house.link("guard", "Jade Vasseur").replace("127.0.0.1", "localhost"))
        jade.page.get_by_role("button").click()
        jade.page.goto(f"{local}/account")
        jade.press("passkey-add")
        expect(jade.page.get_by_test_id("passkeys").locator("li")).to_have_count(1)
        jade.press("settings")
        jade.press("sign-out")
        jade.page.get_by_role("heading", name="You are not signed in").wait_for()
        jade.page.get_by_role("button", name="Sign in with a passkey").click()
        jade.see("guard")


def push(person: Person, data: bytes) -> None:
    """Deliver a push message to the page's worker."""
    session = person.context.new_cdp_session(person.page)
    found: list[str] = []

    def updated(event: dict[str, Any]) -> None:
        found.extend(one["registrationId"] for one in event["registrations"])

    session.on("ServiceWorker.workerRegistrationUpdated", updated)
    session.send("ServiceWorker.enable")
    person.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    while not found:
        person.page.wait_for_timeout(20)
    origin = person.page.evaluate("location.origin + '/'")
    session.send(
        "ServiceWorker.deliverPushMessage", {"origin": origin, "registrationId": found[0], "data": data.decode()}
    )


SHOWN = """async () => {
  const registration = await navigator.serviceWorker.ready;
  const all = await registration.getNotifications();
  return all.map(({title, body, tag, silent}) => ({title, body, tag, silent}));
}"""
"""What stands on the phone. Asked only once the worker has shown it: Chromium forgets, when it is asked, a notification
that it has written down and not put up yet (DoReadAllNotificationDataForServiceWorkerRegistration)."""


def noticed(house: House, person: Person) -> dict[str, Any]:
    """Wait until `person` is meant by a notice, and return it."""
    while True:
        answer = person.context.request.get(f"{house.url}/api/guard").json()
        for one in answer["notices"]:
            if one["mine"]:
                return dict(one)
        person.page.wait_for_timeout(20)


def test_a_push_is_shown_and_told_as_delivered(house: House) -> None:
    house.attacker.theft()
    with house.person("guard", "Nina Sorel", viewport=PHONE) as nina:
        nina.context.grant_permissions(["notifications"], origin=house.url)
        nina.open("/account")  # the page of notices would tell by itself
        nina.see("account")
        notice = noticed(house, nina)
        data = {"notice": notice["id"], "revision": "1", "level": "high"}
        told = message("Door forced (Pharmacy)", "Go there.", "/guard", "en", tag=notice["id"], quiet=False, data=data)
        push(nina, told)
        house.until(
            f"/api/incidents/{notice['incident']}",
            lambda one: any(
                receipt["outcome"] == "delivered" and receipt["who"] == "Nina Sorel"
                for each in one["notices"]
                for receipt in each["receipts"]
            ),
        )
        [shown] = nina.page.evaluate(SHOWN)
        assert shown == {"title": "Door forced (Pharmacy)", "body": "Go there.", "tag": notice["id"], "silent": False}


def test_a_photo_a_voice_and_a_call_for_help_wait_for_the_network_and_come_once(house: House) -> None:
    with house.person("guard", "Tom Morvan", viewport=PHONE) as tom:
        tom.see("guard")
        tom.page.evaluate(IN_CHARGE)
        tom.context.set_offline(True)
        tom.press("report")
        tom.page.get_by_test_id("report-words").fill("The lock is scratched")
        tom.page.get_by_test_id("report-photo").set_input_files(
            {"name": "lock.png", "mimeType": "image/png", "buffer": PIXEL}
        )
        expect(tom.page.get_by_text("✓ Photo taken")).to_be_visible()
        tom.press("report-voice")
        expect(tom.page.get_by_text(re.compile("● Recording, [1-9]"))).to_be_visible()
        tom.press("report-voice")
        expect(tom.page.get_by_text("✓ Voice note taken")).to_be_visible()
        tom.press("confirm")
        tom.press("panic")
        tom.press("confirm")
        tom.see("queued")
        tom.page.reload()  # the phone was switched off and on, still without a network
        tom.see("queued")
        tom.context.set_offline(False)
        expect(tom.page.get_by_test_id("queued")).to_have_count(0)
    reports = house.until("/api/reports", lambda found: len(found) == 2)
    assert sorted(one["panic"] for one in reports) == [False, True]
    seen = next(one for one in reports if not one["panic"])
    assert seen["picture"]
    with house.person("operator", "Ana Costa") as ana:
        kept = ana.context.request.get(house.url + seen["voice"])
        assert kept.headers["content-type"] == "audio/webm"
        assert kept.body().startswith(b"\x1a\x45\xdf\xa3")  # EBML, as WebM begins
    alerts = house.until("/api/alerts", lambda found: sum(one["rule"] == "person.report" for one in found) == 2)
    assert json.dumps([one["title"] for one in alerts]).find("scratched") < 0
    house.until("/api/guard", lambda guard: any(one["level"] == "critical" for one in guard["notices"]))
