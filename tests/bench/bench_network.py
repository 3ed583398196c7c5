"""Network: parsers, packet road, readers of other sensors' records, and what is found in public captures.

Speeds are of this process' CPU time, one core, best of some repeats. What needs shared captures is skipped without
``SAFECARE_DATA``.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from ipaddress import ip_address
from itertools import product
from pathlib import Path

import dpkt
import numpy as np

from safecare.app.network import Captures
from safecare.detect.building.series import Series
from safecare.detect.cyber.flow_score import FlowScore
from safecare.formats.eve import read_eve
from safecare.formats.netflow import Netflow
from safecare.formats.packets.dissect import Dissector, Spoken
from safecare.formats.packets.file import Reading, read_frames
from safecare.formats.packets.flows import Flows
from safecare.formats.packets.headers import Addresses, headers
from safecare.formats.wire import bacnet
from safecare.formats.wire.message import Talk
from safecare.formats.zeek import read_zeek
from safecare.model.hospital import Hospital
from safecare.scenarios.make.network import eve_flow
from safecare.testing.bench import Row, Skipped, rate
from safecare.testing.captures import process_network
from safecare.testing.process_attacks import ATTACKS, plant

sys.path.insert(0, str(Path(__file__).parent))

import flow_ranks
import series_score
import stored_events

DATA = os.environ.get("SAFECARE_DATA", "")
OPERATIONS = {
    "s7/s7comm_downloading_block_db1.pcap": "download",
    "s7/step7_s300_download.pcapng": "download",
    "s7/tia_s300_downloadOb1.pcapng": "download",
    "s7/S7-1200-Uploading-OB1-TIAV12.pcap": "upload",
    "s7/step7_s300_AuthPassword.pcapng": "password",
    "s7/step7_s300_stop.pcapng": "stop",
    "s7/tia_s300_goOnline.pcapng": "engineer",
    "openics/EIP-ChangeDateAttempt.pcap": "time",
    "openics/EIP-ChangeTimeAttempt.pcap": "time",
    "openics/EIP-ChangePortConfigurationAttempt.pcap": "network",
    "openics/EIP-FirmwareChange.pcap": "firmware",
    "openics/EIP-FirmwareChangeFailure.pcap": "firmware",
    "openics/EIP-LockPLCAttempt.pcap": "lock",
    "openics/EIP-UnlockPLCAttempt.pcap": "unlock",
    "openics/EIP-RebootorRestart.pcap": "restart",
    "openics/EIP-RemoteModeChangeAttempt.pcap": "stop",
    "openics/EIP-ControlProtocolChangeAttempt.pcap": "download",
    "openics/EIP-SoftwareDownload.pcap": "download",
    "openics/EIP-SoftwareUpload.pcap": "upload",
    "openics/DNP3-SelectOperate.pcap": "operate",
    "openics/DNP3-Write.pcap": "time",
    "openics/DNP3-Malformed.pcap": "operate",
}
"""The operation that the file's name tells, where a packet of it stands in the file.

