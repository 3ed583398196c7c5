"""Where a tag is, posted as a FHIR message by a locating system: played when the door answers 202."""

from __future__ import annotations

from pathlib import Path

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
        header = {"resourceType": "MessageHeader", "eventCoding": {"code": "location-update"}}
        device = {"resourceType": "Device", "identifier": [{"value": self.badge}]}
        place = {"resourceType": "Location", "identifier": [{"value": self.zone}]}
        told = {
            "resourceType": "Bundle",
            "type": "message",
            "timestamp": world.clock.now().isoformat(),
            "entry": [{"resource": one} for one in (header, device, place)],
        }
        post(f"http://{settings['host']}:{settings['port']}/", token, told)
