"""The effect ledger: an effect happens once, or its outcome is looked up.

Before a tool changes the outside its intent is written under the idempotency key that the outside is given too. Who
finds the key taken did not begin the effect and must not send it blind.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import sqlalchemy as sa

from company.errors import IntegrityError, UsageError
from company.store.amounts import exact_sum
from company.store.connection import Connection
from company.store.prepared import Prepared
from company.store.runs import FINISHED
from company.store.schema import effects, runs

State = Literal["intent", "done", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class Effect:
    """One change of the outside world.

    Attributes:
        key: Idempotency key, also the client order id or message key outside.
        run_id: The run it belongs to.
        role: Who did it.
        tool: What did it.
        arguments_hash: Fingerprint of the arguments it was decided with.
        mandate_id: The standing permission it used, empty when a person approved it.
        notional: Its size in USD, None when it has none.
        state: `intent` was announced, `unknown` may or may not have happened, `failed` certainly did not.
        result: What came back, as JSON; of a failure, why.
        at: Company time when it was announced.
        settled_at: Company time when its outcome became known, None before.
    """

    key: str
    run_id: str
    role: str
    tool: str
    arguments_hash: str
    mandate_id: str
    notional: Decimal | None
    state: State
    result: Any
    at: datetime
    settled_at: datetime | None


_every = sa.select(*(effects.c[name] for name in Effect.__dataclass_fields__))
_by_key = Prepared(_every.where(effects.c.key == sa.bindparam("of_key")))
_insert = Prepared(sa.insert(effects), *Effect.__dataclass_fields__)
_settle = Prepared(
    sa.update(effects)
    .where(effects.c.key == sa.bindparam("of_key"), sa.or_(effects.c.state == "intent", effects.c.state == "unknown"))
    .values(state=sa.bindparam("to_state"), result=sa.bindparam("to_result"), settled_at=sa.bindparam("to_settled_at"))
)
_unknown = Prepared(
    _every.where(
        effects.c.state == "unknown",
        effects.c.tool == sa.bindparam("of_tool"),
        effects.c.arguments_hash == sa.bindparam("of_arguments"),
    )
    .order_by(effects.c.position.desc())
    .limit(1)
)
_counts = (
    sa.select(effects.c.tool, sa.func.count().label("times"))
    .where(effects.c.state == "done")
    .group_by(effects.c.tool)
    .order_by(effects.c.tool)
)
_mandate_use = Prepared(
    sa.select(effects.c.notional).where(
        effects.c.mandate_id == sa.bindparam("of_mandate"),
        effects.c.at >= sa.bindparam("since"),
        effects.c.state != "failed",
    )
)
_newest = _every.order_by(effects.c.position.desc())
_open = _newest.where(
    sa.or_(
        effects.c.state == "unknown",
        sa.and_(
            effects.c.state == "intent",
            effects.c.run_id.in_(sa.select(runs.c.id).where(runs.c.status.in_(sorted(FINISHED)))),
        ),
    )
)

SHORTEST = 6
"""Hex digits of a key that name an effect, when no other begins with them."""


class Effects:
    """All effects of the company.

    Args:
        connection: The store's database.
        now: Company time: mandates count by the company's day.
    """

    def __init__(self, connection: Connection, *, now: Callable[[], datetime]) -> None:
        self._connection, self._now = connection, now

    def begin(
        self,
        *,
        key: str,
        run_id: str,
        role: str,
        tool: str,
        arguments_hash: str,
        mandate_id: str,
        notional: Decimal | None,
    ) -> tuple[Effect, bool]:
        """Announce an effect, or find it announced.

        Returns:
            The effect as recorded, and whether this call announced it.

        Raises:
            IntegrityError: The key was used for other arguments.
        """
        with self._connection.joined():
            found = self._find(key)
            if found is not None:
                return _same(found, tool, arguments_hash), False
            effect = Effect(
                key, run_id, role, tool, arguments_hash, mandate_id, notional, "intent", None, self._now(), None
            )
            self._connection.change(_insert, {name: getattr(effect, name) for name in Effect.__dataclass_fields__})
            return effect, True

    def finish(self, key: str, state: State, result: Any) -> Effect:
        """Record what an effect came to; `unknown` may later become `done` or `failed`, those two are final.

        Raises:
            IntegrityError: It was never announced, or is settled with another outcome.
        """
        with self._connection.joined():
            settled_at = None if state == "unknown" else self._now()
            values = {"of_key": key, "to_state": state, "to_result": result, "to_settled_at": settled_at}
            changed = state != "intent" and self._connection.change(_settle, values)
            effect = self._find(key)
            if effect is None or not (changed or effect.state == state):
                was = f"is {effect.state}" if effect else "was never announced"
                raise IntegrityError(f"effect {key!r} {was} and cannot become {state!r}: look at its journal events")
            return effect

    def get(self, key: str) -> Effect | None:
        """Return the effect with this key, or None."""
        return self._find(key)

    def find(self, beginning: str) -> Effect:
        """Return the effect whose key begins like this.

        Args:
            beginning: The key, or its first six hex digits or more.

        Raises:
            UsageError: That is no beginning of a key, or not of exactly one.
        """
        cure = "company effects"
        if not re.fullmatch(rf"[0-9a-f]{{{SHORTEST},}}", beginning):
            what = f"{beginning!r} is no key of an effect: at least {SHORTEST} hex digits of it are needed"
            raise UsageError(what, where="key", cure=cure)
        found = self._connection.rows(_every.where(effects.c.key.startswith(beginning)).limit(2))
        if len(found) != 1:
            what = f"{'several effects begin' if found else 'no effect begins'} with {beginning!r}"
            raise UsageError(what, where="key", cure="give more digits of the key" if found else cure)
        return Effect(**found[0]._mapping)

    def recent(self, limit: int) -> list[Effect]:
        """Return the newest effects of any state, newest first."""
        return [Effect(**row._mapping) for row in self._connection.rows(_newest.limit(limit))]

    def open(self) -> list[Effect]:
        """Return the effects nobody knows the outcome of, newest first.

        They were looked up in vain, or begun in a run that ended before the result.
        """
        return [Effect(**row._mapping) for row in self._connection.rows(_open)]

    def unknown(self, tool: str, arguments_hash: str) -> Effect | None:
        """Return the newest effect of a tool with these arguments of which nobody knows whether it happened."""
        row = self._connection.first(_unknown, {"of_tool": tool, "of_arguments": arguments_hash})
        return None if row is None else Effect(*row)

    def in_state(self, state: State) -> list[Effect]:
        """Return the effects in a state, in the order they were announced."""
        rows = self._connection.rows(_every.where(effects.c.state == state).order_by(effects.c.position))
        return [Effect(**row._mapping) for row in rows]

    def counts(self) -> dict[str, int]:
        """Return how many effects happened so far by tool, in order of the tools' names."""
        return {row.tool: row.times for row in self._connection.rows(_counts)}

    def mandate_use(self, mandate_id: str, since: datetime) -> tuple[int, Decimal]:
        """Return how many effects used a mandate since `since`, and their notional in USD.

        Announced and unknown ones count: they may have happened.
        """
        rows = self._connection.rows(_mandate_use, {"of_mandate": mandate_id, "since": since})
        return len(rows), exact_sum(row.notional for row in rows if row.notional is not None)

    def _find(self, key: str) -> Effect | None:
        row = self._connection.first(_by_key, {"of_key": key})
        return None if row is None else Effect(*row)


def _same(effect: Effect, tool: str, arguments_hash: str) -> Effect:
    if (effect.tool, effect.arguments_hash) != (tool, arguments_hash):
        raise IntegrityError(
            f"effect {effect.key!r} was announced as {effect.tool!r} with arguments {effect.arguments_hash!r}, "
            f"now it is {tool!r} with {arguments_hash!r}: one key, one effect"
        )
    return effect
