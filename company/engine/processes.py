"""Processes of this machine, told apart for certain: by their number and the moment they began.

A number is given again once its process has ended, so nothing is signalled by its number alone. When a process began is
read from `/proc`; a system without it, such as macOS, does not tell, and there no process is signalled at all.
"""

import os
import signal
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

PROC = Path("/proc")
STATE, PARENT, BEGAN = 0, 1, 19
"""Places in what follows the name in `/proc/PID/stat` (fields 3, 4 and 22 of proc_pid_stat(5))."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process.

    Attributes:
        pid: Its number.
        began: When it began, in ticks since the machine did; empty where the system does not tell.
    """

    pid: int
    began: str

    @classmethod
    def of(cls, pid: int) -> Self:
        """Return the process that has a number now."""
        return cls(pid, _stat(pid)[BEGAN])

    @classmethod
    def own(cls) -> Self:
        """Return this process."""
        return cls.of(os.getpid())

    @property
    def lives(self) -> bool:
        """It has not ended; where the system does not tell when it began, some process has its number."""
        if self.began:
            stat = _stat(self.pid)
            return stat[BEGAN] == self.began and stat[STATE] not in "ZX"
        try:
            os.kill(self.pid, 0)  # asks only
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True

    def signal(self, number: signal.Signals) -> bool:
        """Send a signal; False when this may not be done, or nobody can tell whether it would hit the right process."""
        try:
            handle = os.pidfd_open(self.pid)
        except (AttributeError, OSError):
            return False
        try:
            if not self.began or _stat(self.pid)[BEGAN] != self.began:  # the handle keeps the number from being reused
                return False
            signal.pidfd_send_signal(handle, number)
        except OSError:
            return False
        finally:
            os.close(handle)
        return True


def descendants(parents: Iterable[Process]) -> set[Process]:
    """Return what these processes started and what that started in turn; nothing where the system does not tell."""
    children: dict[int, list[Process]] = {}
    for parent, process in _all():
        children.setdefault(parent, []).append(process)
    found: set[Process] = set()
    following = [parent for parent in parents if parent.began and parent.lives]
    while following:
        new = set(children.get(following.pop().pid, ())) - found
        found |= new
        following += new
    return found


def _all() -> Iterator[tuple[int, Process]]:
    """Yield every process with the number of its parent."""
    for entry in PROC.iterdir() if PROC.is_dir() else ():
        if entry.name.isdigit() and (stat := _stat(int(entry.name)))[BEGAN]:
            yield int(stat[PARENT]), Process(int(entry.name), stat[BEGAN])


def _stat(pid: int) -> list[str]:
    """Return what follows the process's name, which may hold anything; empty words when there is none."""
    try:
        return (PROC / str(pid) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return [""] * (BEGAN + 1)
