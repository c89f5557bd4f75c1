"""Stop means stop: a flag in the store that every model and tool call looks at, in every process.

`pause` lets the present cycle end. `halt` refuses every further call until a person releases the company. Both need the
store only, so they work at once and also when the company's files are broken; `cancel_orders`, which takes open orders
off the venues, comes after.
"""

from company import events
from company.events import Draft
from company.governor import STOP_FLAG
from company.home import Company
from company.store import Store
from company.trading import Desk

PAUSE_FLAG = "pause"
"""Name of the flag that ends the running cycles after the present one."""


def pause(store: Store, reason: str) -> None:
    """Ask the process that runs cycles to end after the present one."""
    _set(store, PAUSE_FLAG, reason, "run.stopped")


def halt(store: Store, reason: str) -> None:
    """Stop every run of every process at its next call."""
    _set(store, STOP_FLAG, reason, "run.stopped")


async def cancel_orders(company: Company) -> int:
    """Cancel every open order; returns how many there were."""
    desk: Desk = company.services[Desk]
    orders = await desk.open_orders()
    for order in orders:
        done = await desk.cancel(order.order_id)
        if done.status == "canceled":
            body = events.custom("order.cancelled", done.told())
            company.store.journal.append([Draft("", "", "person", "user", body)])
    return len(orders)


def release(store: Store, reason: str) -> None:
    """Let the company work again."""
    with store.transaction():
        store.flags.clear(STOP_FLAG)
        store.flags.clear(PAUSE_FLAG)
        _note(store, "run.resumed", reason)


def _set(store: Store, flag: str, reason: str, name: str) -> None:
    with store.transaction():
        store.flags.set(flag, reason)
        _note(store, name, reason)


def _note(store: Store, name: str, reason: str) -> None:
    store.journal.append([Draft("", "", "person", "user", events.custom(name, {"reason": reason}))])
