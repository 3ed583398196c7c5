"""Locks the door behind a worker process: after `confine` it can compute, read its input and answer; nothing else.

Layers, each used where the kernel has it and reported by name: resource limits (setrlimit), death with the
parent (prctl), no files at all (Landlock, kernel 5.13), no new sockets, programs or processes (seccomp). What
is active is proved by trying it. Source: landlock(7), seccomp(2), measured in the project's reference.
"""

# ruff: noqa: SIM905  (word lists read better as words)
from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path

MEMORY = 1024 * 1024 * 1024
"""Address space (bytes). Measured: the worker alone maps 150 MB, a mail of 32 MB needs 300 MB."""
CPU_PER_JOB = 15
"""Seconds of processor time for one artifact. Chosen: a mail of 32 MB takes about 1 s."""
OPEN_FILES = 64
"""Open files. Chosen: the pipes need three."""

_PDEATHSIG, _NO_NEW_PRIVS, _SET_SECCOMP, _FILTER = 1, 38, 22, 2
_LANDLOCK_CREATE, _LANDLOCK_RESTRICT = 444, 446
_LANDLOCK_VERSION = 1
_FS_RIGHTS = ((1, 13), (2, 14), (3, 15), (5, 16))
"""Rights that Landlock knows, as number of bits, from each ABI on: linux/landlock.h."""

_CALLS = (
    "socket socketpair bind listen accept accept4 connect sendto sendmsg clone clone3 execve execveat ptrace kill "
    "tkill tgkill perf_event_open open_by_handle_at process_vm_readv process_vm_writev bpf userfaultfd io_uring_setup "
    "io_uring_enter io_uring_register umount2 mount pivot_root chroot unshare setns kexec_load kexec_file_load "
    "init_module finit_module add_key request_key keyctl"
).split()
"""Calls that a parser never needs: they are refused with EPERM."""
_X86 = (
    *(41, 53, 49, 50, 43, 288, 42, 44, 46, 56, 435, 59, 322, 101, 62, 200, 234, 298, 304, 310, 311, 321, 323, 425, 426),
    *(427, 166, 165, 155, 161, 272, 308, 246, 320, 175, 313, 248, 249, 250),
)
_ARM = (
    *(
        198,
        199,
        200,
        201,
        202,
        242,
        203,
        206,
        211,
        220,
        435,
        221,
        281,
        117,
        129,
        130,
        131,
        241,
        265,
        270,
        271,
        280,
        282,
    ),
    *(425, 426, 427, 39, 40, 41, 51, 97, 268, 104, 294, 105, 273, 217, 218, 219),
)
_NUMBERS = {
    "x86_64": (0xC000003E, (*(number for _, number in zip(_CALLS, _X86, strict=True)), 57, 58)),  # and fork, vfork
    "aarch64": (0xC00000B7, tuple(number for _, number in zip(_CALLS, _ARM, strict=True))),
}
"""AUDIT_ARCH and call numbers by machine: linux/audit.h, asm/unistd_64.h, asm-generic/unistd.h."""
_LOAD, _JUMP_EQUAL, _JUMP_FROM, _RETURN = 0x20, 0x15, 0x35, 0x06
_OTHER_ABI = 0x40000000
"""Call numbers from here on are those of the x32 ABI: none of them is let through."""
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM = 1


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when its parent dies; end at once if `parent` is gone already."""
    _libc().prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def confine() -> tuple[str, ...]:
    """Give up all rights that parsing does not need and return the names of the layers that are proved active."""
    _limit()
    _libc().prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
    locked = _landlock()
    filtered = _seccomp()
    active = ["limits"]
    if locked and _refused(lambda: Path("/etc/passwd").read_bytes()):
        active.append("landlock")
    if filtered and _refused(socket.socket) and _refused(os.fork):
        active.append("seccomp")
    return tuple(active)


def allow_cpu(seconds: int = CPU_PER_JOB) -> None:
    """Let this process use `seconds` more of processor time from now on; the kernel ends it after that."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    allow_cpu()


def _refused(attempt: Callable[[], object]) -> bool:
    """Tell whether `attempt` is refused by the system."""
    try:
        made = attempt()
    except OSError:
        return True
    if made == 0:  # a fork that should not have worked: the child goes
        os._exit(0)
    return False


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _landlock() -> bool:
    if sys.platform != "linux":
        return False
    libc = _libc()
    abi = libc.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_LANDLOCK_VERSION))
    if abi < 1:
        return False
    bits = max(count for least, count in _FS_RIGHTS if abi >= least)
    attributes = struct.pack("<Q", (1 << bits) - 1)
    if abi >= 4:
        attributes += struct.pack("<Q", 0b11)  # bind and connect over TCP
    rules = libc.syscall(_LANDLOCK_CREATE, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    if rules < 0:
        return False
    done = libc.syscall(_LANDLOCK_RESTRICT, ctypes.c_int(rules), ctypes.c_uint32(0)) == 0
    os.close(rules)
    return bool(done)


def _seccomp() -> bool:
    known = _NUMBERS.get(platform.machine())
    if known is None:
        return False
    architecture, denied = known
    last = len(denied) + 1  # places from the first test to the refusal at the end
    program = [(_LOAD, 0, 0, 4), (_JUMP_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    program.append((_JUMP_FROM, last, 0, _OTHER_ABI))
    program += [(_JUMP_EQUAL, last - place, 0, number) for place, number in enumerate(denied, 1)]
    program += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _ERROR | _EPERM)]
    code = b"".join(struct.pack("<HBBI", *one) for one in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("<HxxxxxxQ", len(program), ctypes.addressof(buffer))
    return int(_libc().prctl(_SET_SECCOMP, _FILTER, header, 0, 0)) == 0
