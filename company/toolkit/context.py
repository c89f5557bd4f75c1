"""What a tool may reach: the hidden argument a model never sees.

A tool gets departments and ports by type, `context.get(Desk)`, so a new department needs no change here. The context
of a call that changes the outside carries the idempotency key to send along (client order id, message key).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from company.errors import UsageError
from company.ports import Clock

Service = TypeVar("Service")


@dataclass(frozen=True, slots=True)
class Context:
    """One tool call's surroundings.

    Attributes:
        role: Id of the role that calls.
        run_id: The run the call belongs to.
        person: The person the company talks to in this run; empty in an autonomous cycle.
        key: Idempotency key of this call, at most 36 characters, safe as a client order id.
        clock: The company's time.
        sources: The documents whose strangers' words entered the caller's working context.
        services: Departments and ports by type.
        distrust: Marks this call's result as holding strangers' words, naming the document by an id of ours
            (`news n-1f0c53a9b2e4`), never by words a stranger chose: people read it in verdicts.
        emit: Records a CUSTOM event, `emit("trade.filled", {...})`, together with the call's result.
    """

    role: str
    run_id: str
    person: str
    key: str
    clock: Clock
    sources: tuple[str, ...] = ()
    services: Mapping[type, Any] = field(default_factory=dict)
    distrust: Callable[[str], None] = lambda source: None
    emit: Callable[[str, Mapping[str, Any]], None] = lambda name, value: None

    @property
    def tainted(self) -> bool:
        """Words of strangers entered the caller's working context."""
        return bool(self.sources)

    def get(self, kind: type[Service]) -> Service:
        """Return the department or port registered under `kind`.

        Raises:
            UsageError: This company has no such service.
        """
        try:
            found: Service = self.services[kind]
        except KeyError:
            raise UsageError(
                f"no {kind.__name__} is wired into this company",
                where="company.toml [world]",
                cure=f"configure an adapter for it, or take the tools that need {kind.__name__} from the roles",
            ) from None
        return found
