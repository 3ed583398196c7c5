"""Mailboxes that are read where they lie: a Maildir, and a real IMAP server over it; nothing in them is changed."""

from __future__ import annotations

import asyncio
import hashlib
import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from safecare.model.events.files import MailReceived
from safecare.sources.mail.imap import ImapDoor, _quoted
from safecare.sources.mail.maildir import MaildirDoor
from safecare.testing.intake import MemoryIntake, running

DOVECOT = shutil.which("dovecot", path="/usr/sbin:/usr/bin")
PASSWORD = "sesame-of-a-test"


def mail(number: int, size: int = 0) -> bytes:
    return b"From: a@b.example\r\nSubject: %d\r\n\r\nbody %s\r\n" % (number, b"x" * size)


def told(intake: MemoryIntake) -> list[str]:
    return [one.artifact for one in intake.events if isinstance(one, MailReceived)]


def names(*mails: bytes) -> list[str]:
    return [hashlib.sha256(one).hexdigest() for one in mails]


def tree(folder: Path) -> list[tuple[str, int, int]]:
    paths = sorted(one for one in folder.rglob("*") if one.is_file() and one.parent.name in ("new", "cur"))
    return [(str(one), one.stat().st_size, one.stat().st_mtime_ns) for one in paths]


@pytest.fixture
def box(tmp_path: Path) -> Path:
    for part in ("new", "cur", "tmp"):
        (tmp_path / "box" / part).mkdir(parents=True)
    return tmp_path / "box"


def deliver(box: Path, number: int, raw: bytes | None = None) -> bytes:
    raw, name = raw or mail(number), f"{number}.M1P1.host"
    (box / "tmp" / name).write_bytes(raw)
    os.utime(box / "tmp" / name, (1_790_000_000 + number, 1_790_000_000 + number))
    (box / "tmp" / name).rename(box / "new" / name)
    return raw


async def test_a_maildir_is_read_in_order_and_not_changed(box: Path, tmp_path: Path) -> None:
    first, second = deliver(box, 1), deliver(box, 2)
    before, positions = tree(box), tmp_path / "positions"
    door = MaildirDoor("box", box, every=0.01, positions=positions, owner="user1@aurore.example")
    async with running(door, MemoryIntake()) as intake:
        await intake.until(lambda one: told(one) == names(first, second))
        assert tree(box) == before
        (box / "new" / "1.M1P1.host").rename(box / "cur" / "1.M1P1.host:2,S")
        third = deliver(box, 3)
        await intake.until(lambda one: told(one) == names(first, second, third))
    assert str(next(one.at for one in intake.events)) == "2026-09-21 14:13:21+00:00"
    fourth = deliver(box, 4)
    async with running(MaildirDoor("box", box, every=0.01, positions=positions), MemoryIntake()) as intake:
        await intake.until(lambda one: told(one)[-1:] == names(fourth))
        # The one under way when the door was stopped may come again: under the same key, so that it is stored once.
        assert told(intake) in (names(fourth), names(third, fourth))


async def test_a_maildir_that_lacks_or_is_strange_hurts_nobody(box: Path) -> None:
    (box / "new" / "5.fifo").mkdir()
    (box / "new" / "6.empty").write_bytes(b"")
    large = deliver(box, 7, mail(7, 3000))
    good = deliver(box, 8)
    async with running(MaildirDoor("box", box, every=0.01, message_mb=0.002), MemoryIntake()) as intake:
        await intake.until(lambda one: bool(one.rejects) and told(one) == names(good))
        assert intake.rejects[0].reason == "larger than 0.002 MB"
        assert large.startswith(intake.rejects[0].raw[:100])
    async with running(MaildirDoor("box", box / "gone", every=0.01), MemoryIntake()) as intake:
        await intake.until(lambda one: one.states.get("box", ("",))[0] == "failed")


async def test_no_room_leaves_mails_in_their_folder(box: Path) -> None:
    first = deliver(box, 1)
    intake = MemoryIntake()
    intake.room = 0
    async with running(MaildirDoor("box", box, every=0.01), intake):
        await intake.until(lambda one: one.states.get("box", ("",))[0] == "waiting")
        intake.room = None
        await intake.until(lambda one: told(one) == names(first))


async def test_mails_of_before_can_be_left(box: Path, tmp_path: Path) -> None:
    deliver(box, 1)
    door = MaildirDoor("box", box, every=0.01, positions=tmp_path, from_start=False)
    async with running(door, MemoryIntake()) as intake:
        await intake.until(lambda one: "box" in one.states)
        second = deliver(box, 2)
        await intake.until(lambda one: told(one) == names(second))


