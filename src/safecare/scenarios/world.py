"""What inputs are played in: the platform's doors, the hospital, simulated devices, and time."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from safecare.model.clock import Clock
from safecare.model.hospital import Hospital
from safecare.scenarios.field import Field
from safecare.scenarios.inputs.api import Input, InputError
from safecare.scenarios.make.hl7 import Appointment


class Door(msgspec.Struct, frozen=True):
    """A door as the platform tells it: its source and its settings."""

    source: str
    settings: dict[str, Any] = {}


class Runtime(msgspec.Struct, frozen=True):
    """What the running platform tells local programs (``runtime.json``)."""

    url: str
    doors: dict[str, Door]


@dataclass
class World:
    """One play's surroundings. `base`: number from which the play's seeds count, so that no two plays send the same."""

    doors: Mapping[str, Door]
    hospital: Hospital
    clock: Clock
    devices: Field
    base: int
    booked: dict[str, list[Appointment]] = field(default_factory=dict)
    """Appointments that were booked in this play, by resource."""
    _numbers: itertools.count[int] = field(default_factory=itertools.count, init=False)
    _makers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1), init=False)
    _made: dict[int, Future[bytes]] = field(default_factory=dict, init=False)
    _over: threading.Event = field(default_factory=threading.Event, init=False)

    def seed(self) -> int:
        """Return a number that was not used before."""
        return self.base * 1000 + next(self._numbers)

    def door(self, source: str) -> Mapping[str, Any]:
        """Return the settings of the first door of the kind `source`. Raises `InputError`."""
        for door in self.doors.values():
            if door.source == source:
                return door.settings
        raise InputError(f"the platform has no door of the kind {source}")

    def address(self, asset: str, system: str) -> str:
        """Return the address of `asset` in `system` (``ip``, ``sia``, ...). Raises `InputError`."""
        found = self.hospital.asset(asset)
        if found is None or system not in found.addresses:
            raise InputError(f"no asset with an address {system} is called {asset}")
        return found.addresses[system]

    def ip(self, asset: str) -> str:
        """Return the network address of `asset`. Raises `InputError`."""
        return self.address(asset, "ip")

    def ips(self, kind: str) -> list[str]:
        """Return the network addresses of all assets of `kind`."""
        return [one.addresses["ip"] for one in self.hospital.assets if one.kind == kind and "ip" in one.addresses]

    def drop(self, folder: Path, name: str, raw: bytes) -> None:
        """Put a file into `folder` so that it is there whole or not at all. Raises `OSError`."""
        folder.mkdir(parents=True, exist_ok=True)
        beside = folder / f".{name}.part"
        beside.write_bytes(raw)
        beside.rename(folder / name)

    def prepare(self, owner: Input, make: Callable[[], bytes]) -> None:
        """Begin to make what `owner` will want."""
        self._made[id(owner)] = self._makers.submit(make)

    def prepared(self, owner: Input) -> bytes:
        """Return what was made for `owner`, as soon as it is. Raises what the making raised."""
        return self._made[id(owner)].result()

    def wait(self, seconds: float) -> None:
        """Let time pass, until the world is closed."""
        self._over.wait(seconds)

    def close(self) -> None:
        """End what still goes on."""
        self._over.set()
        self._makers.shutdown(wait=True, cancel_futures=True)
