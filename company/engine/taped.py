"""A company whose memory and conversation come to a run by way of its tape."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from company.events import Json
from company.governor import tape
from company.home import Company, Kept
from company.memory import Recalled
from company.memory.reflecting import Proposal
from company.roles import Role
from company.store import Approval, Run

RECALLED, REMEMBERED, CONVERSATION = "recalled", "remembered", "conversation"

_RECALLED: tape.Form[Sequence[Recalled]] = tape.Form(list[Recalled])
_REMEMBERED: tape.Form[list[Kept]] = tape.Form(list[Kept])
_CONVERSATION: tape.Form[list[Json]] = tape.Form(list[Json])


class TapedCompany(Company):
    """A company as the graph sees it."""

    async def recall(self, role: Role, query: str, run: Run) -> Sequence[Recalled]:
        """Return what a role is reminded of before it does what `query` says."""

        async def ask() -> Sequence[Recalled]:
            return list(await Company.recall(self, role, query, run))

        return await tape.current().heard(RECALLED, f"{role.id}: {query}", ask, _RECALLED)

    async def reflect(self, run: Run, reports: Sequence[Json], answer: str) -> list[Kept]:
        """Let every role remember what it did, what a person told, and what came of earlier work."""

        async def keep() -> list[Kept]:
            return await Company.reflect(self, run, reports, answer)

        return await tape.current().heard(REMEMBERED, "", keep, _REMEMBERED)

    async def keep_decisions(self, run: Run, approvals: Sequence[Approval]) -> list[Kept]:
        """Remember what people decided about what a person had asked for."""

        async def keep() -> list[Kept]:
            return await Company.keep_decisions(self, run, approvals)

        return await tape.current().heard(REMEMBERED, "decisions", keep, _REMEMBERED)

    async def propose(self, run: Run, role: str, proposals: Sequence[Proposal]) -> list[Kept]:
        """Keep what a model concludes from a run as proposals."""

        async def keep() -> list[Kept]:
            return await Company.propose(self, run, role, proposals)

        return await tape.current().heard(REMEMBERED, f"{role} proposes", keep, _REMEMBERED)

    def conversation(self, run: Run) -> list[Json]:
        """Return the last messages of the run's conversation before it, oldest first."""
        return tape.current().seen(CONVERSATION, "", lambda: Company.conversation(self, run), _CONVERSATION)


def taped(company: Company) -> TapedCompany:
    """Return the company with everything a run takes from it on the run's tape."""
    return TapedCompany(**parts_of(company))


def parts_of(company: Company) -> dict[str, Any]:
    """Return the fields of a company by name, to make another kind of company of them."""
    return {field.name: getattr(company, field.name) for field in fields(company)}
