"""What a model thinks should be remembered of a run: one question a role at most, through the same door as any other.

Off unless `[memory] reflection = "model"`: whatever a person says is kept anyway, so that a proposal seldom is worth a
call in every conversation. A model is asked only when rules left something to conclude. It sees the memories of this
run, quoted, and nothing else; what it says becomes a proposal with these memories as evidence, or nothing. A model
that cannot be asked changes nothing.
"""

from collections.abc import Mapping, Sequence

from company.errors import ProviderError, UsageError
from company.governor import Scope, Thinking, Tripped
from company.graph.prompts import Prompts
from company.home import Company, Kept
from company.llm import AUTOPILOT
from company.memory.reflecting import Proposal, proposals_in


class Musing:
    """Asks the roles' models for proposals.

    Args:
        company: Roles, models and settings.
        thinking: The door for model calls.
        prompts: Assembles what a model reads.
    """

    def __init__(self, *, company: Company, thinking: Thinking, prompts: Prompts) -> None:
        self._company, self._thinking, self._prompts = company, thinking, prompts

    async def propose(self, scope: Scope, kept: Kept, attempt: int) -> Sequence[Proposal]:
        """Return what the role's model concludes from what the role keeps; nothing when it is not to be asked.

        Args:
            scope: The role, in its run.
            kept: What it keeps.
            attempt: Number of the run's drive, part of the message's id.

        Raises:
            Stopped: A person stopped the company.
        """
        minds = tuple(mind for mind in self._company.models.minds(scope.role) if mind.id != AUTOPILOT)
        if self._company.settings.memory.reflection != "model" or not kept.texts or not minds:
            return ()
        try:
            thought = await self._thinking.think(
                scope,
                minds,
                self._prompts.musing(_quotable(kept.texts), scope.run.person),
                message_id=f"{scope.run.id}/{scope.role.id}/reflect/{attempt}",
                debug=True,
            )
        except (Tripped, ProviderError, UsageError):
            return ()
        return proposals_in(thought.text, kept.texts)


def _quotable(texts: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"id": name, "text": text} for name, text in texts.items()]
