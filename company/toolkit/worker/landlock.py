"""Landlock: files and TCP connections of this process, held by the Linux kernel from 5.13 on.

What is not allowed by a rule is refused, for good, to this process and to whatever it starts. The numbers are those of
`linux/landlock.h`; each version of the kernel's interface holds more than the one before.
"""

import ctypes
import os
import sys
from collections.abc import Iterable
from pathlib import Path

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION = 1
_BENEATH, _PORT = 1, 2

_WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE = 1 << 1, 1 << 2, 1 << 3, 1 << 14
_DEVICES = 1 << 6 | 1 << 11  # making character and block devices
_FIRST = (1 << 13) - 1
_LATER = {2: 1 << 13, 3: _TRUNCATE, 5: 1 << 15}
_TCP = 1 << 0 | 1 << 1  # bind, connect
_CONNECT = 1 << 1
_SCOPES = 1 << 0 | 1 << 1  # abstract Unix sockets and signals of others

FILES, CONNECTIONS, SIGNALS = 1, 4, 6
"""From which version on files, TCP connections, and signals to others are held."""


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathRule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("descriptor", ctypes.c_int32))


class _PortRule(ctypes.Structure):
    _fields_ = (("allowed", ctypes.c_uint64), ("port", ctypes.c_uint64))


def version() -> int:
    """Return the version of the kernel's interface; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    return max(0, int(_libc().syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))))


def restrict(*, read: Iterable[str], listed: Iterable[str], own: str, ports: Iterable[int]) -> int:
    """Hold this thread, and every thread it starts from now on.

    Args:
        read: Folders and files that may be read, with all that is below; what is missing is left out.
        listed: Folders whose names may be read.
        own: Folder that may be changed.
        ports: TCP ports that may be connected to.

    Returns:
        The version that holds; 0 when there is none, and nothing is held.

    Raises:
        OSError: The kernel has it and refused it.
    """
    has = version()
    if not has:
        return 0
    files = _FIRST | sum(right for since, right in _LATER.items() if has >= since)
    rules = _Ruleset(files, _TCP if has >= CONNECTIONS else 0, _SCOPES if has >= SIGNALS else 0)
    size = 24 if has >= SIGNALS else 16 if has >= CONNECTIONS else 8
    ruleset = _called(_CREATE, ctypes.byref(rules), ctypes.c_size_t(size), ctypes.c_uint32(0))
    try:
        for path in {*read}:
            _allow(ruleset, path, _READ_FILE | _READ_DIR)
        for path in {*listed}:
            _allow(ruleset, path, _READ_DIR)
        _allow(ruleset, own, files & ~_DEVICES & ~1)  # nothing there is started as a program
        _allow(ruleset, os.devnull, files & (_READ_FILE | _WRITE_FILE | _TRUNCATE))
        for port in {*ports} if has >= CONNECTIONS else ():
            rule = _PortRule(_CONNECT, port)
            _called(_ADD, ruleset, ctypes.c_int(_PORT), ctypes.byref(rule), ctypes.c_uint32(0))
        _called(_RESTRICT, ruleset, ctypes.c_uint32(0))
    finally:
        os.close(ruleset)
    return has


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what cannot be opened cannot be read later either
    try:
        if not Path(path).is_dir():
            rights &= _READ_FILE | _WRITE_FILE | _TRUNCATE
        rule = _PathRule(rights, descriptor)
        _called(_ADD, ruleset, ctypes.c_int(_BENEATH), ctypes.byref(rule), ctypes.c_uint32(0))
    finally:
        os.close(descriptor)


def _called(number: int, *arguments: object) -> int:
    result = int(_libc().syscall(number, *arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"landlock: {os.strerror(code)}")
    return result


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
