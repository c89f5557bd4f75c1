"""Experiments: a role's stable persona against a candidate, on conversations that are assigned to one or the other.

One runs at a time in a company: what a run remembers belongs to one arm, whichever of its roles is tried, and two at
once would mix their effects. The rows say what was decided and by whom; what the numbers mean is judged in
company/memory/persona. An experiment whose role was changed meanwhile assigns nobody any more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

import sqlalchemy as sa

from company.errors import UsageError
from company.events import Draft, custom
from company.store.connection import Connection
from company.store.counters import next_number
from company.store.journal import Journal
from company.store.mandates import require_person, require_reason
from company.store.personas import Personas, PersonaVersion
from company.store.prepared import Prepared
from company.store.runs import FINISHED
from company.store.schema import experiment_scores, experiments, exposures, opinions, runs

WHOLE = 10_000
"""Parts of all conversations of which `weight` says how many have the candidate."""

GUARDRAIL = "guardrail"
"""Who ends an experiment when no person does."""

ExperimentState = Literal["running", "promoted", "rolled_back"]


@dataclass(frozen=True, slots=True)
class Experiment:
    """A candidate on trial.

    Attributes:
        id: `E1`, `E2`, ...
        role: Whose persona is tried.
        base: Hash of the version of arm `a`, the stable one.
        candidate: Hash of the version of arm `b`.
        weight: How many of 10,000 conversations have the candidate.
        branch: Name of the branch of memories that arm `b` writes to.
        from_rate: Share of approved conversations that is expected of the base.
        to_rate: Share that the candidate has to reach to be worth it.
        needed: Conversations with an opinion that each arm needs before anything is said of a winner.
        state: `running` until a person promotes it, or it is rolled back.
        reason: Why it was started.
        started_at: Wall-clock time.
        started_by: Who started it.
        ended_at: Wall-clock time of its end, None before.
        ended_by: The person, or `guardrail`; None before.
        ended_because: Why it was ended; empty before.
        settled: What arm `b` remembered was merged or archived.
    """

    id: str
    role: str
    base: str
    candidate: str
    weight: int
    branch: str
    from_rate: Decimal
    to_rate: Decimal
    needed: int
    state: ExperimentState
    reason: str
    started_at: datetime
    started_by: str
    ended_at: datetime | None
    ended_by: str | None
    ended_because: str
    settled: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What people thought of one conversation of an experiment.

    Attributes:
        arm: The arm it is of.
        thread_id: The conversation.
        approved: More thumbs up than down.
    """

    arm: str
    thread_id: str
    approved: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """One case, graded with the base and with the candidate.

    Attributes:
        base: It was passed with the base.
        candidate: It was passed with the candidate.
        safety: It is a safety assertion: the candidate must pass it.
    """

    base: bool
    candidate: bool
    safety: bool = False


_every = sa.select(*(experiments.c[name] for name in Experiment.__dataclass_fields__))
_running = Prepared(_every.where(experiments.c.state == "running"))
_rows = (
    sa.select(
        exposures.c.arm,
        runs.c.thread_id,
        sa.func.sum(sa.case((opinions.c.verdict == "up", 1), else_=-1)).label("balance"),
    )
    .join_from(exposures, runs, runs.c.id == exposures.c.run_id)
    .join(opinions, opinions.c.run_id == exposures.c.run_id)
    .group_by(exposures.c.arm, runs.c.thread_id)
    .order_by(sa.func.min(runs.c.position))
)


