"""The base of everything a case file says: frozen, strict, and helpful about a word it does not know.

A misspelt tool in `tools_not_called` would pass for ever, so names of tools and roles are held to those of the company
that the cases are read for.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from company.config import suggest


@dataclass(frozen=True, slots=True)
class Names:
    """What a company has; passed as context when cases are read.

    Attributes:
        role: Ids of its roles.
        tool: Names of its tools.
        scorers: The scorers that may be used, by name; those of this room when left out.
        settings: What its `company.toml` says.
    """

    role: Collection[str]
    tool: Collection[str]
    scorers: Mapping[str, Any] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


def wrong(what: str, *at: str | int, cure: str) -> PydanticCustomError:
    """Return an error with a cure of its own; `at` is what to change, seen from the field that is checked."""
    return PydanticCustomError("wrong", "{what}", {"what": what, "at": at, "cure": cure})


class Strict(BaseModel):
    """Data as written in a file: no unknown keys, no silent conversions."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _knows_every_key(cls, data: Any) -> Any:
        known = [part.alias or name for name, part in cls.model_fields.items()]
        for key in data if isinstance(data, dict) else ():
            if key not in known:
                raise wrong(f"unknown key {key!r}", key, cure=suggest(str(key), known))
        return data


def _exact(value: Any) -> Any:
    """Read a YAML number by its shortest decimal form: 0.05 means five hundredths."""
    return Decimal(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _known(kind: str) -> Callable[[str, ValidationInfo], str]:
    def check(name: str, info: ValidationInfo) -> str:
        known = getattr(info.context, kind, None)
        if known is not None and name not in known:
            raise wrong(f"there is no {kind} {name!r}", cure=suggest(name, known))
        return name

    return check


Text = Annotated[str, Field(min_length=1)]
RoleName = Annotated[Text, AfterValidator(_known("role"))]
ToolName = Annotated[Text, AfterValidator(_known("tool"))]
RoleNames = Annotated[tuple[RoleName, ...], Field(strict=False, min_length=1)]
ToolNames = Annotated[tuple[ToolName, ...], Field(strict=False, min_length=1)]
Texts = Annotated[tuple[Text, ...], Field(strict=False, min_length=1)]
Count = Annotated[int, Field(ge=0)]
Amount = Annotated[Decimal, BeforeValidator(_exact, json_schema_input_type=float), Field(ge=0)]


class Range(Strict):
    """How many there must be.

    Attributes:
        min: At least so many.
        max: At most so many; no limit when left out.
    """

    min: Count = 0
    max: Count | None = None

    def faults(self, count: int, what: str) -> list[str]:
        """Say what is wrong with a count of `what`; empty when it is inside."""
        if count < self.min:
            return [f"{count} {what}, at least {self.min} wanted"]
        if self.max is not None and count > self.max:
            return [f"{count} {what}, at most {self.max} allowed"]
        return []
