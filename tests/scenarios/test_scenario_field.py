"""The simulated devices, read by a real Modbus client."""

from __future__ import annotations

import pytest
from pymodbus.client import ModbusTcpClient

from safecare.app.files import demo_hospital, hospital_of
from safecare.model.hospital import Hospital
from safecare.scenarios.field import Field
from safecare.scenarios.inputs.api import InputError
from safecare.scenarios.private import free_ports

FREEZER, BOARD = 37, 47
"""Units of the vaccine freezer 1 and of the electrical board north in the demo hospital."""


@pytest.fixture(scope="module")
def hospital() -> Hospital:
    return hospital_of(demo_hospital()).hospital


@pytest.mark.slow
def test_values_are_normal_until_they_are_changed(hospital: Hospital) -> None:
    port = free_ports(1)[0]
    now = 100.0
    field = Field(hospital, {"127.0.0.1:15020": f"127.0.0.1:{port}"}, lambda: now)
    field.start()
    client = ModbusTcpClient("127.0.0.1", port=port)
    try:
        assert client.connect()  # type: ignore[no-untyped-call]
        assert client.read_input_registers(0, count=1, device_id=FREEZER).registers == [0x10000 - 200]
        assert client.read_discrete_inputs(0, count=1, device_id=FREEZER).bits[0] is False
        assert client.read_discrete_inputs(0, count=1, device_id=BOARD).bits[0] is True
        field.set("freezer.aurore.vaccine.1", "lid", 1)
        field.set("freezer.aurore.vaccine.1", "temperature", -10.0, over=10.0)
        now = 105.0
        assert client.read_input_registers(0, count=1, device_id=FREEZER).registers == [0x10000 - 150]
        assert client.read_discrete_inputs(0, count=1, device_id=FREEZER).bits[0] is True
        field.set("freezer.aurore.vaccine.1", "lid", 0)
        assert client.read_discrete_inputs(0, count=1, device_id=FREEZER).bits[0] is False
        assert field.reads("freezer.aurore.vaccine.1") == 5
    finally:
        client.close()  # type: ignore[no-untyped-call]
        field.stop()


@pytest.mark.slow
def test_an_address_that_is_taken_is_told(hospital: Hospital) -> None:
    port = free_ports(1)[0]
    moved = {"127.0.0.1:15020": f"127.0.0.1:{port}"}
    first = Field(hospital, moved)
    first.start()
    try:
        with pytest.raises(InputError, match=str(port)):
            Field(hospital, moved).start()
    finally:
        first.stop()


def test_a_point_that_is_not_there_is_told(hospital: Hospital) -> None:
    with pytest.raises(InputError, match="no Modbus device freezer"):
        Field(hospital).set("freezer.none", "lid", 1)
