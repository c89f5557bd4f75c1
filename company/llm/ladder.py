"""Structured output, step by step down: a schema, one repair with what was wrong, a smaller schema, a typed failure.

A model is asked for data of the first rung's shape. If what it hands in does not fit, it is asked once more with the
problems named; if that does not fit either, each smaller rung is asked for once. Nothing is guessed, filled in or
dropped to make data fit. Data is taken from a tool call's arguments, or from an answer in words that holds it as JSON,
fenced or bare, because small models write calls as text.
"""

import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from company.errors import ProviderError
from company.roles import Assignment, Plan

Json = dict[str, Any]
T = TypeVar("T")
W = TypeVar("W")

PROBLEMS = 5
"""Problems a repair names at most."""

_FENCED = re.compile(r"```[a-zA-Z]*\s*(\{.*?\})\s*```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Rung(Generic[T]):
    """One shape of data.

    Attributes:
        name: What it is called when nothing fits.
        schema: JSON schema of the tool's parameters.
        parse: Turns arguments into the value; raises ValueError (pydantic's ValidationError is one) with what is wrong.
    """

    name: str
    schema: Json
    parse: Callable[[Json], T]


class StructuredFailure(ProviderError):
    """A model handed in nothing that fits any shape.

    Args:
        problems: What was wrong with the last try.
        tried: Names of the shapes, in the order they were asked for.
    """

    def __init__(self, problems: Sequence[str], tried: Sequence[str]) -> None:
        asked = ", then ".join(tried)
        super().__init__(f"the model handed in no usable data (asked for {asked}): {'; '.join(problems)}")
        self.problems, self.tried = tuple(problems), tuple(tried)


async def structured(
    ask: Callable[[Json, str | None], Awaitable[Json | str]],
    rungs: Sequence[Rung[T]],
    *,
    words: Callable[[str], W] | None = None,
) -> T | W:
    """Ask a model for data until it fits a rung.

    Args:
        ask: Asks once, with a tool's schema and what was wrong before (None at first); returns the arguments of the
            call, or the answer's words when there was no call.
        rungs: Shapes to ask for, the fullest first.
        words: What an answer in words that holds no such data means; left out, it counts as a mistake.

    Raises:
        StructuredFailure: Nothing fitted.
    """
    steps = [rungs[0], *rungs]  # the first is asked for twice: once plainly, once with what was wrong
    note: str | None = None
    found: list[str] = []
    for rung in steps:
        raw = await ask(rung.schema, note)
        arguments = read_arguments(raw, rung.schema)
        if arguments is None and isinstance(raw, str) and words is not None:
            return words(raw)
        try:
            return rung.parse(_given(arguments))
        except ValueError as error:
            found = problems(error)
            note = "This does not fit: " + "; ".join(found) + ". Hand it in again, complete."
    raise StructuredFailure(found, [rungs[0].name, f"{rungs[0].name} again", *(rung.name for rung in rungs[1:])])


def read_arguments(raw: Json | str, schema: Json) -> Json | None:
    """Return the data in an answer: arguments as they are, or the JSON object that words hold; None when there is none.

    An object in words counts only when it has a field that the schema requires, so that an example in an answer is not
    taken for data. A call that was written out as text, `{"name": ..., "arguments": {...}}`, is opened.
    """
    if not isinstance(raw, str):
        return raw
    wanted = set(schema.get("required") or schema.get("properties") or ())
    candidates = [raw.strip(), *(found[1] for found in _FENCED.finditer(raw))]
    for found in map(_object, candidates):
        inner = _opened(found) if found else None
        if inner and wanted & inner.keys():
            return inner
    return None


def problems(error: ValueError) -> list[str]:
    """Say what is wrong, field by field, at most five: which field, and what is expected of it."""
    if not isinstance(error, ValidationError):
        return [str(error)]
    every = [_problem(item["loc"], item["type"], item["msg"]) for item in error.errors(include_url=False)]
    more = len(every) - PROBLEMS
    return every[:PROBLEMS] if more <= 0 else [*every[: PROBLEMS - 1], f"and {more + 1} more problems like these"]


def plan_rungs(
    roles: Sequence[str], effects: Mapping[str, Sequence[str]] = MappingProxyType({})
) -> tuple[Rung[Plan], ...]:
    """Return the shapes of the CEO's plan: the whole, and one with roles and tasks only.

    Args:
        roles: Ids of the roles work can be given to.
        effects: Names of the tools by which each role can change something: what may prove that a task is done.
    """
    return (
        Rung("a plan", _full_schema(roles, effects), lambda data: _checked(Plan.model_validate(data), roles, effects)),
        Rung("roles and tasks", _small_schema(roles), lambda data: _checked(_small_plan(data), roles, effects)),
    )


def _full_schema(roles: Sequence[str], effects: Mapping[str, Sequence[str]]) -> Json:
    """Return the plan as a model is asked for it: short, because the CEO's every call carries it.

    `slots`, `figures` and `deadline_seconds` are read when they come, but not offered: only code fills them.
    """
    more: dict[str, Json] = {
        "expects": {"type": "string", "description": "What the report must hold."},
        "standing": {"type": "boolean", "description": "True: do the whole standing procedure."},
        "inputs": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Report figures to hand on: research.mood.",
        },
    }
    if proofs := sorted({tool for tools in effects.values() for tool in tools}):
        more["proof"] = {
            "type": "array",
            "items": {"type": "string", "enum": proofs},
            "description": "Tools whose receipts prove it.",
        }
    schema = _small_schema(roles, **more)
    schema["properties"]["assignments"]["description"] = "One for each role at most."
    schema["properties"]["note"] = {"type": "string", "description": "One line on why."}
    return schema


