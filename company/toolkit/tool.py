"""`@tool`: a plain typed function becomes something a role can be granted.

The decorator returns the function unchanged and hangs a frozen `Tool` on it; the function stays callable and testable
as it is. The argument model comes from the signature, descriptions from the Google-style docstring, so there is one
source for code, schema and the text the model reads.
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Literal, TypeVar, cast, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, create_model

from company.errors import UsageError
from company.toolkit.context import Context
from company.toolkit.wording import Wording, wordings

Effect = Literal["read", "write", "irreversible"]
Trust = Literal["trusted", "untrusted"]
Lookup = Callable[[Context], Awaitable[Any]]
Function = TypeVar("Function", bound=Callable[..., Any])

_MARK = "__company_tool__"


@dataclass(frozen=True, slots=True)
class Denial:
    """A department's no to one call.

    Attributes:
        rule: Id of the rule that says no, such as `risk.per_trade`.
        reason: What was asked, what is allowed.
    """

    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Stakes:
    """What one call would put at stake, in the terms mandates are written in.

    Attributes:
        symbol: The instrument it trades, if any.
        recipient: The channel or address it reaches, if any.
        notional: Its worth in the company's quote currency, if any.
        denials: What the department itself has against it.
        preview: What a person should read before allowing it, such as the words of a post.
        sources: The documents of strangers behind what it would act on, such as those the author of a post had read.
    """

    symbol: str = ""
    recipient: str = ""
    notional: Decimal | None = None
    denials: tuple[Denial, ...] = ()
    preview: str = ""
    sources: tuple[str, ...] = ()


Assess = Callable[..., Awaitable[Stakes]]


@dataclass(frozen=True, slots=True, eq=False)
class Tool:
    """A function with what the governor must know of it; each is equal to itself only.

    Attributes:
        name: What roles grant and models call.
        description: The docstring's text before `Args:`.
        effect: `read` changes nothing; `write` changes something that can be undone or stays inside the company;
            `irreversible` cannot be taken back.
        trust: Who can write the result: `untrusted` when strangers can.
        timeout: Seconds one call may take.
        idempotent: Repeating the call with the same `context.key` has no second effect.
        lookup: Finds the result of an earlier call by `context.key`; None when there was none.
        assess: Says what a call would put at stake; takes the tool's own arguments.
        labelled: What it writes stays inside the company and keeps the labels of the caller's context
            (`context.sources`), so that it may be written after reading strangers' words.
        claims: How people say that it did its work; a report that says so is held to the receipts.
        arguments: Model of the arguments the role's model fills in.
        result: Validates and serialises what the function returns.
        function: The function itself.
        source: File the tool was loaded from; set by the loader.
    """

    name: str
    description: str
    effect: Effect
    trust: Trust
    timeout: float
    idempotent: bool
    lookup: Lookup | None
    assess: Assess | None
    labelled: bool
    claims: tuple[Wording, ...]
    arguments: type[BaseModel]
    result: TypeAdapter[Any]
    function: Callable[..., Any]
    context_parameter: str
    source: str = ""

    @property
    def schema(self) -> dict[str, Any]:
        """The function schema a model is offered: `{"name", "description", "parameters"}`."""
        return {"name": self.name, "description": self.description, "parameters": _parameters(self.arguments)}

    @property
    def result_schema(self) -> dict[str, Any]:
        """The JSON schema of what it returns."""
        return _result_schema(self.result)


@cache
def _result_schema(result: TypeAdapter[Any]) -> dict[str, Any]:
    return result.json_schema()


@cache
def _parameters(arguments: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema of a tool's arguments; making it costs 0.2 ms, and every model call offers it."""
    parameters = arguments.model_json_schema()
    parameters.pop("title", None)
    for field in parameters.get("properties", {}).values():
        field.pop("title", None)
    return parameters


