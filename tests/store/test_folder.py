from __future__ import annotations

import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from safecare.store.folder import DataFolder, FolderInUseError

HOLDER = """
import sys
from pathlib import Path
from safecare.store.folder import DataFolder
folder = DataFolder(Path(sys.argv[1]))
folder.lock()
print("held", flush=True)
sys.stdin.read()
"""


def holder(path: Path) -> subprocess.Popen[bytes]:
    child = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"held\n"
    return child


def end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait(30)
    for pipe in (child.stdin, child.stdout):
        assert pipe is not None
        pipe.close()


def test_the_folder_is_the_owners_alone(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o755)
    folder = DataFolder(tmp_path / "data")
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    DataFolder(tmp_path / "a" / "b")
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700


@pytest.mark.slow
def test_a_second_process_is_refused_and_told_by_whom(tmp_path: Path) -> None:
    child = holder(tmp_path / "data")
    folder = DataFolder(tmp_path / "data")
    with pytest.raises(FolderInUseError, match=f"process {child.pid}") as refused:
        folder.lock()
    assert refused.value.pid == child.pid
    end(child)  # killed: the lock goes with it
    folder.lock()
    folder.unlock()


def test_a_lock_can_be_let_go_and_taken_again(tmp_path: Path) -> None:
    one, two = DataFolder(tmp_path), DataFolder(tmp_path)
    one.lock()
    with pytest.raises(FolderInUseError):
        two.lock()
    one.unlock()
    one.unlock()
    two.lock()
    two.unlock()


def test_an_unreadable_holder_is_unknown(tmp_path: Path) -> None:
    one, two = DataFolder(tmp_path), DataFolder(tmp_path)
    one.lock()
    (tmp_path / "lock").write_bytes(b"\xff")
    with pytest.raises(FolderInUseError, match="unknown"):
        two.lock()
    one.unlock()


def test_the_secret_is_made_once_and_private(tmp_path: Path) -> None:
    secrets: list[bytes] = []
    threads = [threading.Thread(target=lambda: secrets.append(DataFolder(tmp_path).secret())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(secrets) == 8
    assert len(set(secrets)) == 1
    assert len(secrets[0]) == 32
    assert stat.S_IMODE((tmp_path / "site.key").stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["site.key"]


def test_two_folders_have_two_secrets(tmp_path: Path) -> None:
    assert DataFolder(tmp_path / "a").secret() != DataFolder(tmp_path / "b").secret()
