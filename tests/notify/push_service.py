"""A push service (or any other HTTP service) on this machine, phones that read what they were sent, and a site."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import http_ece
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from made_incidents import hospital, incident, notices, route

from safecare.app.channels import speaker
from safecare.locale.catalogue import Catalogue
from safecare.model.ids import IncidentId, NoticeId, SiteId
from safecare.model.notice import Notice, Receipt
from safecare.model.text import say
from safecare.notify.channels.webpush import WebPush
from safecare.notify.stage import NotifyStage
from safecare.notify.webpush import encode64, public_bytes
from safecare.store.accounts import Accounts
from safecare.store.database import Database
from safecare.store.devices import Devices
from safecare.store.keyring import Keyring
from safecare.testing.clock import START, FakeClock

NOTICE = Notice(
    id=NoticeId("0199-notice"),
    revision=2,
    incident=IncidentId("i"),
    site=SiteId("s"),
    at=START,
    role="operator",
    channel="any",
    severity=90,
    title=say("Porte forcée"),
    body=say("Open the incident."),
)


@dataclass
class Phone:
    """A browser's side of a subscription."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: os.urandom(16))

    def read(self, body: bytes) -> bytes:
        """Decode with a library that is none of ours."""
        found: bytes = http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm")
        return found


@dataclass
class Service:
    """A push service that keeps what it gets."""

    url: str
    answers: list[int]
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


class House:
    """A site with people and their phones."""

    def __init__(self, folder: Path, service: Service) -> None:
        self.clock, self.service = FakeClock(), service
        self.database = Database(folder / "central.db")
        self.database.migrate()
        self.accounts = Accounts(self.database, self.clock)
        self.devices = Devices(self.database, self.clock, Keyring(folder / "seal.keys"))
        speak = speaker(Catalogue.load(), hospital())
        self.channel = WebPush(
            self.devices,
            b"site",
            speak,
            self.clock,
            hospital(),
            public_url="https://safe.example",
            services=(service.url,),
        )

    def phone(self, role: str, site: str | None = None, language: str = "en") -> tuple[str, str, Phone]:
        """Return user, device and phone of a new person."""
        user, phone = self.accounts.add("Someone", role, site), Phone()
        endpoint = f"{self.service.url}/{user}"
        key, auth = encode64(public_bytes(phone.key)), encode64(phone.auth)
        return user, self.devices.add(user, "Phone", language, endpoint, key, auth), phone

    def send(self, **more: object) -> list[Receipt]:
        """Send a notice to the guards of Aurore."""
        return self.channel.send(notice(**more))


def notice(**more: object) -> Notice:
    """Return a notice about a forced door."""
    [made] = notices(NotifyStage(hospital(route(channels=("webpush",)))).feed([incident()]))
    return msgspec.structs.replace(made, **more)
