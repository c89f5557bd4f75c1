"""Stop means stop: flags in the store, one of the company and one of each run, which are looked at before every model
call and every tool call.
"""

from company.errors import Stopped
from company.store import Store

STOP_FLAG = "stop"
"""Name of the store's flag that makes the company stand still; its value is the reason."""


def run_flag(run_id: str) -> str:
    """Name of the store's flag that ends one run; its value is the reason."""
    return f"{STOP_FLAG}.{run_id}"


def reason_to_stop(store: Store, run_id: str) -> str:
    """Return why the company, or this run alone, stands still; empty when it goes on."""
    return store.flags.get(STOP_FLAG) or store.flags.get(run_flag(run_id)) or ""


def raise_if_stopped(store: Store, run_id: str) -> None:
    """Raise `Stopped` when a person stopped the company or this run."""
    if reason := reason_to_stop(store, run_id):
        raise Stopped(reason)
