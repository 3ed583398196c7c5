"""The platform as one program: start, refusals, and that its parts come back."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from platform_harness import body, client, forced, reading, until

from safecare.scenarios.private import NotReadyError, PrivatePlatform

pytest_plugins = ["platform_fixtures"]
pytestmark = pytest.mark.slow


def engine(platform: PrivatePlatform) -> psutil.Process:
    return next(one for one in psutil.Process(platform.pid).children() if "safecare.app.engine" in one.cmdline())


def test_an_event_becomes_an_alert_that_the_console_shows(platform: PrivatePlatform) -> None:
    platform.start()
    with client(platform) as http:
        answer = http.post("/api/ingest/events", content=body([forced(1), *map(reading, range(2, 50))]))
        assert (answer.status_code, answer.json()["accepted"]) == (202, 49)
        until(lambda: "door.forced" in [one["rule"] for one in http.get("/api/alerts").json()])
        until(lambda: http.get("/api/board").json()["counts"]["events"] == 49)


def test_idle_memory_and_health(platform: PrivatePlatform) -> None:
    platform.start()
    with client(platform) as http:
        until(lambda: len(http.get("/api/health").json()["stages"]) >= 6)
        until(lambda: all(stage["lag"] == 0 and stage["alive"] for stage in http.get("/api/health").json()["stages"]))
        health = http.get("/api/health").json()
    assert health["memory_mb"] < 300, f"{health['memory_mb']} MB idle"
    assert {stage["group"] for stage in health["stages"]} >= {"detect", "correlate", "impact", "decide", "notify"}
    missing = {part["name"] for part in health["parts_missing"]}
    # Nobody has set these channels; the program for SMS may be absent too.
    assert (
        {"channel mail", "channel ntfy"}
        <= missing
        <= {"channel mail", "channel ntfy", "channel chat", "chat", "channel sms", "sms", "channel voice", "voice"}
    )


def test_a_second_start_on_the_same_folder_is_refused(platform: PrivatePlatform) -> None:
    platform.start()
    second = subprocess.run(
        [sys.executable, "-m", "safecare", "run", "--data", str(platform.folder), "--port", "0"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert second.returncode == 1
    assert str(platform.pid) in second.stderr
    assert "Traceback" not in second.stderr


def test_nobody_else_can_read_what_the_platform_keeps(platform: PrivatePlatform) -> None:
    platform.start()
    open_to_others = [path for path in (platform.folder, *platform.folder.rglob("*")) if path.stat().st_mode & 0o077]
    assert open_to_others == []


def test_a_port_that_is_taken_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        second = subprocess.run(
            [sys.executable, "-m", "safecare", "run", "--data", str(tmp_path / "data"), "--port", port],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert second.returncode == 1
    assert f"can't listen on http://127.0.0.1:{port}" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_killed_engine_comes_back(platform: PrivatePlatform) -> None:
    platform.start()
    until(lambda: (platform.folder / "engine.json").exists())
    first = engine(platform)
    first.kill()
    until(
        lambda: any(
            "safecare.app.engine" in one.cmdline()
            for one in psutil.Process(platform.pid).children()
            if one.is_running() and one.pid != first.pid
        )
    )
    with client(platform) as http:
        http.post("/api/ingest/events", content=body([forced(7)]))
        until(lambda: "door.forced" in [one["rule"] for one in http.get("/api/alerts").json()])


def test_the_engine_dies_with_the_platform(platform: PrivatePlatform) -> None:
    platform.start()
    orphan = engine(platform)
    os.kill(platform.pid, signal.SIGKILL)
    until(lambda: not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE, 10)


def test_a_broken_hospital_is_told_with_file_and_line(tmp_path: Path) -> None:
    folder = tmp_path / "hospital"
    folder.mkdir()
    (folder / "hospital.yaml").write_text("id: x\nname: {en: X}\n")
    with pytest.raises(NotReadyError, match=r"hospital\.yaml:\d+:\d+: "):
        PrivatePlatform(tmp_path / "data", hospital=folder).start()


def test_a_door_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotReadyError, match="no door is called nowhere"):
        PrivatePlatform(tmp_path / "data", {"nowhere": {"port": 1}}).start()
