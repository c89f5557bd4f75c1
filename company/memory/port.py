"""The `Memory` every other room uses, on disk or in memory."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from company.memory.item import Browsed, Kind, MemoryItem, MemoryStatus, Note, Recalled, Source, Status


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
        predicate: str = "",
        value: str = "",
        source: Source = "self",
        trust: int = 2,
        tainted: bool = False,
        sources: Sequence[str] = (),
        derived_from: Sequence[str] = (),
        importance: float = 0.5,
        pinned: bool = False,
        thread_id: str = "",
        run_id: str = "",
        branch: str = "",
        persona_version: str = "",
        valid_from: datetime | None = None,
        status: Status = "active",
    ) -> MemoryItem:
        """Store one memory durably; the arguments are the fields of `Note`.

        What says the same as a stored memory of the same owner is that memory: it keeps its id and counts one use
        more. The item says what became of the note: its `status` is `proposed` when the note may not take effect
        before a person has decided, and its `valid_to` is set when a later value of the key is known already.

        Raises:
            ToolError: The text is empty, longer than 4 KB, or looks like a secret; or `derived_from` is unknown.
        """

    async def remember_many(self, notes: Sequence[Note]) -> list[MemoryItem]:
        """Store several notes in one transaction, or none of them; one item a note, in their order.

        Raises:
            ToolError: As for `remember`.
        """

    async def recall(
        self,
        role: str,
        query: str,
        *,
        limit: int = 5,
        person: str | None = None,
        budget_tokens: int = 600,
        branch: str = "",
        as_of: datetime | None = None,
    ) -> list[Recalled]:
        """Return what the role knows about `query`, the most relevant first.

        Args:
            role: Whose memory to search; what all roles share is searched too.
            query: What to look for, in plain words.
            limit: At most this many memories.
            person: Who is being talked to. Their memories and the company's are searched; with None only the company's.
            budget_tokens: Size of all texts together, at four characters a token.
            branch: Arm of a persona experiment whose memories are searched besides those of every arm.
            as_of: Search what held at this time instead of what holds now.
        """

    def browse(
        self,
        roles: Sequence[str],
        query: str,
        *,
        person: str,
        limit: int,
        kind: Kind | None = None,
        status: Status = "active",
    ) -> list[Browsed]:
        """Return whole memories for a person to read.

        Args:
            roles: Whose memories; what all roles share is among them.
            query: What to look for, the most relevant first; empty for the newest first, which have no score.
            person: Who reads. Their memories and the company's are shown.
            limit: At most this many memories.
            kind: Only memories of this kind; None for all.
            status: With `active` what holds now. Of what is out of use or waits, those that share a word with the
                query, the newest first and without a score.
        """

    def get(self, id: str) -> MemoryItem:
        """Return one memory, whatever its status.

        Raises:
            UsageError: There is no such memory.
        """

    def history(self, id: str) -> list[MemoryItem]:
        """Return all values the key of a memory ever had for its owner, the earliest first; without a key, itself.

        Raises:
            UsageError: There is no such memory.
        """

    def decide(self, id: str, accept: bool, person: str) -> MemoryItem:
        """Let a person accept a proposed memory, which then takes effect, or refuse it, which archives it.

        An accepted fact supersedes the value that holds, whatever its trust. It stays tainted: a person has said that
        it may be used, not that the company wrote it.

        Args:
            id: Id of the memory.
            accept: Whether it takes effect.
            person: Who decides; kept with the memory. Empty when evidence decides, which it cannot do about a persona,
                a keyed fact or anything a stranger's words are in.

        Raises:
            UsageError: There is no such memory, it does not wait for a decision, or only a person may take it.
        """

    def share(self, id: str) -> MemoryItem:
        """Give a role's memory to all roles; returns the shared memory, which is derived from it.

        Raises:
            UsageError: There is no such memory, it is not in use, or it is a persona.
        """

    def warm(self) -> None:
        """Load the embedder and open the index now, so that the first recall does not pay for it."""

    def status(self) -> MemoryStatus:
        """Say how well the memory works."""

    def count(self, role: str) -> int:
        """Return how many memories a role has, of all persons."""

    def close(self) -> None:
        """Release the files; the memory cannot be used afterwards."""
