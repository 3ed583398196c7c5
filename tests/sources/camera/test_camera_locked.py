"""The locked camera worker from inside: what code that has taken over a decoder still can do."""

from __future__ import annotations

import json
import os
import platform
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from safecare.scenarios.make.clips import make_clip
from safecare.sources.camera.client import ONE_THREAD

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers of the calls are those of x86-64"),
]

INSIDE = """
import ctypes, encodings.idna, json, os, socket, sys, threading
from safecare.sources.camera import worker
from safecare.sources.camera.messages import ClipJob, Done, View
clip, folder, network = sys.argv[1], sys.argv[2], sys.argv[3] == "network"
port = int(sys.argv[4])
file = os.open(clip, os.O_RDONLY)
worker.load()
layers = worker._confine(network=network)
loaded = set(sys.modules)
libc = ctypes.CDLL(None, use_errno=True)
attempts = {
    "read": lambda: open("/etc/passwd"), "read_beside": lambda: open(clip), "list": lambda: os.listdir(folder),
    "write": lambda: open(clip, "r+b"), "create": lambda: open(folder + "/new", "wb"),
    "remove": lambda: os.unlink(clip), "rename": lambda: os.rename(clip, clip + "2"),
    "folder": lambda: os.mkdir(folder + "/deep"), "execute": lambda: os.execv("/bin/true", ["true"]),
    "fork": os.fork, "kill": lambda: os.kill(os.getppid(), 0), "mode": lambda: os.chmod(clip, 0o777),
    "listen": lambda: socket.create_server(("127.0.0.1", 0)),
}
calls = {"ptrace": (101, 16, os.getppid()), "mount": (165, b"a", b"/mnt", b"tmpfs", 0, 0), "bpf": (321, 0, 0, 0),
         "clone_process": (56, 17, 0, 0, 0, 0), "clone3": (435, 0, 0), "unshare": (272, 0x10000000)}
if not network:
    attempts["connect"] = lambda: socket.create_connection(("127.0.0.1", port))
def everything():
    done = []
    for name, attempt in attempts.items():
        try:
            attempt()
        except OSError:
            continue
        done.append(name)
    return done + [name for name, call in calls.items() if libc.syscall(*call) != -1]
done = everything()
thread = threading.Thread(target=lambda: done.extend(everything()))
thread.start()
thread.join()
connected = network and socket.create_connection(("localhost", port)) is not None
told = []
worker.Viewer(told.append, lambda: file).do(ClipJob("c", clip, "mov", 0.0, View(still_people=1, still_after=1.0)))
ok = isinstance(told[-1], Done)
print(json.dumps({"layers": layers, "done": done, "connected": connected, "decoded": ok, "last": str(told[-1]),
    "late": sorted(set(sys.modules) - loaded)}))
"""


@pytest.mark.parametrize("kind", ["clips", "network"])
def test_who_takes_over_a_decoder_reaches_no_file_program_or_process(
    kind: str, tmp_path: Path, unused_tcp_port: int
) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(make_clip("loitering", seconds=8, seed=1, size=(320, 180)).raw)
    clip.chmod(0o600)
    before = clip.read_bytes()
    with socket.create_server(("127.0.0.1", unused_tcp_port)):
        ran = subprocess.run(
            [sys.executable, "-c", INSIDE, str(clip), str(tmp_path), kind, str(unused_tcp_port)],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
            env={**os.environ, **ONE_THREAD, "PYTHONDONTWRITEBYTECODE": "1"},
        )
    told: dict[str, Any] = json.loads(ran.stdout)
    if {"landlock", "seccomp"} - set(told["layers"]):
        pytest.skip("this kernel has no Landlock or seccomp")
    assert told["done"] == []
    assert told["connected"] is (kind == "network")
    assert told["decoded"], told["last"]
    assert told["late"] == []  # a module that is loaded late could not be read any more
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]
    assert (clip.read_bytes(), clip.stat().st_mode & 0o777) == (before, 0o600)
