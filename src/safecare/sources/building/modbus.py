"""Modbus/TCP: polls the points of all assets that have a ``modbus`` address (``host:port/unit``).

Source: MODBUS Application Protocol Specification V1.1b3 (2012), functions 1 to 4: reads only.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

from safecare.exchange.log import LogFullError
from safecare.model.event import Event
from safecare.model.events.building import PointChanged, Reading
from safecare.model.hospital import Asset, Hospital, Point
from safecare.model.layout import laid_out
from safecare.sources.api import Intake, UnreadableError, source

MOST_REGISTERS = 100
"""Registers in one request (the protocol allows 125, 6.3; chosen a little lower for old devices)."""
LONGEST_WAIT = 30.0
"""Seconds between attempts to reach a device that is away (chosen)."""
CHANGE = 0.02
"""Share of the normal range by which a value must change to be told before its turn (chosen: sensor noise)."""


class RefusedError(Exception):
    """A device answered that it does not give what it was asked for; its line is sound."""


class Sample(msgspec.Struct, frozen=True):
    """One poll of one device: raw register values by ``kind:number``. This is what `decode` reads."""

    asset: str
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    values: dict[str, int]


@dataclass
class _Told:
    value: float
    at: datetime


@source("modbus")
@dataclass
class ModbusPoller:
    """Polls.

    `interval`: seconds between polls. `heartbeat`: seconds after which a value is told although it did not
    change. `timeout`: seconds that a device has to answer.
    `moved`: other addresses to use, by the address in the hospital's files (``host:port``).
    """

    door: str
    interval: float = 2.0
    heartbeat: float = 60.0
    timeout: float = 3.0
    moved: dict[str, str] = field(default_factory=dict)
    _told: dict[tuple[str, str], _Told] = field(default_factory=dict, init=False)
    _state: dict[str, str] = field(default_factory=dict, init=False)

    async def run(self, intake: Intake) -> None:
        """Poll all devices until cancelled, one task per network address."""
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # a device that is away is told on the health page
        places = devices(intake.hospital)
        if not places:
            intake.report(self.door, "off", "no asset has a modbus address")
            await asyncio.Event().wait()
        async with asyncio.TaskGroup() as group:
            for place, assets in places.items():
                group.create_task(self._follow(place, assets, intake))

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Read one poll (`Sample` as JSON). Raises `UnreadableError`."""
        try:
            sample = msgspec.json.decode(raw, type=laid_out(Sample))
        except msgspec.DecodeError as error:
            raise UnreadableError(str(error)) from error
        asset = intake.hospital.asset(sample.asset)
        if asset is None:
            raise UnreadableError(f"no asset is called {sample.asset}")
        missing = [point.register for point in asset.points if point.register not in sample.values]
        if missing:
            raise UnreadableError("the device did not give this register", missing[0])
        return [_event(self.door, asset, point, sample, intake.clock.now()) for point in asset.points]

    async def _follow(self, place: str, assets: list[tuple[int, Asset]], intake: Intake) -> None:
        host, _, port = self.moved.get(place, place).rpartition(":")
        wait = 1.0
        while True:
            client = AsyncModbusTcpClient(host, port=int(port), timeout=self.timeout, retries=0, reconnect_delay=0)
            try:
                await _connect(client, f"{host}:{port}")
                wait = 1.0
                while True:
                    refused = await self._poll(client, assets, intake)
                    self._report(intake, place, refused, f"{host}:{port}")
                    await asyncio.sleep(self.interval)
            except LogFullError:
                self._report(intake, place, "no room: readings wait", "")
            except (ModbusException, OSError, OverflowError) as error:  # OverflowError: no such port
                self._report(intake, place, str(error) or type(error).__name__, "")
            finally:
                client.close()
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    def _report(self, intake: Intake, place: str, why: str, detail: str) -> None:
        """Tell how all addresses are; `why` this one fails, empty if it does not."""
        self._state[place] = why
        failed = [why for why in self._state.values() if why]
        if failed:
            intake.report(self.door, "failed", f"{len(failed)} of {len(self._state)} addresses: {failed[0]}")
        else:
            intake.report(self.door, "ok", detail)

    async def _poll(self, client: AsyncModbusTcpClient, assets: list[tuple[int, Asset]], intake: Intake) -> str:
        """Read all devices behind one address, those that answer; return why one did not. Raises what ends them all."""
        why = ""
        for unit, asset in assets:
            try:
                sample = Sample(asset.id, intake.clock.now(), await _values(client, unit, asset.points))
            except (ModbusException, RefusedError) as error:
                if not client.connected:
                    raise
                why = f"{asset.id}: {error}"
                continue
            news = [point for point in asset.points if self._is_news(asset, point, sample)]
            await intake.publish([_event(self.door, asset, point, sample, sample.at) for point in news])
            for point in news:  # only now: what could not be stored is news again at the next poll
                self._told[asset.id, point.name] = _Told(_value(point, sample), sample.at)
        return why

    def _is_news(self, asset: Asset, point: Point, sample: Sample) -> bool:
        """Say whether a value is worth an event: first, changed, crossing its range, outside of it, or its turn.

        Each poll outside the range is told: who waits for a second reading must not wait for the heartbeat.
        """
        told, value = self._told.get((asset.id, point.name)), _value(point, sample)
        if told is None:
            return True
        if not point.unit:
            return value != told.value
        if not timedelta(0) <= sample.at - told.at < timedelta(seconds=self.heartbeat):
            return True  # its turn; below zero our clock was put back
        if _outside(point, value) or _outside(point, told.value):
            return True
        span = (point.high - point.low) if point.high is not None and point.low is not None else abs(told.value)
        return abs(value - told.value) > max(span, point.scale) * CHANGE


