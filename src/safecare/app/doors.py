"""The site's doors: built from ``sources.yaml`` and the settings, each run as one task that never ends the others."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import structlog

from safecare.app.certificates import Papers
from safecare.app.health import Doors
from safecare.app.intake import DoorIntake
from safecare.formats.hospital import DoorSpec
from safecare.model.layout import laid_out
from safecare.settings import Settings, SettingsError
from safecare.sources.api import Source, sources

FIRST_WAIT = 0.5
"""Seconds until a failed door is tried again (chosen)."""
LONGEST_WAIT = 30.0
"""Seconds between tries of a door that keeps failing (chosen)."""

EXAMINER = DoorSpec(id="files", source="files", settings={})
"""The examiner of mails and files: not the site's door, but run like one."""

SECRET = {"users", "devices", "password", "key", "keys", "token"}
"""Settings that nobody is told."""


def build_doors(
    specs: tuple[DoorSpec, ...],
    settings: Settings,
    given: Mapping[str, Any],
    folder: Path,
    filled: Callable[[Any], Any] = lambda value: value,
) -> Built:
    """Build the sources of `specs`; `given` are things of the platform that a source may ask for by field name.

    Settings of type `Path` are taken from `folder` when they are relative; `filled` puts sealed passwords in
    the place of their names (`safecare.store.vault.Vault.filled`). Raises `SettingsError` for a
    change to a door that does not exist. A door whose source is missing or whose settings are wrong
    does not stop the others: it is in `Built.failed` with the reason.
    """
    found = sources()
    aside = {one.name: one.reason for one in found.missing}
    known = {spec.id for spec in specs}
    if strange := sorted(set(settings.doors) - known):
        raise SettingsError(f"no door is called {strange[0]}; there are: {', '.join(sorted(known))}")
    built: dict[str, Source] = {}
    plain: dict[str, dict[str, Any]] = {}
    failed: dict[str, str] = {}
    papers: dict[str, Papers] = {}
    for spec in specs:
        kind = found.parts.get(spec.source)
        if kind is None:
            failed[spec.id] = aside.get(spec.source, f"no source is called {spec.source}")
            continue
        try:
            limits = _given(kind, {"message_mb": settings.limits.message_mb})
            own = {**limits, **spec.settings, **settings.doors.get(spec.id, {})}
            arguments = _arguments(kind, filled(own), given, folder)
            built[spec.id] = kind(**arguments, **_given(kind, {**given, "door": spec.id}))
            plain[spec.id] = _plain(arguments)
            if arguments.get("certificate"):
                key = arguments.get("certificate_key" if "certificate_key" in _asked(kind) else "key")
                papers[spec.id] = Papers(Path(arguments["certificate"]), Path(key) if key else None)
        except (TypeError, ValueError, LookupError, OSError, msgspec.ValidationError) as error:
            failed[spec.id] = str(error)
    return Built(built, failed, {spec.id: spec.source for spec in specs}, plain, papers)


@dataclasses.dataclass(frozen=True)
class Built:
    """Doors by id, those that could not be built with the reason, the source's name and the plain settings of each."""

    doors: dict[str, Source]
    failed: dict[str, str]
    names: dict[str, str]
    settings: dict[str, dict[str, Any]]
    """Settings as the doors run, without secrets, for those who want to reach them."""
    papers: dict[str, Papers] = dataclasses.field(default_factory=dict)
    """The certificates of those that speak TLS."""


def _asked(kind: type) -> dict[str, Any]:
    """Return name and type of what the source's constructor asks for."""
    # The constructor of a dataclass may be inherited: each field is then read by the names of its own module.
    hints = get_type_hints(kind if dataclasses.is_dataclass(kind) else kind.__init__)  # type: ignore[misc]
    return {name: hints.get(name) for name in inspect.signature(kind).parameters}


def _given(kind: type, given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: given[name] for name in _asked(kind) if name in given}


def _arguments(kind: type, settings: Mapping[str, Any], given: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return `settings` with the types that the source asks for. Raises `ValueError` for one that it has not."""
    asked = {name: hint for name, hint in _asked(kind).items() if name not in given and name != "door"}
    if strange := sorted(set(settings) - set(asked)):
        raise ValueError(f"the source has no setting {strange[0]}; it has: {', '.join(sorted(asked))}")
    return {
        name: folder / value if asked[name] in {Path, Path | None} else msgspec.convert(value, laid_out(asked[name]))
        for name, value in settings.items()
    }


def _plain(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: str(value.resolve()) if isinstance(value, Path) else msgspec.to_builtins(value)
        for name, value in arguments.items()
        if name not in SECRET
    }


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


@dataclasses.dataclass
class DoorTasks:
    """The doors as they run now; they can be built anew while the platform goes on."""

    intake: Callable[[str], DoorIntake]
    states: Doors
    _tasks: list[asyncio.Task[None]] = dataclasses.field(default_factory=list, init=False)

    def start(self, built: Built, group: asyncio.TaskGroup) -> None:
        """Start all doors of `built` as tasks of `group`."""
        for door, reason in built.failed.items():
            self.states.add(door, built.names[door], "off", reason)
        for name, source in built.doors.items():
            self.states.add(name, built.names[name])
            self._tasks.append(group.create_task(run_door(name, source, self.intake(name), self.states)))

    async def stop(self) -> None:
        """End all doors; senders keep what is not acknowledged."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
