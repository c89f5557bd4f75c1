"""What a memory is, and the `Memory` every other room uses.

Four kinds, after the usual division of long-term memory: episodic (what happened), semantic (a fact), procedural (how
to do something), relationship (how things stand with somebody). Where a memory comes from travels with it: `source`
says who said it, `trust` how far it may be believed, `tainted` that a stranger's words are in it. Recalling never
removes the taint.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["episodic", "semantic", "procedural", "relationship"]
Source = Literal["self", "operator", "tool", "web"]


class Note(BaseModel):
    """Something to remember.

    Attributes:
        role: Role that remembers; other roles do not see it.
        text: The memory itself, at most 4 KB of UTF-8.
        kind: Which kind of memory it is.
        person: The person it belongs to; empty when it is the company's. Another person never gets to see it.
        subject: What it is about, in a few words ("binance", "BTC/USDT"); a question that names it finds it.
        source: Who said it: the role itself, the operator, a tool's result, the open web.
        trust: 0 unknown, 1 unverified, 2 the company's own, 3 the operator's word.
        tainted: A stranger's words are in it; always true for `source="web"`, and when `sources` names any.
        sources: The documents those words came from, such as `news n-1f0c53a9b2e4`.
        importance: 0 trivial to 1 decisive; a small bonus in recall.
        run_id: The run it was learned in.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: str = Field(min_length=1)
    text: str
    kind: Kind = "episodic"
    person: str = ""
    subject: str = ""
    source: Source = "self"
    trust: int = Field(default=2, ge=0, le=3)
    tainted: bool = False
    sources: tuple[str, ...] = ()
    importance: float = Field(default=0.5, ge=0, le=1)
    run_id: str = ""


class MemoryItem(Note):
    """A note that is stored.

    Attributes:
        id: Running number of the store, `m1`, `m2`, ...; never given twice.
        created_at: When it was first remembered.
        use_count: How often the same text was remembered again.
    """

    id: str
    created_at: datetime
    use_count: int


class Remembered(BaseModel):
    """Receipt for one memory: its id, whether it was new, and when it was first remembered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    new: bool
    at: datetime


class Recalled(BaseModel):
    """One memory as it comes back.

    Attributes:
        id: Id of the memory.
        text: Its text; cut with "…" when it alone exceeds the token budget.
        kind: Kind of memory.
        source: Who said it.
        at: When it was first remembered.
        score: Fused relevance, comparable only within one recall.
        tainted: A stranger's words are in it: it may inform, never authorise.
        sources: The documents those words came from, as far as they are known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    text: str
    kind: Kind
    source: Source
    at: datetime
    score: float
    tainted: bool
    sources: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """What a context that reads it is labelled with."""
        return (f"memory {self.id}", *self.sources) if self.tainted else ()


class MemoryStatus(BaseModel):
    """How well the memory works.

    Attributes:
        state: `ok`, or `degraded: lexical` when there is no embedder and only shared words are found.
        index: Who answers similarity: `chroma`, `exact` (numpy over the stored vectors) or `none`.
        reason: Why it is not `ok` and `chroma`, and what to do; else empty.
        embedder: Id of the embedder, or empty.
        items: Memories stored, of all roles.
        pending: Vectors that wait to be copied into the index.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: Literal["ok", "degraded: lexical"]
    index: Literal["chroma", "exact", "none"]
    reason: str
    embedder: str
    items: int
    pending: int


class Memory(Protocol):
    """Long-term memory of the roles."""

    async def remember(
        self,
        role: str,
        text: str,
        *,
        kind: Kind = "episodic",
        person: str = "",
        subject: str = "",
        source: Source = "self",
        trust: int = 2,
        tainted: bool = False,
        sources: Sequence[str] = (),
        importance: float = 0.5,
        run_id: str = "",
    ) -> MemoryItem:
        """Store one memory durably; the arguments are the fields of `Note`.

        The same text for the same role, person and kind is the same memory: it keeps its id and counts one use more.

        Raises:
            ToolError: The text is empty, longer than 4 KB, or looks like a secret.
        """

    async def remember_many(self, notes: Sequence[Note]) -> list[MemoryItem]:
        """Store several notes in one transaction, or none of them; one item a note, in their order.

        Raises:
            ToolError: As for `remember`.
        """

    async def recall(
        self, role: str, query: str, *, limit: int = 5, person: str | None = None, budget_tokens: int = 600
    ) -> list[Recalled]:
        """Return what the role knows about `query`, the most relevant first.

        Args:
            role: Whose memory to search.
            query: What to look for, in plain words.
            limit: At most this many memories.
            person: Who is being talked to. Their memories and the company's are searched; with None only the company's.
            budget_tokens: Size of all texts together, at four characters a token.
        """

    def browse(
        self, roles: Sequence[str], query: str, *, person: str, limit: int
    ) -> list[tuple[MemoryItem, float | None]]:
        """Return whole memories for a person to read, with their score.

        Args:
            roles: Whose memories.
            query: What to look for, the most relevant first; empty for the newest first, which have no score.
            person: Who reads. Their memories and the company's are shown.
            limit: At most this many memories.
        """

    def warm(self) -> None:
        """Load the embedder and open the index now, so that the first recall does not pay for it."""

    def status(self) -> MemoryStatus:
        """Say how well the memory works."""

    def count(self, role: str) -> int:
        """Return how many memories a role has, of all persons."""

    def close(self) -> None:
        """Release the files; the memory cannot be used afterwards."""
