"""What the Linux kernel holds of a worker besides Landlock: privileges, network, system calls; and limits everywhere.

All of it is for good: a process can give none of it back to itself. Each function does what the system offers and
returns whether it did.
"""

import contextlib
import ctypes
import os
import platform
import resource
import signal
import sys
from pathlib import Path

_SET_PDEATHSIG, _SET_DUMPABLE, _SET_SECCOMP, _SET_NO_NEW_PRIVS = 1, 4, 22, 38
_NEW_USER, _NEW_NET = 0x10000000, 0x40000000
_CAPABILITY_VERSION = 0x20080522
_KEPT = 1 << 1 | 1 << 2
"""`CAP_DAC_OVERRIDE` and `CAP_DAC_READ_SEARCH`: to read libraries in a container whose files belong to others."""
_ARENAS = -8
_STACK_ROOM = 64

DESCRIPTORS = 256
"""Files and connections a worker may have open."""
FILE_MB = 256
"""Megabytes one file may grow to."""

_KILL, _ALLOW, _REFUSE = 0x80000000, 0x7FFF0000, 0x00050000
_EPERM = 1
_FAMILIES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CALLS = {  # names and numbers of asm/unistd.h: starting programs, entering or watching others, changing the kernel
    "x86_64": "57 58 59 101 155 161 165 166 167 169 175 176 246 248 249 250 272 298 304 308 310 311 313 320 321 322 323"
    " 425 426 427 438",
    "aarch64": "39 40 41 51 97 104 105 106 117 142 217 218 219 221 224 241 265 268 270 271 273 280 281 282 294"
    " 425 426 427 438",
}
_CLONE = {"x86_64": (56, 435), "aarch64": (220, 435)}
_SOCKET = {"x86_64": 41, "aarch64": 198}
_THREAD = 0x00010000
_SOCKETS = (2, 10)  # AF_INET, AF_INET6; a pair of local sockets is another call


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("filter", ctypes.POINTER(_Instruction)))


def die_with_parent(parent: int) -> bool:
    """End this process when the thread that started it ends; it may have ended already."""
    done = _prctl(_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)
    return done


def drop_privileges() -> bool:
    """Give up every capability but that of reading files, and gaining any again."""
    if sys.platform != "linux":
        return False
    done = _prctl(_SET_NO_NEW_PRIVS, 1) and _prctl(_SET_DUMPABLE, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    kept = _capabilities() & _KEPT
    data = (ctypes.c_uint32 * 6)(kept, kept, 0, 0, 0, 0)
    return _libc().capset(header, data) == 0 and done


def leave_network() -> bool:
    """Move this process, which has one thread, into a network of its own that leads nowhere."""
    if sys.platform != "linux":
        return False
    user, group = os.getuid(), os.getgid()
    if _libc().unshare(_NEW_USER | _NEW_NET) != 0:
        return False
    with contextlib.suppress(OSError):  # it shows as nobody then, and may write to its own folder all the same or not
        Path("/proc/self/setgroups").write_text("deny", "ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", "ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", "ascii")
    return True


def limit(memory_mb: int) -> None:
    """Limit memory to what this process has now and `memory_mb` megabytes more, and files in number and size."""
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError):  # musl has no arenas
            _libc().mallopt(_ARENAS, 2)  # each would take 64 MB of addresses
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        _limit(resource.RLIMIT_AS, pages * resource.getpagesize() + memory_mb * 1_000_000 + _STACK_ROOM * 1_000_000)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, FILE_MB * 1_000_000)
    _limit(resource.RLIMIT_NOFILE, DESCRIPTORS)


def forbid_calls() -> bool:
    """Have the kernel refuse system calls that start or watch processes, or change the system (seccomp)."""
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _CALLS:
        return False
    program = _filter(machine)
    instructions = (_Instruction * len(program))(*(_Instruction(*each) for each in program))
    return _prctl(_SET_SECCOMP, 2, ctypes.byref(_Program(len(program), instructions)))


def _filter(machine: str) -> list[tuple[int, int, int, int]]:
    """Return a program of classic BPF over `struct seccomp_data`: number at 0, architecture at 4, arguments from 16."""
    load, equal, any_of, greater, end = 0x20, 0x15, 0x45, 0x35, 0x06
    refuse = (end, 0, 0, _REFUSE | _EPERM)
    clone, clone3 = _CLONE[machine]
    program = [(load, 0, 0, 4), (equal, 1, 0, _FAMILIES[machine]), (end, 0, 0, _KILL), (load, 0, 0, 0)]
    if machine == "x86_64":
        program += [(greater, 0, 1, 0x40000000), refuse]  # the x32 numbers of the same calls
    for number in map(int, _CALLS[machine].split()):
        program += [(equal, 0, 1, number), refuse]
    program += [(equal, 0, 1, clone3), (end, 0, 0, _REFUSE | 38)]  # ENOSYS: the C library then uses clone
    program += [(equal, 0, 4, clone), (load, 0, 0, 16), (any_of, 1, 0, _THREAD), refuse, (end, 0, 0, _ALLOW)]
    families = [(equal, len(_SOCKETS) - place, 0, family) for place, family in enumerate(_SOCKETS)]
    program += [(equal, 0, len(families) + 2, _SOCKET[machine]), (load, 0, 0, 16), *families, refuse]
    return [*program, (end, 0, 0, _ALLOW)]


def _limit(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    value = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (value, value))


def _capabilities() -> int:
    status = Path("/proc/self/status").read_text("ascii")
    return next((int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapEff")), 0)


def _prctl(option: int, *arguments: object) -> bool:
    if sys.platform != "linux":
        return False
    given = [ctypes.c_ulong(each) if isinstance(each, int) else each for each in arguments]
    return bool(_libc().prctl(option, *given, *[ctypes.c_ulong(0)] * (4 - len(given))) == 0)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
