"""The base of everything a case file says: frozen, strict, and helpful about a word it does not know.

A misspelt tool in `tools_not_called` would pass for ever, so names of tools and roles are held to those of the company
that the cases are read for.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from company.config import suggest


@dataclass(frozen=True, slots=True)
class Names:
    """The names a company has; passed as context when cases are read."""

    role: Collection[str]
    tool: Collection[str]


class Strict(BaseModel):
    """Data as written in a file: no unknown keys, no silent conversions."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _knows_every_key(cls, data: Any) -> Any:
        known = [field.alias or name for name, field in cls.model_fields.items()]
        for key in data if isinstance(data, dict) else ():
            if key not in known:
                note = {"key": key, "at": (key,), "cure": suggest(str(key), known)}
                raise PydanticCustomError("unknown_key", f"unknown key {key!r}", note)
        return data


def _exact(value: Any) -> Any:
    """Read a YAML number by its shortest decimal form: 0.05 means five hundredths."""
    return Decimal(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _known(kind: str) -> Callable[[str, ValidationInfo], str]:
    def check(name: str, info: ValidationInfo) -> str:
        known = getattr(info.context, kind, None)
        if known is not None and name not in known:
            raise PydanticCustomError("unknown_name", f"there is no {kind} {name!r}", {"cure": suggest(name, known)})
        return name

    return check


Text = Annotated[str, Field(min_length=1)]
RoleName = Annotated[Text, AfterValidator(_known("role"))]
ToolName = Annotated[Text, AfterValidator(_known("tool"))]
RoleNames = Annotated[tuple[RoleName, ...], Field(strict=False, min_length=1)]
ToolNames = Annotated[tuple[ToolName, ...], Field(strict=False, min_length=1)]
Texts = Annotated[tuple[Text, ...], Field(strict=False, min_length=1)]
Count = Annotated[int, Field(ge=0)]
Amount = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0)]


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