def devices(hospital: Hospital) -> dict[str, list[tuple[int, Asset]]]:
    """Return unit and asset of all Modbus devices with points, by network address ``host:port``."""
    found: dict[str, list[tuple[int, Asset]]] = defaultdict(list)
    for asset in hospital.assets:
        address = asset.addresses.get("modbus")
        if address and asset.points:
            place, _, unit = address.partition("/")
            found[place].append((int(unit or 1), asset))
    return dict(found)


def spans(points: Iterable[Point]) -> Iterator[tuple[str, int, int]]:
    """Yield (kind, first register, count) so that neighbouring registers are read in one request."""
    registers = sorted((kind, int(number)) for kind, _, number in (one.register.partition(":") for one in points))
    for kind, group in itertools.groupby(dict.fromkeys(registers), key=lambda item: item[0]):
        start = previous = -1
        for _, number in group:
            if start >= 0 and number == previous + 1 and number - start < MOST_REGISTERS:
                previous = number
                continue
            if start >= 0:
                yield kind, start, previous - start + 1
            start = previous = number
        yield kind, start, previous - start + 1


async def _connect(client: AsyncModbusTcpClient, place: str) -> None:
    if not await client.connect():
        raise ConnectionError(f"no device at {place}")


async def _values(client: AsyncModbusTcpClient, unit: int, points: Iterable[Point]) -> dict[str, int]:
    """Return the register values of one device. Raises `RefusedError`, `ModbusException`."""
    values: dict[str, int] = {}
    for kind, start, count in spans(points):
        values |= await _read(client, unit, kind, start, count)
    return values


async def _read(client: AsyncModbusTcpClient, unit: int, kind: str, start: int, count: int) -> dict[str, int]:
    match kind:
        case "holding":
            answer = await client.read_holding_registers(start, count=count, device_id=unit)
        case "input":
            answer = await client.read_input_registers(start, count=count, device_id=unit)
        case "coil":
            answer = await client.read_coils(start, count=count, device_id=unit)
        case _:
            answer = await client.read_discrete_inputs(start, count=count, device_id=unit)
    if answer.isError():
        raise RefusedError(f"unit {unit} refused {kind}:{start}: {answer}")
    values = answer.registers if kind in {"holding", "input"} else [int(bit) for bit in answer.bits[:count]]
    if len(values) != count:
        raise RefusedError(f"unit {unit} gave {len(values)} values for {count} from {kind}:{start}")
    return {f"{kind}:{start + offset}": int(value) for offset, value in enumerate(values)}


def _value(point: Point, sample: Sample) -> float:
    raw = sample.values[point.register]
    return float(raw - 0x10000 if point.signed and raw > 0x7FFF else raw) * point.scale


def _event(door: str, asset: Asset, point: Point, sample: Sample, seen: datetime) -> Event:
    common: dict[str, Any] = {
        "id": Event.id_for(sample.at, door, f"{asset.id}\x1f{point.name}"),
        "at": sample.at,
        "seen": seen,
        "source": door,
        "site": asset.site,
        "asset": asset.id,
        "zone": asset.zone,
    }
    value = _value(point, sample)
    if point.unit:
        return Reading(**common, quantity=point.name, value=value, unit=point.unit)
    return PointChanged(**common, point=point.name, on=bool(value))


def _outside(point: Point, value: float) -> bool:
    return (point.low is not None and value < point.low) or (point.high is not None and value > point.high)
