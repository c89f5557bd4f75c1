"""Stop means stop: a flag in the store that every model and tool call looks at, in every process.

`pause` lets the present cycle end. `halt` refuses every further call, and ends those under way, until a person releases
the company. All of it needs the store only, so it works at once and also when the company's files are broken;
`enforcement.py` sees to it that nothing is left.
"""

from company import events
from company.errors import UsageError
from company.events import Draft
from company.store import Store
from company.store.approvals import ROLE_PREFIX
from company.store.flags import STOP_FLAG
from company.store.votes import name_of

PAUSE_FLAG = "pause"
"""Name of the flag that ends the running cycles after the present one."""


def said(person: str, reason: str) -> str:
    """Return who says what, as flags and the journal keep it: `ann: fire`.

    Raises:
        UsageError: Nobody is named, or a role is: only people stop and start the company.
    """
    if not name_of(person) or name_of(person).startswith(ROLE_PREFIX):
        raise UsageError(f"{person!r} is not a person", where="--person", cure="name who acts, such as 'ada'")
    return f"{person}: {reason.strip() or 'no reason given'}"


def pause(store: Store, reason: str) -> None:
    """Ask the process that runs cycles to end after the present one."""
    _set(store, PAUSE_FLAG, reason)


def halt(store: Store, reason: str) -> None:
    """Refuse every call of every process from now on, and end those that are under way."""
    _set(store, STOP_FLAG, reason)


def release(store: Store, reason: str) -> None:
    """Let the company work again."""
    with store.transaction():
        store.flags.clear(STOP_FLAG)
        store.flags.clear(PAUSE_FLAG)
        _note(store, "run.resumed", reason)


def refuse_if_stopped(store: Store) -> None:
    """Refuse to begin anything while the company is stopped.

    Raises:
        UsageError: It is; the message says by whom and why.
    """
    if reason := store.flags.get(STOP_FLAG):
        raise UsageError(f"the company is stopped by {reason}", cure="company start --reason '...'")


def _set(store: Store, flag: str, reason: str) -> None:
    with store.transaction():
        store.flags.set(flag, reason)
        _note(store, "run.stopped", reason)


def _note(store: Store, name: str, reason: str) -> None:
    store.journal.append([Draft.of_person(events.custom(name, {"reason": reason}))])
