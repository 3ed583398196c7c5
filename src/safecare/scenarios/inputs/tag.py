"""Where a tag is, posted as a FHIR message by a locating system: played when the door answers 202."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from safecare.model.text import Ref, Text, say
from safecare.scenarios.inputs.access import post
from safecare.scenarios.inputs.api import Input, input_kind
from safecare.scenarios.world import World


@input_kind("tag")
class Tag(Input, msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The tag `badge` is located in `zone`."""

    badge: str
    zone: str

    def text(self) -> Text:
        """Return what it is, for people."""
        return say("FHIR message of the locating system: a tag is in {place}", place=Ref(self.zone))

    def play(self, world: World) -> None:
        """Post it."""
        settings = world.door("fhir-rtls")
        token = Path(str(settings["token_file"])).read_text("ascii").strip()
        told = message("location-update", self.badge, self.zone, world.clock.now())
        post(f"http://{settings['host']}:{settings['port']}/", token, told)


def message(event: str, tag: str, place: str, at: datetime) -> dict[str, Any]:
    """Return the message of a locating system that `event` befell `tag` at `place` (FHIR RTLS guide)."""
    header = {"resourceType": "MessageHeader", "eventCoding": {"code": event}}
    device = {"resourceType": "Device", "identifier": [{"value": tag}]}
    location = {"resourceType": "Location", "identifier": [{"value": place}]}
    entries = [{"resource": one} for one in (header, device, location)]
    return {"resourceType": "Bundle", "type": "message", "timestamp": at.isoformat(), "entry": entries}
