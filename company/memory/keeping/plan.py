"""What a person orders to be forgotten, and everything that follows from it: the plan of an erasure."""

from collections.abc import Mapping

from pydantic import AwareDatetime, BaseModel, ConfigDict

from company.store.erasure import Scope
from company.store.traces import Traces


class Order(BaseModel):
    """What a person wants forgotten; one of the three.

    Attributes:
        ids: Memories by id.
        query: Words; every memory that holds them, and the words themselves wherever they stand.
        person: Everything that belongs to a person, and all that the person said.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ids: tuple[str, ...] = ()
    query: str = ""
    person: str = ""


class Plan(BaseModel):
    """An erasure, complete enough to be finished by another process.

    Attributes:
        id: `E1`, `E2`, ...; empty while it is only looked at.
        by: The person who ordered it.
        reason: Why; holds nothing of what is erased.
        at: When it was ordered, company time.
        seqs: Numbers of the memories that go.
        everywhere: Texts that are taken out wherever they stand.
        nearby: Texts that are taken out where the forgotten was said or learned.
        wiped: Runs of which all words go.
        runs: Runs in which it was said or learned.
        threads: Conversations in which it was said.
        person: Whose commands' fingerprints go too.
        counts: What goes, by table and file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = ""
    by: str = ""
    reason: str = ""
    at: AwareDatetime
    seqs: tuple[int, ...]
    everywhere: tuple[str, ...]
    nearby: tuple[str, ...]
    wiped: tuple[str, ...]
    runs: tuple[str, ...]
    threads: tuple[str, ...]
    person: str = ""
    counts: Mapping[str, int] = {}

    def scope(self) -> Scope:
        """Return what is erased, ready to be looked for."""
        return Scope(
            everywhere=Traces(self.everywhere),
            nearby=Traces((*self.everywhere, *self.nearby)),
            wiped=frozenset(self.wiped),
            runs=frozenset({*self.runs, *self.wiped}),
            threads=frozenset(self.threads),
            person=self.person,
        )


class Receipt(BaseModel):
    """What an erasure came to; the journal keeps it, without content.

    Attributes:
        erasure: Its id.
        by: The person who ordered it.
        reason: Why.
        at: When, company time.
        memories: Memories that went.
        tombstones: Salted hashes that keep them from coming back.
        counts: Rows and pieces that went or changed, by table and file.
        left: Places that still hold something, because it cannot be taken out without breaking a proof.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    erasure: str
    by: str
    reason: str
    at: AwareDatetime
    memories: int
    tombstones: int
    counts: Mapping[str, int]
    left: tuple[str, ...] = ()
