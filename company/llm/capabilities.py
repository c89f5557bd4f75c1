"""What a model can do and costs: the table in known_models.toml, under what a person says in `[models.facts]`.

Why a table of our own, when LangChain ships a profile with its chat models: a profile has no price, says nothing of
parallel calls and nothing of Ollama, exists only once the provider's package is imported and the model made (a second,
and a key), and is marked as beta. The governor prices a call before that, and `company doctor` shows the table without
calling anybody. A test holds the table to the profiles where they speak of the same thing.

A name stands for itself and for its dated snapshots, never for a prefix at large: `gpt-5` is not `gpt-5-pro`, which
costs twelve times as much. What is not in the table has no price, and the governor refuses what it cannot price.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from company.config import ModelFacts
from company.llm.mind import FREE, Capabilities, Prices

TABLE = Path(__file__).with_name("known_models.toml")
_SNAPSHOT = r"-(\d{4}-\d{2}-\d{2}|\d{8})"
_UNKNOWN = Capabilities(
    context=8_192,  # the smallest context of a model that is still in common use
    max_output=4_096,  # leaves half of it for the prompt
    tools=True,  # a model without tools refuses the call by name, and then says so; unasked, it would idle unnoticed
    parallel_tools=False,
    structured=False,
    known=False,
)

_Price = Annotated[Decimal, Field(ge=0)]
_Tokens = Annotated[int, Field(gt=0)]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Cost(_Row):
    """Prices of one model as the file has them: dollars for a million tokens, as decimal text."""

    price_in: _Price | None = None
    price_cached: _Price | None = None
    price_cache_write: _Price | None = None
    price_out: _Price | None = None


class Family(_Row):
    """Models that share limits and abilities; the fields are described in the file."""

    kind: str
    context: _Tokens
    window: _Tokens | None = None
    max_output: _Tokens
    tools: bool
    parallel_tools: bool
    structured: bool
    streaming: bool
    models: dict[str, Cost]


class Source(_Row):
    """The day the prices of a provider were looked up."""

    as_of: date


class Table(_Row):
    """The file."""

    sources: dict[str, Source]
    families: tuple[Family, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    """A model of the table.

    Attributes:
        capabilities: What the table says of it, context and answer cut to the window.
        context: Tokens it could take.
        max_output: Longest answer it could give.
    """

    capabilities: Capabilities
    context: int
    max_output: int


def capabilities(kind: str, model: str, *, facts: ModelFacts | None, free: bool) -> Capabilities:
    """Return what a model can do and costs.

    Args:
        kind: Wire format of its provider: `openai`, `anthropic` or `ollama`.
        model: Its name there.
        facts: What a person says of it; stands above the table.
        free: Its provider asks nothing, unless a person gave a price.
    """
    known = _find(kind, model)
    found = known.capabilities if known else _UNKNOWN
    if facts is None:
        return replace(found, prices=FREE) if free else found
    context = facts.context or found.context
    longest = facts.max_output or (min(known.max_output, context) if known else found.max_output)
    return replace(
        found,
        context=context,
        max_output=min(longest, context),
        prices=_prices(facts, found, free=free),
        **facts.model_dump(include={"tools", "parallel_tools", "structured"}, exclude_none=True),
    )


def read_table() -> Table:
    """Read the file.

    Raises:
        ValidationError: A row is not complete, or has a field too many.
    """
    return Table.model_validate(tomllib.loads(TABLE.read_text("utf-8")))


def _prices(facts: ModelFacts, found: Capabilities, *, free: bool) -> Prices | None:
    """Prices a person gave, else those of the table; these hold only inside the window."""
    if facts.price_in is not None and facts.price_out is not None:
        return Prices(facts.price_in, facts.price_out, facts.price_cached, facts.price_cache_write)
    if free:
        return FREE
    if found.prices is None or (facts.context or 0) > found.context:
        return None
    return found.prices if facts.price_cached is None else replace(found.prices, cached=facts.price_cached)


def _find(kind: str, model: str) -> _Known | None:
    """The longest name that fits: `gpt-4o-2024-05-13` may have a row beside `gpt-4o`."""
    fitting = [name for name in _by_name().get(kind, {}) if _fits(kind, name, model)]
    return _by_name()[kind][max(fitting, key=len)] if fitting else None


def _fits(kind: str, name: str, model: str) -> bool:
    if kind == "ollama":
        return model == name or model.startswith(f"{name}:")
    return re.fullmatch(f"{re.escape(name)}({_SNAPSHOT})?", model) is not None


@cache
def _by_name() -> Mapping[str, Mapping[str, _Known]]:
    table = read_table()
    return {
        kind: {
            name: _known(family, cost, source.as_of)
            for family in table.families
            if family.kind == kind
            for name, cost in family.models.items()
        }
        for kind, source in table.sources.items()
    }


def _known(family: Family, cost: Cost, as_of: date) -> _Known:
    context = min(family.context, family.window or family.context)
    abilities: dict[str, Any] = family.model_dump(include={"tools", "parallel_tools", "structured", "streaming"})
    prices = (
        Prices(cost.price_in, cost.price_out, cost.price_cached, cost.price_cache_write, as_of)
        if cost.price_in is not None and cost.price_out is not None
        else None
    )
    found = Capabilities(context=context, max_output=min(family.max_output, context), prices=prices, **abilities)
    return _Known(found, family.context, family.max_output)
