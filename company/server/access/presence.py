"""Where the server of a home is, for other commands on this machine.

While a server runs it holds a lock on `server.json` in the state directory, and the file says where it is. The system
drops the lock when the process dies, so a file that was left behind is recognised. This module needs no web framework:
`company login` and `company chat` ask here.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from company.errors import UsageError

FILE = "server.json"

_LOOKS, _PAUSE = 20, 0.05
"""A command that looks for the server holds the lock for a moment; a starting server tries again for a second."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is.

    Attributes:
        pid: Its process.
        own: Its address on this machine, such as `http://127.0.0.1:8400`.
        public: The address people use; differs from `own` behind a proxy.
    """

    pid: int
    own: str
    public: str


def find_server(state: Path) -> Address | None:
    """Return where the server of a home is, None when none runs.

    Args:
        state: The state directory.
    """
    try:
        with (state / FILE).open("rb") as file:
            return None if _lock(file, fcntl.LOCK_SH) else _read(file)
    except FileNotFoundError:
        return None


@contextmanager
def announced(state: Path, own: str, public: str) -> Iterator[None]:
    """Say where the server of a home is, as long as it runs.

    Args:
        state: The state directory.
        own: Its address on this machine.
        public: The address people use.

    Raises:
        UsageError: Another server serves this home.
    """
    descriptor = os.open(state / FILE, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        if not _locked(file):
            other = _read(file)
            raise UsageError(
                f"a server of this home runs already{f' at {other.public}' if other else ''}",
                where=str(state / FILE),
                cure="open it: company login; or stop it, or serve another --home",
            )
        os.fchmod(file.fileno(), 0o600)
        file.truncate()
        file.write(json.dumps(asdict(Address(os.getpid(), own, public))).encode())
        try:
            yield
        finally:
            file.truncate(0)


def _locked(file: BinaryIO) -> bool:
    for _ in range(_LOOKS):
        if _lock(file, fcntl.LOCK_EX):
            return True
        time.sleep(_PAUSE)
    return False


def _lock(file: BinaryIO, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(file: BinaryIO) -> Address | None:
    """Return what the file says; None while a server is only just writing it."""
    file.seek(0)
    try:
        return Address(**json.loads(file.read()))
    except ValueError:
        return None
