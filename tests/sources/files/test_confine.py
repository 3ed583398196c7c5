"""The locked door from inside: what code that has taken over a parser still can do to others."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers of the calls are those of x86-64"),
]

INSIDE = """
import ctypes, json, os, struct, sys
from safecare.sources.files.confine import allow_cpu, confine
victim, file = int(sys.argv[1]), os.fsencode(sys.argv[2])
layers = confine()
libc = ctypes.CDLL(None, use_errno=True)
information = ctypes.create_string_buffer(128)
struct.pack_into("iii", information, 0, 9, 0, -1)
none = ctypes.byref((ctypes.c_uint64 * 2)(0, 0))
pipe, _ = os.pipe()
pid = ctypes.byref(ctypes.c_int(victim))
attempts = {
    "rt_sigqueueinfo": (129, victim, 9, information), "pidfd_open": (434, victim, 0), "kill": (62, victim, 9),
    "prlimit64": (302, victim, 7, none, None), "setpriority": (141, 0, victim, 19),
    "sched_setaffinity": (203, victim, 8, none), "F_SETOWN": (72, pipe, 8, victim), "F_SETSIG": (72, pipe, 10, 9),
    "FIOSETOWN": (16, 0, 0x8901, pid), "chmod": (90, file, 0o777), "fchmodat": (268, -100, file, 0o777),
    "chown": (92, file, 0, 0), "setxattr": (188, file, b"user.x", b"1", 1, 0), "utimensat": (280, -100, file, None, 0),
    "shmget": (29, 0, 4096, 0o1600), "fork": (57,), "truncate": (76, file, 0), "unlink": (87, file),
}
done = [name for name, (number, *given) in attempts.items() if libc.syscall(number, *given) != -1]
allow_cpu(5)
os.set_inheritable(pipe, False)
print(json.dumps({"layers": layers, "done": done}))
"""


def test_who_takes_over_a_parser_reaches_no_other_process_and_no_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"ours")
    file.chmod(0o600)
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as victim:
        ran = subprocess.run(
            [sys.executable, "-c", INSIDE, str(victim.pid), str(file)],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        told: dict[str, Any] = json.loads(ran.stdout)
        if {"landlock", "seccomp"} - set(told["layers"]):
            victim.kill()
            pytest.skip("this kernel has no Landlock or seccomp")
        assert victim.poll() is None
        victim.kill()
    assert told["done"] == []
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"ours", 0o600)
