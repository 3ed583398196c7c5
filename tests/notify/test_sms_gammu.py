"""SMS through the real gammu-smsd: into its outbox, and out by the dummy phone that gammu brings for this."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from push_service import NOTICE

from safecare.model.notice import Notice
from safecare.model.text import Text
from safecare.notify.channels.sms import LENGTH, Sms
from safecare.testing.clock import FakeClock

DAEMON = shutil.which("gammu-smsd")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.skipif(DAEMON is None, reason="gammu-smsd is not installed"),
]
FOLDERS = ("phone", "inbox", "outbox", "sent", "error")


@pytest.fixture
def modem(tmp_path: Path) -> Path:
    """The settings of a gammu-smsd with a dummy phone, that keeps messages in files."""
    for name in FOLDERS:
        (tmp_path / name).mkdir()
    config = tmp_path / "smsdrc"
    config.write_text(
        f"[gammu]\nconnection = none\nmodel = dummy\ndevice = {tmp_path}/phone\n"
        "[smsd]\nservice = files\nlogfile = stderr\ndebuglevel = 255\ncommtimeout = 1\nchecksecurity = 0\n"
        f"inboxpath = {tmp_path}/inbox/\noutboxpath = {tmp_path}/outbox/\n"
        f"sentsmspath = {tmp_path}/sent/\nerrorsmspath = {tmp_path}/error/\n"
    )
    return config


@pytest.fixture
def daemon(modem: Path) -> Iterator[subprocess.Popen[str]]:
    """The daemon at work."""
    command = [str(DAEMON), "-c", str(modem)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.terminate()


def parts(message: Path) -> list[str]:
    """Return the words of each part of a message as they were sent (UCS-2); the daemon wrote it before, too."""
    _, _, sent = message.read_text("utf-8").rpartition("; Saved")
    found = [re.findall(r"^Text\d+ = ([0-9A-F]+)$", one, re.MULTILINE) for one in sent.split("[SMSBackup")[1:]]
    return [bytes.fromhex("".join(one)).decode("utf-16-be") for one in found]


def render(text: Text, notice: Notice) -> str:
    return text.key


def test_a_notice_in_three_parts_leaves_by_the_phone(modem: Path, daemon: subprocess.Popen[str]) -> None:
    channel = Sms(
        {"operator": ["+33601020304"]}, render, FakeClock(), config=str(modem), public_url="https://safe.example"
    )
    long = msgspec.structs.replace(NOTICE, title=Text("Porte forcée : pharmacie à vérifier " * 10))
    [receipt] = channel.send(long)
    assert receipt.outcome == "sent"
    assert daemon.stderr is not None
    assert any("Renamed " in line for line in daemon.stderr)  # out of the outbox: all parts have left
    [message] = (modem.parent / "sent").iterdir()
    said = "".join(parts(message))
    assert len(said) == LENGTH
    assert said.startswith("Porte forcée : pharmacie à vérifier Porte")
    assert said.endswith(f"https://safe.example/a/{NOTICE.id}")
    assert len(parts(message)) == 3
    assert not list((modem.parent / "outbox").iterdir())


def test_an_outbox_that_is_not_there_is_no_success(modem: Path) -> None:
    (modem.parent / "outbox").rmdir()
    [receipt] = Sms({"operator": ["+33601020304"]}, render, FakeClock(), config=str(modem)).send(NOTICE)
    assert receipt.outcome == "failed"
