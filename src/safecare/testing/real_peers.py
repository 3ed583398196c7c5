"""Labelled captures of real programs: a Siemens controller (snap7), BACnet (bacpypes3), Modbus (pymodbus), DICOM, MLLP.

`record` lets a known station do quiet acts for a while, and an intruder malicious ones; frames of the latter are named
in `Wire.bad`. The programs come with the extra ``test``; none of it is needed to run the platform.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from safecare.testing.captures import Wire, hl7
from safecare.testing.recorder import LOCAL, Recorder

MASTER, INTRUDER, SERVER = "10.7.0.10", "10.7.0.99", "10.7.0.21"
PATIENCE = 20.0
"""Seconds after which a peer that does not answer has failed (a backstop)."""

Acts = dict[str, Callable[[], object]]


@dataclass(frozen=True)
class Peer:
    """A protocol's port, its server (gives its local port), and its client (to a port; gives acts by name)."""

    port: int
    server: Callable[[], AbstractContextManager[int]]
    client: Callable[[int], AbstractContextManager[Acts]]
    transport: Literal["tcp", "udp"] = "tcp"


def record(name: str, quiet: Sequence[str], malicious: Sequence[str] = (), rounds: int = 30) -> Wire:
    """Return what passed: `rounds` times the `quiet` acts of the master, a second apart, then the `malicious` ones."""
    peer, recorder = PEERS[name], Recorder()
    relay = recorder.tcp if peer.transport == "tcp" else recorder.udp
    with peer.server() as to:
        with relay(MASTER, SERVER, peer.port, to) as port, peer.client(port) as acts:
            for _ in range(rounds):
                for act in quiet:
                    acts[act]()
                recorder.wire.at += 1.0
        if malicious:
            with recorder.malicious(), relay(INTRUDER, SERVER, peer.port, to) as port, peer.client(port) as acts:
                for act in malicious:
                    acts[act]()
    return recorder.wire


