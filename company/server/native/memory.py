"""What the roles remember, as a person may read it, and a person's word on what is proposed.

A memory belongs to the company or to one person; another person's is never shown, whatever scope a token has: it is as
if it were not there.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Path, Query
from pydantic import StrictBool

from company.errors import UsageError
from company.memory import Kind, Memory, MemoryItem, Source, Status
from company.server.commands import Commands
from company.server.faults import Refusal
from company.server.native.routing import Key, Routes, Who, limit
from company.server.native.views import View

OFF = "memory is switched off: set `enabled = true` under [memory] in company.toml"

MemoryId = Annotated[str, Path(max_length=40, examples=["m17"])]


class MemoryState(View):
    """How well the roles remember, for all persons together.

    Attributes:
        state: `degraded: lexical` when only memories that share words with the question are found.
        items: How many memories there are.
        embedder: What finds similar ones; empty without one.
        degraded: What is worse than it could be, and what to do; empty when nothing is.
        unembedded: Memories that the embedder has not read yet, after it was changed.
    """

    state: Literal["off", "ok", "degraded: lexical"]
    items: int
    embedder: str
    degraded: str
    unembedded: int

    @classmethod
    def of(cls, memory: Memory | None) -> Self:
        """Return how well a company remembers."""
        if memory is None:
            return cls(state="off", items=0, embedder="", degraded=OFF, unembedded=0)
        status = memory.status()
        return cls(
            state=status.state,
            items=status.items,
            embedder=status.embedder,
            degraded=status.reason,
            unembedded=status.unembedded,
        )


class Remembered(View):
    """One memory.

    Attributes:
        role: Who remembers; `*` is all roles.
        person: Who it belongs to, you; empty when it is the company's.
        predicate: Which property of the subject it states; with a subject it is a fact that one value holds of.
        source: Who said it.
        trust: 0 unknown, 1 unverified, 2 the company's own, 3 the operator's word.
        tainted: Words of strangers are in it: it may inform, never authorise.
        sources: Documents of strangers that those words came from.
        derived_from: Ids of the memories it was concluded from.
        thread: The conversation it was said in.
        run: The run it was learned in.
        use_count: How often the same was remembered again.
        valid_from: Since when it holds, in company time.
        valid_to: Until when it held; null while it does.
        score: Relevance, comparable within one answer; null without a query.
        parts: What the score is made of.
    """

    id: str
    role: str
    kind: Kind
    status: Status
    text: str
    person: str
    subject: str
    predicate: str
    value: str
    source: Source
    trust: int
    tainted: bool
    sources: list[str]
    derived_from: list[str]
    importance: float
    pinned: bool
    thread: str
    run: str
    persona_version: str
    created_at: datetime
    use_count: int
    valid_from: datetime
    valid_to: datetime | None
    supersedes: str
    superseded_by: str
    score: float | None
    parts: dict[str, float]

    @classmethod
    def of(cls, item: MemoryItem, score: float | None = None, parts: Mapping[str, float] | None = None) -> Self:
        """Return the view of a memory, with how it fits a query if there was one."""
        own = {"thread", "run", "valid_from", "sources", "derived_from", "score", "parts"}
        return cls(
            **{name: getattr(item, name) for name in cls.model_fields if name not in own},
            thread=item.thread_id,
            run=item.run_id,
            valid_from=item.valid_from or item.created_at,
            sources=list(item.sources),
            derived_from=list(item.derived_from),
            score=score,
            parts=dict(parts or {}),
        )


class Memories(View):
    """Memories, the newest or the most relevant first."""

    status: MemoryState
    items: list[Remembered]


class MemoryTrail(View):
    """A memory with its past.

    Attributes:
        history: All values its key ever had, the earliest first; of a memory without a key, itself.
        origins: What it was concluded from, as far as you may see it.
    """

    memory: Remembered
    history: list[Remembered]
    origins: list[Remembered]


class Acceptance(View):
    """Whether a proposed memory is right."""

    accept: StrictBool


class MemoryDoors:
    """The endpoints about memory.

    Args:
        memory: What the roles remember; None when it is switched off.
        roles: Ids of the roles.
        commands: Carries decisions out.
    """

    def __init__(self, memory: Memory | None, roles: Collection[str], commands: Commands) -> None:
        self._memory, self._roles, self._commands = memory, roles, commands

    def router(self) -> APIRouter:
        """Return the routes."""
        routes = Routes("agents")
        routes.door("GET", "/memory", self.memories, "read", refuses=(404,))
        routes.door("GET", "/memory/{memory_id}", self.trail, "read", refuses=(404,))
        routes.door("POST", "/memory/{memory_id}/decision", self.decide, "approve", refuses=(404, 409))
        return routes

    async def memories(
        self,
        who: Who,
        role: Annotated[str | None, Query(max_length=40, description="Whose memory; all roles when left out.")] = None,
        query: Annotated[str, Query(max_length=500, description="What to look for, in plain words.")] = "",
        most: Annotated[int, limit(100)] = 20,
        kind: Annotated[Kind | None, Query(description="Only memories of this kind.")] = None,
        status: Annotated[
            Status, Query(description="`active` is what roles are reminded of, `proposed` what waits for a person.")
        ] = "active",
    ) -> Memories:
        """Return what roles remember: the company's memories, and those that belong to you."""
        if role is not None and role not in self._roles:
            raise Refusal(404, f"there is no role {role!r}; there are {', '.join(self._roles)}")
        if self._memory is None:
            return Memories(status=MemoryState.of(None), items=[])
        asked = [role] if role else list(self._roles)
        found = self._memory.browse(asked, query, person=who.person, limit=most, kind=kind, status=status)
        items = [Remembered.of(each.item, each.score, each.parts) for each in found]
        return Memories(status=MemoryState.of(self._memory), items=items)

    async def trail(self, who: Who, memory_id: MemoryId) -> MemoryTrail:
        """Return a memory with the values it had before and what it was concluded from."""
        memory, item = self._visible(who.person, memory_id)
        history = [each for each in memory.history(item.id) if _is_for(who.person, each)]
        origins = [found for known in item.derived_from if (found := visible(memory, who.person, known))]
        return MemoryTrail(
            memory=Remembered.of(item),
            history=[Remembered.of(each) for each in history],
            origins=[Remembered.of(each) for each in origins],
        )

    async def decide(self, who: Who, memory_id: MemoryId, decision: Acceptance, key: Key = None) -> Remembered:
        """Accept a proposed memory, so that roles are reminded of it, or reject it, which archives it.

        An accepted fact takes the place of the value that held. What strangers said stays marked.
        """
        memory, item = self._visible(who.person, memory_id)
        return Remembered.of(self._commands.judge_memory(who, memory, item, decision.accept, key))

    def _visible(self, person: str, memory_id: str) -> tuple[Memory, MemoryItem]:
        if self._memory is None:
            raise Refusal(404, OFF)
        if (item := visible(self._memory, person, memory_id)) is None:
            raise Refusal(404, f"there is no memory {memory_id!r}; GET /api/v1/memory lists those that you may see")
        return self._memory, item


def visible(memory: Memory, person: str, memory_id: str) -> MemoryItem | None:
    """Return a memory that a person may see; None for another person's, as for one that is not there."""
    try:
        item = memory.get(memory_id)
    except UsageError:
        return None
    return item if _is_for(person, item) else None


def _is_for(person: str, item: MemoryItem) -> bool:
    return item.person in {"", person}
