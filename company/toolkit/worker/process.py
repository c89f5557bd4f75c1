"""The host's side of one worker process: starts it, asks it, and ends it with whatever it started.

Nothing of the parent's environment reaches it but `PATH`, `LANG` and `TZ`; it has a session of its own, so no terminal
and no signal of one. What the tool prints is kept as far as it explains a crash.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from company.errors import ToolError
from company.toolkit.worker.channel import Channel, Closed, Malformed, encoded
from company.toolkit.worker.terms import Answer, Ask, Ready, Start

_BOOT = """
import json, sys
sys.path[:] = json.loads(sys.argv.pop(1))
from company.toolkit.worker.child import main
main(*map(int, sys.argv[1:]))
"""
_TAIL = 4_000
_SHOWN = 600
_MERCY = 5.0

Said = TypeVar("Said", bound=BaseModel)


class WorkerFailure(Exception):
    """A tool broke in its worker, or broke its worker."""


class KilledBySystem(Exception):
    """The system killed a worker, as it does when memory is short."""


class Process:
    """One worker process, which serves one call at a time.

    PR_SET_PDEATHSIG ends it with the thread that made this object.

    Args:
        start: What it serves and is held to; its folder exists.

    Attributes:
        pid: Its number.
        broken: It failed, and serves no more calls.
    """

    def __init__(self, start: Start) -> None:
        theirs, writing = os.pipe()
        reading, answering = os.pipe()
        command = [sys.executable, "-I", "-B", "-u", "-c", _BOOT, json.dumps(python_path())]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - ours
                [*command, str(theirs), str(answering), str(os.getpid())],
                env=_environment(start.folder),
                cwd=start.folder,
                pass_fds=(theirs, answering),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=0o077,
            )
        except BaseException:
            os.close(writing)
            os.close(reading)
            raise
        finally:
            os.close(theirs)
            os.close(answering)
        self.pid = self._process.pid
        self.broken = False
        self._start = start
        self._channel = Channel(reading, writing)
        self._killed = False
        self._lock = threading.Lock()
        self._printed = b""
        self._reader = threading.Thread(target=self._drain, name=f"output of worker {self.pid}", daemon=True)
        self._reader.start()

    def ready(self, until: float) -> Ready:
        """Wait until it has imported its module; this is asked once, first.

        Raises:
            TimeoutError: It is too late.
            WorkerFailure: It ended, or answered nonsense.
            KilledBySystem: The system killed it.
        """
        return self._said(Ready, self._start, until)

    def ask(self, ask: Ask, until: float) -> Answer:
        """Have it call its tool.

        Raises:
            TimeoutError: It is too late.
            WorkerFailure: It ended, or answered nonsense.
            KilledBySystem: The system killed it.
            ToolError: What it is given is too large, or no JSON.
        """
        return self._said(Answer, ask, until)

    @property
    def lives(self) -> bool:
        """It has not ended."""
        with self._lock:
            return self._process.poll() is None

    def kill(self) -> None:
        """Kill it and what it started; any thread may."""
        with self._lock:
            self._killed = True
            if self._process.poll() is None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self.pid, signal.SIGKILL)

    def end(self) -> None:
        """Kill it, wait until it is gone and give back what it held; the thread that asks does, once."""
        self.broken = True
        self.kill()
        self._process.wait(_MERCY)
        self._reader.join(_MERCY)
        self._channel.close()

    def _said(self, kind: type[Said], message: BaseModel, until: float) -> Said:
        given = message.model_dump(mode="json")
        try:
            encoded(given)
        except Malformed as error:
            raise ToolError(f"what the tool is given cannot be passed on: {error}") from None
        try:
            self._channel.send(given, until)
            return kind.model_validate(self._channel.receive(until))
        except Closed:
            self.broken = True
            raise self._ended() from None
        except (Malformed, ValidationError) as error:
            self.broken = True
            told = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
            raise WorkerFailure(f"its process answered what is no answer: {told}") from None
        except BaseException:
            self.broken = True
            raise

    def _ended(self) -> Exception:
        """Return the error for a process that closed its end."""
        deadline = time.monotonic() + _MERCY
        while self.lives and time.monotonic() < deadline:
            time.sleep(0.005)
        code = None if self.lives else self._process.returncode
        if code == -signal.SIGKILL and not self._killed:
            return KilledBySystem("its process was killed by the system")
        self._reader.join(1.0)
        how = (
            "closed the pipe" if code is None else f"ended by signal {-code}" if code < 0 else f"ended with code {code}"
        )
        said = self._printed[-_SHOWN:].decode("utf-8", "replace").strip()
        return WorkerFailure(f"its process {how}" + (f"; it last printed: {said}" if said else ""))

    def _drain(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as printed:
            while part := os.read(printed.fileno(), _TAIL):
                self._printed = (self._printed + part)[-_TAIL:]


def python_path() -> list[str]:
    """Return where the worker finds its modules: where this process does, but never in the working directory by ''."""
    root = str(Path(__file__).resolve().parents[3])
    places = [entry for entry in sys.path if Path(entry).is_absolute()]
    return places if root in places else [*places, root]


def _environment(folder: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("LANG", "TZ") if name in os.environ}
    return {"PATH": os.environ.get("PATH", os.defpath), **kept, "HOME": folder, "TMPDIR": folder}