def _free(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((LOCAL, 0))
        return int(probe.getsockname()[1])


@contextmanager
def _loop() -> Iterator[Callable[[Any], Any]]:
    """Run an event loop in a thread; give what runs a coroutine in it and returns its result."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(coroutine: Any) -> Any:
        waiting: Future[Any] = asyncio.run_coroutine_threadsafe(coroutine, loop)
        return waiting.result(PATIENCE)

    async def end() -> None:
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    try:
        yield run
    finally:
        run(end())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE)
        loop.close()


@contextmanager
def _s7_server() -> Iterator[int]:
    from snap7.server import Server
    from snap7.type import SrvArea

    server, port = Server(), _free()
    server.register_area(SrvArea.DB, 1, bytearray(64))
    server.start_to(LOCAL, port)
    try:
        yield port
    finally:
        server.stop()


@contextmanager
def _s7_client(port: int) -> Iterator[Acts]:
    from snap7.client import Client

    client = Client()
    client.connect(LOCAL, 0, 1, port)
    try:
        yield {
            "read": lambda: client.db_read(1, 0, 8),
            "state": client.get_cpu_state,
            "identify": client.get_order_code,
            "blocks": client.list_blocks,
            "write": lambda: client.db_write(1, 0, bytearray(b"\1\2")),
            "upload": lambda: client.upload(1),
            "download": lambda: client.download(bytearray(32), 1),
            "stop": client.plc_stop,
            "start": client.plc_cold_start,
            "time": client.set_plc_system_datetime,
            "password": lambda: client.set_session_password("secret"),
        }
    finally:
        client.disconnect()


@contextmanager
def _bacnet_server() -> Iterator[int]:
    with _loop() as run:
        port = _free(socket.SOCK_DGRAM)
        device = run(_bacnet_device(port, 2, point=True))
        try:
            yield port
        finally:
            run(_closed(device))


async def _bacnet_device(port: int, instance: int, *, point: bool = False) -> Any:
    from bacpypes3.app import Application
    from bacpypes3.argparse import SimpleArgumentParser
    from bacpypes3.local.analog import AnalogValueObject

    named = ["--address", f"{LOCAL}/24:{port}", "--instance", str(instance), "--name", f"device {instance}"]
    device = Application.from_args(SimpleArgumentParser().parse_args(named))
    if point:
        value = AnalogValueObject(objectIdentifier="analog-value,1", objectName="set point", presentValue=20.5)
        device.add_object(value)
    for _ in range(1000):  # its sockets open in tasks of their own
        await asyncio.sleep(0.001)
        if all(getattr(one, "transport", True) for one in _servers(device)):
            break
    return device


def _servers(device: Any) -> list[Any]:
    return [getattr(port, "server", None) for port in getattr(device, "link_layers", {}).values()]


async def _closed(device: Any) -> None:
    device.close()


@contextmanager
def _bacnet_client(port: int) -> Iterator[Acts]:
    from bacpypes3 import apdu
    from bacpypes3.pdu import Address
    from bacpypes3.primitivedata import CharacterString

    with _loop() as run:
        device, place = run(_bacnet_device(_free(socket.SOCK_DGRAM), 1)), Address(f"{LOCAL}:{port}")
        point = "analog-value,1"

        def ask(kind: Any, **parts: Any) -> object:
            async def answered() -> object:
                try:
                    return await device.request(kind(**parts, destination=place))
                except (apdu.ErrorRejectAbortNack, OSError) as refused:
                    return refused

            return run(answered())

        try:
            yield {
                "read": lambda: run(device.read_property(place, point, "present-value")),
                "identify": lambda: run(device.read_property(place, "device,2", "object-name")),
                "write": lambda: run(device.write_property(place, point, "present-value", 30.0, priority=8)),
                "restart": lambda: ask(
                    apdu.ReinitializeDeviceRequest,
                    reinitializedStateOfDevice="warmstart",
                    password=CharacterString("guess"),
                ),
                "silence": lambda: ask(apdu.DeviceCommunicationControlRequest, timeDuration=1, enableDisable="disable"),
            }
        finally:
            run(_closed(device))


@contextmanager
def _modbus_server() -> Iterator[int]:
    from pymodbus.server import ModbusTcpServer
    from pymodbus.simulator import DataType, SimData, SimDevice

    async def started(port: int) -> ModbusTcpServer:
        data = SimData(0, count=100, values=7, datatype=DataType.REGISTERS)
        server = ModbusTcpServer([SimDevice(1, data)], address=(LOCAL, port))
        await server.serve_forever(background=True)
        return server

    with _loop() as run:
        port = _free()
        server = run(started(port))
        try:
            yield port
        finally:
            run(server.shutdown())


@contextmanager
def _modbus_client(port: int) -> Iterator[Acts]:
    from pymodbus.client import ModbusTcpClient

    client: Any = ModbusTcpClient(LOCAL, port=port)
    client.connect()
    try:
        yield {
            "read": lambda: client.read_holding_registers(0, count=4, device_id=1),
            "write": lambda: client.write_register(3, 99, device_id=1),
            "write many": lambda: client.write_registers(3, [1, 2, 3], device_id=1),
            "listen only": lambda: client.diag_force_listen_only(device_id=1, no_response_expected=True),
            "identify": lambda: client.read_device_information(device_id=1),
        }
    finally:
        client.close()


@contextmanager
def _dicom_server() -> Iterator[int]:
    from pynetdicom import AE, evt
    from pynetdicom.sop_class import PatientRootQueryRetrieveInformationModelFind, Verification  # type: ignore[attr-defined]

    node = AE(ae_title="ARCHIVE")
    node.require_called_aet = True
    for service in (Verification, PatientRootQueryRetrieveInformationModelFind):
        node.add_supported_context(service)
    handlers: list[Any] = [(evt.EVT_C_FIND, lambda _: iter([(0x0000, None)]))]
    server: Any = node.start_server((LOCAL, 0), block=False, evt_handlers=handlers)
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()


@contextmanager
def _dicom_client(port: int) -> Iterator[Acts]:
    from pydicom.dataset import Dataset
    from pynetdicom import AE
    from pynetdicom.sop_class import PatientRootQueryRetrieveInformationModelFind, Verification  # type: ignore[attr-defined]

    find = PatientRootQueryRetrieveInformationModelFind

    def act(service: str, title: str = "ARCHIVE", patient: str = "") -> None:
        node = AE(ae_title="CT1")
        node.add_requested_context(service)
        association = node.associate(LOCAL, port, ae_title=title)
        if association.is_established:
            if patient:
                keys = Dataset()
                keys.QueryRetrieveLevel, keys.PatientID = "PATIENT", patient
                list(association.send_c_find(keys, find))
            else:
                association.send_c_echo()
            association.release()

    def guess() -> None:
        for title in ("PACS", "STORE", "DCM4CHEE", "ORTHANC"):
            act(Verification, title)

    yield {
        "echo": lambda: act(Verification),
        "one patient": lambda: act(find, patient="A7"),
        "all patients": lambda: act(find, patient="*"),
        "guess title": guess,
    }


@contextmanager
def _mllp_server() -> Iterator[int]:
    listening = socket.create_server((LOCAL, 0))

    def serve() -> None:
        while True:
            try:
                talk, _ = listening.accept()
            except OSError:
                return
            with talk:
                held = b""
                while raw := talk.recv(65_536):
                    held += raw
                    while b"\x1c\r" in held:
                        _, _, held = held.partition(b"\x1c\r")
                        talk.sendall(hl7("ACK", "1", "LAB", extra="MSA|AA|1\r"))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(PATIENCE)


@contextmanager
def _mllp_client(port: int) -> Iterator[Acts]:
    count = iter(range(1 << 30))
    with socket.create_connection((LOCAL, port), PATIENCE) as talk:

        def send(kind: str, control: str, application: str = "HIS") -> None:
            talk.sendall(hl7(kind, control, application))
            held = b""
            while not held.endswith(b"\x1c\r"):
                held += talk.recv(65_536)

        def replay() -> None:
            for _ in range(3):
                send("ADT^A01", "M1")

        yield {
            "admit": lambda: send("ADT^A01", f"M{next(count)}"),
            "stranger": lambda: send("QRY^A19", f"S{next(count)}", "EVIL"),
            "replay": replay,
        }


PEERS: dict[str, Peer] = {
    "s7": Peer(102, _s7_server, _s7_client),
    "bacnet": Peer(47808, _bacnet_server, _bacnet_client, "udp"),
    "modbus": Peer(502, _modbus_server, _modbus_client),
    "dicom": Peer(104, _dicom_server, _dicom_client),
    "hl7": Peer(2575, _mllp_server, _mllp_client),
}
"""Programs by protocol."""
