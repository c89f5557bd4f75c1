"""`@tool`: a plain typed function becomes something a role can be granted.

The decorator returns the function unchanged and hangs a frozen `Tool` on it; the function stays callable and testable
as it is. The argument model comes from the signature, descriptions from the Google-style docstring, so there is one
source for code, schema and the text the model reads.
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from typing import Any, Literal, TypeVar, cast, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model

from company.errors import UsageError
from company.toolkit.context import Context
from company.toolkit.manifest import NOTHING, Manifest, hidden_in
from company.toolkit.reach import Reach
from company.toolkit.wording import Wording, wordings

Effect = Literal["read", "write", "irreversible"]
Trust = Literal["trusted", "untrusted"]
Lookup = Callable[[Any], Awaitable[Any]]
"""Takes the call's `Context`, or its `Reach` where the tool runs isolated."""
Function = TypeVar("Function", bound=Callable[..., Any])

MAX_RESULT = 32_000
"""Bytes of JSON one result may have; more would crowd out the caller's context."""

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
        manifest: What it reaches; held to where the tool runs isolated.
        asks: A person is asked before each call that no mandate covers, also of a plain write.
        isolated: It runs in a worker process, where its manifest is held to.
        kind: Where it comes from: shipped with the framework, a file of the directory, an installed package, an MCP
            server.
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
    manifest: Manifest = NOTHING
    asks: bool = False
    isolated: bool = False
    kind: Literal["bundled", "file", "package", "mcp"] = "bundled"

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
    hosts: Sequence[str] = (),
    secrets: Sequence[str] = (),
    files: Sequence[str] = (),
    cost: Decimal | str = Decimal(0),
    rate: str = "",
    parallel: int = 4,
    memory_mb: int = 512,
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
        hosts: Whom it may connect to, `api.example.com` or `api.example.com:8080`; the tool then runs isolated.
        secrets: Secrets it is given; the tool then runs isolated.
        files: Files and folders it may read besides its own folder; the tool then runs isolated.
        cost: What one call costs at most, in US dollars.
        rate: How often it may be called, such as `30/minute`.
        parallel: Calls at the same time.
        memory_mb: Megabytes that one isolated call may use.

    Raises:
        UsageError: The function lacks a docstring, a type or a described argument, its manifest cannot be read, or it
            claims to keep labels or to have effects that it cannot have.
    """
    told: dict[str, Any] = {"hosts": hosts, "secrets": secrets, "files": files, "cost": cost, "rate": rate}

    def mark(function: Function) -> Function:
        where = f"{function.__code__.co_filename}:{function.__name__}"
        if claims and effect == "read":
            raise UsageError("a read changes nothing that could be claimed", where=where, cure="leave out `claims=`")
        if labelled and effect != "write":
            what = f"an effect of kind {effect!r} leaves nothing inside the company that could be labelled"
            raise UsageError(what, where=where, cure="leave out `labelled=`")
        made = Tool(
            **_read_function(function, where),
            effect=effect,
            trust=trust,
            timeout=timeout,
            idempotent=idempotent,
            lookup=lookup,
            assess=assess,
            labelled=labelled,
            claims=wordings(claims),
            manifest=_manifest({**told, "parallel": parallel, "memory_mb": memory_mb}, where),
        )
        setattr(function, _MARK, _settled(made, where))
        return function

    return mark


def tool_of(candidate: object) -> Tool | None:
    """Return the `Tool` behind a marked function, else None."""
    return cast("Tool | None", getattr(candidate, _MARK, None)) if inspect.isfunction(candidate) else None


def _manifest(told: Mapping[str, Any], where: str) -> Manifest:
    texts = {name: list(value) if isinstance(value, tuple) else value for name, value in told.items()}
    try:
        return Manifest.model_validate(texts)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise UsageError(f"{place}: {first['msg']}", where=where, cure="see docs/plugins.md, the manifest") from error


def _settled(tool: Tool, where: str) -> Tool:
    """Decide whether a tool runs isolated, and hold the rest of what it declares to that."""
    takes = inspect.signature(tool.function).parameters.get(tool.context_parameter)
    inside = takes is not None and get_type_hints(tool.function).get(tool.context_parameter) is Context
    if inside and tool.manifest.reaches:
        what = "a tool with a `Context` runs inside the company, where nothing holds it to hosts, secrets or files"
        raise UsageError(what, where=where, cure="take `reach: Reach` instead, or declare none")
    isolated = not inside and (takes is not None or tool.manifest.reaches)
    if isolated and (tool.assess or tool.labelled):
        what = "an isolated tool cannot say what is at stake, nor keep labels"
        raise UsageError(what, where=where, cure="leave out `assess=` and `labelled=`")
    return replace(tool, isolated=isolated)


def _read_function(function: Callable[..., Any], where: str) -> dict[str, Any]:
    """Return what a function itself says of the tool: name, description, arguments and result."""
    text, notes = _read_docstring(function, where)
    hints = get_type_hints(function, include_extras=True)
    if "return" not in hints:
        raise UsageError("a tool must declare what it returns", where=where, cure="add `-> ResultType`")
    fields: dict[str, Any] = {}
    context_parameter = ""
    for name, parameter in inspect.signature(function).parameters.items():
        if name not in hints:
            raise UsageError(f"argument {name!r} has no type", where=where, cure=f"write `{name}: str` or the like")
        if hints[name] in {Context, Reach}:
            context_parameter = name
            continue
        if name not in notes:
            raise UsageError(f"argument {name!r} is not described", where=where, cure=f"add `{name}: ...` to Args:")
        default = ... if parameter.default is inspect.Parameter.empty else parameter.default
        fields[name] = (hints[name], Field(default, description=notes[name]))
    return {
        "name": function.__name__,
        "description": text,
        "arguments": create_model(function.__name__, __config__=ConfigDict(extra="forbid", frozen=True), **fields),
        "result": TypeAdapter(hints["return"]),
        "function": function,
        "context_parameter": context_parameter,
    }


def _read_docstring(function: Callable[..., Any], where: str) -> tuple[str, dict[str, str]]:
    """Split a Google-style docstring into its text and its argument notes."""
    doc = inspect.getdoc(function)
    if not doc:
        raise UsageError(
            "a tool needs a docstring: the model reads it", where=where, cure="say what it does and returns"
        )
    if hidden := hidden_in(doc):
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
