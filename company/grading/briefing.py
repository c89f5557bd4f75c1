"""What every role is told before it works: its system prompt, with law, persona, team and procedure."""

from collections.abc import Iterable, Mapping

from company.grading.evidence import Evidence
from company.grading.strict import RoleName, Texts
from company.home import Company

_IDLE = {"kind": "cycle", "cycle": 1, "as_of": "", "conversation": [], "memories": []}
"""A brief without anything in it, to see what the CEO reads before every one."""


def told(evidence: Evidence, wanted: Mapping[RoleName, Texts]) -> Iterable[str]:
    """Each role's system prompt holds these texts, wherever its lines break."""
    for role, texts in wanted.items():
        prompt = _plain(evidence.prompts[role])
        yield from (f"{role} is not told {text!r}" for text in texts if _plain(text) not in prompt)


def prompts_of(company: Company) -> Mapping[str, str]:
    """Return the system prompt of every role, as its model reads it."""
    from company.graph import Prompts

    prompts, chief = Prompts(company), company.chief
    found = {role.id: prompts.specialist(role) for role in company.roles.values() if role is not chief}
    return {chief.id: prompts.planning(chief, _IDLE)[0]["content"], **found}


def _plain(text: str) -> str:
    return " ".join(text.split())
