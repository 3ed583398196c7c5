"""Clips of cameras dropped into the folder that the video door watches: drawn ones, and real public ones."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from safecare.model.text import Ref, Text, say
from safecare.scenarios.inputs.api import Input, input_kind
from safecare.scenarios.make.clips import make_clip
from safecare.scenarios.world import World

FPS = 5
"""Pictures per second of a drawn clip: what the video door looks at by default."""
VTEST = Path("/usr/share/doc/opencv-doc/examples/data/vtest.avi")
"""Public clip of Debian's package opencv-doc."""
PUBLIC_SECONDS = 120.0
"""Age of a public clip's first picture, so that its last one is not in the future (chosen; both are shorter)."""


@input_kind("clip")
class Clip(Input, msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The picture of `camera`: the drawn `scene` (see `make.scenes`) of `seconds`, or ``public``, a real clip.

    The clip ends now. `people`: how many come in the scene ``crowd``. A public clip is skipped where there is none.
    """

    camera: str
    scene: str
    seconds: float = 60.0
    people: int | None = None
    arrive: float | None = None
    """Second at which they begin to come; before, the place is as usual."""
    fps: int = FPS
    """Pictures per second of a drawn scene: recorders keep fewer than cameras give."""
    seed: int | None = None
    """What the scene's chance is drawn from; each play another one if not given."""

    def text(self) -> Text:
        """Return what it is, for people."""
        if self.scene == "public" and public_clip() is None:
            return say("skipped: no clip")
        if self.scene == "public":
            return say("Real public clip as {camera} would show it", camera=Ref(self.camera))
        return say("Clip of {camera}: {scene}", camera=Ref(self.camera), scene=self.scene.replace("_", " "))

    def prepare(self, world: World) -> None:
        """Draw it."""
        if self.scene != "public":
            told = {"people": self.people, "arrive": self.arrive}
            more: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
            seed = world.seed() if self.seed is None else self.seed
            world.prepare(
                self, lambda: make_clip(self.scene, fps=self.fps, seconds=self.seconds, seed=seed, **more).raw
            )

    def play(self, world: World) -> None:
        """Write beside, then rename: the door never sees half a file."""
        folder = Path(str(world.door("camera")["folder"]))
        if self.scene == "public":
            path = public_clip()
            if path is None:
                return
            raw, suffix, seconds = path.read_bytes(), path.suffix, PUBLIC_SECONDS
        else:
            raw, suffix, seconds = world.prepared(self), ".mp4", self.seconds
        start = world.clock.now() - timedelta(seconds=seconds)
        stamp = start.strftime("%Y%m%dT%H%M%S.") + f"{start.microsecond // 1000:03d}"
        world.drop(folder, f"{self.camera}__{stamp}Z{suffix}", raw)


def public_clip() -> Path | None:
    """Return a real public clip of people, if this machine has one."""
    data = os.environ.get("SAFECARE_DATA")
    found = [Path(data) / "video" / "one-by-one-person-detection.mp4"] if data else []
    return next((path for path in (*found, VTEST) if path.is_file()), None)
