"""The Modbus poller against real servers whose registers change, refuse, and go away."""

from __future__ import annotations

import itertools
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from safecare.model.events.building import PointChanged, Reading
from safecare.model.hospital import Hospital, Point
from safecare.sources.api import UnreadableError
from safecare.sources.building.modbus import MOST_REGISTERS, ModbusPoller, Sample, devices, spans
from safecare.testing.clock import START, FakeClock
from safecare.testing.hospital import small_hospital
from safecare.testing.intake import MemoryIntake, running

PLACE = "127.0.0.1:15020"
PATIENCE = 20.0


def hospital(*keep: str) -> Hospital:
    """The tiny hospital with only these Modbus devices."""
    base = small_hospital()
    assets = tuple(one for one in base.assets if "modbus" not in one.addresses or one.id in keep)
    return msgspec.structs.replace(base, assets=assets)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class Devices:
    """Freezers behind one address: input register 0 (temperature) and discrete input 0 (lid) of units 10 and 11."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.temperature = {10: -200, 11: -200}
        self.lid = {10: False, 11: False}
        self.refusing: set[int] = set()
        self._server: ModbusTcpServer | None = None

    async def start(self) -> None:
        """Listen."""
        self._server = ModbusTcpServer([self._device(unit) for unit in (10, 11)], address=("127.0.0.1", self.port))
        await self._server.serve_forever(background=True)

    async def stop(self) -> None:
        """Go away."""
        if self._server is not None:
            await self._server.shutdown()  # type: ignore[no-untyped-call]
            self._server = None

    def _device(self, unit: int) -> SimDevice:
        async def refresh(
            function: int, _start: int, _address: int, _count: int, registers: list[int], _values: list[Any] | None
        ) -> ExcCodes | None:
            if unit in self.refusing:
                return ExcCodes.DEVICE_BUSY
            registers[0] = int(self.lid[unit]) if function == 2 else self.temperature[unit] & 0xFFFF
            return None

        bits: list[Any] = [SimData(0, count=1, values=[False] * 16, datatype=DataType.BITS)]
        words: list[Any] = [SimData(0, count=1, values=0, datatype=DataType.REGISTERS)]
        return SimDevice(unit, (bits, bits, words, words), action=refresh)


@asynccontextmanager
async def polling(intake: MemoryIntake, **settings: Any) -> AsyncIterator[Devices]:
    port = free_port()
    field = Devices(port)
    await field.start()
    door = ModbusPoller("modbus", interval=0.01, timeout=0.5, moved={PLACE: f"127.0.0.1:{port}"}, **settings)
    try:
        async with running(door, intake):
            yield field
    finally:
        await field.stop()


def readings(intake: MemoryIntake, asset: str = "freezer.1") -> list[float]:
    return [event.value for event in intake.events if isinstance(event, Reading) and event.asset == asset]


def lids(intake: MemoryIntake, asset: str = "freezer.1") -> list[bool]:
    return [event.on for event in intake.events if isinstance(event, PointChanged) and event.asset == asset]


async def test_values_are_told_first_and_when_they_change() -> None:
    intake = MemoryIntake(hospital=hospital("freezer.1", "freezer.2"))
    async with polling(intake) as field:
        await intake.until(lambda one: len(one.events) == 4, PATIENCE)
        field.temperature[10], field.lid[11] = -180, True
        await intake.until(lambda one: len(one.events) == 6, PATIENCE)
    assert readings(intake) == [-20.0, -18.0]
    assert lids(intake, "freezer.2") == [False, True]
    first = next(event for event in intake.events if isinstance(event, Reading))
    assert (first.source, first.zone, first.unit) == ("modbus", "aurore.pharmacy.cold", "Cel")
    assert intake.states["modbus"][0] == "ok"


async def test_heartbeat_by_the_platforms_clock() -> None:
    clock = FakeClock()
    intake = MemoryIntake(hospital=hospital("freezer.1"), clock=clock)
    async with polling(intake, heartbeat=60.0):
        await intake.until(lambda one: len(one.events) == 2, PATIENCE)
        clock.advance(59)
        before = len(intake.events)
        clock.advance(2)
        await intake.until(lambda one: len(one.events) == before + 1, PATIENCE)
        clock.set(START - timedelta(hours=3))  # put back: the next heartbeat must not wait three hours
        await intake.until(lambda one: len(one.events) == before + 2, PATIENCE)
    assert readings(intake) == [-20.0] * 3
    assert lids(intake) == [False]


@pytest.mark.parametrize(
    ("raw", "told"),
    [(-200, False), (-199, False), (-198, False), (-197, True), (-151, True), (-149, True)],
)
async def test_noise_is_not_told_and_leaving_the_range_is(raw: int, told: bool) -> None:
    intake = MemoryIntake(hospital=hospital("freezer.1"))
    async with polling(intake, heartbeat=1e9) as field:
        await intake.until(lambda one: len(one.events) == 2, PATIENCE)
        field.temperature[10] = raw
        await poll_once_more(intake, field)
    assert (len(readings(intake)) > 1) is told


async def poll_once_more(intake: MemoryIntake, field: Devices) -> None:
    """Wait until the devices have been read again: the lid is read after the temperature."""
    count = len(lids(intake))
    for _ in range(2):  # the first change may come between the two reads of a poll
        field.lid[10] = not field.lid[10]
        count += 1
        await intake.until(lambda one, least=count: len(lids(one)) >= least, PATIENCE)  # type: ignore[misc]


async def test_crossing_the_limit_by_a_hair_is_told_and_so_is_each_poll_outside() -> None:
    intake = MemoryIntake(hospital=hospital("freezer.1"))
    async with polling(intake, heartbeat=1e9) as field:
        await intake.until(lambda one: len(one.events) == 2, PATIENCE)
        field.temperature[10] = -150
        await intake.until(lambda one: len(readings(one)) == 2, PATIENCE)
        field.temperature[10] = -149
        await intake.until(lambda one: len(readings(one)) >= 4, PATIENCE)
        field.temperature[10] = -151
        await intake.until(lambda one: readings(one)[-1] == pytest.approx(-15.1), PATIENCE)
        before = len(readings(intake))
        await poll_once_more(intake, field)
        assert len(readings(intake)) == before


@pytest.mark.slow
async def test_a_device_that_goes_away_is_told_and_found_again() -> None:
    intake = MemoryIntake(hospital=hospital("freezer.1"))
    async with polling(intake) as field:
        await intake.until(lambda one: len(one.events) == 2, PATIENCE)
        await field.stop()
        await intake.until(lambda one: one.states["modbus"][0] == "failed", PATIENCE)
        assert "1 of 1 addresses" in intake.states["modbus"][1]
        field.lid[10] = True
        await field.start()
        await intake.until(lambda one: lids(one) == [False, True], PATIENCE)
        await intake.until(lambda one: one.states["modbus"][0] == "ok", PATIENCE)


async def test_a_device_that_refuses_does_not_hide_its_neighbour() -> None:
    intake = MemoryIntake(hospital=hospital("freezer.1", "freezer.2"))
    async with polling(intake) as field:
        field.refusing.add(10)
        await intake.until(lambda one: "freezer.1" in one.states.get("modbus", ("", ""))[1], PATIENCE)
        count = len(intake.events)
        field.lid[11] = True
        await intake.until(lambda one: len(one.events) > count and lids(one, "freezer.2")[-1], PATIENCE)
        assert intake.states["modbus"][0] == "failed"
        assert "refused" in intake.states["modbus"][1]
        field.refusing.clear()
        await intake.until(lambda one: one.states["modbus"][0] == "ok", PATIENCE)


@pytest.mark.slow
async def test_a_change_that_could_not_be_stored_is_told_later() -> None:
    intake = MemoryIntake(hospital=hospital("freezer.1"))
    async with polling(intake) as field:
        await intake.until(lambda one: len(one.events) == 2, PATIENCE)
        intake.room = 0
        field.lid[10] = True
        await intake.until(lambda one: "no room" in one.states["modbus"][1], PATIENCE)
        intake.room = None
        await intake.until(lambda one: lids(one) == [False, True], PATIENCE)


async def test_without_devices_the_door_is_off() -> None:
    intake = MemoryIntake(hospital=hospital())
    async with running(ModbusPoller("modbus"), intake):
        await intake.until(lambda one: one.states.get("modbus", ("",))[0] == "off", PATIENCE)


async def test_a_port_that_cannot_be_is_told() -> None:
    intake = MemoryIntake(hospital=hospital("freezer.1"))
    async with running(ModbusPoller("modbus", moved={PLACE: "127.0.0.1:99999"}), intake):
        await intake.until(lambda one: one.states.get("modbus", ("",))[0] == "failed", PATIENCE)


def test_devices_are_grouped_by_their_address() -> None:
    assert {place: [unit for unit, _ in found] for place, found in devices(small_hospital()).items()} == {
        PLACE: [2, 3, 4, 10, 11]
    }


def test_decode() -> None:
    intake, door = MemoryIntake(), ModbusPoller("modbus")
    sample = Sample("freezer.1", START, {"input:0": 0xFF38, "discrete:0": 1})
    reading, lid = door.decode(msgspec.json.encode(sample), {}, intake)
    assert isinstance(reading, Reading)
    assert isinstance(lid, PointChanged)
    assert (reading.value, lid.on) == (-20.0, True)
    for bad in (
        b"",
        b"{}",
        msgspec.json.encode(Sample("nothing", START, {})),
        msgspec.json.encode(Sample("freezer.1", START, {"input:0": 1})),
        msgspec.json.encode(Sample("freezer.1", START.replace(tzinfo=None), {"input:0": 1, "discrete:0": 0})),
    ):
        with pytest.raises(UnreadableError):
            list(door.decode(bad, {}, intake))


_registers = st.tuples(st.sampled_from(["holding", "input", "coil", "discrete"]), st.integers(0, 400))


@given(st.lists(_registers, max_size=200))
def test_spans_read_each_register_once_and_no_other(registers: list[tuple[str, int]]) -> None:
    found = list(spans(Point(name=f"p{n}", register=f"{kind}:{at}") for n, (kind, at) in enumerate(registers)))
    read = [(kind, at) for kind, start, count in found for at in range(start, start + count)]
    assert sorted(read) == sorted(set(registers))
    assert all(0 < count <= MOST_REGISTERS for _, _, count in found)
    for (kind, start, count), (other, after, _) in itertools.pairwise(found):
        assert kind != other or start + count < after or count == MOST_REGISTERS
