"""What doors can't read: refused where the protocol allows it, kept with the reason, read again later."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import paho.mqtt.publish
import pytest
from platform_harness import body, client, reading, until

from safecare.app.files import demo_hospital
from safecare.scenarios.private import PrivatePlatform

pytest_plugins = ["platform_fixtures"]
pytestmark = pytest.mark.slow


def safecare(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "safecare", *words], capture_output=True, text=True, timeout=60, check=False
    )


def setting(platform: PrivatePlatform, door: str, name: str) -> str:
    return str(platform.runtime()["doors"][door]["settings"][name])


def test_every_door_keeps_what_it_cannot_read_and_goes_on(platform: PrivatePlatform) -> None:
    platform.start()
    with client(platform) as http:
        answer = http.post("/api/ingest/events", content=b"{nonsense\n" + body([reading(1)]))
        assert answer.status_code == 202
        assert [one["line"] for one in answer.json()["rejected"]] == [1]
        assert http.post("/api/ingest/idmef", content=b'{"Version": "2.D.V08"}').status_code == 400
        port = int(setting(platform, "mqtt-listener", "port"))
        paho.mqtt.publish.single("nobody/knows/this", b'{"contact": false}', qos=1, hostname="127.0.0.1", port=port)
        with socket.create_connection(("127.0.0.1", int(setting(platform, "hl7-scheduling", "port"))), 10) as link:
            link.sendall(b"\x0bMSH|^~\\&|rubbish\x1c\r")
            assert b"MSA|A" in link.recv(4096)
        with Path(setting(platform, "eve", "path")).open("ab") as eve:
            eve.write(b"this is no record\n")
        doors = {"ingest/events", "ingest/idmef", "mqtt-listener", "hl7-scheduling", "eve"}
        until(lambda: {one["door"] for one in http.get("/api/rejects").json()} >= doors)
        assert http.post("/api/ingest/events", content=body([reading(2)])).json()["accepted"] == 1
    listed = safecare("rejects", "list", "--data", str(platform.folder))
    assert listed.returncode == 0
    assert all(door in listed.stdout for door in doors)
    [line] = [line for line in listed.stdout.splitlines() if "mqtt-listener" in line]
    assert "no asset of the hospital has this address" in line
    shown = safecare("rejects", "show", line.split()[0], "--data", str(platform.folder))
    assert shown.stdout == '{"contact": false}'


def test_a_reject_is_read_again_once_the_hospital_knows_the_asset(platform: PrivatePlatform, tmp_path: Path) -> None:
    platform.start()
    data = ("--data", str(platform.folder))
    with client(platform) as http:
        port = int(setting(platform, "mqtt-listener", "port"))
        topic = "aurore/doors/pharmacy-after-the-move"
        paho.mqtt.publish.single(topic, b'{"access": "opened"}', qos=1, hostname="127.0.0.1", port=port)
        until(lambda: len(http.get("/api/rejects").json()) == 1)
        again = safecare("rejects", "replay", "all", *data)
        assert again.returncode == 1
        assert "still unreadable" in again.stdout
        known = tmp_path / "hospital"
        shutil.copytree(demo_hospital(), known)
        plan = known / "plans" / "aurore.0.geojson"
        plan.write_text(plan.read_text("utf-8").replace('"aurore/doors/pharmacy"', f'"{topic}"'), "utf-8")
        for _ in range(2):
            again = safecare("rejects", "replay", "all", *data, "--hospital", str(known))
            assert again.returncode == 0, again.stdout + again.stderr
        until(lambda: http.get("/api/board").json()["counts"]["events"] >= 1)
        rules = [one["rule"] for one in http.get("/api/alerts").json()]
        assert rules.count("door.forced") <= 1
        assert http.get("/api/board").json()["counts"]["events"] == 1


def changes(http: httpx.Client) -> set[str]:
    return {one["detail"].get("change", "") for one in http.get("/api/audit").json()["entries"]}


def test_a_machine_s_token_may_send_and_nothing_else(platform: PrivatePlatform) -> None:
    platform.start()
    made = safecare("token", "test gateway", "--data", str(platform.folder))
    assert made.returncode == 0
    headers = {"Authorization": f"Bearer {made.stdout.strip()}", "X-Safecare": "1"}
    with httpx.Client(base_url=platform.url, headers=headers) as machine:
        assert machine.post("/api/ingest/events", content=body([reading(1)])).status_code == 202
        assert machine.get("/api/board").status_code in (401, 403)
        assert machine.get("/metrics").status_code == 200
        data = ("--data", str(platform.folder))
        [line] = [line for line in safecare("users", "list", *data).stdout.splitlines() if "test gateway" in line]
        assert safecare("users", "revoke", line.split()[0], *data).returncode == 0
        assert machine.post("/api/ingest/events", content=body([reading(3)])).status_code in (401, 403)
    with client(platform) as http:
        until(lambda: changes(http) >= {"token", "revoked"})
    checked = safecare("audit", "verify", "--data", str(platform.folder))
    assert checked.returncode == 0
    assert "chain unbroken" in checked.stdout
    with httpx.Client(base_url=platform.url) as nobody:
        assert nobody.post("/api/ingest/events", content=body([reading(2)])).status_code in (401, 403)


@pytest.mark.parametrize(
    "words",
    [
        ("rejects", "list"),
        ("rejects", "show", "x"),
        ("rejects", "replay", "all"),
        ("audit", "verify"),
        ("token", "x"),
        ("invite", "guard", "x"),
    ],
)
def test_a_folder_without_a_platform_is_told(tmp_path: Path, words: tuple[str, ...]) -> None:
    answer = safecare(*words, "--data", str(tmp_path))
    assert answer.returncode == 1
    assert str(tmp_path) in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not list(tmp_path.iterdir())


def test_an_unknown_reject_is_told(platform: PrivatePlatform) -> None:
    platform.start()
    answer = safecare("rejects", "show", "nothing", "--data", str(platform.folder))
    assert answer.returncode == 1
    assert "no reject is called nothing" in answer.stderr
