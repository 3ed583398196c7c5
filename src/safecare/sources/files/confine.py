"""Locks the door behind a worker process: after `confine` it can compute, read its input and answer; nothing else.

`lock` is the part without resource limits, for a worker that must keep a little more (`Keeps`).

Layers, each used where the kernel has it and reported by name: resource limits (setrlimit), death with the
parent (prctl), no files at all (Landlock, kernel 5.13), no new sockets, programs or processes (seccomp). What
is active is proved by trying it. Source: landlock(7), seccomp(2), measured in the project's reference.
"""

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
from dataclasses import dataclass
from pathlib import Path

MEMORY = 1024 * 1024 * 1024
"""Address space (bytes). Measured: the worker alone maps 150 MB, a mail of 32 MB needs 300 MB."""
CPU_PER_JOB = 15
"""Seconds of processor time for one artifact. Chosen: a mail of 32 MB takes about 1 s."""
OPEN_FILES = 64
"""Open files. Chosen: the pipes need three."""

_PDEATHSIG, _NO_NEW_PRIVS, _SET_SECCOMP, _FILTER = 1, 38, 22, 2
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_LANDLOCK_VERSION = 1
_PATH_BENEATH, _READ_FILE, _READ_FOLDER = 1, 1 << 2, 1 << 3
"""Kind of a rule and the rights it gives: linux/landlock.h."""
_FS_RIGHTS = ((1, 13), (2, 14), (3, 15), (5, 16))
"""Rights that Landlock knows, as number of bits, from each ABI on: linux/landlock.h."""

_CALLS = """
    socket:41:198 socketpair:53:199 bind:49:200 listen:50:201 accept:43:202 accept4:288:242 connect:42:203
    sendto:44:206 sendmsg:46:211 clone:56:220 clone3:435:435 execve:59:221 execveat:322:281 ptrace:101:117
    kill:62:129 tkill:200:130 tgkill:234:131 perf_event_open:298:241 open_by_handle_at:304:265
    process_vm_readv:310:270 process_vm_writev:311:271 bpf:321:280 userfaultfd:323:282 io_uring_setup:425:425
    io_uring_enter:426:426 io_uring_register:427:427 umount2:166:39 mount:165:40 pivot_root:155:41 chroot:161:51
    unshare:272:97 setns:308:268 kexec_load:246:104 kexec_file_load:320:294 init_module:175:105
    finit_module:313:273 add_key:248:217 request_key:249:218 keyctl:250:219 rt_sigqueueinfo:129:138
    rt_tgsigqueueinfo:297:240 pidfd_send_signal:424:424 pidfd_open:434:434 pidfd_getfd:438:438 sendmmsg:307:269
    setpriority:141:140 sched_setaffinity:203:122 sched_setscheduler:144:119 sched_setparam:142:118
    sched_setattr:314:274 ioprio_set:251:30 migrate_pages:256:238 move_pages:279:239 process_madvise:440:440
    process_mrelease:448:448 kcmp:312:272 fchmod:91:52 fchmodat:268:53 fchmodat2:452:452 fchown:93:55
    fchownat:260:54 utimensat:280:88 setxattr:188:5 lsetxattr:189:6 fsetxattr:190:7 setxattrat:463:463
    removexattr:197:14 lremovexattr:198:15 fremovexattr:199:16 removexattrat:466:466 file_setattr:469:469
    shmget:29:194 shmctl:31:195 msgget:68:186 msgctl:71:187 semget:64:190 semctl:66:191 mq_open:240:180
    mq_unlink:241:181 fork:57:- vfork:58:- chmod:90:- chown:92:- lchown:94:- utime:132:- utimes:235:-
    futimesat:261:-
"""
"""Calls that a parser never needs, with their numbers on x86-64 and ARM64 (linux/unistd.h): refused with EPERM.

No network, programs or processes; no signal, limit, priority or memory of another process; and, since Landlock does not
cover them, no change of mode, owner, time or attributes of files.
"""
_NUMBERS = {
    machine: (
        audit,
        {one.split(":")[0]: int(one.split(":")[column]) for one in _CALLS.split() if one.split(":")[column] != "-"},
    )
    for machine, audit, column in (("x86_64", 0xC000003E, 1), ("aarch64", 0xC00000B7, 2))
}
"""AUDIT_ARCH (linux/audit.h) and numbers of the refused calls by machine."""
_TO_CONNECT = frozenset({"socket", "bind", "connect", "sendto", "sendmsg", "sendmmsg"})
"""What reaching a server takes; bind: the name resolver asks the kernel for addresses over netlink."""
_CLONE_THREAD = 0x00010000
"""Flag of clone that tells a thread from a process: linux/sched.h."""
_PRLIMIT, _FCNTL, _IOCTL = {"x86_64": (302, 72, 16), "aarch64": (261, 25, 29)}.get(platform.machine(), (0, 0, 0))
_OWNER = (8, 10, 15, 0x8901, 0x8902)
"""Commands of fcntl and ioctl by which a file sends signals to a process: F_SETOWN, F_SETSIG, F_SETOWN_EX, FIOSETOWN,
SIOCSPGRP (asm-generic/fcntl.h, sockios.h)."""
_NUMBER, _ARCHITECTURE, _FIRST, _SECOND = 0, 4, 16, 24
"""Places in what the filter looks at: call, machine, lower halves of the first two arguments (struct seccomp_data)."""
_LOAD, _JUMP_EQUAL, _JUMP_FROM, _JUMP_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_OTHER_ABI = 0x40000000
"""Call numbers from here on are those of the x32 ABI: none of them is let through."""
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS = 1, 38


