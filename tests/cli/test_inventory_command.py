"""``safecare inventory``: stations of a capture, as lines and as a table, with exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from safecare.cli import main
from safecare.testing import greetings
from safecare.testing.captures import Wire, bacnet, dicom_associate


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    wire = Wire()
    wire.arp("00:0e:8c:00:00:07", "10.0.0.7")
    wire.udp("10.0.0.7", 47808, "10.0.0.255", 47808, bacnet(bytes.fromhex("1000c4020000012204009121" + "07")))
    wire.udp("0.0.0.0", 68, "255.255.255.255", 67, greetings.dhcp("02:00:00:00:00:09", "10.0.0.9", 3))
    wire.udp("10.0.0.9", 5353, "224.0.0.251", 5353, greetings.mdns("printer", "10.0.0.9"))
    wire.tcp("10.0.0.8", 40_000, "10.0.0.7", 104).ask(dicom_associate("CT9", "PACS"))
    path = tmp_path / "stations.pcap"
    path.write_bytes(wire.pcap())
    return path


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["inventory", *words])
    told = capsys.readouterr()
    return int(ended.value.code or 0), told.out, told.err


def test_stations_as_lines(capsys: pytest.CaptureFixture[str], capture: Path) -> None:
    code, out, _ = run(capsys, str(capture), "--format", "ndjson")
    rows = {row["ip"]: row for row in map(json.loads, out.splitlines())}
    assert code == 0
    assert (rows["10.0.0.7"]["maker"], rows["10.0.0.7"]["state"]) == ("Siemens AG", "unknown")
    assert {one["system"] for one in rows["10.0.0.7"]["evidence"]} >= {"mac", "bacnet"}
    assert {"system": "dhcp.fingerprint", "value": "1,3,6,15"} in rows["10.0.0.9"]["evidence"]
    assert rows["10.0.0.9"]["name"] == "printer"
    assert rows["10.0.0.8"]["name"] == "CT9"


def test_table_filter_and_codes(capsys: pytest.CaptureFixture[str], capture: Path, tmp_path: Path) -> None:
    code, out, _ = run(capsys, str(capture), "--filter", "udp port 5353")
    assert (code, [line.split()[0] for line in out.splitlines() if line[0] != " "]) == (0, ["10.0.0.9"])
    (tmp_path / "none.pcap").write_bytes(b"PK\3\4")
    code, out, err = run(capsys, str(tmp_path / "none.pcap"), str(tmp_path / "absent.pcap"), str(capture))
    assert (code, err.count("\n"), "10.0.0.7" in out) == (1, 2, True)
    assert run(capsys, str(capture), "--filter", "udp prot 1")[0] == 2
