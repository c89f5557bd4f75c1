"""Stop means stop: a flag in the store that is looked at before every model call and every tool call."""

from company.errors import Stopped
from company.store import Store

STOP_FLAG = "stop"
"""Name of the store's flag that makes the company stand still; its value is the reason."""


def raise_if_stopped(store: Store) -> None:
    """Raise `Stopped` when a person stopped the company."""
    if reason := store.flags.get(STOP_FLAG):
        raise Stopped(reason)
