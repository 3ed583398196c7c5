"""NetFlow v5, v9 and IPFIX: templates, times, and datagrams that lie."""

from __future__ import annotations

import contextlib
import struct
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.netflow import V5, FlowColumns, Netflow, NetflowError

A, B = ip_address("10.1.10.31").packed, ip_address("10.1.20.10").packed


def v5(count: int = 1, told: int | None = None) -> bytes:
    head = struct.pack(">HHIIIIBBH", 5, count if told is None else told, 60_000, 1_750_000_000, 0, 1, 0, 0, 0)
    body = A + B + bytes(4) + struct.pack(">HHIIII", 0, 0, 9, 4321, 1000, 2000)
    return head + (body + struct.pack(">HHBBBBHHBBH", 50_000, 445, 0, 0x12, 6, 0, 0, 0, 0, 0, 0)) * count


def ipfix(version: int = 10, number: int = 256, size: int = 4) -> tuple[bytes, bytes]:
    fields = [(8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (1, size), (152, 8), (999, 3)]
    template = struct.pack(">HH", number, len(fields)) + b"".join(struct.pack(">HH", *one) for one in fields)
    row = A + B + struct.pack(">HHB", 50_000, 443, 6) + (7).to_bytes(size, "big") + struct.pack(">Q", 1_750_000_000_123)

    def packed(kind: int, body: bytes) -> bytes:
        part = struct.pack(">HH", kind, 4 + len(body)) + body
        if version == 10:
            return struct.pack(">HHIII", 10, 16 + len(part), 1_750_000_000, 1, 7) + part
        return struct.pack(">HHIIII", 9, 1, 0, 1_750_000_000, 1, 7) + part

    return packed(2 if version == 10 else 0, template), packed(number, (row + bytes(3)) * 2)


def read(netflow: Netflow, *datagrams: bytes) -> list[FlowColumns]:
    return [flows for one in datagrams for flows in netflow.read(one, "router")]


def test_v5_record() -> None:
    [flows] = read(Netflow(), v5(2))
    assert len(flows) == 2
    assert (str(ip_address(flows.source.tolist()[0])), flows.dport[0], flows.bytes[0]) == ("10.1.10.31", 445, 4321)
    assert flows.first[0] == 1_750_000_000 - 59


@pytest.mark.parametrize("version", [9, 10])
def test_template_then_data(version: int) -> None:
    template, data = ipfix(version)
    netflow = Netflow()
    assert read(netflow, data) == []
    assert netflow.counts == {"data before their template": 1}
    [flows] = read(netflow, template, data)
    assert (len(flows), flows.sport[1], flows.bytes[1]) == (2, 50_000, 7)
    assert round(flows.first[0], 3) == 1_750_000_000.123


def test_lies_are_counted() -> None:
    netflow = Netflow()
    assert len(read(netflow, v5(1, told=30))[0]) == 1
    template, data = ipfix()
    read(netflow, template, data[:18] + b"\xff\xff" + data[20:])
    assert netflow.counts["records cut off"] == 29
    assert netflow.counts["lying length"] == 1
    with pytest.raises(NetflowError, match="version 77"):
        read(netflow, b"\0\x4d" + bytes(30))


@given(st.lists(st.tuples(st.integers(0, 120), st.integers(0, 255)), max_size=10), st.integers(0, 130))
def test_nothing_but_its_own_error(changes: list[tuple[int, int]], cut: int) -> None:
    netflow = Netflow()
    for good in (v5(), *ipfix(9), *ipfix(10)):
        raw = bytearray(good)
        for at, value in changes:
            raw[at % len(raw)] = value
        with contextlib.suppress(NetflowError):
            read(netflow, bytes(raw), bytes(raw[:cut]))


def test_record_has_its_documented_size() -> None:
    assert V5.itemsize == 48