Not there, although the name says so: EIP-IPAddressChangeAttempt, EIP-SoftwareDownloadFailure,
EIP-SoftwareUploadFailure, DNP3-WriteRequest, DNP3-SelectOperateRequest.
"""
READS = (
    "openics/DNP3-Read.pcap",
    "openics/DNP3-ReadRequest.pcap",
    "openics/EIP-ViewDeviceStatus.pcap",
    "s7/s7comm_reading_plc_status.pcap",
    "s7/step7_s300_readVarTab.pcapng",
    "s7/S7-1511_db2_var1_HMI.pcap",
    "s7/S7-1511_db6w0_HMI.pcap",
    "ModbusTCP/modbus_test_2.pcap",
)


def rows() -> Iterable[Row | Skipped]:
    """Measure everything."""
    yield from _bacnet()
    yield from _road()
    yield from _records()
    yield from _attacks()
    yield from _scores()
    yield from series_score.made()
    if not DATA:
        yield Skipped("equality with Zeek, named operations, NAB", "no data (SAFECARE_DATA)")
        return
    yield from _zeek_equality()
    yield from _operations()
    yield from series_score.shared(Path(DATA) / "building/nab")


def _pdus() -> list[bytes]:
    """Return BACnet datagrams: of the shared capture, or made ones of the same services."""
    if not DATA:
        return [bytes.fromhex("810a001101040005010c0c000000011955")] * 3000
    raw = (Path(DATA) / "network/bacnet/bacnet_example.pcap").read_bytes()
    return [bytes(dpkt.ethernet.Ethernet(frame).data.data.data) for _, frame in dpkt.pcap.Reader(io.BytesIO(raw))]


def _bacnet() -> Iterator[Row]:
    pdus = _pdus()
    talk = Talk()

    def head() -> int:
        for pdu in pdus:
            bacnet.header(pdu)
        return len(pdus)

    def whole() -> int:
        for pdu in pdus:
            for _ in bacnet.parse(pdu, talk):
                pass
        return len(pdus)

    yield Row(
        what="BACnet, header level", figure=rate(head), unit="PDU/s", target=1e6, peer=1.28e6, peer_name="reference"
    )
    yield Row(what="BACnet, with objects and properties", figure=rate(whole), unit="PDU/s", target=2e5)


def _road() -> Iterator[Row | Skipped]:
    raw = process_network(1, seconds=6000).pcap()
    count = sum(len(block.times) for block in read_frames(raw, Reading()))

    def road() -> int:
        addresses, flows, skipped = Addresses(), Flows(), Counter[str]()
        for block in read_frames(raw, Reading()):
            flows.feed(headers(block, addresses, skipped))
        return count

    def dissected() -> int:
        dissector = Dissector()
        for block in read_frames(raw, Reading()):
            for _ in dissector.feed(block):
                pass
        return count

    def with_dpkt() -> int:
        for _, frame in dpkt.pcap.Reader(io.BytesIO(raw)):
            ip = dpkt.ethernet.Ethernet(frame).data
            _ = (ip.src, ip.dst, ip.data.sport, ip.data.dport)
        return count

    own, dpkt_rate = rate(road), rate(with_dpkt)
    yield Row(
        what=f"packet road, headers and conversations, {count} packets",
        figure=own,
        unit="pkt/s",
        target=5e5,
        peer=dpkt_rate,
        peer_name="dpkt, headers",
    )
    with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
        file.write(raw)
        file.flush()
        yield _tshark(file.name, count, own)
        yield _nfstream(file.name, count, own)
    yield Row(
        what="the same with every Modbus message", figure=rate(dissected), unit="pkt/s", note="control traffic only"
    )


def _tshark(path: str, count: int, own: float) -> Row | Skipped:
    if shutil.which("tshark") is None:
        return Skipped("tshark beside it", "not installed")
    fields = [part for name in ("ip.src", "ip.dst", "tcp.srcport", "tcp.dstport") for part in ("-e", name)]
    began = os.times()
    subprocess.run(["tshark", "-r", path, "-T", "fields", *fields], capture_output=True, check=True)
    ended = os.times()
    spent = ended.children_user + ended.children_system - began.children_user - began.children_system
    return Row(
        what="packet road against tshark, four fields", figure=own, unit="pkt/s", peer=count / spent, peer_name="tshark"
    )


def _nfstream(path: str, count: int, own: float) -> Row | Skipped:
    try:
        from nfstream import NFStreamer  # type: ignore[import-not-found]
    except ImportError:
        return Skipped("nfstream beside it", "not installed")
    began = time.perf_counter()
    flows = sum(1 for _ in NFStreamer(source=path, n_dissections=0, statistical_analysis=False, n_meters=1))
    spent = time.perf_counter() - began
    return Row(
        what=f"packet road against nfstream, {flows} flows",
        figure=own,
        unit="pkt/s",
        peer=count / spent,
        peer_name="nfstream, no DPI",
    )


def _records() -> Iterator[Row]:
    at = datetime(2026, 11, 26).astimezone()
    eve = [eve_flow(at, "10.1.10.31", "10.1.20.10", 445, number=n).strip() for n in range(5000)]

    def read_lines() -> int:
        for line in eve:
            read_eve(line)
        return len(eve)

    def plain_json() -> int:
        for line in eve:
            json.loads(line)
        return len(eve)

    yield Row(
        what="Suricata EVE, line to record",
        figure=rate(read_lines),
        unit="/s",
        target=3e5,
        peer=rate(plain_json),
        peer_name="json.loads",
    )
    names = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state"
    row = b"1750000000.5\tC1\t10.1.10.31\t50000\t10.1.20.10\t445\ttcp\tsmb\t1.5\t100\t900\tSF"
    log = [b"#path\tconn", b"#fields\t" + "\t".join(names.split()).encode(), *[row] * 5000]

    def zeek() -> int:
        return sum(1 for _ in read_zeek(log))

    yield Row(what="Zeek conn.log, line to record", figure=rate(zeek), unit="/s", target=3e5)
    yield from stored_events.stored()
    head = struct.pack(">HHIIIIBBH", 5, 30, 60_000, 1_750_000_000, 0, 1, 0, 0, 0)
    ends = ip_address("10.1.10.31").packed + ip_address("10.1.20.10").packed + bytes(4)
    record = ends + struct.pack(">HHIIII", 0, 0, 9, 4321, 1000, 2000)
    record += struct.pack(">HHBBBBHHBBH", 50_000, 445, 0, 0x12, 6, 0, 0, 0, 0, 0, 0)
    datagram = head + record * 30
    netflow = Netflow()

    def flows() -> int:
        return sum(len(found) for _ in range(300) for found in netflow.read(datagram))

    yield Row(what="NetFlow v5, datagrams to columns", figure=rate(flows), unit="fl/s", target=2e5)


def _attacks() -> Iterator[Row]:
    """Made plants with labels: each frame that is malicious must be named, and hardly any other."""
    for learn in (30, 0):
        told_of: Counter[str] = Counter()
        forged = named = 0
        for seed, attack, middle in product(range(2), ("", *ATTACKS), (True, False)):
            wire = plant(seed, attack, stays=middle, middle=middle)
            alerts, _ = Captures(Hospital.empty(), timedelta(seconds=learn)).judge(Path("plant.pcap"), wire.pcap())
            told = {frame for one in alerts for frame in one.frames}
            told_of += Counter(hits=len(told & wire.bad), wrong=len(told - wire.bad), missed=len(wire.bad - told))
            if "forged" in attack:
                forged += 1
                named += any(one.alert.rule == "network.write-from-non-master" for one in alerts)
        hits, wrong, missed = told_of["hits"], told_of["wrong"], told_of["missed"]
        how = f"made plants, {learn} s learned" if learn else "made plants, nothing learned"
        recall, f1 = hits / (hits + missed), 2 * hits / (2 * hits + wrong + missed)
        note = f"{hits + missed} malicious packets, {wrong} others told"
        yield Row(what=f"{how}: recall per packet", figure=recall, unit="", target=1.0 if learn else 0.95, note=note)
        yield Row(what=f"{how}: F1 per packet", figure=f1, unit="", target=0.995 if learn else 0.95)
        yield Row(what=f"{how}: forged writes named as from a non-master", figure=named / forged, unit="", target=1.0)


def _scores() -> Iterator[Row]:
    chance = np.random.default_rng(1)
    flows = chance.normal(size=(100_000, 8))
    score = FlowScore(8)
    score.learn(flows[:20_000])

    def scored() -> int:
        for at in range(0, len(flows), 4096):
            score.score(flows[at : at + 4096])
        return len(flows)

    yield Row(what="flow anomaly scores, batches of 4,096", figure=rate(scored), unit="fl/s", target=3e5)
    yield from flow_ranks.ranked()
    series = Series()
    values = (20 + chance.normal(size=5000)).tolist()

    def points() -> int:
        for place, value in enumerate(values):
            series.step(1.75e9 + place * 300.0, value)
        return len(values)

    yield Row(what="readings scored", figure=rate(points), unit="/s")


def _zeek_equality() -> Iterator[Row]:
    columns = ("bvlc_function", "pdu_type", "pdu_service", "invoke_id", "result_code")
    folder = Path(DATA) / "network/bacnet"
    differing = total = 0
    for capture, logs in (
        ("bacnet_example.pcap", "analyzer.basic"),
        ("bacnet_error_reject_abort.pcap", "analyzer.error-reject-abort"),
    ):
        dissector, ours = Dissector(), Counter[tuple[str, ...]]()
        for block in read_frames((folder / capture).read_bytes(), Reading()):
            for one in dissector.feed(block):
                if isinstance(one, Spoken):
                    told = ("-" if (value := one.message.fields[name]) is None else str(value) for name in columns)
                    ours[one.src, one.dst, *told] += 1
        theirs = Counter[tuple[str, ...]]()
        names: list[str] = []
        for line in (folder / logs / "bacnet.log").read_text("utf-8").splitlines():
            if line.startswith("#fields"):
                names = line.split("\t")[1:]
            elif not line.startswith("#"):
                row = dict(zip(names, line.split("\t"), strict=True))
                theirs[row["source_h"], row["destination_h"], *(row[name] for name in columns)] += 1
        differing += sum((ours - theirs).values()) + sum((theirs - ours).values())
        total += sum(theirs.values())
    yield Row(
        what="BACnet rows that differ from Zeek's",
        figure=differing,
        unit="",
        better="less",
        target=0.0,
        note=f"of {total}",
    )


def _operations() -> Iterator[Row]:
    folder = Path(DATA) / "network/ot"
    found = sum(operation in _told(folder / name) for name, operation in OPERATIONS.items())
    yield Row(
        what="operations named in file names, found",
        figure=found / len(OPERATIONS),
        unit="",
        target=0.95,
        note=f"{found} of {len(OPERATIONS)}; 5 more files hold no packet of theirs",
    )
    alerts = sum(len(_told(folder / name)) for name in READS)
    yield Row(
        what="alerts on plain reads", figure=alerts, unit="", better="less", target=0.0, note=f"{len(READS)} captures"
    )


def _told(path: Path) -> set[str]:
    """Return the operations of all alerts of a capture; of other rules their name."""
    from safecare.detect.cyber.wire_words import PHRASES

    words = {text.key: operation for operation, text in PHRASES.items()}
    judged, _ = Captures(Hospital.empty()).judge(path, path.read_bytes())
    found: set[str] = set()
    for one in judged:
        command = one.alert.title.args.get("command")
        found.add(words.get(getattr(command, "key", ""), one.alert.rule))
    return found
