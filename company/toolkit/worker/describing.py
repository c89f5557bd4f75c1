"""Has a worker say which tools a module holds; nothing of the module is imported in this process."""

import tempfile
import time
from pathlib import Path

from company.errors import UsageError
from company.toolkit.foreign import Description
from company.toolkit.manifest import Manifest
from company.toolkit.worker.process import KilledBySystem, Process, WorkerFailure
from company.toolkit.worker.source import Source
from company.toolkit.worker.terms import Fault, Ready, Start

LONGEST = 20.0
"""Seconds that importing a module may take."""
MEMORY_MB = 2048
"""Megabytes that it may use; what its tools declare is known only afterwards."""


def describe(source: Source) -> list[Description]:
    """Return what the tools of a module say of themselves.

    A worker imports it, held to a manifest that declares nothing.

    Raises:
        UsageError: It cannot be imported, holds no tool, or one that cannot be used; or it reached for something while
            it was imported, and failed without.
    """
    with tempfile.TemporaryDirectory(prefix="company-tool-", ignore_cleanup_errors=True) as folder:
        ready = _asked(source, folder)
    if ready.fault is not None:
        raise usage_error(ready.fault, ready, source)
    return ready.tools


def usage_error(fault: Fault, ready: Ready, source: Source) -> UsageError:
    """Return the error for a module that could not be imported."""
    if ready.refused:
        capability, what = ready.refused[0]
        text = f"reached for {capability}: {what} while it was imported, and nothing is let through then"
        return UsageError(text, where=source.shown, cure="do that in the tool's function, and declare it")
    if fault.kind == "memory":
        return UsageError("needs too much memory to be imported", where=source.shown, cure="declare more `memory_mb=`")
    cure = fault.cure or "update it, or do without it"
    return UsageError(fault.what, where=fault.where or source.shown, cure=cure)


def start_of(source: Source, folder: str) -> Start:
    """Return how a worker of a module is started that is held to nothing but its own folder."""
    path = str(source.path.absolute()) if source.path else ""
    return Start(kind=source.kind, name=source.name, module=source.module, path=path, folder=folder)


def _asked(source: Source, folder: str) -> Ready:
    start = start_of(source, str(Path(folder).resolve()))
    process = Process(start.model_copy(update={"manifest": Manifest(memory_mb=MEMORY_MB)}))
    try:
        return process.ready(time.monotonic() + LONGEST)
    except TimeoutError:
        what = f"was not imported within {LONGEST:g} s"
    except KilledBySystem:
        what = "was killed by the system while it was imported, as when memory is short"
    except WorkerFailure as error:
        what = f"cannot be imported: {error}"
    finally:
        process.end()
    raise UsageError(what, where=source.shown, cure="update it, or do without it")
