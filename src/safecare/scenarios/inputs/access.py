"""Events of an access-control or infant-protection system, posted as JSON: played when the door answers 202."""

from __future__ import annotations

import urllib.request
from pathlib import Path
from typing import Any

import msgspec

from safecare.model.text import Ref, Text, say
from safecare.scenarios.inputs.api import Input, InputError, input_kind
from safecare.scenarios.world import World

TIMEOUT = 30.0
"""Seconds that the door has to answer (chosen)."""


@input_kind("access")
class Access(Input, msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Each of `says` (objects with `event`, `badge`, ... in the words of the mapping `generic-json`) about `asset`.

    `out`: at the reader on its inside.
    """

    asset: str
    says: tuple[dict[str, Any], ...]
    out: bool = False

    def text(self) -> Text:
        """Return what it is, for people."""
        events = ", ".join(dict.fromkeys(str(one.get("event", "")) for one in self.says))
        return say("Posts of the access control about {device}: {what}", device=Ref(self.asset), what=events)

    def play(self, world: World) -> None:
        """Post all in order, one by one."""
        settings = world.door("access-webhook")
        reader = world.address(self.asset, "reader-out" if self.out else "reader")
        token = Path(str(settings["token_file"])).read_text("ascii").strip()
        for one in self.says:
            told = {"time": world.clock.now().isoformat(), "door": reader, "number": str(world.seed()), **one}
            post(f"http://{settings['host']}:{settings['port']}/", token, told)


def post(url: str, token: str, told: object) -> None:
    """Post `told` as JSON. Raises `InputError` unless all of it is taken."""
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    request = urllib.request.Request(url, msgspec.json.encode(told), headers)  # noqa: S310 - our own door
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
        said = answer.read(1 << 16)
        if answer.status != 202 or msgspec.json.decode(said, type=dict[str, Any]).get("rejected"):
            raise InputError(f"the door for access control did not take a post: {said[:200]!r}")
