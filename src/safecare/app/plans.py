"""The site as it is now: its files, what was drawn in the console above them, and saving a new version of a plan."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import msgspec

from safecare.app.files import SiteFiles, hospital_of
from safecare.formats.hospital import Loaded, Placed, Redrawn, level_of, load
from safecare.model.hospital import Hospital
from safecare.store.drawings import Drawings, Version, ZonesVersion

Renew = Callable[[SiteFiles], Awaitable[None]]


class SitePlans:
    """The hospital that the console shows (`safecare.console.deps.Site`), and the versions of plans and zones."""

    def __init__(self, source: Path, drawings: Drawings, renew: Renew) -> None:
        """Read the files in `source`; `renew` is awaited after each saved version. Raises `BadHospitalError`."""
        self._source, self._drawings, self._renew = source, drawings, renew
        self._lock = asyncio.Lock()
        self.files = hospital_of(source, drawings.redrawn())
        self.changes = 0

    @property
    def hospital(self) -> Hospital:
        """The hospital as it is now."""
        return self.files.hospital

    def versions(self, level: str) -> list[Version]:
        """Return the saved versions of `level`, the first one first. Blocking."""
        return self._drawings.versions(level)

    def plan(self, level: str, number: int | None = None) -> bytes:
        """Return the plan of `level`: the newest, version `number`, or (0) that of the files. Blocking.

        Raises `KeyError` where there is no such version.
        """
        saved = {one.number: one for one in self._drawings.versions(level)}
        if number is None:
            number = max(saved, default=0)
        if number:
            return saved[number].plan.encode()
        paths = (path for path in sorted(self._source.glob("plans/*.geojson")))
        found = next((raw for path in paths if level_of(raw := path.read_bytes()) == level), None)
        if found is None:
            raise KeyError(level)
        return found

    def placed(self) -> dict[str, Placed]:
        """Return where things stand that were placed in the console. Blocking."""
        return self._drawings.redrawn().placed

    def check(self, level: str, plan: bytes, placed: Mapping[str, Placed]) -> Loaded:
        """Return the hospital as it would be with `plan`, or what is wrong then. Blocking."""
        now = self._drawings.redrawn()
        return load(self._source, Redrawn({**now.plans, level: plan}, {**now.placed, **placed}, now.cameras))

    def zones(self, camera: str) -> list[ZonesVersion]:
        """Return the saved versions of the zones of `camera`, the first one first. Blocking."""
        return self._drawings.zones(camera)

    def zones_file(self, camera: str, number: int | None = None) -> bytes:
        """Return the zones file of `camera`: the newest, version `number`, or (0) that of the files. Blocking.

        It is empty where nobody has drawn any. Raises `KeyError` where there is no such version.
        """
        saved = {one.number: one for one in self._drawings.zones(camera)}
        if number is None:
            number = max(saved, default=0)
        if number:
            return saved[number].text.encode()
        path = self._source / "cameras" / f"{camera}.yaml"
        return path.read_bytes() if path.is_file() else b""

    def check_zones(self, camera: str, text: str) -> Loaded:
        """Return the hospital as it would be with `text` as the zones of `camera`, or what is wrong then. Blocking."""
        now = self._drawings.redrawn()
        return load(self._source, msgspec.structs.replace(now, cameras={**now.cameras, camera: text.encode()}))

    async def save(self, version: Version | ZonesVersion) -> str:
        """Keep `version` and let all parts work with it. Return its SHA-256. Raises `TakenError`, `OSError`."""
        async with self._lock:
            sha256 = await asyncio.to_thread(self._drawings.save, version)
            self.files = await asyncio.to_thread(lambda: hospital_of(self._source, self._drawings.redrawn()))
            self.changes += 1
            await self._renew(self.files)
            return sha256
