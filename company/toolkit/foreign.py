"""Tools whose code is not in this process: described by data, called through somebody.

Both the tools of worker processes and those of MCP servers come as a `Description`: names, texts, JSON schemas and a
manifest. `made_of` turns one into a `Tool` that the governor treats as any other.
"""

import copy
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from company.errors import UsageError
from company.toolkit.context import Context
from company.toolkit.manifest import Manifest, hidden_in
from company.toolkit.schemas import fault_of, fault_of_schema
from company.toolkit.tool import Effect, Tool, Trust

NAME = r"^[a-zA-Z_][a-zA-Z0-9_]{0,63}$"
"""What every provider accepts as the name of a function."""
LONGEST_TEXT = 4_000
"""Characters a description may have: a model reads it with every call."""

Kind = Literal["file", "package", "mcp"]


class Description(BaseModel):
    """A tool as data.

    Attributes:
        name: What roles grant and models call.
        description: What a model reads.
        parameters: JSON schema of the arguments, of type `object`.
        result: JSON schema of the result; empty when nothing is promised of it.
        effect: As in `Tool`.
        trust: As in `Tool`; of a stranger's tool what a person decided, never what the stranger says.
        timeout: Seconds one call may take.
        idempotent: As in `Tool`.
        looks_up: It can find an earlier call's result by its key.
        asks: A person is asked before each call that no mandate covers.
        manifest: What it reaches.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(pattern=NAME)]
    description: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT)]
    parameters: dict[str, Any]
    result: dict[str, Any] = {}
    effect: Effect
    trust: Trust = "untrusted"
    timeout: Annotated[float, Field(gt=0, le=3600)] = 20.0
    idempotent: bool = False
    looks_up: bool = False
    asks: bool = False
    manifest: Manifest = Manifest()

    @field_validator("parameters", "result")
    @classmethod
    def _is_schema(cls, schema: dict[str, Any]) -> dict[str, Any]:
        if fault := fault_of_schema(schema):
            raise ValueError(fault)
        return schema

    @model_validator(mode="after")
    def _shows_everything(self) -> "Description":
        if hidden := hidden_in(self.description + json.dumps([self.parameters, self.result], ensure_ascii=False)):
            what = (
                f"{self.name} holds characters that nobody sees ({', '.join(hidden[:5])}), and a model would read them"
            )
            raise ValueError(what)
        if self.parameters.get("type") != "object":
            raise ValueError(f"the parameters of {self.name} are no object")
        return self


Caller = Callable[[Mapping[str, Any], Context], Awaitable[Any]]
"""Calls a tool with the given arguments; raises as a function of a tool does."""
Finder = Callable[[Context], Awaitable[Any]]


def described(tool: Tool) -> Description:
    """Return a tool of this process as data."""
    return Description(
        name=tool.name,
        description=tool.description,
        parameters=tool.schema["parameters"],
        result=tool.result_schema,
        effect=tool.effect,
        trust=tool.trust,
        timeout=tool.timeout,
        idempotent=tool.idempotent,
        looks_up=tool.lookup is not None,
        asks=tool.asks,
        manifest=tool.manifest,
    )


def made_of(description: Description, call: Caller, *, find: Finder | None, source: str, kind: Kind) -> Tool:
    """Return the tool that a description describes.

    Args:
        description: What it is.
        call: Calls it.
        find: Finds an earlier call's result; None when it cannot be found.
        source: Where it comes from, for people: a file, `package NAME`, `mcp NAME`.
        kind: What kind of place that is.
    """

    async def function(*, context: Context, **arguments: Any) -> Any:
        return await call(arguments, context)

    function.__name__ = description.name
    return Tool(
        name=description.name,
        description=description.description,
        effect=description.effect,
        trust=description.trust,
        timeout=description.timeout,
        idempotent=description.idempotent,
        lookup=find,
        assess=None,
        labelled=False,
        claims=(),
        arguments=_arguments(description),
        result=_result(description),
        function=function,
        context_parameter="context",
        source=source,
        manifest=description.manifest,
        asks=description.asks,
        kind=kind,
    )


class Given(BaseModel):
    """Arguments that are held to a JSON schema; they are kept as they were given."""

    model_config = ConfigDict(extra="allow", frozen=True, protected_namespaces=())

    its_schema: ClassVar[dict[str, Any]] = {}

    @model_validator(mode="before")
    @classmethod
    def _fits(cls, data: Any) -> Any:
        if fault := fault_of(cls.its_schema, data):
            raise ValueError(fault)
        return data

    @classmethod
    def model_json_schema(cls, *_: Any, **__: Any) -> dict[str, Any]:
        """Return the schema as it came."""
        return copy.deepcopy(cls.its_schema)


def _arguments(description: Description) -> type[BaseModel]:
    schema = copy.deepcopy(description.parameters)
    schema.setdefault("additionalProperties", False)
    return type(
        description.name, (Given,), {"its_schema": schema, "__doc__": description.description, "__annotations__": {}}
    )


def _result(description: Description) -> TypeAdapter[Any]:
    if not description.result:
        return TypeAdapter(Any)

    def fits(value: Any) -> Any:
        if fault := fault_of(description.result, value):
            raise ValueError(fault)
        return value

    return TypeAdapter(Annotated[Any, AfterValidator(fits), WithJsonSchema(description.result)])


def refused(error: Exception, where: str) -> UsageError:
    """Return the error for a description that cannot be used."""
    return UsageError(f"cannot be used: {error}", where=where, cure="correct it, or do without it")