def tool(
    *,
    effect: Effect,
    trust: Trust = "trusted",
    timeout: float = 20.0,
    idempotent: bool = False,
    lookup: Lookup | None = None,
    assess: Assess | None = None,
    labelled: bool = False,
    claims: Sequence[str | Wording] = (),
) -> Callable[[Function], Function]:
    """Mark a typed function as a tool.

    Args:
        effect: What a call changes: `read`, `write` or `irreversible`.
        trust: `untrusted` when strangers can write what the tool returns.
        timeout: Seconds one call may take before it is abandoned.
        idempotent: True when repeating a call with the same `context.key` has no second effect.
        lookup: Coroutine function that finds an earlier call's result by `context.key`.
        assess: Coroutine function with the tool's own arguments that says what a call would put at stake.
        labelled: True when it keeps `context.sources` with what it writes; only a `write` can.
        claims: Words by which people say that it was done, such as `published`; `says(...)` for words that are true
            only of some results.

    Raises:
        UsageError: The function lacks a docstring, a type or a described argument, or it claims to keep labels or
            to have effects that it cannot have.
    """

    def mark(function: Function) -> Function:
        said = wordings(claims)
        setattr(
            function, _MARK, _describe(function, effect, trust, timeout, idempotent, lookup, assess, labelled, said)
        )
        return function

    return mark


def tool_of(candidate: object) -> Tool | None:
    """Return the `Tool` behind a marked function, else None."""
    return cast("Tool | None", getattr(candidate, _MARK, None)) if inspect.isfunction(candidate) else None


def _describe(
    function: Callable[..., Any],
    effect: Effect,
    trust: Trust,
    timeout: float,
    idempotent: bool,
    lookup: Lookup | None,
    assess: Assess | None,
    labelled: bool,
    claims: tuple[Wording, ...],
) -> Tool:
    where = f"{function.__code__.co_filename}:{function.__name__}"
    if claims and effect == "read":
        raise UsageError("a read changes nothing that could be claimed", where=where, cure="leave out `claims=`")
    if labelled and effect != "write":
        what = f"an effect of kind {effect!r} leaves nothing inside the company that could be labelled"
        raise UsageError(what, where=where, cure="leave out `labelled=`")
    text, notes = _read_docstring(function, where)
    hints = get_type_hints(function, include_extras=True)
    if "return" not in hints:
        raise UsageError("a tool must declare what it returns", where=where, cure="add `-> ResultType`")
    fields: dict[str, Any] = {}
    context_parameter = ""
    for name, parameter in inspect.signature(function).parameters.items():
        if name not in hints:
            raise UsageError(f"argument {name!r} has no type", where=where, cure=f"write `{name}: str` or the like")
        if hints[name] is Context:
            context_parameter = name
            continue
        if name not in notes:
            raise UsageError(f"argument {name!r} is not described", where=where, cure=f"add `{name}: ...` to Args:")
        default = ... if parameter.default is inspect.Parameter.empty else parameter.default
        fields[name] = (hints[name], Field(default, description=notes[name]))
    model = create_model(function.__name__, __config__=ConfigDict(extra="forbid", frozen=True), **fields)
    return Tool(
        name=function.__name__,
        description=text,
        effect=effect,
        trust=trust,
        timeout=timeout,
        idempotent=idempotent,
        lookup=lookup,
        assess=assess,
        labelled=labelled,
        claims=claims,
        arguments=model,
        result=TypeAdapter(hints["return"]),
        function=function,
        context_parameter=context_parameter,
    )


def _read_docstring(function: Callable[..., Any], where: str) -> tuple[str, dict[str, str]]:
    """Split a Google-style docstring into its text and its argument notes."""
    doc = inspect.getdoc(function)
    if not doc:
        raise UsageError(
            "a tool needs a docstring: the model reads it", where=where, cure="say what it does and returns"
        )
    if hidden := sorted({f"U+{ord(char):04X}" for char in doc if not char.isprintable() and char != "\n"}):
        what = f"the docstring holds characters that nobody sees ({', '.join(hidden[:5])}), and a model reads it"
        raise UsageError(what, where=where, cure="take them out, and ask who put them in")
    text, _, rest = doc.partition("\nArgs:\n")
    arguments, _, _ = rest.partition("\n\n")
    notes: dict[str, str] = {}
    for line in arguments.splitlines():
        if found := re.match(r"^ {4}(\w+)(?: \([^)]*\))?: (.*)$", line):
            last = found[1]
            notes[last] = found[2].strip()
        elif notes and line.strip():
            notes[last] = f"{notes[last]} {line.strip()}"
    return re.split(r"\n(?:Returns|Raises):\n", text)[0].strip(), notes