class Dovecot:
    """A real IMAP server over one Maildir; it refuses to work as root."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        me, nobody = pwd.getpwuid(os.getuid()).pw_name, pwd.getpwnam("nobody")
        conf = folder / "dovecot.conf"
        conf.write_text(
            f"protocols = imap\nlisten = 127.0.0.1\nbase_dir = {folder}/run\nstate_dir = {folder}/state\n"
            f"log_path = {folder}/log\nssl = no\ndisable_plaintext_auth = no\n"
            f"mail_location = maildir:{folder}/mail/box\n"
            f"default_internal_user = {me}\ndefault_login_user = nobody\ndefault_internal_group = {me}\n"
            f"first_valid_uid = 1\nlast_valid_uid = 99999\nservice anvil {{\n chroot =\n}}\n"
            f"service imap-login {{\n chroot =\n inet_listener imap {{\n port = {self.port}\n }}\n"
            " inet_listener imaps {\n port = 0\n }\n}\n"
            f"passdb {{\n driver = static\n args = password={PASSWORD}\n}}\n"
            f"userdb {{\n driver = static\n args = uid={nobody.pw_uid} gid={nobody.pw_gid} home={folder}/mail\n}}\n"
        )
        folder.chmod(0o755)
        (folder / "mail").mkdir()
        os.chown(folder / "mail", nobody.pw_uid, nobody.pw_gid)
        assert DOVECOT
        self.process = subprocess.Popen([DOVECOT, "-F", "-c", str(conf)], stderr=subprocess.DEVNULL)

    def door(self, **more: Any) -> ImapDoor:
        settings = {"security": "none", "every": 0.05, "port": self.port, "password": PASSWORD, **more}
        return ImapDoor("imap", "127.0.0.1", "user1", **settings)

    def link(self) -> imaplib.IMAP4:
        link = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
        link.login("user1", PASSWORD)
        return link

    def append(self, raw: bytes) -> bytes:
        link = self.link()
        link.append("INBOX", "", "", raw)
        link.logout()
        return raw

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:  # it waits for its own processes on a busy machine
            self.process.kill()
            self.process.wait(30)


@pytest.fixture
def server() -> Iterator[Dovecot]:
    if DOVECOT is None or os.getuid() != 0:
        pytest.skip("dovecot is not installed, or needs root to start")
    with tempfile.TemporaryDirectory() as folder:
        made = Dovecot(Path(folder))
        try:
            yield made
        finally:
            made.stop()


@pytest.mark.slow
async def test_an_imap_mailbox_is_read_resumed_and_not_changed(server: Dovecot, tmp_path: Path) -> None:
    positions = tmp_path / "positions"
    door = server.door(positions=positions, from_start=True)
    async with running(door, MemoryIntake()) as intake:
        await intake.until(lambda one: one.states.get("imap", ("",))[0] == "ok", seconds=20)
        mails = [await asyncio.to_thread(server.append, mail(number)) for number in range(3)]
        await intake.until(lambda one: told(one) == names(*mails), seconds=20)
    link = await asyncio.to_thread(server.link)
    link.select("INBOX", readonly=True)
    assert link.uid("SEARCH", "UNSEEN")[1][0].split() == [b"1", b"2", b"3"]
    link.logout()
    later = await asyncio.to_thread(server.append, mail(9))
    async with running(server.door(positions=positions), MemoryIntake()) as intake:
        await intake.until(lambda one: told(one)[-1:] == names(later), seconds=20)
        assert told(intake) in (names(later), names(mails[-1], later))


@pytest.mark.slow
async def test_a_mailbox_that_is_numbered_anew_is_read_again(server: Dovecot, tmp_path: Path) -> None:
    positions = tmp_path / "positions"
    positions.mkdir()
    (positions / "imap.marks").write_text('{"INBOX": {"validity": 1, "uid": 99}}')
    async with running(server.door(positions=positions), MemoryIntake()) as intake:
        await intake.until(lambda one: "imap" in one.states and one.states["imap"][0] == "ok", seconds=20)
        large = await asyncio.to_thread(server.append, mail(1, 5000))
        await intake.until(lambda one: told(one) == names(large), seconds=20)
    async with running(server.door(message_mb=0.001, from_start=True), MemoryIntake()) as intake:
        await intake.until(lambda one: bool(one.rejects), seconds=20)
        assert len(intake.rejects[0].raw) <= 1001


@pytest.mark.slow
async def test_a_server_that_refuses_or_is_gone_is_told(server: Dovecot) -> None:
    for door in (server.door(password="wrong"), server.door(folders=("Nowhere",)), server.door(port=1)):
        async with running(door, MemoryIntake()) as intake:
            await intake.until(lambda one: one.states.get("imap", ("",))[0] == "failed", seconds=20)
            assert PASSWORD not in intake.states["imap"][1]


def test_settings_that_can_not_work_are_refused() -> None:
    with pytest.raises(ValueError, match="in clear"):
        ImapDoor("imap", "mail.example", "user", password="x", security="none")
    with pytest.raises(ValueError, match="needs password"):
        ImapDoor("imap", "mail.example", "user")


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("INBOX", '"INBOX"'),
        ("Éléments envoyés", '"&AMk-l&AOk-ments envoy&AOk-s"'),
        ('a"b\\c & d', '"a\\"b\\\\c &- d"'),
        ("日本語", '"&ZeVnLIqe-"'),
    ],
)
def test_names_of_folders_are_written_as_servers_read_them(name: str, sent: str) -> None:
    assert _quoted(name) == sent
