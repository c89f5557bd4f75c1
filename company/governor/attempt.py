"""One call on its way through the governor."""

from dataclasses import dataclass, field
from functools import cached_property

from company.events import Draft
from company.governor.execution import Ran
from company.governor.scope import Scope
from company.governor.turns import NOT_SENT
from company.governor.verdict import Call, fingerprint, unique
from company.store import Effect
from company.toolkit import Context, Tool

STRANGERS = frozenset({"package", "mcp"})
"""Kinds of tools whose errors strangers write."""


@dataclass
class Progress:
    """How far a call came: `sent` once the tool's function was begun."""

    sent: bool = False


@dataclass(frozen=True)
class Attempt:
    """One call on its way, with what its tool says through its context.

    Attributes:
        scope: Who calls, in which run.
        call: What was proposed.
        tool: The tool it names.
        context: What the tool reaches.
        drafts: Events the tool wants on record with its result.
        named: Sources of strangers' words in the result, as the tool named them, in order.
        earlier: The effect as an attempt before this one left it, which a crash cut off.
        progress: How far it came.
    """

    scope: Scope
    call: Call
    tool: Tool
    context: Context
    drafts: list[Draft]
    named: list[str]
    earlier: Effect | None
    progress: Progress = field(default_factory=Progress)

    def doubt(self, ran: Ran) -> None:
        """Name a tool as a source whose error holds nobody knows whose words: it broke, or strangers wrote it."""
        foreign = self.tool.kind in STRANGERS and ran.error and ran.rule not in NOT_SENT
        if (foreign or ran.fault in {"crash", "contract"}) and not self.named:
            self.named.append(self.tool.name)

    @property
    def sources(self) -> tuple[str, ...]:
        """Where strangers' words in the result come from; an untrusted tool that names no source is its own."""
        if self.tool.trust == "untrusted" and not self.named:
            return (self.tool.name,)
        return unique(self.named)

    @property
    def key(self) -> str:
        """Key in the effect ledger; empty when it has no row there."""
        return self.context.key if is_kept(self.tool) else ""

    @cached_property
    def arguments_hash(self) -> str:
        """Fingerprint of the call's arguments."""
        return fingerprint(self.call.arguments)


def is_kept(tool: Tool) -> bool:
    """Tell whether its calls stand in the effect ledger: effects, and reads that ask, which mandates count."""
    return tool.effect != "read" or tool.asks
