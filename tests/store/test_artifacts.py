from __future__ import annotations

import hashlib
import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from safecare.exchange.log import LogFullError
from safecare.model.ids import ArtifactHash
from safecare.store.artifacts import UNKNOWN, Artifacts


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    return Artifacts(tmp_path / "artifacts", reserve_mb=0)


def test_bytes_come_back_under_their_hash(artifacts: Artifacts) -> None:
    hash = artifacts.keep(b"a mail", "message/rfc822")
    assert hash == hashlib.sha256(b"a mail").hexdigest()
    assert artifacts.read(hash) == b"a mail"
    assert artifacts.media(hash) == "message/rfc822"
    assert [one for one, _ in artifacts.hashes()] == [hash]


def test_only_the_owner_may_read(artifacts: Artifacts) -> None:
    path = artifacts.path(artifacts.keep(b"x", "text/plain"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.parent.parent.stat().st_mode) == 0o700


def test_the_same_bytes_are_kept_once_and_count_as_new(artifacts: Artifacts) -> None:
    hash = artifacts.keep(b"x", "text/plain")
    os.utime(artifacts.path(hash), (1000, 1000))
    assert artifacts.keep(b"x", "application/pdf") == hash
    assert artifacts.media(hash) == "text/plain"
    ((_, kept),) = artifacts.hashes()
    assert kept > 1000


def test_threads_may_keep_the_same_at_once(artifacts: Artifacts) -> None:
    kept: list[str] = []
    threads = [threading.Thread(target=lambda: kept.append(artifacts.keep(b"same", "x/y"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(kept)) == 1
    assert artifacts.read(ArtifactHash(kept[0])) == b"same"
    assert sorted(path.suffix for path in artifacts.path(ArtifactHash(kept[0])).parent.iterdir()) == ["", ".type"]


def test_delete(artifacts: Artifacts) -> None:
    hash = artifacts.keep(b"x", "text/plain")
    assert artifacts.delete(hash, before=1000.0) is False
    assert artifacts.delete(hash) is True
    assert artifacts.delete(hash) is False
    assert list(artifacts.path(hash).parent.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        artifacts.read(hash)
    assert artifacts.media(hash) == UNKNOWN


@pytest.mark.parametrize("hash", ["", "../../etc/passwd", "0" * 63, "G" * 64, "A" * 64, "0" * 64 + "\n", "0" * 65])
def test_what_is_no_hash_leads_nowhere(artifacts: Artifacts, hash: str) -> None:
    with pytest.raises(ValueError, match="not an artifact hash"):
        artifacts.path(ArtifactHash(hash))


def test_damaged_bytes_are_told(artifacts: Artifacts) -> None:
    hash = artifacts.keep(b"x", "text/plain")
    artifacts.path(hash).write_bytes(b"y")
    with pytest.raises(ValueError, match="damaged"):
        artifacts.read(hash)


def test_below_the_reserve_nothing_is_kept(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path / "artifacts", reserve_mb=10**9)
    with pytest.raises(LogFullError, match="reserved"):
        artifacts.keep(b"x", "text/plain")
    assert list(artifacts.hashes()) == []


@pytest.mark.parametrize("broken", ["fsync", "rename"])
def test_a_full_disk_leaves_nothing_behind(artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    path = artifacts.path(ArtifactHash(hashlib.sha256(b"x").hexdigest()))
    path.parent.mkdir(mode=0o700)
    monkeypatch.setattr(*((os, "fsync", full) if broken == "fsync" else (Path, "rename", full)))
    with pytest.raises(LogFullError):
        artifacts.keep(b"x", "text/plain")
    monkeypatch.undo()
    assert [one.suffix for one in path.parent.iterdir() if one.suffix != ".type"] == []
    assert artifacts.read(artifacts.keep(b"x", "text/plain")) == b"x"


def test_what_a_killed_writer_left_is_swept(artifacts: Artifacts) -> None:
    folder = artifacts.path(artifacts.keep(b"x", "text/plain")).parent
    (folder / ".0123.part").write_bytes(b"half")
    os.utime(folder / ".0123.part", (1000, 1000))
    (folder / ".4567.part").write_bytes(b"being written")
    assert artifacts.sweep(2000) == 1
    assert sorted(one.name for one in folder.glob(".*")) == [".4567.part"]
