"""The engine: starts, resumes, schedules and stops runs, embedded in one process.

It knows runs, approvals and the graph's doors; it does not know what a run does. Names are looked up when they are
first asked for: stopping the company does not wait until the graph's library is loaded.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from company.engine.enforcement import Report, enforce
    from company.engine.engine import Engine
    from company.engine.locks import Busy, RunLocks
    from company.engine.stopping import halt, pause, release, said
    from company.engine.workers import Workers

_PLACES = {
    "Busy": "locks",
    "Engine": "engine",
    "Report": "enforcement",
    "RunLocks": "locks",
    "Workers": "workers",
    "enforce": "enforcement",
    "halt": "stopping",
    "pause": "stopping",
    "release": "stopping",
    "said": "stopping",
}

__all__ = ["Busy", "Engine", "Report", "RunLocks", "Workers", "enforce", "halt", "pause", "release", "said"]


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
