"""Decides by code who works: events, deadlines and state, never a model.

Each tick asks the signals that some role waits for, and compares what they show with what the role had seen when it
last worked. Nobody concerned means no run and no model call; the journal says so once, when the rest begins.

What a woken role will have seen is written beside the run in the transaction that begins it, and becomes the role's
own when the run ends or parks. So an event is delivered at least once: before that transaction the next tick finds it
again, after it the run is on record and is finished by whoever starts next, and a run that failed, that a person
stopped, or in which a role's model could not be asked, leaves the role as it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from company import events
from company.engine.ending import PENDING, WAKING
from company.events import Draft, Json
from company.home import Company, Sight, Signals, mark
from company.roles import Role, Signal
from company.store import Run

Reasons = Mapping[str, Sequence[str]]
"""Why each role was woken, in sentences."""

_ROLE, _REST = "role", "rest"
_NEW = "it was never woken before"


@dataclass(frozen=True, slots=True)
class Woken:
    """Who works in the next cycle.

    Attributes:
        reasons: Why, in sentences, by role.
        marks: What each of them will have seen, and when.
    """

    reasons: Reasons
    marks: Mapping[str, Json]


class Waking:
    """The decision who works, and what every role has seen.

    Args:
        company: Whose roles are woken.
    """

    def __init__(self, company: Company) -> None:
        self._company, self._store = company, company.store
        self._books, self._signals = company.store.books(WAKING), Signals(company)
        self._roles = [role for role in company.roles.values() if role.waking]

    async def decide(self) -> Woken | None:
        """Return who has a reason to work now; None when nobody has."""
        sights = {name: await self._signals.look(name) for name in self._wanted()}
        pending = [row["marks"] for _, row in self._books.items(PENDING)]
        reasons, marks = {}, {}
        for role in self._roles:
            seen = self._seen(role, pending)
            if why := self._why(role, seen, sights):
                reasons[role.id], marks[role.id] = why, self._marks(role, seen, sights)
        return Woken(reasons, marks) if reasons else None

    def begin(self, run: Run, woken: Woken | None) -> None:
        """Keep with a new cycle what those it wakes will have seen; the rest is over. Call it in a transaction."""
        self._books.delete(_REST, "now")
        if woken is not None:
            self._books.put(PENDING, run.id, {"marks": dict(woken.marks)})

    def reasons(self, run: Run) -> Reasons:
        """Return why each role was woken in a run, as its journal says; nothing when code did not decide who works."""
        found = self._store.journal.read(run_id=run.id, types={"roles.woken"}, limit=1) if run.kind == "cycle" else ()
        roles: Reasons = found[0].body["value"]["roles"] if found else {}
        return roles

    def end(self, run: Run, *, worked: bool) -> None:
        """Let the roles that worked in a run have seen what it woke them for. Call it in a transaction.

        Args:
            run: The run that ended or parked.
            worked: False when it failed.
        """
        if (pending := self._books.get(PENDING, run.id)) is None:
            return
        self._books.delete(PENDING, run.id)
        thought = self._thought(run) if worked else set()
        for role, seen in pending["marks"].items():
            if role in thought:
                self._books.put(_ROLE, role, seen)

    def rest(self) -> bool:
        """Note that nobody is concerned; True when that is news, False in the middle of a rest."""
        if self._books.get(_REST, "now"):
            return False
        now = self._company.clock.now().isoformat()
        with self._store.transaction():
            self._books.put(_REST, "now", {"since": now})
            asked = ", ".join(self._wanted())
            reason = f"nothing new for any role ({asked})" if asked else "no role is due"
            body = events.custom("company.idle", {"since": now, "reason": reason})
            self._store.journal.append([Draft("", "", "ceo", "user", body)])
        return True

    @property
    def asleep_since(self) -> datetime | None:
        """Company time since which nobody was concerned; None while somebody is."""
        rest = self._books.get(_REST, "now")
        return datetime.fromisoformat(rest["since"]) if rest else None

    def _wanted(self) -> list[Signal]:
        """Return the signals that some role waits for, each once."""
        return list(dict.fromkeys(name for role in self._roles if role.waking for name in role.waking.by))

    def _seen(self, role: Role, pending: Sequence[Json]) -> Json | None:
        """Return what a role saw when it last worked, or sees in a run that is under way."""
        under_way = [marks[role.id] for marks in pending if role.id in marks]
        return under_way[-1] if under_way else self._books.get(_ROLE, role.id)

    def _why(self, role: Role, seen: Json | None, sights: Mapping[Signal, Sight]) -> list[str]:
        if seen is None or role.waking is None or any(name not in seen["seen"] for name in role.waking.by):
            return [_NEW]
        found = [
            reason
            for name in role.waking.by
            for reason in self._signals.reasons(name, sights[name], seen["seen"][name], role)
        ]
        return [*found, *self._overdue(role.waking.every, datetime.fromisoformat(seen["at"]))]

    def _overdue(self, every: timedelta | None, worked: datetime) -> list[str]:
        due = every is not None and self._company.clock.now() - worked >= every
        return [f"it last worked at {worked:%Y-%m-%d %H:%M}"] if due else []

    def _marks(self, role: Role, seen: Json | None, sights: Mapping[Signal, Sight]) -> Json:
        before = seen["seen"] if seen else {}
        now = {name: mark(sights[name], before.get(name, {})) for name in (role.waking.by if role.waking else ())}
        return {"at": self._company.clock.now().isoformat(), "seen": now}

    def _thought(self, run: Run) -> set[str]:
        """Return the roles whose model answered in a run."""
        costs = self._store.journal.read(run_id=run.id, types={"cost"})
        bills = [event.body["value"] for event in costs]
        return {bill["role"] for bill in bills if bill["outcome"] == "ok" and not bill.get("tool")}
