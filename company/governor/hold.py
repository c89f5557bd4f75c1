"""What holds a role: a flag in the store that the breaker sets and only a person clears.

The flags are `breaker.<role>`, and `breaker.company` for everybody. Every process looks at them together with the flags
that stop the company, in one query before each model call and tool call.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Self

from company import events
from company.errors import Held, UsageError
from company.events import Draft
from company.governor.scope import Scope
from company.governor.stop import STOP_FLAG, run_flag
from company.store import Store, require_person, require_reason

FLAG = "breaker"
"""First part of the flags' names."""

COMPANY = "company"
"""Stands for everybody, where else a role is named."""

CLEARED = "cleared_spending"
"""Name of the flag that says when a person last let the whole company go on."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a role, or the company, does not go on.

    Attributes:
        role: Id of the role, or `company`.
        rule: What tripped, such as `progress.repeated`.
        reason: What was found, in words.
        steps: How many steps the finding rests on.
        run: The run it was found in.
        at: Wall-clock time.
    """

    role: str
    rule: str
    reason: str
    steps: int
    run: str
    at: datetime

    def __str__(self) -> str:
        return f"{self.role} is held because {self.reason} ({self.rule})"

    @property
    def cure(self) -> str:
        """How a person lets it go on."""
        return f"company breaker clear {self.role} --reason '...'"

    @classmethod
    def of(cls, flag: str) -> Self:
        """Read a flag's value."""
        fields = json.loads(flag)
        return cls(**{**fields, "at": datetime.fromisoformat(fields["at"])})

    def error(self) -> Held:
        """Return the error that says so, and what to do."""
        return Held(str(self), cure=self.cure)

    def flag(self) -> str:
        """Return the value of its flag."""
        return json.dumps({**asdict(self), "at": self.at.isoformat()})


def hold_flag(role: str) -> str:
    """Name of the flag that holds a role, or `company`."""
    return f"{FLAG}.{role}"


def what_holds(store: Store, scope: Scope) -> tuple[str, Hold | None]:
    """Return why the company or the run stands still, else empty, and what holds the role, else None."""
    names = (STOP_FLAG, run_flag(scope.run.id), hold_flag(COMPANY), hold_flag(scope.role.id))
    found = store.flags.first_of(names)
    if found is None:
        return "", None
    name, value = found
    return (value, None) if name in names[:2] else ("", Hold.of(value))


def all_holds(store: Store) -> list[Hold]:
    """Return what is held, in order of the roles' ids."""
    return [Hold.of(value) for value in store.flags.beginning(f"{FLAG}.").values()]


def clear_hold(store: Store, role: str, *, by: str, reason: str) -> None:
    """Let a role, or the `company`, go on; what it did before does not count any more.

    Args:
        store: The company's store.
        role: Id of the role, or `company`.
        by: The person.
        reason: Why; kept in the journal.

    Raises:
        UsageError: It is not held, no reason is given, or nobody gives it.
    """
    require_person(by, "clear the breaker")
    require_reason(reason)
    with store.transaction():
        if store.flags.get(hold_flag(role)) is None:
            names = ", ".join(hold.role for hold in all_holds(store)) or "nobody is"
            raise UsageError(f"{role!r} is not held", cure=f"held now: {names}")
        store.flags.clear(hold_flag(role))
        store.steps.forget(None if role == COMPANY else role)
        if role == COMPANY:
            store.flags.set(CLEARED, store.now().isoformat())
        note = events.custom("breaker.cleared", {"role": role, "by": by, "reason": reason})
        store.journal.append([Draft.of_person(note)])