def _small_schema(roles: Sequence[str], **more: Json) -> Json:
    fields = {"role": {"type": "string", "enum": list(roles)}, "task": {"type": "string"}, **more}
    item = {"type": "object", "properties": fields, "required": ["role", "task"]}
    return {
        "type": "object",
        "properties": {"assignments": {"type": "array", "items": item}},
        "required": ["assignments"],
    }


class _Task(BaseModel):
    """Role and task; what else a model sends is not asked for here and does no harm."""

    role: str
    task: str


class _Tasks(BaseModel):
    assignments: tuple[_Task, ...]


def _small_plan(data: Json) -> Plan:
    tasks = _Tasks.model_validate(data).assignments
    return Plan(assignments=tuple(Assignment(role=each.role, task=each.task) for each in tasks))


def _checked(plan: Plan, roles: Sequence[str], effects: Mapping[str, Sequence[str]]) -> Plan:
    if not plan.assignments:
        raise ValueError("assignments: at least one is expected; answer in words when nobody is needed")
    if unknown := sorted({each.role for each in plan.assignments} - set(roles)):
        names = ", ".join(map(repr, unknown))
        raise ValueError(f"assignments.role: there is no role {names}; choose from {', '.join(roles)}")
    for each in plan.assignments:
        able = effects.get(each.role, ())
        if wrong := sorted(set(each.proof) - set(able)):
            choice = f"choose from {', '.join(able)}" if able else "it has none: leave it out"
            raise ValueError(f"assignments.proof: {each.role!r} has no tool {wrong[0]!r} with an effect; {choice}")
    return plan


def _given(arguments: Json | None) -> Json:
    if arguments is None or arguments.keys() == {"unreadable"}:  # what company/governor/answer.py makes of no JSON
        raise ValueError("there was no data: call the tool, or answer with its arguments as one JSON object")
    return arguments


def _object(text: str) -> Json | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _opened(data: Json) -> Json | None:
    for name in ("arguments", "parameters"):
        inner = data.get(name)
        if "name" in data and inner is not None:
            return _object(inner) if isinstance(inner, str) else inner if isinstance(inner, dict) else None
    return data


_EXPECTED: Mapping[str, str] = {
    "missing": "is missing",
    "extra_forbidden": "is not a field; leave it out",
    "string_too_short": "must not be empty",
}


def _problem(place: tuple[int | str, ...], kind: str, message: str) -> str:
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix(".")
    said = _EXPECTED.get(kind) or message.removeprefix("Value error, ").replace("Input should be", "must be")
    return f"{name}: {said}" if name else said
