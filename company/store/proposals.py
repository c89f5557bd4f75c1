"""Proposals: personas that a role, its memory or a person would like, and that are nothing until a person accepts one.

What was read from strangers may propose, too; `sources` names them, and whoever decides sees it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from company.errors import UsageError
from company.events import Draft, custom
from company.store.connection import Connection
from company.store.counters import next_number
from company.store.journal import Journal
from company.store.mandates import require_person, require_reason
from company.store.personas import Personas, PersonaVersion, checked
from company.store.schema import persona_proposals

MOST_OPEN = 20
"""Open proposals of one role: a role that proposes in every cycle must not fill the table."""

ProposalState = Literal["open", "accepted", "rejected"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A persona that waits for a person.

    Attributes:
        id: `P1`, `P2`, ...
        role: Whose persona it would be.
        text: The persona.
        base: Hash of the version that was stable when it was proposed.
        proposed_by: A person, or `role:trading`.
        reason: Why.
        sources: Documents of strangers it was concluded from.
        at: Wall-clock time.
        state: What became of it.
        decided_at: When it was decided, None before.
        decided_by: The person who decided, None before.
        note: What the person said.
        version: Hash of the version it became; empty unless accepted.
    """

    id: str
    role: str
    text: str
    base: str
    proposed_by: str
    reason: str
    sources: tuple[str, ...]
    at: datetime
    state: ProposalState
    decided_at: datetime | None
    decided_by: str | None
    note: str
    version: str


_every = sa.select(*(persona_proposals.c[name] for name in Proposal.__dataclass_fields__))


class Proposals:
    """All proposals.

    Args:
        connection: The store's database.
        journal: Where proposals and decisions are told.
        personas: The versions.
        now: Wall-clock time.
    """

    def __init__(
        self, connection: Connection, journal: Journal, personas: Personas, *, now: Callable[[], datetime]
    ) -> None:
        self._connection, self._journal, self._personas, self._now = connection, journal, personas, now

    def add(self, role: str, text: str, *, by: str, reason: str, sources: Sequence[str] = ()) -> Proposal:
        """Write a proposal down; a role has the same text open once.

        Raises:
            UsageError: There is no such role or no reason, the text is empty, too long or what the role has already, or
                too many are open.
        """
        require_reason(reason)
        with self._connection.transaction():
            stable, text = self._personas.stable(role), checked(text)
            if text == stable.text:
                raise UsageError(f"{role} says this already", where=role, cure="propose another text")
            waiting = self.all(role, state="open")
            if same := [proposal for proposal in waiting if proposal.text == text]:
                return same[0]
            if len(waiting) >= MOST_OPEN:
                cure = "company persona proposals; accept or reject some"
                raise UsageError(f"{len(waiting)} proposals about {role} are open", where=role, cure=cure)
            return self._insert(role, text, stable.hash, by, reason, sources)

    def all(self, role: str = "", *, state: ProposalState | None = None) -> list[Proposal]:
        """Return proposals, oldest first: about one role or all, in one state or any."""
        query = _every.order_by(persona_proposals.c.position)
        query = query.where(persona_proposals.c.role == role) if role else query
        query = query.where(persona_proposals.c.state == state) if state else query
        return [_proposal(row) for row in self._connection.rows(query)]

    def get(self, id: str) -> Proposal:
        """Return one proposal.

        Raises:
            UsageError: There is none.
        """
        row = self._connection.first(_every.where(persona_proposals.c.id == id))
        if row is None:
            raise UsageError(f"there is no proposal {id!r}", where="proposal", cure="company persona proposals")
        return _proposal(row)

    def accept(self, id: str, by: str, note: str) -> PersonaVersion:
        """Make a proposed text the stable version of its role; its author is the person who accepts it.

        Raises:
            UsageError: `by` is no person, there is no such proposal, it is decided, or the role was changed since.
        """
        require_person(by, "accept a persona")
        with self._connection.transaction():
            proposal = self._open(id)
            if self._personas.stable(proposal.role).hash != proposal.base:
                cure = f"company persona propose {proposal.role}, from what it says now"
                raise UsageError(f"{proposal.role} was changed since {id} was proposed", where=id, cure=cure)
            reason = note or f"{id} of {proposal.proposed_by}: {proposal.reason}"
            version = self._personas.add(proposal.role, proposal.text, by, reason)
            self._personas.move(version, by, reason, "accept")
            self._decide(proposal, "accepted", by, note, version.hash)
            return version

    def reject(self, id: str, by: str, note: str) -> Proposal:
        """Refuse a proposal; it stays on record.

        Raises:
            UsageError: `by` is no person, there is no such proposal, or it is decided.
        """
        require_person(by, "reject a persona")
        with self._connection.transaction():
            self._decide(self._open(id), "rejected", by, note, "")
            return self.get(id)

    def _open(self, id: str) -> Proposal:
        proposal = self.get(id)
        if proposal.state != "open":
            what = f"{id} was {proposal.state} by {proposal.decided_by}"
            raise UsageError(what, where=id, cure="company persona proposals")
        return proposal

    def _insert(self, role: str, text: str, base: str, by: str, reason: str, sources: Sequence[str]) -> Proposal:
        position = next_number(self._connection, "persona proposal")
        row = {"position": position, "id": f"P{position}", "role": role, "text": text, "base": base}
        row |= {"proposed_by": by, "reason": reason, "sources": list(sources), "at": self._now(), "state": "open"}
        self._connection.change(sa.insert(persona_proposals), {**row, "note": "", "version": ""})
        value = {"proposal": f"P{position}", "role": role, "by": by, "reason": reason}
        self._journal.append([Draft.of_person(custom("persona.proposed", value))])
        return self.get(f"P{position}")

    def _decide(self, proposal: Proposal, state: ProposalState, by: str, note: str, version: str) -> None:
        values = {"state": state, "decided_at": self._now(), "decided_by": by, "note": note, "version": version}
        changed = sa.update(persona_proposals).where(persona_proposals.c.id == proposal.id).values(values)
        self._connection.change(changed)
        value = {"proposal": proposal.id, "role": proposal.role, "state": state, "by": by, "note": note}
        self._journal.append([Draft.of_person(custom("persona.decided", value))])


def _proposal(row: sa.Row[tuple[object, ...]]) -> Proposal:
    fields = dict(row._mapping)
    return Proposal(**{**fields, "sources": tuple(fields["sources"])})
