"""What a mandate has to be before a person may give it by command.

A line of `company.toml` a person has before their eyes, beside all others. What is given by command is one line that
nobody reads again, so it is held to more: it names tools and roles there are, ends in the future, covers something, and
says in words when nothing bounds what cannot be taken back.
"""

import re
from collections.abc import Collection, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from company.config import Mandate, suggest
from company.errors import UsageError
from company.toolkit import Registry

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_LEAST, _MOST = Decimal("1e-8"), Decimal("1e15")


def written(**terms: Any) -> Mandate:
    """Write a mandate down.

    Args:
        terms: Fields of `Mandate`; those that are None or empty are left out.

    Raises:
        UsageError: A field does not fit; `where` names it.
    """
    said = {name: value for name, value in terms.items() if value not in (None, (), [], "")}
    try:
        mandate = Mandate.model_validate(said)
    except ValidationError as error:
        first = error.errors()[0]
        where = str(first["loc"][0]) if first["loc"] else ""
        what = f"{first['msg'][:1].lower()}{first['msg'][1:]}"
        raise UsageError(f"{terms.get(where)!r}: {what}", where=where, cure="company mandate add --help") from None
    if fault := next(_misfits(mandate), None):
        raise fault
    return mandate


def require_sound(
    mandate: Mandate, *, tools: Registry, roles: Collection[str], now: datetime, unlimited: bool = False
) -> None:
    """Refuse to give a mandate that names what is not there, has ended, covers nothing, or bounds too little.

    Args:
        mandate: What would be given.
        tools: The company's tools.
        roles: Ids of the company's roles.
        now: Company time.
        unlimited: The person said in words that nothing shall bound a day.

    Raises:
        UsageError: It would not be sound; the message says what to change.
    """
    if fault := next(_faults(mandate, tools, roles, now), None):
        raise fault
    final = [name for name in mandate.tools if tools[name].effect == "irreversible"]
    is_bounded = mandate.max_calls_day is not None or mandate.max_notional_day is not None
    if final and not is_bounded and not unlimited:
        raise UsageError(
            f"{final[0]} cannot be taken back, and nothing bounds how much of it {mandate.id!r} allows in a day",
            where="limits",
            cure="limit the calls or the notional of a day; to do without, say --unlimited",
        )


def _misfits(mandate: Mandate) -> Iterator[UsageError]:
    if not _ID.fullmatch(mandate.id):
        cure = "up to 60 letters, digits, dots, dashes and underscores, such as buy-bitcoin"
        yield UsageError(f"{mandate.id!r} cannot be the id of a mandate", where="id", cure=cure)
    for name in ("max_notional", "max_notional_day"):
        amount: Decimal | None = getattr(mandate, name)
        if amount is not None and not _LEAST <= amount <= _MOST:
            yield UsageError(f"{amount:.3g} is out of range", where=name, cure=f"between {_LEAST:f} and {_MOST:f}")


def _faults(mandate: Mandate, tools: Registry, roles: Collection[str], now: datetime) -> Iterator[UsageError]:
    limit = _of_stakes(mandate)
    for name in mandate.tools:
        if name not in tools:
            yield UsageError(f"there is no tool {name!r}", where="tools", cure=suggest(name, tools))
        elif limit and tools[name].assess is None:
            what = f"{name} does not say what a call puts at stake: a mandate with {limit} would never cover it"
            yield UsageError(what, where="tools", cure="limit its calls of a day instead, or leave it out")
    for name in mandate.roles:
        if name not in roles:
            yield UsageError(f"there is no role {name!r}", where="roles", cure=suggest(name, roles))
    if mandate.has_ended(now):
        what = f"{mandate.expires:%Y-%m-%d %H:%M %Z} is over: company time is {now:%Y-%m-%d %H:%M %Z}"
        yield UsageError(what, where="expires", cure="name a time to come")


def _of_stakes(mandate: Mandate) -> str:
    """Return a limit that only a tool can keep to that says what a call puts at stake."""
    names = ("symbols", "recipients", "max_notional", "max_notional_day")
    return next((name for name in names if getattr(mandate, name)), "")
