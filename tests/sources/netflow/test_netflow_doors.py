"""NetFlow, syslog, Wazuh and Zeek doors: real sockets and files; what can't be read is kept, the rest goes on."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from safecare.model.events.network import CommandSeen, ConnectionSeen, SignatureMatched
from safecare.sources.netflow.door import NetflowDoor
from safecare.sources.syslog.door import SyslogDoor
from safecare.sources.syslog.wazuh import WazuhFile
from safecare.sources.zeek.follow import ZeekFile
from safecare.testing.intake import MemoryIntake, running

V5 = (
    struct.pack(">HHIIIIBBH", 5, 1, 60_000, 1_750_000_000, 0, 1, 0, 0, 0)
    + ip_address("10.1.20.10").packed
    + ip_address("10.1.10.31").packed
    + bytes(4)
    + struct.pack(">HHIIII", 0, 0, 9, 4321, 1000, 2000)
    + struct.pack(">HHBBBBHHBBH", 445, 50_000, 0, 0x12, 6, 0, 0, 0, 0, 0, 0)
)
CEF = (
    b"<134>1 2026-11-26T03:00:00Z fw1 asa - - - CEF:0|Acme|Wall|9|100|Port scan|8|src=10.1.10.31 dst=10.1.20.10 dpt=445"
)
ZEEK = (
    b"#path\tconn\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\torig_bytes\tresp_bytes"
    b"\tconn_state\n1750000000.5\tC1\t10.1.10.31\t50000\t10.1.20.10\t445\ttcp\tsmb\t100\t900\tSF\n"
)


async def until(intake: MemoryIntake, events: int, rejects: int = 0) -> None:
    async with asyncio.timeout(10):
        while len(intake.events) < events or len(intake.rejects) < rejects:
            await asyncio.sleep(0.01)


async def test_flows_of_an_exporter() -> None:
    intake, door = MemoryIntake(), NetflowDoor("flows", port=0)
    async with running(door, intake):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"no flow at all, but long enough", door.address)
            sender.sendto(V5, door.address)
        await until(intake, 1, 1)
    [flow] = intake.events
    assert isinstance(flow, ConnectionSeen)
    assert (flow.src_ip, flow.dst_port, flow.bytes_in, flow.outcome) == ("10.1.10.31", 445, 4321, "open")
    assert flow.asset == "ws.ward.1"


async def test_syslog_over_tcp_and_udp() -> None:
    intake, door = MemoryIntake(), SyslogDoor("logs", port=0)
    async with running(door, intake):
        _, writer = await asyncio.open_connection(*door.address)
        writer.write(CEF + b"\n" + str(len(CEF)).encode() + b" " + CEF + b"<13>Nov 26 03:00:00 h p: just words\n")
        await writer.drain()
        writer.close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(CEF.replace(b"|8|", b"|2|"), door.datagrams)
            sender.sendto(CEF.replace(b"Port scan", b"Sweep"), door.datagrams)
            sender.sendto(b"", door.datagrams)
        await until(intake, 8, 1)
    found = [event for event in intake.events if isinstance(event, SignatureMatched)]
    assert sorted(event.signature for event in found) == ["Port scan", "Port scan", "Sweep"]
    assert {(event.priority, event.src_ip, event.dst_port, event.asset) for event in found} == {
        (1, "10.1.10.31", 445, "ws.ward.1")
    }


async def test_wazuh_and_zeek_files_are_followed(tmp_path: Path) -> None:
    intake = MemoryIntake()
    alert = {"timestamp": "2026-11-26T03:00:00+0000", "rule": {"level": 9, "description": "Rootkit", "id": "1"}}
    (tmp_path / "alerts.json").write_text(json.dumps(alert | {"data": {"srcip": "10.1.10.31"}}) + "\nwords\n")
    async with running(WazuhFile("wazuh", tmp_path / "alerts.json", every=0.01), intake):
        await until(intake, 1, 1)
    [event] = intake.events
    assert isinstance(event, SignatureMatched)
    assert (event.signature, event.priority, event.src_ip) == ("Rootkit", 2, "10.1.10.31")
    log = tmp_path / "conn.log"
    log.write_bytes(ZEEK)
    async with running(ZeekFile("zeek", log, every=0.01), intake):
        await until(intake, 2)
        with log.open("ab") as file:  # the header is not said again
            file.write(ZEEK.splitlines(keepends=True)[-1].replace(b"C1", b"C2").replace(b"445", b"139"))
        await until(intake, 3)
    ports = [event.dst_port for event in intake.events if isinstance(event, ConnectionSeen)]
    assert ports == [445, 139]


async def test_commands_of_another_parser_are_commands(tmp_path: Path) -> None:
    intake = MemoryIntake()
    row = {"ts": 1.75e9, "uid": "C", "id.orig_h": "10.1.10.31", "id.orig_p": 1, "id.resp_h": "10.1.40.20"}
    row |= {"id.resp_p": 502, "func": "WRITE_SINGLE_COIL", "unit": 3}
    (tmp_path / "modbus.log").write_text(json.dumps(row) + "\n")
    async with running(ZeekFile("zeek", tmp_path / "modbus.log", every=0.01), intake):
        await until(intake, 1)
    [event] = intake.events
    assert isinstance(event, CommandSeen)
    assert (event.operation, event.asset, event.unit) == ("write", "modality.ct.1", "3")


@pytest.mark.parametrize("door", [NetflowDoor("x"), SyslogDoor("x")])
def test_a_reject_can_be_read_again(door: Any) -> None:
    raw = V5 if isinstance(door, NetflowDoor) else CEF
    assert len(list(door.decode(raw, {}, MemoryIntake()))) == (1 if isinstance(door, NetflowDoor) else 2)
