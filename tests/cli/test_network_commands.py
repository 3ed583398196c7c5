"""``detect network``, ``detect series`` and ``decode`` as a person calls them."""

from __future__ import annotations

import gzip
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from safecare.cli import main
from safecare.scenarios.make.office import document_with_macro
from safecare.testing.captures import Wire, process_network

Result = tuple[int, list[dict[str, Any]], str]


def run(capsys: pytest.CaptureFixture[str], *words: object) -> Result:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    out, error = capsys.readouterr()
    return int(ended.value.code or 0), [json.loads(line) for line in out.splitlines()], error


def judged(capsys: pytest.CaptureFixture[str], folder: Path, wire: Wire, *more: object) -> list[dict[str, Any]]:
    path = folder / "capture.pcap"
    path.write_bytes(wire.pcap())
    code, alerts, _ = run(capsys, "detect", "network", path, *more, "--format", "ndjson")
    assert code == 0
    return alerts


@pytest.mark.parametrize("attack", ["write", "scan", "files"])
@pytest.mark.parametrize("seed", [1, 2])
def test_every_malicious_frame_is_named_and_no_other(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, attack: str, seed: int
) -> None:
    wire = process_network(seed, attack)
    alerts = judged(capsys, tmp_path, wire, "--learn", "30s")
    assert {frame for one in alerts for frame in one["frames"]} == wire.bad
    rules = {one["rule"] for one in alerts}
    assert "network.new-conversation" in rules
    assert ("network.write-from-non-master" in rules) is (attack == "write")
    assert all(one["five_tuple"]["protocol"] == "tcp" for one in alerts)


def test_a_quiet_network_gives_no_alert(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert judged(capsys, tmp_path, process_network(3), "--learn", "30s") == []


def test_baseline_is_written_reviewed_and_used(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    baseline = tmp_path / "baseline.json"
    judged(capsys, tmp_path, process_network(4), "--learn", "1h", "--write-baseline", baseline)
    learned = json.loads(baseline.read_text())
    assert len(learned["conversations"]) == 3
    assert [one["command"] for one in learned["commands"]] == ["write_single_register"]
    baseline.write_text(json.dumps(learned | {"reviewed_by": "somebody"}))
    wire = process_network(5, "write")
    alerts = judged(capsys, tmp_path, wire, "--baseline", baseline)
    assert {frame for one in alerts for frame in one["frames"]} == wire.bad
    assert judged(capsys, tmp_path, process_network(6), "--baseline", baseline) == []
    proposal = tmp_path / "proposal.json"
    judged(capsys, tmp_path, process_network(5, "write", 40), "--baseline", baseline, "--propose", proposal)
    said = json.loads(proposal.read_text())
    assert [one["client"] for one in said["new"]["conversations"]] == ["10.7.0.22"]
    assert "conversations" not in said["not_seen"]


def test_french_and_text(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    alerts = judged(capsys, tmp_path, process_network(1, "write"), "--learn", "30s", "--language", "fr")
    [forged] = [one for one in alerts if one["rule"] == "network.write-from-non-master"]
    assert forged["title"].startswith("Commande d’écriture venant de 10.7.0.22, qui n’est pas un maître de 10.7.0.23")


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["detect", "network", "{missing}"], 1, "no such file"),
        (["detect", "network", "{junk}"], 1, "not a pcap or pcapng file"),
        (["detect", "network", "{junk}", "--learn", "soon"], 2, "is no duration"),
        (["detect", "network", "{junk}", "--format", "xml"], 2, "--format"),
        (["detect", "network", "{junk}", "--baseline", "{junk}"], 2, "JSON"),
        (["detect", "network", "{junk}", "--baseline", "{junk}", "--learn", "1s"], 2, "exclude"),
        (["detect", "network", "{junk}", "--propose", "{junk}"], 2, "--propose needs"),
        (["decode", "bacnet", "{junk}"], 1, "not a pcap or pcapng file"),
        (["decode", "morse", "{junk}"], 2, "no protocol is called morse"),
        (["detect", "series", "{missing}"], 1, "No such file"),
        (["detect", "series", "{junk}"], 1, "needs the columns"),
    ],
)
def test_wrong_calls_and_files_are_told_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, words: list[str], code: int, reason: str
) -> None:
    junk = tmp_path / "junk"
    junk.write_bytes(b"hello\n\0\xff")
    found = run(capsys, *(word.format(junk=junk, missing=tmp_path / "missing") for word in words))
    assert found[0] == code
    assert reason in found[2]
    assert "Traceback" not in found[2]


def test_decode_gives_one_message_a_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "one.pcap"
    path.write_bytes(process_network(1, seconds=2).pcap())
    code, rows, _ = run(capsys, "decode", "modbus", path, "--format", "ndjson")
    assert code == 0
    assert len(rows) == 12
    assert (rows[0]["command"], rows[0]["target"], rows[0]["frame"]) == ("read_holding_registers", "holding:0-3", 10)
    assert run(capsys, "decode", "bacnet", path)[1] == []


@pytest.mark.slow
def test_files_on_the_wire_are_judged(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    wire = Wire()
    talk = wire.tcp("10.0.0.1", 40_000, "10.0.0.2", 80)
    talk.ask(b"GET /report.doc HTTP/1.1\r\n\r\n")
    file = document_with_macro("Invoice", macro='Sub AutoOpen()\nShell "powershell -enc AAAA"\nEnd Sub\n')
    frame = talk.answer(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(file) + file)
    assert judged(capsys, tmp_path, wire) == []
    [one] = judged(capsys, tmp_path, wire, "--files")
    assert (one["rule"], one["frames"]) == ("file.dangerous", [frame])
    code, rows, _ = run(capsys, "decode", "http", tmp_path / "capture.pcap")
    assert (code, rows[1]["file"]["bytes"]) == (0, len(file))


def test_series_scores_each_point(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "series.csv"
    rows = [f"2026-01-{1 + n // 288:02} {n // 12 % 24:02}:{n % 12 * 5:02}:00,{20 + n % 7 * 0.1}" for n in range(1000)]
    rows[900] = rows[900].split(",")[0] + ",35.5"
    rows[950] = rows[950].split(",")[0] + ",warm"
    path.write_text("timestamp,value\n" + "\n".join(rows) + "\n")
    code, points, error = run(capsys, "detect", "series", path, "--format", "ndjson")
    assert code == 1
    assert f"{path}:952: value: 'warm' is no number" in error
    assert len(points) == 1000
    assert all(0.0 <= one["score"] <= 1.0 for one in points)
    assert points[900]["score"] > 0.5
    assert points[900]["alert"]["rule"] == "reading.unusual"
    assert points[950]["value"] is None


def test_a_series_is_read_from_a_pipe_and_packed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = b"timestamp,value\n" + b"".join(b"2026-01-01 %02d:00:00,20\n" % hour for hour in range(24))
    packed, pipe = tmp_path / "readings.csv.gz", tmp_path / "pipe"
    packed.write_bytes(gzip.compress(text))
    os.mkfifo(pipe)
    sender = threading.Thread(target=pipe.write_bytes, args=(text,), daemon=True)
    sender.start()
    for path in (packed, pipe):
        code, points, _ = run(capsys, "detect", "series", path)
        assert (code, len(points)) == (0, 24)
    sender.join(20.0)
