"""Mail over SMTP (RFC 5321) to the mail door."""

from __future__ import annotations

import smtplib
from typing import Literal

import msgspec

from safecare.model.text import Text, say
from safecare.scenarios.inputs.api import Input, InputError, input_kind
from safecare.scenarios.make.mail import benign_mails, credential_phish, spear_phish
from safecare.scenarios.world import World

TIMEOUT = 30.0
"""Seconds that the mail door has to answer (chosen)."""


@input_kind("mail")
class Mail(Input, msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Mail to the person `to` (a holder): `count` harmless ones, or one that phishes."""

    what: Literal["spear", "credential", "harmless"]
    to: str
    count: int = 1

    def text(self) -> Text:
        """Return what it is, for people."""
        match self.what:
            case "spear":
                return say("Mail over SMTP: phishing aimed at one person, with a macro document")
            case "credential":
                return say("Mail over SMTP: phishing for a password")
            case _:
                return say("Mail over SMTP: {count} harmless ones", count=self.count)

    def play(self, world: World) -> None:
        """Send."""
        person = world.hospital.person("holder", self.to)
        if person is None or not person.mail:
            raise InputError(f"nobody with a mail address is called {self.to}")
        address = person.mail[0]
        home = address.partition("@")[2]
        seed, now = world.seed(), world.clock.now()
        match self.what:
            case "spear":
                mails = [spear_phish(seed=seed, at=now, to=address, home=home)]
            case "credential":
                mails = [credential_phish(seed=seed, at=now, to=address, home=home)]
            case _:
                mails = list(benign_mails(self.count, seed=seed, at=now, to=address, home=home))
        settings = world.door("mail")
        try:
            with smtplib.SMTP(str(settings["host"]), int(settings["port"]), timeout=TIMEOUT) as server:
                for mail in mails:
                    server.sendmail(f"relay@{home}", [address], mail)
        except smtplib.SMTPException as error:
            raise InputError(f"the mail door refused: {error}") from error
