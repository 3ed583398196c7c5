"""A theft at the pharmacy of the demo hospital, put in through the doors that devices really use."""

from __future__ import annotations

import json
import smtplib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from safecare.scenarios.make.mail import spear_phish
from safecare.scenarios.make.network import eve_alert
from safecare.scenarios.private import PrivatePlatform

HOME = "sainte-aurore.example"
VICTIM = "ines.pelletan@sainte-aurore.example"
"""A pharmacist of Sainte-Aurore; `CODE` is her door code, and `WORKSTATION` the address of her workstation."""
CODE = "code-0001"
WORKSTATION = "10.10.10.32"
OUTSIDE = "203.0.113.9"


@dataclass
class Attacker:
    """Speaks to the doors of one platform as the hospital's devices do."""

    platform: PrivatePlatform
    ports: dict[str, int]
    """Port by door id."""

    def api(self) -> httpx.Client:
        """Return a client that acts as the local administrator."""
        headers = {"Authorization": f"Bearer {self.platform.token()}", "X-Safecare": "1"}
        return httpx.Client(base_url=self.platform.url, headers=headers, timeout=90)

    def field(self, *messages: tuple[str, dict[str, Any]]) -> None:
        """Publish topic and JSON of field devices in order; each is durable before the next one is sent."""
        client = mqtt.Client(CallbackAPIVersion.VERSION2)
        client.connect("127.0.0.1", self.ports["mqtt-listener"])
        client.loop_start()
        try:
            for topic, said in messages:
                client.publish(topic, json.dumps(said), qos=1).wait_for_publish(20)
        finally:
            client.disconnect()
            client.loop_stop()

    def mail(self) -> None:
        """Send the pharmacist a document with a macro."""
        raw = spear_phish(seed=7, at=datetime.now(UTC), to=VICTIM, home=HOME)
        with smtplib.SMTP("127.0.0.1", self.ports["mail-intake"], timeout=90) as door:
            door.sendmail("rh@lookalike.example", [VICTIM], raw)

    def foothold(self) -> None:
        """Let the network sensor report that the pharmacist's workstation calls its master."""
        line = eve_alert(
            datetime.now(UTC),
            WORKSTATION,
            OUTSIDE,
            443,
            number=1,
            signature="ET MALWARE Beacon to known command server",
            category="A Network Trojan was detected",
            priority=1,
        )
        with self.api() as http:
            http.post("/api/ingest/eve", content=line).raise_for_status()

    def theft(self) -> None:
        """Use the code of a pharmacist who works at the other site, and go in."""
        self.field(
            ("aurore/roster", {"placed": "tilleuls.pharmacy", "by": "roster", "badge": CODE}),
            ("aurore/doors/pharmacy", {"access": "granted", "badge": CODE, "means": "code"}),
            ("aurore/doors/pharmacy", {"access": "opened"}),
            ("aurore/doors/pharmacy", {"access": "closed"}),
        )

    def sabotage(self) -> None:
        """Set fire to the technical room next door; the sector loses its power."""
        self.field(("aurore/fire/technical.north", {"smoke": True}), ("aurore/power/north", {"supply": "lost"}))

    def all(self) -> None:
        """Do everything, in the order of the story."""
        self.mail()
        self.foothold()
        self.theft()
        self.sabotage()
