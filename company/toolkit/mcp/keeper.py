"""Keeps one MCP server: ends it, and what it started, as soon as nobody holds the other end of a pipe.

It is run as a script, `python -I -S keeper.py FD PROGRAM ...`, between the company and the server. The company holds
the writing end of the pipe whose reading end is FD; when the company ends, in whatever way, the system closes that end,
the keeper reads the end of file and kills the server's process group. Where the system can do it, the server is also
killed when the keeper is. A program that leaves its process group on purpose is out of reach here.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

_PDEATHSIG = 1
"""`PR_SET_PDEATHSIG` of prctl(2)."""
NOT_STARTED = 127
"""Exit status when the program could not be started, as a shell's."""


def main(lifeline: int, command: list[str]) -> int:
    """Run a server until it ends or the pipe does, and return its exit status."""
    try:
        server = subprocess.Popen(  # noqa: S603 - the command that the person wrote into company.toml
            command,
            start_new_session=True,
            preexec_fn=_dying_with_its_parent(),  # noqa: PLW1509 - no thread has been started yet
        )
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        return NOT_STARTED
    threading.Thread(target=_end_with, args=(lifeline, server.pid), daemon=True).start()
    _let_go_of_pipes()
    status = server.wait()
    _kill(server.pid)
    return status if status >= 0 else 128 - status


def _dying_with_its_parent() -> Callable[[], None] | None:
    """Return what a child does before it becomes the server; None where the system has no such thing."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PDEATHSIG, signal.SIGKILL)


def _end_with(lifeline: int, group: int) -> None:
    while os.read(lifeline, 1):
        pass
    _kill(group)


def _kill(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # it is gone; macOS says it so when only a zombie is left
        return


def _let_go_of_pipes() -> None:
    """Hold neither end of the server's pipes, so that both sides see when the other ends."""
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
