"""The first layer: an audit hook that refuses, inside the worker, what the manifest does not declare.

Python tells an audit hook of every file that is opened, connection, name that is resolved, process that is started, and
a hook cannot be taken away. It holds Python code that uses Python's own ways, and it tells in words what was reached
for. It does not hold native code (extension modules talk to the system without telling), nor Python code that is
written to find the hook's own data in this process and to change it; `landlock.py` and `kernel.py` hold those, where
the system can.
"""

import errno
import os
from collections.abc import Callable
from posixpath import realpath
from typing import Any

from company.toolkit.worker.grounds import Grounds
from company.toolkit.worker.network import Network

MOST = 20
"""Denials that are remembered of one call."""

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGED = """
os.chmod os.chown os.chflags os.lockf os.mkdir os.remove os.removexattr os.rmdir os.setxattr os.truncate os.utime
"""
_STARTED = """
subprocess.Popen os.system os.exec os.fork os.forkpty os.posix_spawn os.spawn os.startfile pty.spawn os.kill os.killpg
os.setpriority resource.setrlimit resource.prlimit syslog.openlog syslog.syslog syslog.setlogmask
sqlite3.enable_load_extension sqlite3.load_extension sys.remote_exec ctypes.dlopen ctypes.dlsym ctypes.dlsym/handle
ctypes.call_function ctypes.cdata ctypes.cdata/buffer ctypes.addressof ctypes.string_at ctypes.wstring_at
ctypes.PyObj_FromPtr ctypes.set_errno ctypes.create_string_buffer
"""
_NATIVE = frozenset({"ctypes", "_ctypes"})

Note = Callable[[str, str], None]
Check = Callable[[tuple[Any, ...]], None]


class Refused(PermissionError):
    """What a tool sees when it reached for what its manifest does not declare."""

    def __init__(self, capability: str, what: str) -> None:
        super().__init__(errno.EACCES, f"undeclared {capability}", what)


class Denials:
    """What was refused since the last call, each once."""

    def __init__(self) -> None:
        self._seen: list[tuple[str, str]] = []

    def refuse(self, capability: str, what: object) -> Refused:
        """Remember a denial and return the error to raise."""
        text = os.fsdecode(what) if isinstance(what, bytes) else str(what)
        found = (capability, text[:200])
        if found not in self._seen and len(self._seen) < MOST:
            self._seen.append(found)
        return Refused(*found)

    def taken(self) -> list[tuple[str, str]]:
        """Return what was refused, and forget it."""
        seen, self._seen = self._seen, []
        return seen


def checks(grounds: Grounds, network: Network, denials: Denials) -> dict[str, Check]:
    """Return what is checked of each audit event; an event that is missing here is let through."""
    return {**_file_checks(grounds, denials), **network.checks(), **_process_checks(grounds, denials)}


def hook(found: dict[str, Check]) -> Callable[[str, tuple[Any, ...]], None]:
    """Return the audit hook; it keeps a copy of the checks."""
    look = dict(found).get

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        check = look(event)
        if check is not None:
            check(arguments)

    return audit


def _file_checks(grounds: Grounds, denials: Denials) -> dict[str, Check]:
    def path_of(given: Any) -> str | None:
        """Return where a path leads; None for a descriptor, which was opened before."""
        if isinstance(given, int):
            return None
        return realpath(os.fsdecode(given if given is not None else "."))

    def read(given: Any) -> None:
        path = path_of(given)
        if path is not None and not grounds.may_read(path):
            raise denials.refuse("file", path)

    def write(given: Any) -> None:
        path = path_of(given)
        if path is not None and not grounds.may_write(path):
            raise denials.refuse("file", path)

    def opened(arguments: tuple[Any, ...]) -> None:
        path, _, flags = arguments
        if isinstance(flags, int) and flags & _WRITES:
            write(path)
        else:
            read(path)

    def listed(arguments: tuple[Any, ...]) -> None:
        path = path_of(arguments[0])
        if path is not None and not grounds.may_list(path):
            raise denials.refuse("file", path)

    def first(arguments: tuple[Any, ...]) -> None:
        write(arguments[0])

    def moved(arguments: tuple[Any, ...]) -> None:
        write(arguments[0])
        write(arguments[1])

    def database(arguments: tuple[Any, ...]) -> None:
        name = os.fsdecode(arguments[0])
        if name not in {"", ":memory:"}:
            write(name.removeprefix("file:").partition("?")[0])

    return {
        "open": opened,
        "os.listdir": listed,
        "os.scandir": listed,
        "os.listxattr": lambda arguments: read(arguments[0]),
        "os.getxattr": lambda arguments: read(arguments[0]),
        **dict.fromkeys(_CHANGED.split(), first),
        **dict.fromkeys(("os.rename", "os.link", "os.symlink"), moved),
        "sqlite3.connect": database,
    }


def _process_checks(grounds: Grounds, denials: Denials) -> dict[str, Check]:
    def refused(event: str) -> Check:
        def check(arguments: tuple[Any, ...]) -> None:
            first = arguments[0] if arguments and isinstance(arguments[0], str | bytes) else ""
            raise denials.refuse("process", f"{event} {os.fsdecode(first)}".strip())

        return check

    def imported(arguments: tuple[Any, ...]) -> None:
        name, file = arguments[0], arguments[1]
        if name in _NATIVE:
            raise denials.refuse("process", name)
        if isinstance(file, str | bytes) and grounds.may_write(realpath(os.fsdecode(file))):
            raise denials.refuse("process", f"native code {os.fsdecode(file)}")

    return {event: refused(event) for event in _STARTED.split()} | {"import": imported}
