"""What roles keep of a run: what they did, what a person told, and what came of earlier work.

By rule, and the same for the same run: a run that is reflected once more after a crash leaves what it left before.
Facts are read out of the words that a person said in this run and out of nothing else. A person's memories are that
person's own; what came of things belongs to the company. Whether a model may propose more is the graph's to ask
(company/graph/musing.py); what it proposes waits for a person.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from company.defence import Watch
from company.events import Json
from company.home.outcomes import LOOKED_AT, of_alerts, of_posts, of_trades
from company.home.telling import Telling
from company.memory import Memory, MemoryItem, Note, masked
from company.memory.reflecting import Lesson, Outcome, Proposal, lessons_of, read
from company.roles import Role
from company.store import Approval, Cast, Run, Store
from company.studio import Studio
from company.trading import Desk

KEPT: Final = 400
"""Characters of a report or an answer that a role remembers."""

NAMED: Final = 8
"""Newest episodes that a lesson is derived from."""

_FLAG: Final = "lesson "


@dataclass(frozen=True, slots=True)
class Kept:
    """What a role keeps of a run.

    Attributes:
        role: The role.
        ids: Memories that were written, or said once more.
        proposed: How many of them wait for a person or for evidence.
        texts: What a model may conclude more from, by id; empty when nothing was worth asking one.
    """

    role: str
    ids: tuple[str, ...]
    proposed: int = 0
    texts: Mapping[str, str] | None = None


class Reflection:
    """Writes the roles' memories.

    Args:
        memory: Where they are kept.
        store: People's decisions, and which lessons were written.
        roles: All roles.
        chief: The role that people talk to.
        services: The departments.
        said_before: Returns what the person of a run said before it in the same conversation, the newest last.
    """

    def __init__(
        self,
        *,
        memory: Memory,
        store: Store,
        roles: Mapping[str, Role],
        chief: Role,
        services: Mapping[type, Any],
        said_before: Callable[[Run], Sequence[str]],
    ) -> None:
        self._memory, self._store, self._roles, self._chief = memory, store, roles, chief
        self._services = services
        self._telling = Telling(memory=memory, chief=chief, said_before=said_before)

    async def of_run(self, run: Run, cast: Cast, reports: Sequence[Json], answer: str) -> list[Kept]:
        """Keep what a run was about.

        Args:
            run: The run.
            cast: Its personas, and the branch that its memories belong to.
            reports: What the roles reported.
            answer: The CEO's words.
        """
        did = [_did(run, report) for report in reports]
        notes = [*did, *(self._telling.notes(run) if run.person else [_summed_up(self._chief, run, reports, answer)])]
        notes += self._open_promises(run)
        items = await self._write(run, cast, notes)
        learnt = [] if run.person else await self._learn(run, cast)
        return _by_role([*items, *learnt], worth=bool(learnt) or _says_something(run))

    async def of_decisions(self, run: Run, cast: Cast, approvals: Sequence[Approval]) -> list[Kept]:
        """Keep what people decided about what a person had asked for."""
        notes = [_promise(self._chief, run, approval) for approval in approvals if run.person]
        return _by_role(await self._write(run, cast, notes))

    async def propose(self, run: Run, cast: Cast, role: str, proposals: Sequence[Proposal]) -> list[Kept]:
        """Keep what a model concludes, as proposals for a person; each is of the person whose run it is."""
        notes = [
            Note(
                role=role,
                text=proposal.text,
                kind=proposal.kind,
                person=run.person,
                subject=proposal.subject,
                predicate=proposal.predicate,
                value=proposal.value,
                trust=1,
                derived_from=proposal.evidence,
                status="proposed",
            )
            for proposal in proposals
        ]
        return _by_role(await self._write(run, cast, notes))

    def _open_promises(self, run: Run) -> list[Note]:
        waiting = self._store.approvals.for_run(run.id) if run.person else []
        return [_promise(self._chief, run, approval) for approval in waiting if approval.state == "open"]

    async def _learn(self, run: Run, cast: Cast) -> list[MemoryItem]:
        """Write the lessons that outcomes since the last cycle changed."""
        found: list[MemoryItem] = []
        outcomes = [one for one in await self._outcomes() if one.rule.role in self._roles]
        by_id = {(one.rule, one.id): one for one in outcomes}
        for lesson in lessons_of(outcomes):
            flag = f"{_FLAG}{lesson.rule.role} {lesson.rule.subject} {lesson.rule.topic}"
            value, _, before = (self._store.flags.get(flag) or "").partition("\t")
            if value == lesson.value:
                continue
            episodes = [by_id[lesson.rule, name] for name in lesson.evidence[-NAMED:]]
            items = await self._teach(run, cast, lesson, episodes, before)
            self._store.flags.set(flag, f"{lesson.value}\t{items[-1].id}")
            found += items
        return found

    async def _teach(
        self, run: Run, cast: Cast, lesson: Lesson, episodes: Sequence[Outcome], before: str
    ) -> list[MemoryItem]:
        """Write the episodes and the lesson; what a person refused stays refused, what one approved stays in use."""
        kept = await self._write(run, cast, [_episode(one) for one in episodes])
        known = self._memory.get(before) if before else None
        if known is not None and known.status == "archived" and known.decided_by:
            return [*kept, known]
        if known is not None and known.status == "proposed" and not known.tainted:
            self._memory.decide(before, False, "")  # evidence has outrun it
        in_use = lesson.supported or (known is not None and known.status == "active")
        note = Note(
            role=lesson.rule.role,
            text=lesson.text,
            kind="procedural",
            subject=lesson.rule.subject,
            predicate=lesson.rule.topic,
            value=lesson.value,
            sources=lesson.sources,
            derived_from=tuple(item.id for item in kept),
            importance=0.8,
            status="active" if in_use else "proposed",
        )
        return [*kept, *await self._write(run, cast, [note])]

    async def _outcomes(self) -> list[Outcome]:
        desk, studio, watch = self._services[Desk], self._services[Studio], self._services[Watch]
        return [
            *of_trades(desk.closed(LOOKED_AT)),
            *of_posts(await studio.received(LOOKED_AT)),
            *of_alerts(watch.alerts(LOOKED_AT), self._store.approvals.recent(LOOKED_AT), self._roles),
        ]

    async def _write(self, run: Run, cast: Cast, notes: Sequence[Note]) -> list[MemoryItem]:
        if not notes:
            return []
        return await self._memory.remember_many([_stamped(note, run, cast) for note in notes])


def _stamped(note: Note, run: Run, cast: Cast) -> Note:
    """Return the note with where it comes from, and without what looks like a secret."""
    stamp = {
        "text": masked(note.text),
        "subject": masked(note.subject),
        "value": masked(note.value),
        "thread_id": run.thread_id,
        "run_id": run.id,
        "branch": cast.branch,
        "persona_version": cast.versions.get(note.role, ""),
    }
    return note.model_copy(update=stamp)


def _by_role(items: Sequence[MemoryItem], *, worth: bool = False) -> list[Kept]:
    """Return what each role keeps; with `worth` also the texts that a model may conclude more from."""
    kept = []
    for role in dict.fromkeys(item.role for item in items):
        own = {item.id: item for item in items if item.role == role}
        waiting = sum(item.status == "proposed" for item in own.values())
        texts = {name: item.text for name, item in own.items()} if worth else None
        kept.append(Kept(role, tuple(own), waiting, texts))
    return kept


def _says_something(run: Run) -> bool:
    """Tell whether a person said more than rules could read: a statement of some length that is no question."""
    rest = read(run.request).rest if run.person else ""
    return len(rest.split()) >= 6 and not rest.rstrip().endswith("?")


def _did(run: Run, report: Json) -> Note:
    """What a role keeps of its own work."""
    return Note(
        role=report["role"],
        text=f"{run.as_of:%Y-%m-%d %H:%M} {report['task'][:120]}: {report['summary'][:KEPT]}",
        person=run.person,
        sources=tuple(report["sources"]),
    )


def _summed_up(chief: Role, run: Run, reports: Sequence[Json], answer: str) -> Note:
    """What the CEO keeps of a cycle."""
    sources = tuple(dict.fromkeys(source for report in reports for source in report["sources"]))
    text = f"{run.as_of:%Y-%m-%d %H:%M} cycle {run.number}: {answer[:KEPT]}"
    return Note(role=chief.id, text=text, sources=sources)


def _promise(chief: Role, run: Run, approval: Approval) -> Note:
    """What a person asked for that needed a decision, and where it stands."""
    people = f" by {approval.people}" if approval.people else ""
    where = "it waits for a decision" if approval.state == "open" else f"it was {approval.state}{people}"
    text = f"{run.person} asked for {approval.tool} ({approval.id}, {run.id}): {where}"
    key = {"kind": "relationship", "subject": approval.id, "predicate": "promise", "value": approval.state}
    return Note(role=chief.id, text=text, person=run.person).model_copy(update=key)


def _episode(outcome: Outcome) -> Note:
    return Note(
        role=outcome.rule.role,
        text=outcome.text,
        subject=outcome.rule.subject,
        sources=outcome.sources,
        importance=0.6,
    )
