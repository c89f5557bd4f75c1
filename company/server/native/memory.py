"""What the roles remember, as a person may read it.

A memory belongs to the company or to one person; another person's is never shown, whatever scope a token has.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from company.memory import Memory, MemoryItem
from company.server.faults import Refusal
from company.server.native.routing import Routes, Who, limit
from company.server.native.views import View

OFF = "memory is switched off: set `enabled = true` under [memory] in company.toml"


class MemoryState(View):
    """How many memories there are, of all persons; what finds similar ones; and what is worse than it could be."""

    items: int
    embedder: str
    degraded: str


class Remembered(View):
    """One memory.

    Attributes:
        source: Who said it: the role itself, the operator, a tool's result, the web.
        tainted: Words of strangers are in it: it may inform, never authorise.
        score: Relevance, comparable within one answer; null without a query.
    """

    id: str
    role: str
    kind: Literal["episodic", "semantic", "procedural", "relationship"]
    text: str
    subject: str
    source: Literal["self", "operator", "tool", "web"]
    tainted: bool
    created_at: datetime
    score: float | None


class Memories(View):
    """Memories, the newest or the most relevant first."""

    status: MemoryState
    items: list[Remembered]


class MemoryDoors:
    """The endpoint about memory.

    Args:
        memory: What the roles remember; None when it is switched off.
        roles: Ids of the roles.
    """

    def __init__(self, memory: Memory | None, roles: Collection[str]) -> None:
        self._memory, self._roles = memory, roles

    def router(self) -> APIRouter:
        """Return the route."""
        routes = Routes("agents")
        routes.door("GET", "/memory", self.memories, "read", refuses=(404,))
        return routes

    async def memories(
        self,
        who: Who,
        role: Annotated[str | None, Query(max_length=40, description="Whose memory; all roles when left out.")] = None,
        query: Annotated[str, Query(max_length=500, description="What to look for, in plain words.")] = "",
        most: Annotated[int, limit(100)] = 20,
    ) -> Memories:
        """Return what roles remember: the company's memories, and those that belong to you."""
        if role is not None and role not in self._roles:
            raise Refusal(404, f"there is no role {role!r}; there are {', '.join(self._roles)}")
        if self._memory is None:
            return Memories(status=MemoryState(items=0, embedder="", degraded=OFF), items=[])
        asked = [role] if role else list(self._roles)
        found = self._memory.browse(asked, query, person=who.person, limit=most)
        return Memories(status=_state(self._memory), items=[_remembered(item, score) for item, score in found])


def _state(memory: Memory) -> MemoryState:
    status = memory.status()
    return MemoryState(items=status.items, embedder=status.embedder, degraded=status.reason)


def _remembered(item: MemoryItem, score: float | None) -> Remembered:
    same = {name: getattr(item, name) for name in Remembered.model_fields if name != "score"}
    return Remembered(**same, score=score)
