"""Assembles what the CEO and the roles read, from prompt parts, personas and data.

The stable part comes first and is the same for every run of a role (law, persona, procedure), so that a provider can
cache it; what changes from run to run (memories, the task) follows in the human message. Recalled and reported text is
quoted as data. Each message carries the same facts as data, which is what the autopilot reads.
"""

import json
from collections.abc import Sequence

from company.events import Json
from company.graph import messages
from company.home import Company
from company.llm import procedure, render
from company.memory import Recalled
from company.roles import Assignment, Role


class Prompts:
    """Prompts of one company.

    Args:
        company: Its roles and prompt parts.
    """

    def __init__(self, company: Company) -> None:
        self._company = company
        self._standing: dict[tuple[str, str], str] = {}

    def specialist(self, role: Role) -> str:
        """The system prompt of a specialist."""
        return self._once(role, "specialist")

    def assignment(self, assignment: Assignment, memories: Sequence[Recalled]) -> Json:
        """The message that opens a specialist's work."""
        text = self._join("task", "memory", assignment=assignment, memories=_quoted(memories))
        return messages.human(text, assignment=assignment.model_dump(mode="json"))

    def planning(self, role: Role, brief: Json) -> list[Json]:
        """What the CEO reads before it plans."""
        team = [other for other in self._company.roles.values() if other.reports_to]
        system = messages.system(self._once(role, "ceo", team=team))
        text = self._join("brief", "memory", brief=brief, memories=brief["memories"])
        return [system, *map(_turn, brief["conversation"]), messages.human(text, brief=brief)]

    def answering(self, role: Role, brief: Json, reports: Sequence[Json]) -> list[Json]:
        """What the CEO reads before it answers: the same, and the reports of its roles."""
        shown = "\n".join(json.dumps(_essence(report), ensure_ascii=False) for report in reports)
        text = self._join("reports", reports=shown)
        return [*self.planning(role, brief), messages.human(text, reports=list(reports))]

    def musing(self, notes: Sequence[Json], person: str) -> list[Json]:
        """What a model reads that is asked what should be remembered of a run."""
        return [
            messages.system(self._join("reflection")),
            messages.human(self._join("episodes", notes=notes, person=person), note=True),
        ]

    def _once(self, role: Role, part: str, **values: object) -> str:
        """Return the system prompt of a role, which stays the same for a version of its persona."""
        key = role.id, role.persona
        if key not in self._standing:
            self._standing[key] = self._join("system", part, role=role, procedure=procedure(role), **values)
        return self._standing[key]

    def _join(self, *names: str, **values: object) -> str:
        prompts = self._company.prompts
        parts = [render(prompts[name].text, where=prompts[name].source, **values).strip() for name in names]
        return "\n\n".join(part for part in parts if part)


def _essence(report: Json) -> Json:
    """What a model reads of a report: no empty part, and nothing that code looks after."""
    known = {"task", "receipts", "notices", "sources", "informed", "completion"}
    known |= {"path"} if "~" not in report["path"] else set()
    return {name: part for name, part in report.items() if part and name not in known}


def _turn(message: Json) -> Json:
    if message["role"] == "user":
        return messages.human(message["content"])
    return {"type": "ai", "content": message["content"], "calls": []}


def _quoted(memories: Sequence[Recalled]) -> list[Json]:
    return [memory.model_dump(mode="json") for memory in memories]
