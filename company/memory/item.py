"""What a memory is, as it is written, kept and recalled.

Five kinds, after the usual division of long-term memory: persona (who the role is), episodic (what happened), semantic
(a fact), procedural (how to do something), relationship (how things stand with somebody). Where a memory comes from
travels with it: `source` says who said it, `trust` how far it may be believed, `tainted` that a stranger's words are in
it. Recalling never removes the taint, and what is derived from a tainted memory is tainted too.

A memory with a subject and a predicate is a keyed fact: of each key and person one value holds at a time, and the
earlier ones stay as history.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Kind = Literal["persona", "episodic", "semantic", "procedural", "relationship"]
Source = Literal["operator", "user", "self", "role", "tool", "web", "import"]
Status = Literal["active", "proposed", "quarantined", "archived"]

SHARED: Final = "*"
"""The role of memories that all roles share."""


class Note(BaseModel):
    """Something to remember.

    Attributes:
        role: Role that remembers; other roles do not see it. `SHARED` makes it one of all roles.
        text: The memory itself, at most 4 KB of UTF-8.
        kind: Which kind of memory it is.
        person: The person it belongs to; empty when it is the company's. Another person never gets to see it.
        subject: What it is about, in a few words ("binance", "BTC/USDT"); a question that names it finds it.
        predicate: Which property of the subject it states ("fee", "prefers"); with a subject it makes a keyed fact.
        value: The value it states; empty when the text is the value.
        source: Who said it: the operator, another person, the role itself, another role, a tool, the web, an import.
        trust: 0 unknown, 1 unverified, 2 the company's own, 3 the operator's word.
        tainted: A stranger's words are in it; always true for `source="web"`, and when `sources` names any.
        sources: The documents those words came from, such as `news n-1f0c53a9b2e4`.
        derived_from: Ids of the memories it was concluded from; it inherits their taint.
        importance: 0 trivial to 1 decisive; a small bonus in recall.
        pinned: Retention never archives it.
        thread_id: The conversation it was said in.
        run_id: The run it was learned in.
        branch: The arm of a persona experiment it belongs to; empty for what every arm sees.
        persona_version: The version of the persona that learned it.
        valid_from: Since when it holds; None means since it was remembered.
        status: `active`; `proposed` waits for a person or for evidence; `quarantined` and `archived` are out of use.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: str = Field(min_length=1)
    text: str
    kind: Kind = "episodic"
    person: str = ""
    subject: str = ""
    predicate: str = ""
    value: str = ""
    source: Source = "self"
    trust: int = Field(default=2, ge=0, le=3)
    tainted: bool = False
    sources: tuple[str, ...] = ()
    derived_from: tuple[str, ...] = ()
    importance: float = Field(default=0.5, ge=0, le=1)
    pinned: bool = False
    thread_id: str = ""
    run_id: str = ""
    branch: str = ""
    persona_version: str = ""
    valid_from: AwareDatetime | None = None
    status: Status = "active"


class MemoryItem(Note):
    """A note that is stored.

    Attributes:
        id: Running number of the store, `m1`, `m2`, ...; never given twice.
        created_at: When it was first remembered.
        use_count: How often the same was remembered again.
        valid_to: Until when it held; None while it holds.
        supersedes: Id of the value it took the place of, or empty.
        superseded_by: Id of the value that took its place, or empty.
        decided_by: The person who accepted or refused it, or empty.
    """

    id: str
    created_at: datetime
    use_count: int
    valid_to: datetime | None = None
    supersedes: str = ""
    superseded_by: str = ""
    decided_by: str = ""


class Browsed(BaseModel):
    """One memory as a person reads it.

    Attributes:
        item: The memory.
        score: Fused relevance, comparable only within one answer; None without a query.
        parts: The parts of the score by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    item: MemoryItem
    score: float | None = None
    parts: Mapping[str, float] = {}


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
        trust: How far it may be believed, 0 to 3.
        valid_from: Since when it holds; None in what was recalled by an earlier version.
        parts: The parts of the score by name.
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
    trust: int = 2
    valid_from: datetime | None = None
    parts: Mapping[str, float] = {}

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
        unembedded: Memories without a vector of the embedder that was chosen, while they are being made.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: Literal["ok", "degraded: lexical"]
    index: Literal["chroma", "exact", "none"]
    reason: str
    embedder: str
    items: int
    pending: int
    unembedded: int = 0
