"""A tool under check: what it says of itself, and how its calls ended.

Calls are made in a worker process with a state of its own that is thrown away, without any secret, so a check can be
run anywhere. Only what reads, asks no host and costs nothing is called without being asked to; `call=True` also calls
the rest, and what has effects only with the examples its author gave.
"""

import asyncio
import json
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from company.errors import ProviderError, ToolError, Undeclared, UsageError
from company.toolkit.conformance.arguments import Arguments, odd, suggested
from company.toolkit.context import Context
from company.toolkit.foreign import Description
from company.toolkit.schemas import fault_of

if TYPE_CHECKING:
    from company.toolkit.worker import Source, Workers

Kind = Literal["example", "suggested", "odd", "repeated", "looked up"]
Ending = Literal["ok", "refused", "outside", "undeclared", "late", "crashed"]


@dataclass(frozen=True, slots=True)
class Played:
    """One call and how it ended.

    Attributes:
        kind: Where its arguments come from; `repeated` has the key of the call before, and `looked up` is no call but
            the look-up of that key.
        arguments: What it was called with.
        ending: `ok`; `refused` by a ToolError; failed by the `outside`; `undeclared` reach; `late`; `crashed`.
        value: What it returned, as JSON.
        error: What was wrong.
        denied: What it reached for and was refused, though it returned a result.
    """

    kind: Kind
    arguments: Arguments
    ending: Ending
    value: Any = None
    error: str = ""
    denied: tuple[str, ...] = ()

    @property
    def lives(self) -> bool:
        """The worker can be called again; one that was lost is a finding, and the same finding again helps nobody."""
        return self.ending in {"ok", "refused", "outside"} and not self.denied

    def __str__(self) -> str:
        shown = json.dumps(self.arguments, ensure_ascii=False)
        return shown if len(shown) <= 120 else f"{shown[:119]}…"


@dataclass(frozen=True, slots=True)
class Subject:
    """One tool with everything the rules look at.

    Attributes:
        source: Where it comes from.
        description: What it says of itself.
        examples: Arguments its author gave; empty when there are none.
        misfits: What is wrong with the examples.
        inside: It takes a `Context`, so that only the company can call it.
        called: It was called at all, or would have been had there been arguments.
        played: How its calls ended, in order.
    """

    source: "Source"
    description: Description
    examples: tuple[Arguments, ...] = ()
    misfits: tuple[str, ...] = ()
    inside: bool = False
    called: bool = False
    played: tuple[Played, ...] = ()


def is_harmless(description: Description) -> bool:
    """Tell whether a call of a tool changes nothing, asks nobody and costs nothing."""
    return description.effect == "read" and not description.manifest.hosts and not description.manifest.cost


def try_out(
    source: "Source",
    description: Description,
    given: list[Arguments] | None = None,
    *,
    inside: bool = False,
    call: bool = False,
) -> Subject:
    """Call a tool as far as that is allowed, and return what there is to judge; starts and ends a worker.

    Args:
        source: Where it comes from.
        description: What it says of itself.
        given: Examples of arguments; None when its author gave none.
        inside: It takes a `Context`, so that only the company can call it.
        call: Also call what has effects, asks hosts or costs money.
    """
    examples = tuple(given or ())
    faults = [(each, fault_of(_strict(description), each)) for each in examples]
    misfits = tuple(f"{json.dumps(each, ensure_ascii=False)[:120]}: {fault}" for each, fault in faults if fault)
    if inside or not (call or is_harmless(description)):
        return Subject(source, description, examples, misfits, inside=inside)
    with _workers() as workers:
        trial = _Trial(workers, source, description)
        asyncio.run(trial.play([each for each, fault in faults if not fault]))
    return Subject(source, description, examples, misfits, called=True, played=tuple(trial.played))


@dataclass(slots=True)
class _Trial:
    workers: "Workers"
    source: "Source"
    description: Description
    played: list[Played] = field(default_factory=list)
    denied: list[str] = field(default_factory=list)

    async def play(self, examples: list[Arguments]) -> None:
        effects = self.description.effect != "read"
        made = None if examples or effects else suggested(self.description.parameters)
        usual: list[tuple[Kind, Arguments]] = [("example", each) for each in examples]
        usual += [("suggested", made)] if made is not None else []
        for kind, arguments in usual:
            if not (await self._play(kind, arguments)).lives:
                return
        if usual and is_harmless(self.description):
            for arguments in odd(self.description, usual[0][1]):
                if not (await self._play("odd", arguments)).lives:
                    return

    async def _play(self, kind: Kind, arguments: Arguments) -> Played:
        context = _context(self.denied)
        first = await self._one(kind, arguments, context)
        if first.ending == "ok" and kind != "odd" and self.description.effect != "read":
            if self.description.idempotent:
                await self._one("repeated", arguments, context)
            if self.description.looks_up:
                await self._one("looked up", arguments, context)
        return first

    async def _one(self, kind: Kind, arguments: Arguments, context: Context) -> Played:
        self.denied.clear()
        ending, value, error = await self._ended(kind, arguments, context)
        self.played.append(Played(kind, arguments, ending, value, error, tuple(self.denied)))
        return self.played[-1]

    async def _ended(self, kind: Kind, arguments: Arguments, context: Context) -> tuple[Ending, Any, str]:
        try:
            async with asyncio.timeout(self.description.timeout):
                if kind == "looked up":
                    return "ok", await self.workers.find(self.source, self.description, context), ""
                return "ok", await self.workers.call(self.source, self.description, arguments, context), ""
        except UsageError:
            raise
        except TimeoutError:
            return "late", None, f"no answer within {self.description.timeout:g} s"
        except Exception as error:  # noqa: BLE001 - whatever a stranger's code raises is the finding
            return _ending(error), None, str(error)


def _ending(error: Exception) -> Ending:
    kinds: dict[type[Exception], Ending] = {Undeclared: "undeclared", ToolError: "refused", ProviderError: "outside"}
    return next((ending for kind, ending in kinds.items() if isinstance(error, kind)), "crashed")


def _strict(description: Description) -> dict[str, Any]:
    return {"additionalProperties": False, **description.parameters}


@contextmanager
def _workers() -> Iterator["Workers"]:
    """Start workers with a state of their own, and end them with it."""
    from company.toolkit.worker import Workers

    with tempfile.TemporaryDirectory(prefix="company-check-") as state:
        workers = Workers(state=Path(state), secrets=_NoSecrets(), closed_to=())
        try:
            yield workers
        finally:
            workers.close()


class _NoSecrets:
    def get(self, name: str) -> str | None:
        """Return nothing: a check is given no secrets."""
        return None


class _Now:
    def now(self) -> datetime:
        """Return the time."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()


def _context(denied: list[str]) -> Context:
    """Return surroundings with a new key; what a call reaches for in vain is added to `denied`."""

    from company.toolkit.worker import DENIED

    def emit(name: str, value: Mapping[str, Any]) -> None:
        if name == DENIED:
            denied.append(f"undeclared {value['capability']}: {value['what']}")

    return Context(role="check", run_id="check", person="", key=uuid.uuid4().hex, clock=_Now(), emit=emit)
