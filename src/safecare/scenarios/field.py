"""Modbus/TCP devices that the hospital's files list, simulated: real servers on the addresses where the door looks.

Values are normal until a scenario changes them: the middle of a point's range, and the state of a binary
point that is not its alarm.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from safecare.model.hospital import Asset, Hospital, Point
from safecare.scenarios.inputs.api import InputError

START = 10.0
"""Seconds in which the servers must listen (chosen)."""
KINDS = ("coil", "discrete", "holding", "input")
"""Kinds of registers in the order in which the library wants them."""
BY_FUNCTION = {1: "coil", 2: "discrete", 3: "holding", 4: "input"}
"""Kind by function code of a read (MODBUS Application Protocol V1.1b3, 6)."""
BITS = frozenset({"coil", "discrete"})


class Drift(NamedTuple):
    """A value on its way: from where to where, since when, for how long (seconds)."""

    start: float
    end: float
    since: float
    over: float

    def at(self, now: float) -> float:
        """Return the value at `now`."""
        part = 1.0 if self.over <= 0 else min(1.0, (now - self.since) / self.over)
        return self.start + part * (self.end - self.start)


class Field:
    """All Modbus devices of `hospital`, on the addresses in its files, or those that `moved` gives instead."""

    def __init__(
        self, hospital: Hospital, moved: Mapping[str, str] | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Prepare; nothing listens yet."""
        self._now = now
        self._places: dict[str, list[tuple[int, Asset]]] = defaultdict(list)
        self._values: dict[tuple[str, str], Drift] = {}
        self._reads: dict[str, int] = defaultdict(int)
        for asset in hospital.assets:
            address = asset.addresses.get("modbus")
            if address and asset.points:
                place, _, unit = address.partition("/")
                self._places[(moved or {}).get(place, place)].append((int(unit or 1), asset))
                for point in asset.points:
                    value = normal(point)
                    self._values[asset.id, point.name] = Drift(value, value, 0.0, 0.0)
        self._stop = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen. Raises `InputError` where an address is taken."""
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), name="field", daemon=True)
        self._failed = ""
        self._thread.start()
        if not ready.wait(START) or self._failed:
            raise InputError(f"the simulated devices can't listen: {self._failed or 'no answer'}")

    def stop(self) -> None:
        """Close the servers."""
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(START)

    def set(self, asset: str, point: str, value: float, over: float = 0.0) -> None:
        """Let `point` go to `value` within `over` seconds. Raises `InputError` for a point that is not there."""
        if (asset, point) not in self._values:
            raise InputError(f"no Modbus device {asset} has a point {point}")
        now = self._now()
        self._values[asset, point] = Drift(self._values[asset, point].at(now), value, now, over)

    def reads(self, asset: str) -> int:
        """Return how often the device has been read."""
        return self._reads[asset]

    def read(self, asset: Asset, kind: str) -> dict[int, int]:
        """Return the registers of `kind` of `asset` by number, as they are now."""
        now = self._now()
        found: dict[int, int] = {}
        for point in asset.points:
            sort, _, number = point.register.partition(":")
            if sort == kind:
                found[int(number)] = round(self._values[asset.id, point.name].at(now) / point.scale) & 0xFFFF
        return found

    async def _serve(self, ready: threading.Event) -> None:
        from pymodbus.server import ModbusTcpServer

        self._loop = asyncio.get_running_loop()
        servers = []
        try:
            for place, assets in self._places.items():
                host, _, port = place.rpartition(":")
                server = ModbusTcpServer(
                    [self._device(unit, asset) for unit, asset in assets], address=(host, int(port))
                )
                await server.serve_forever(background=True)
                servers.append(server)
        except (OSError, RuntimeError) as error:
            self._failed = f"{place}: {error}"
        ready.set()
        try:
            if not self._failed:
                await self._stop.wait()
        finally:
            for server in servers:
                await server.shutdown()  # type: ignore[no-untyped-call]

    def _device(self, unit: int, asset: Asset) -> Any:
        from pymodbus.simulator import DataType, SimData, SimDevice

        async def refresh(
            function: int, start: int, address: int, count: int, registers: list[int], values: Any
        ) -> None:
            del start, address, count, values
            self._reads[asset.id] += 1
            kind = BY_FUNCTION.get(function, "")
            for number, value in self.read(asset, kind).items():
                if kind not in BITS:
                    registers[number] = value
                elif value:
                    registers[number // 16] |= 1 << number % 16
                else:
                    registers[number // 16] &= ~(1 << number % 16)

        blocks: list[list[Any]] = []
        for kind in KINDS:
            last = max(self.read(asset, kind), default=0)
            if kind in BITS:
                blocks.append([SimData(0, count=last // 16 + 1, values=[False] * 16, datatype=DataType.BITS)])
            else:
                blocks.append([SimData(0, count=last + 1, values=0, datatype=DataType.REGISTERS)])
        return SimDevice(unit, (blocks[0], blocks[1], blocks[2], blocks[3]), action=refresh)


def normal(point: Point) -> float:
    """Return the value of `point` on an ordinary day."""
    if not point.unit:
        return float(point.alarm_on is False)
    low = point.low if point.low is not None else point.high
    high = point.high if point.high is not None else point.low
    return ((low or 0.0) + (high or 0.0)) / 2
