"""Inputs of panels, access control and tags, played through the real doors over TCP on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from safecare.app.files import demo_hospital, hospital_of
from safecare.model.events.building import FireSignal
from safecare.model.events.doors import BadgeGranted, HolderPlaced
from safecare.model.events.panels import DeviceHeard, PanelSignal
from safecare.scenarios.field import Field
from safecare.scenarios.inputs.access import Access
from safecare.scenarios.inputs.api import Input, InputError
from safecare.scenarios.inputs.espa import Espa
from safecare.scenarios.inputs.sia import Sia
from safecare.scenarios.inputs.tag import Tag
from safecare.scenarios.script import scenarios
from safecare.scenarios.world import Door, World
from safecare.sources.access.webhook import AccessWebhook
from safecare.sources.dc09.door import Dc09Door
from safecare.sources.espa.door import EspaDoor
from safecare.sources.rtls.door import RtlsDoor
from safecare.testing.intake import MemoryIntake, running

pytestmark = pytest.mark.slow

HOSPITAL = hospital_of(demo_hospital()).hospital
PHARMACY = "door.aurore.pharmacy"
READER = "tagreader.aurore.maternity.stairs.west"
TOKEN = "a-long-enough-token"


async def played(make: Callable[[Path], Any], kind: str, input: Input, folder: Path) -> MemoryIntake:
    """Play `input` through the door that `make` makes, and return what it has taken."""
    taken = MemoryIntake(hospital=HOSPITAL)
    token = folder / "token"
    token.write_text(TOKEN)
    door = make(token)
    async with running(door, taken):
        settings = {"host": door.address[0], "port": door.address[1], "token_file": str(token)}
        world = World({"door": Door(kind, settings)}, taken.hospital, taken.clock, Field(taken.hospital, {}), 1)
        try:
            await asyncio.to_thread(input.play, world)
        finally:
            world.close()
    return taken


async def test_a_panel_says_codes_and_signs_of_life(tmp_path: Path) -> None:
    def make(_: Path) -> Dc09Door:
        return Dc09Door("panels", port=0)

    module = "module.aurore.technical.north"
    taken = await played(make, "sia-dc09", Sia(asset=module, says=("TA", "EM")), tmp_path)
    assert [(one.asset, one.what) for one in taken.events if isinstance(one, PanelSignal)] == [
        (module, "tamper"),
        (module, "silent"),
    ]
    taken = await played(make, "sia-dc09", Sia(asset="panel.aurore"), tmp_path)
    assert [type(one) for one in taken.events] == [DeviceHeard]
    with pytest.raises(InputError, match="did not acknowledge"):
        await played(make, "sia-dc09", Sia(asset="panel.aurore", says=("?",)), tmp_path)


async def test_a_fire_panel_calls_and_resets(tmp_path: Path) -> None:
    def make(_: Path) -> EspaDoor:
        return EspaDoor("calls", port=0)

    detector = "fire.aurore.ground.spine"
    for over, state in ((False, "alarm"), (True, "normal")):
        taken = await played(make, "espa", Espa(asset=detector, words="INCENDIE", over=over), tmp_path)
        assert [(one.asset, one.state) for one in taken.events if isinstance(one, FireSignal)] == [(detector, state)]


async def test_an_access_control_posts_with_the_token_of_the_platform(tmp_path: Path) -> None:
    def make(token: Path) -> AccessWebhook:
        return AccessWebhook("badges", port=0, token_file=token)

    says: tuple[dict[str, Any], ...] = ({"event": "granted", "badge": "card-10001"},)
    for out, way in ((False, "in"), (True, "out")):
        taken = await played(make, "access-webhook", Access(asset=PHARMACY, says=says, out=out), tmp_path)
        assert [(one.asset, one.way) for one in taken.events if isinstance(one, BadgeGranted)] == [(PHARMACY, way)]
    with pytest.raises(InputError, match="did not take"):
        await played(make, "access-webhook", Access(asset=PHARMACY, says=({"event": "explodes"},)), tmp_path)


async def test_a_tag_is_located(tmp_path: Path) -> None:
    def make(token: Path) -> RtlsDoor:
        return RtlsDoor("tags", port=0, token_file=token)

    taken = await played(make, "fhir-rtls", Tag(badge="tag-0001", zone="aurore.fourth.stairs.west"), tmp_path)
    (placed,) = (one for one in taken.events if isinstance(one, HolderPlaced))
    assert (placed.holder, placed.zone, placed.by) == ("infant-1", "aurore.fourth.stairs.west", "tag")


def test_every_attack_has_a_quiet_twin_and_speaks_of_things_of_the_demo_hospital() -> None:
    known = scenarios()
    assert sum(1 for one in known.values() if one.quiet) == sum(1 for one in known.values() if not one.quiet)
    for scenario in known.values():
        for step in scenario.steps:
            for one in (*step.inputs, *scenario.noise, *scenario.after):
                asset = msgspec.to_builtins(one).get("asset")
                assert not asset or HOSPITAL.asset(asset), (scenario.name, asset)
            for expect in step.expect:
                assert all(map(HOSPITAL.asset, expect.assets)), (scenario.name, expect.assets)
                assert all(map(HOSPITAL.zone, expect.zones)), (scenario.name, expect.zones)
