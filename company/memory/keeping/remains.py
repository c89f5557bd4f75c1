"""Looks through a whole state directory, byte for byte, for what should not be there any more."""

from pathlib import Path

from company.memory.keeping.files import INTENT
from company.store.traces import Traces


def remains(state: Path, traces: Traces) -> tuple[str, ...]:
    """Return the files in which something still stands, the intent of an erasure apart.

    Logs of databases are left out: they are emptied after what this finds has been written down.
    """
    found = (path for path in sorted(state.rglob("*")) if path.is_file() and path.name != INTENT)
    return tuple(path.relative_to(state).as_posix() for path in found if traces.in_bytes(path.read_bytes()))