class Experiments:
    """All experiments.

    Args:
        connection: The store's database.
        journal: Where beginnings and ends are told.
        personas: The versions.
        now: Wall-clock time.
    """

    def __init__(
        self, connection: Connection, journal: Journal, personas: Personas, *, now: Callable[[], datetime]
    ) -> None:
        self._connection, self._journal, self._personas, self._now = connection, journal, personas, now

    def start(
        self,
        candidate: PersonaVersion,
        *,
        weight: int,
        from_rate: Decimal,
        to_rate: Decimal,
        needed: int,
        by: str,
        reason: str,
    ) -> Experiment:
        """Let a share of the new conversations have a candidate.

        Raises:
            UsageError: `by` is no person, there is no reason, another experiment runs, the candidate is stable already,
                or the weight leaves an arm empty.
        """
        require_person(by, "start an experiment")
        require_reason(reason)
        if not 0 < weight < WHOLE:
            what = f"weight {weight} leaves one arm without conversations"
            raise UsageError(what, where="--weight", cure=f"1 to {WHOLE - 1} of {WHOLE}; 5000 is half")
        with self._connection.transaction():
            if other := self.running():
                cure = f"company persona experiment promote {other.id}, or rollback {other.id}"
                raise UsageError(f"experiment {other.id} about {other.role} runs", where="experiment", cure=cure)
            stable = self._personas.stable(candidate.role)
            if candidate.hash == stable.hash:
                what = f"version {candidate.number} of {candidate.role} is the stable one"
                raise UsageError(what, where="--candidate", cure="company persona experiment start takes a file")
            number = next_number(self._connection, "experiment")
            row = {"position": number, "id": f"E{number}", "branch": f"e{number}", "role": candidate.role}
            row |= {"base": stable.hash, "candidate": candidate.hash, "weight": weight, "from_rate": from_rate}
            row |= {"to_rate": to_rate, "needed": needed, "state": "running", "reason": reason}
            row |= {"started_at": self._now(), "started_by": by, "ended_because": "", "settled": False}
            self._connection.change(sa.insert(experiments), row)
            started = self.get(f"E{number}")
            self._tell(started, by, reason)
            return started

    def running(self) -> Experiment | None:
        """Return the experiment that runs, None when none does."""
        row = self._connection.first(_running)
        return None if row is None else Experiment(*row)

    def all(self) -> list[Experiment]:
        """Return every experiment, oldest first."""
        return [Experiment(*row) for row in self._connection.rows(_every.order_by(experiments.c.position))]

    def get(self, id: str) -> Experiment:
        """Return one experiment.

        Raises:
            UsageError: There is none.
        """
        row = self._connection.first(_every.where(experiments.c.id == id))
        if row is None:
            cure = "company persona experiment list"
            raise UsageError(f"there is no experiment {id!r}", where="experiment", cure=cure)
        return Experiment(*row)

    def promote(self, id: str, by: str, reason: str) -> Experiment:
        """Make the candidate the stable version, for every conversation from its next turn on.

        Raises:
            UsageError: `by` is no person, there is no reason, it has ended, or the role was changed meanwhile.
        """
        require_person(by, "promote a persona")
        require_reason(reason)
        with self._connection.transaction():
            found = self._still_running(id)
            if self._personas.stable(found.role).hash != found.base:
                what = f"{found.role} was changed while {id} ran: the candidate was not tried against what it says now"
                raise UsageError(what, where=id, cure=f"company persona experiment rollback {id} --reason '...'")
            self._personas.move(self._personas.get(found.candidate), by, f"{id}: {reason}", "promote")
            return self._end(found, "promoted", by, reason)

    def roll_back(self, id: str, by: str, reason: str) -> Experiment:
        """End an experiment: every conversation has the stable version from its next turn on.

        Args:
            id: The experiment.
            by: A person, or `GUARDRAIL`.
            reason: Why.

        Raises:
            UsageError: `by` is neither, there is no reason, or it has ended.
        """
        if by != GUARDRAIL:
            require_person(by, "end an experiment")
        require_reason(reason)
        with self._connection.transaction():
            return self._end(self._still_running(id), "rolled_back", by, reason)

    def unsettled(self) -> list[Experiment]:
        """Return the experiments that ended and whose memories were neither merged nor archived yet."""
        query = _every.where(experiments.c.state != "running", experiments.c.settled.is_(False))
        return [Experiment(*row) for row in self._connection.rows(query.order_by(experiments.c.position))]

    def under_way(self, id: str) -> list[str]:
        """Return the ids of the runs of arm `b` that have not ended."""
        query = (
            sa.select(exposures.c.run_id)
            .distinct()
            .join_from(exposures, runs, runs.c.id == exposures.c.run_id)
            .where(exposures.c.experiment == id, exposures.c.arm == "b", runs.c.status.not_in(FINISHED))
        )
        return [row.run_id for row in self._connection.rows(query)]

    def settle(self, id: str) -> None:
        """Remember that the memories of arm `b` were merged or archived."""
        self._connection.change(sa.update(experiments).where(experiments.c.id == id).values(settled=True))

    def verdicts(self, id: str) -> list[Verdict]:
        """Return the conversations of an experiment that have an opinion, in order of their beginning.

        A conversation is one observation, for it was assigned as one. As many thumbs up as down is no opinion.
        """
        query = _rows.where(exposures.c.experiment == id, exposures.c.role == self.get(id).role)
        rows = self._connection.rows(query)
        return [Verdict(row.arm, row.thread_id, row.balance > 0) for row in rows if row.balance]

    def assigned(self, id: str) -> dict[str, int]:
        """Return how many conversations each arm has, with or without an opinion."""
        query = (
            sa.select(exposures.c.arm, sa.func.count(runs.c.thread_id.distinct()).label("number"))
            .join_from(exposures, runs, runs.c.id == exposures.c.run_id)
            .where(exposures.c.experiment == id, exposures.c.role == self.get(id).role)
            .group_by(exposures.c.arm)
        )
        return {"a": 0, "b": 0} | {row.arm: row.number for row in self._connection.rows(query)}

    def score(self, id: str, pairs: Mapping[str, Pair]) -> None:
        """Keep graded cases by name, instead of earlier grades of the same cases.

        Raises:
            UsageError: There is no such experiment, or it has ended.
        """
        with self._connection.transaction():
            self._still_running(id)
            for key, pair in pairs.items():
                own = sa.and_(experiment_scores.c.experiment == id, experiment_scores.c.case_key == key)
                self._connection.change(sa.delete(experiment_scores).where(own))
                row = {"base": pair.base, "candidate": pair.candidate, "safety": pair.safety, "at": self._now()}
                self._connection.change(sa.insert(experiment_scores), {"experiment": id, "case_key": key, **row})

    def pairs(self, id: str) -> dict[str, Pair]:
        """Return the graded cases of an experiment by name."""
        table = experiment_scores.c
        query = sa.select(table.case_key, table.base, table.candidate, table.safety).where(table.experiment == id)
        rows = self._connection.rows(query.order_by(table.case_key))
        return {row.case_key: Pair(row.base, row.candidate, row.safety) for row in rows}

    def _still_running(self, id: str) -> Experiment:
        found = self.get(id)
        if found.state != "running":
            what = f"experiment {id} was {found.state.replace('_', ' ')} by {found.ended_by}"
            raise UsageError(what, where=id, cure="company persona experiment list")
        return found

    def _end(self, found: Experiment, state: ExperimentState, by: str, reason: str) -> Experiment:
        values = {"state": state, "ended_at": self._now(), "ended_by": by, "ended_because": reason}
        self._connection.change(sa.update(experiments).where(experiments.c.id == found.id).values(values))
        ended = self.get(found.id)
        self._tell(ended, by, reason)
        return ended

    def _tell(self, found: Experiment, by: str, reason: str) -> None:
        value = {"experiment": found.id, "role": found.role, "state": found.state, "base": found.base}
        value |= {"candidate": found.candidate, "by": by, "reason": reason}
        self._journal.append([Draft.of_person(custom("persona.experiment", value))])
