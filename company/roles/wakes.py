"""What wakes a role when code decides whom to wake.

Between two events a role costs nothing: nobody asks its model. A role whose file does not say what wakes it works
through its playbook once a day, so that one added without a thought neither sleeps for good nor thinks every hour.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, model_validator

from company.roles.steps import Frozen

Signal = Literal["market", "orders", "news", "traffic", "letters", "posts", "approvals", "health"]
SIGNALS: tuple[Signal, ...] = get_args(Signal)

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _signals(value: object) -> object:
    names = value if isinstance(value, list) else []
    for name in names:
        if name not in SIGNALS:
            near = get_close_matches(str(name), SIGNALS, n=1)
            cure = f"did you mean {near[0]!r}?" if near else f"signals are: {', '.join(SIGNALS)}"
            raise ValueError(f"{name!r} is no signal; {cure}")
        if names.count(name) > 1:
            raise ValueError(f"{name!r} is listed twice; name each signal once")
    return value


def _length(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    found = re.fullmatch(r"([0-9]{1,6})([smhd])", str(value))
    if not found or not int(found[1]):
        raise ValueError(f"{value!r} is not a length of time; write a number and its unit: 90s, 5m, 1h or 2d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


class Wakes(Frozen):
    """When a role is woken.

    Attributes:
        by: Signals that wake it.
        every: Company time since it last worked after which it is woken anyway; None for never.
        move: Change of a price since it last worked, in per cent, that counts as a signal of the market.
    """

    by: Annotated[tuple[Signal, ...], BeforeValidator(_signals)] = ()
    every: Annotated[timedelta | None, BeforeValidator(_length)] = None
    move: Decimal = Field(default=Decimal(1), gt=0)

    @model_validator(mode="before")
    @classmethod
    def _on_is_no_word(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and True in data:
            raise ValueError("YAML reads `on` as true; write `by: [market, news]`")
        return data

    @model_validator(mode="after")
    def _says_something(self) -> "Wakes":
        if not self.by and self.every is None:
            raise ValueError("nothing here wakes anybody; write `by: [market]`, or `every: 24h`, or both")
        if "move" in self.model_fields_set and "market" not in self.by:
            raise ValueError("`move` is about prices; add `market` to `by`, or leave it out")
        return self


DAILY = Wakes(every=timedelta(days=1))
"""What wakes a role that has a playbook and does not say what wakes it."""
