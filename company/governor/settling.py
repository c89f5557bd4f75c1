"""A person says what an effect came to when nobody else can.

The ledger asks about an effect of unknown outcome whenever the same call is made again. Who has looked for themselves,
at the venue or in the outbox, writes down here what they found, and the question is over.
"""

from company import events
from company.errors import UsageError
from company.events import Draft
from company.store import FINISHED, Effect, Store, require_person, require_reason


def settle(store: Store, key: str, *, happened: bool, by: str, reason: str) -> Effect:
    """Record what an effect of unknown outcome came to, with its event, in one transaction.

    Args:
        store: The company's store.
        key: The effect's key, or enough of its beginning.
        happened: Whether it happened.
        by: Who says so, a person.
        reason: How they know.

    Raises:
        UsageError: There is no such effect, its outcome is known, its run may still find it out, `by` is no person, or
            there is no reason.
    """
    require_person(by, "settle an effect")
    require_reason(reason)
    with store.transaction():
        effect = store.effects.find(key)
        _require_open(store, effect)
        said = f"{by} says that it {'happened' if happened else 'did not happen'}: {reason}"
        if happened:
            settled = store.effects.finish(effect.key, "done", {"value": said, "sources": []})
        else:
            settled = store.effects.finish(effect.key, "failed", said)
        value = {"key": effect.key, "tool": effect.tool, "state": settled.state, "by": by, "reason": reason}
        thread = store.runs.get(effect.run_id).thread_id
        body = events.custom("effect.settled", value)
        store.journal.append([Draft(effect.run_id, thread, "person", "user", body)])
        return settled


def _require_open(store: Store, effect: Effect) -> None:
    if effect.state in {"done", "failed"}:
        what = f"effect {effect.key[:8]} of {effect.tool} is settled: {effect.state}"
        raise UsageError(what, where="key", cure="an outcome is final; company effects --unknown lists the open ones")
    run = store.runs.get(effect.run_id)
    if effect.state == "intent" and run.status not in FINISHED:
        raise UsageError(
            f"effect {effect.key[:8]} of {effect.tool} may be under way: run {run.id} is {run.status}, and finds out "
            f"what the call came to by itself",
            where="key",
            cure=f"let the run end first: company resume {run.id}",
        )
