"""What a tool call takes from outside, by way of the run's tape: the tool's code, what a verdict is based on, money.

Everything here is keyed by the agent's path and the id of the call, which are durable before the call is performed, and
by what is called with which arguments.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, get_type_hints

from pydantic import BaseModel

from company.errors import ToolError
from company.events import Json
from company.governor import execution, tape
from company.governor.allowance import Tripped
from company.governor.attempt import Attempt
from company.governor.execution import Ran
from company.governor.rules import Case
from company.governor.turns import Turns
from company.store import Reservation
from company.toolkit import Stakes

CASE, STAKES, RESULT, LOOKUP, RESERVED = OF_CALLS = "case", "stakes", "result", "lookup", "reserved"


@dataclass(frozen=True, slots=True)
class Said:
    """What code of a tool came to, with all it said through its context.

    Attributes:
        ran: How it ended; None when a look-up found nothing, and for stakes.
        stakes: What it put at stake, when that was asked.
        refused: Why the arguments make no sense to the department; None when they do.
        named: Sources of strangers' words.
        emitted: Events it wants on record.
    """

    ran: Ran | None = None
    stakes: Stakes | None = None
    refused: str | None = None
    named: tuple[str, ...] = ()
    emitted: tuple[Json, ...] = ()


_SAID: tape.Form[Said] = tape.Form(Said)
_TRIP: tape.Form[Json] = tape.Form(Json)


async def run(attempt: Attempt, arguments: BaseModel, turns: Turns, look: Callable[[], None]) -> Ran:
    """Call the tool's function (`execution.run`) when its turn comes (`Turns.run`)."""

    async def call() -> Ran:
        attempt.progress.sent = True
        return await execution.run(attempt.tool, arguments, attempt.context)

    async def work() -> Said:
        return _said(attempt, await turns.run(attempt.tool, call, look))

    ran = (await _heard(RESULT, attempt, work)).ran
    assert ran is not None  # a function always ends somehow
    return ran


async def find(attempt: Attempt) -> Ran | None:
    """Look up what an earlier call came to (`execution.find`)."""

    async def work() -> Said:
        return _said(attempt, await execution.find(attempt.tool, attempt.context))

    return (await _heard(LOOKUP, attempt, work)).ran


async def assess(attempt: Attempt, arguments: BaseModel) -> Stakes | Ran:
    """Ask the department what a call would put at stake (`execution.assess`).

    Raises:
        ToolError: The arguments make no sense to the department.
    """

    async def work() -> Said:
        try:
            told = await execution.assess(attempt.tool, arguments, attempt.context)
        except ToolError as error:
            return replace(_said(attempt, None), refused=str(error))
        return _said(attempt, told) if isinstance(told, Ran) else replace(_said(attempt, None), stakes=told)

    said = await _heard(STAKES, attempt, work)
    if said.refused is not None:
        raise ToolError(said.refused)
    told = said.stakes or said.ran
    assert told is not None
    return told


async def turn(attempt: Attempt) -> None:
    """Wait until a call that is played comes to its decision."""
    await tape.current().turn(CASE, _key(attempt))


def complete(attempt: Attempt, case: Case, read: Callable[[], Json]) -> Case:
    """Add to a case what only the state of the company tells at this moment.

    Args:
        attempt: The call.
        case: What is known of it.
        read: Reads the state; returns fields of `Case`.
    """
    return replace(case, **tape.current().seen(CASE, _key(attempt), read, _FACTS))


def reserve(attempt: Attempt, make: Callable[[], Reservation]) -> Reservation:
    """Reserve what a call costs.

    Raises:
        Tripped: It does not fit, or did not fit then.
    """
    charge: list[Reservation] = []

    def trip() -> Json | None:
        try:
            charge.append(make())
        except Tripped as error:
            return tape.described(error)
        return None

    tripped = tape.current().warned(RESERVED, _key(attempt), trip, _TRIP)
    if tripped is not None:
        raise tape.revived(tripped)
    return charge[0] if charge else make()


async def _heard(kind: str, attempt: Attempt, work: Callable[[], Any]) -> Said:
    said = await tape.current().heard(kind, _key(attempt), work, _SAID)
    attempt.named[:] = said.named
    attempt.drafts[:] = [attempt.scope.draft(body) for body in said.emitted]
    return said


def _said(attempt: Attempt, ran: Ran | None) -> Said:
    return Said(ran, named=tuple(attempt.named), emitted=tuple(draft.body for draft in attempt.drafts))


def place_of(key: str) -> tuple[str, str]:
    """Return the agent's path and the id of the call that a key names."""
    path, _, call_id = key.rpartition(" ")[0].partition(" ")
    return path, call_id


def call_of(key: str) -> str:
    """Return what a key says of the call itself: the same for every call of a tool with the same arguments."""
    return key.rpartition(" ")[2]


def _key(attempt: Attempt) -> str:
    return f"{attempt.scope.path} {attempt.call.id} {attempt.tool.name}#{attempt.arguments_hash[:16]}"


@cache
def _form(name: str) -> tape.Form[Any]:
    """The form of one field of a case."""
    return tape.Form(get_type_hints(Case)[name])


class _Facts(tape.Form[Json]):
    """Fields of a case by name, each in its own form."""

    def __init__(self) -> None:
        super().__init__(Json)

    def dump(self, value: Json) -> Any:
        return {name: _form(name).dump(part) for name, part in value.items()}

    def load(self, data: Any) -> Json:
        return {name: _form(name).load(part) for name, part in data.items()}


_FACTS = _Facts()
