"""The site's doors: built from ``sources.yaml`` and the settings, each run as one task that never ends the others."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_type_hints

import structlog

from safecare.app.health import Doors
from safecare.app.intake import DoorIntake
from safecare.formats.hospital import DoorSpec
from safecare.settings import Settings, SettingsError
from safecare.sources.api import Source, sources

FIRST_WAIT = 0.5
"""Seconds until a failed door is tried again (chosen)."""
LONGEST_WAIT = 30.0
"""Seconds between tries of a door that keeps failing (chosen)."""


def build_doors(specs: tuple[DoorSpec, ...], settings: Settings, given: Mapping[str, Any], folder: Path) -> Built:
    """Build the sources of `specs`; `given` are things of the platform that a source may ask for by field name.

    Settings of type `Path` are taken from `folder` when they are relative. Raises `SettingsError` for a
    change to a door that does not exist. A door whose source is missing or whose settings are wrong
    does not stop the others: it is in `Built.failed` with the reason.
    """
    found = sources()
    aside = {one.name: one.reason for one in found.missing}
    known = {spec.id for spec in specs}
    if strange := sorted(set(settings.doors) - known):
        raise SettingsError(f"no door is called {strange[0]}; there are: {', '.join(sorted(known))}")
    built: dict[str, Source] = {}
    failed: dict[str, str] = {}
    for spec in specs:
        kind = found.parts.get(spec.source)
        if kind is None:
            failed[spec.id] = aside.get(spec.source, f"no source is called {spec.source}")
            continue
        try:
            built[spec.id] = _build(kind, spec.id, {**spec.settings, **settings.doors.get(spec.id, {})}, given, folder)
        except (TypeError, ValueError) as error:
            failed[spec.id] = str(error)
    return Built(built, failed, {spec.id: spec.source for spec in specs})


@dataclasses.dataclass(frozen=True)
class Built:
    """Doors by id, those that could not be built with the reason, and the source's name of each."""

    doors: dict[str, Source]
    failed: dict[str, str]
    names: dict[str, str]


def _build(kind: Any, door: str, settings: dict[str, Any], given: Mapping[str, Any], folder: Path) -> Source:
    hints = get_type_hints(kind)
    asked = {field.name for field in dataclasses.fields(kind) if field.init}
    if strange := sorted(set(settings) - asked):
        raise ValueError(f"the source has no setting {strange[0]}; it has: {', '.join(sorted(asked - set(given)))}")
    arguments = {name: value for name, value in {**given, "door": door}.items() if name in asked}
    for name, value in settings.items():
        arguments[name] = folder / value if hints[name] is Path else value
    built: Source = kind(**arguments)
    return built


def describe(door: Source) -> dict[str, Any]:
    """Return the plain settings of a door as it runs, without secrets, for those who want to reach it."""
    secret = {"users", "password", "key"}
    described: dict[str, Any] = {}
    for field in dataclasses.fields(door):  # type: ignore[arg-type]
        value = getattr(door, field.name, None)
        if field.init and field.name not in secret:
            if isinstance(value, Path):
                described[field.name] = str(value.resolve())
            elif isinstance(value, str | int | float | bool | list):
                described[field.name] = value
    return described


async def run_door(name: str, door: Source, intake: DoorIntake, doors: Doors) -> None:
    """Run one door until cancelled; a failure is told, and the door is tried again with back-off."""
    wait = FIRST_WAIT
    while True:
        started = asyncio.get_running_loop().time()
        try:
            await door.run(intake)
            reason = "the source ended by itself"
        except Exception as error:  # noqa: BLE001 - whatever a source raises, the other doors go on
            reason = f"{type(error).__name__}: {error}"
            structlog.get_logger().warning("door failed", door=name, exc_info=True)
        doors.report(name, "failed", reason)
        if asyncio.get_running_loop().time() - started > LONGEST_WAIT:
            wait = FIRST_WAIT
        await asyncio.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT)