@dataclass(frozen=True)
class Keeps:
    """What a worker keeps beyond computing, reading what is open and answering."""

    readable: tuple[Path, ...] = ()
    """Files and folders it may read; one that does not exist is left out."""
    network: bool = False
    """Sockets that reach out; none that listen."""
    threads: bool = False
    """More threads of its own; never another process."""


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when its parent dies; end at once if `parent` is gone already."""
    _libc().prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def confine() -> tuple[str, ...]:
    """Give up all rights that parsing does not need and return the names of the layers that are proved active."""
    _limit()
    return ("limits", *lock(Keeps()))


def lock(keeps: Keeps) -> tuple[str, ...]:
    """Give up files, network and processes but for what `keeps` says; return the layers that are proved active.

    Both layers bind the thread that calls and those it starts later: call it while there is no other. If there is
    one, they are set but not named.
    """
    alone = _threads() == 1
    _libc().prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
    locked = _landlock(keeps)
    filtered = _seccomp(keeps)
    active = []
    if alone and locked and _refused(lambda: Path("/etc/passwd").read_bytes()):
        active.append("landlock")
    if alone and filtered and (keeps.network or _refused(socket.socket)) and _refused(os.fork):
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


def _threads() -> int:
    """Return the number of threads of this process, those of libraries too; 0 if it can't be told."""
    try:
        return len(list(Path("/proc/self/task").iterdir()))
    except OSError:
        return 0


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


def _landlock(keeps: Keeps) -> bool:
    if sys.platform != "linux":
        return False
    libc = _libc()
    abi = libc.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_LANDLOCK_VERSION))
    if abi < 1:
        return False
    bits = max(count for least, count in _FS_RIGHTS if abi >= least)
    attributes = struct.pack("<Q", (1 << bits) - 1)
    if abi >= 4:
        attributes += struct.pack("<Q", 0b01 if keeps.network else 0b11)  # bind and connect over TCP
    if abi >= 6:
        attributes += struct.pack("<Q", 0b11)  # abstract sockets and signals stay within
    rules = libc.syscall(_LANDLOCK_CREATE, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    if rules < 0:
        return False
    for path in keeps.readable:
        _allow_reading(libc, rules, path)
    done = libc.syscall(_LANDLOCK_RESTRICT, ctypes.c_int(rules), ctypes.c_uint32(0)) == 0
    os.close(rules)
    return bool(done)


def _allow_reading(libc: ctypes.CDLL, rules: int, path: Path) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    rights = _READ_FILE | _READ_FOLDER if path.is_dir() else _READ_FILE
    rule = struct.pack("<Qi", rights, place)
    libc.syscall(_LANDLOCK_ADD, ctypes.c_int(rules), ctypes.c_int(_PATH_BENEATH), rule, ctypes.c_uint32(0))
    os.close(place)


def _seccomp(keeps: Keeps) -> bool:
    known = _NUMBERS.get(platform.machine())
    if known is None:
        return False
    architecture, calls = known
    kept = (_TO_CONNECT if keeps.network else frozenset()) | ({"clone", "clone3"} if keeps.threads else set())
    denied = [number for name, number in calls.items() if name not in kept]
    threads = [  # clone3 keeps its flags where no filter can look: the C library goes back to clone
        (_JUMP_EQUAL, 0, 1, calls["clone3"]),
        (_RETURN, 0, 0, _ERROR | _ENOSYS),
        (_JUMP_EQUAL, 0, 4, calls["clone"]),
        (_LOAD, 0, 0, _FIRST),
        (_JUMP_SET, 0, 1, _CLONE_THREAD),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERROR | _EPERM),
    ]
    owner = [(_JUMP_EQUAL, len(_OWNER) - place, 0, command) for place, command in enumerate(_OWNER)]
    rest = [  # judged by their arguments: threads, limits of others, owners of signals
        *(threads if keeps.threads else []),
        (_JUMP_EQUAL, 0, 2, _PRLIMIT),
        (_LOAD, 0, 0, _FIRST),
        (_JUMP_EQUAL, len(owner) + 3, len(owner) + 4, 0),
        (_JUMP_EQUAL, 1, 0, _FCNTL),
        (_JUMP_EQUAL, 0, len(owner) + 1, _IOCTL),
        (_LOAD, 0, 0, _SECOND),
        *owner,
    ]
    last = len(denied) + len(rest) + 1  # places from the first test to the refusal at the end
    program = [(_LOAD, 0, 0, _ARCHITECTURE), (_JUMP_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _KILL)]
    program += [(_LOAD, 0, 0, _NUMBER), (_JUMP_FROM, last, 0, _OTHER_ABI)]
    program += [(_JUMP_EQUAL, last - place, 0, number) for place, number in enumerate(denied, 1)]
    program += [*rest, (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _ERROR | _EPERM)]
    code = b"".join(struct.pack("<HBBI", *one) for one in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("<HxxxxxxQ", len(program), ctypes.addressof(buffer))
    return int(_libc().prctl(_SET_SECCOMP, _FILTER, header, 0, 0)) == 0
