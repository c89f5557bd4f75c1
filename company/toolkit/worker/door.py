"""Closes the door of a worker: kernel first, then the limits, then the guard; nothing of it can be opened again."""

import _posixsubprocess
import contextlib
import importlib.util
import subprocess
import sys
import types
from pathlib import Path
from typing import Any, NoReturn

from company.toolkit.worker import guard, kernel, landlock
from company.toolkit.worker.grounds import Grounds
from company.toolkit.worker.network import Network, patch, split
from company.toolkit.worker.terms import Start


class Door:
    """What holds one worker.

    Args:
        start: What it is held to.
        parent: Process that started it.
    """

    def __init__(self, start: Start, parent: int) -> None:
        self._start, self._parent = start, parent
        self._denials = guard.Denials()
        self._network = Network(self._denials)

    def close(self) -> None:
        """Close it; this process has one thread yet."""
        start = self._start
        grounds = Grounds.of(
            own=start.folder, sealed=start.sealed, closed=start.closed, opened=[*start.files, *_code(start)]
        )
        hosts = start.manifest.hosts
        if not hosts:
            kernel.leave_network()
        kernel.drop_privileges()
        kernel.die_with_parent(self._parent)
        kernel.limit(start.manifest.memory_mb)
        ports = {split(host)[1] for host in hosts}
        landlock.restrict(read=grounds.carved(), listed=grounds.named(), own=grounds.own, ports=ports)
        kernel.forbid_calls()
        patch(self._network)
        _forget_native(self._denials)
        found = guard.checks(grounds, self._network, self._denials)
        sys.addaudithook(guard.hook(found))

    def open_to_hosts(self) -> None:
        """Let the tool reach its hosts; before, its module was imported without any."""
        self._network.open(self._start.manifest.hosts)

    def refuse(self, capability: str, what: str) -> guard.Refused:
        """Remember a denial and return the error to raise."""
        return self._denials.refuse(capability, what)

    def refused(self) -> list[tuple[str, str]]:
        """Return what was refused since this was asked last."""
        return self._denials.taken()


def _code(start: Start) -> list[str]:
    """Return where the code lies that may be imported later: this framework and the tool's own."""
    framework = [str(Path(each)) for each in sys.modules["company"].__path__]
    if start.path:
        return [*framework, str(Path(start.path).parent)]
    found = None
    with contextlib.suppress(ImportError, ValueError):
        found = importlib.util.find_spec(start.module.partition(".")[0])
    if found is None:
        return framework
    return [*framework, *(found.submodule_search_locations or [found.origin or ""])]


def _forget_native(denials: guard.Denials) -> None:
    """Leave an empty `ctypes`: it can be imported, as some libraries do without need, and holds nothing."""
    for name in [name for name in sys.modules if name.partition(".")[0] in {"ctypes", "_ctypes"}]:
        del sys.modules[name]
    for module in (kernel, landlock):
        del sys.modules[module.__name__]
        vars(module).clear()
    empty = types.ModuleType("ctypes", "Not available to a tool that runs in a worker.")

    def missing(name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise denials.refuse("process", f"ctypes.{name}")

    empty.__getattr__ = missing  # type: ignore[method-assign]
    sys.modules["ctypes"] = empty

    def fork_exec(*_: Any) -> NoReturn:
        raise denials.refuse("process", "a program")

    _posixsubprocess.fork_exec = fork_exec
    subprocess._fork_exec = fork_exec  # type: ignore[attr-defined]
