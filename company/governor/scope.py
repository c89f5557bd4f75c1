"""The working context a call comes from."""

from dataclasses import dataclass

from company.events import Draft, Json
from company.roles import Role
from company.store import Run


@dataclass(frozen=True, slots=True)
class Scope:
    """Who acts, in which run, and what strangers' text that agent has read.

    Attributes:
        run: The run.
        role: The role that acts.
        path: Agent path, unique per assignment of the run: `ceo`, `ceo/trading`, `ceo/trading~2`.
        taint: The documents whose untrusted text entered this context, such as `news n-1f0c53a9b2e4`.
        informed: The documents behind typed values that it was handed; they are named in verdicts, and ask nobody.
        turn: Which answer of its model the calls come from; None when that is not known.
    """

    run: Run
    role: Role
    path: str
    taint: tuple[str, ...] = ()
    informed: tuple[str, ...] = ()
    turn: int | None = None

    @property
    def agent(self) -> str:
        """Id of this agent's lane in events."""
        return f"{self.run.id}/{self.path}"

    def draft(self, body: Json, *, debug: bool = False) -> Draft:
        """Wrap an event body in this scope's envelope."""
        return Draft(self.run.id, self.run.thread_id, self.path, "debug" if debug else "user", body)
