"""Says what holds a worker on this machine: for `company doctor`, and for who has to know before trusting a package."""

import os
import subprocess
import sys
from typing import NamedTuple

from company.toolkit.worker import landlock
from company.toolkit.worker.process import python_path

_TRY = """
from company.toolkit.worker import kernel
print(*(int(hold()) for hold in (kernel.leave_network, kernel.drop_privileges, kernel.forbid_calls)))
"""


class Layer(NamedTuple):
    """One thing that holds a worker.

    Attributes:
        name: What it is.
        available: This machine has it.
        holds: What it holds, in words.
    """

    name: str
    available: bool
    holds: str


def containment() -> list[Layer]:
    """Return every layer, the available and the missing ones; starts one process to try."""
    network, privileges, calls = _tried()
    version = landlock.version()
    linux = sys.platform == "linux"
    return [
        Layer("process", True, "a crash, a hang, the company's memory and environment, secrets of other tools"),
        Layer("guard", True, "hosts by name, files, programs, native code, of Python code that uses Python's own ways"),
        Layer("limits", True, f"{'memory, ' if linux else ''}number of open files, size of a file"),
        Layer("landlock files", version >= landlock.FILES, "files, starting programs: also of native code"),
        Layer("landlock connections", version >= landlock.CONNECTIONS, "ports of TCP connections: also of native code"),
        Layer("landlock signals", version >= landlock.SIGNALS, "signals to other processes"),
        Layer("own network", network, "a tool without hosts reaches no network at all, neither by UDP nor by DNS"),
        Layer("no privileges", privileges, "rights of root, and programs that give rights"),
        Layer("seccomp", calls, "new processes, watching other processes, local sockets, raw sockets"),
    ]


def _tried() -> tuple[bool, bool, bool]:
    if sys.platform != "linux":
        return False, False, False
    command = [sys.executable, "-c", _TRY]
    environment = {"PYTHONPATH": os.pathsep.join(python_path())}
    said = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20, check=False)  # noqa: S603 - ours
    network, privileges, calls = (word == "1" for word in said.stdout.split()) if said.returncode == 0 else (False,) * 3
    return network, privileges, calls
