"""The base of everything a case file says: frozen, strict, and helpful about a key it does not know."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from company.config import suggest


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


Text = Annotated[str, Field(min_length=1)]
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
