"""Signals: what happened since a role last worked, told by code.

A signal is a cheap question to a department or the store, asked once for all roles that wait for it. It changes nothing
a role will find, and no model has a part in it. What a role has seen of a signal is its mark: plain data, kept by who
decides about waking (company/engine/waking.py).

A reason becomes part of a role's task, and a task is obeyed. So reasons are made of counts, amounts, symbols and our
own ids, never of words that a stranger can write: no headline, no sender, no address.

A signal that cannot be asked is a reason itself, once, and so is that it can be asked again.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from company.defence import Watch
from company.errors import ProviderError, ToolError
from company.home.company import Company
from company.newsroom import Newsroom
from company.ports import Clock, Json
from company.roles import Role, Signal, Wakes
from company.store import Approval, Records
from company.studio import Studio
from company.trading import Desk

LETTERS = 20
"""Newest letters that are looked at; more new ones at a time count as these."""

DECISIONS = 100
"""Newest approvals among which decisions are looked for."""

FAULT = "fault"
"""Key of a mark that says the signal could not be asked."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What a signal shows now.

    Attributes:
        mark: What a role that works now will have seen.
        found: What there is besides, by id; read by `Source.reasons` only.
    """

    mark: Json
    found: Mapping[str, str] = field(default_factory=dict)


class Source(Protocol):
    """Where a signal comes from."""

    async def look(self) -> Sight:
        """Ask the department.

        Raises:
            ProviderError: The outside cannot be read.
            ToolError: What it said makes no sense.
        """

    def reasons(self, sight: Sight, seen: Json, role: Role) -> list[str]:
        """Return why a role that has `seen` this much has to work now; nothing when it has not."""


class Signals:
    """Everything that can wake a role.

    Args:
        company: Whose departments are asked.
    """

    def __init__(self, company: Company) -> None:
        services, clock = company.services, company.clock
        studio: Studio = services[Studio]
        self._sources: Mapping[Signal, Source] = {
            "market": _Market(services[Desk], clock),
            "orders": _Things(lambda: _ended(services[Desk])),
            "news": _Things(lambda: _news(services[Newsroom]), "new item in the news", "new items in the news"),
            "traffic": _Things(lambda: _attacks(services[Watch])),
            "letters": _Things(lambda: _letters(studio), "new letter", "new letters"),
            "posts": _Things(lambda: _due(studio, clock)),
            "approvals": _Decisions(lambda: company.store.approvals.recent(DECISIONS)),
            "health": _Things(lambda: _trouble(services[Records])),
        }

    async def look(self, name: Signal) -> Sight:
        """Return what a signal shows now; of one that cannot be asked, that it could not."""
        try:
            return await self._sources[name].look()
        except (ProviderError, ToolError) as error:
            return Sight({FAULT: type(error).__name__})

    def reasons(self, name: Signal, sight: Sight, seen: Json, role: Role) -> list[str]:
        """Return why a role has to work now, in words for people; nothing when the signal does not concern it."""
        if fault := sight.mark.get(FAULT):
            return [] if FAULT in seen else [f"{name} cannot be asked ({fault})"]
        again = [f"{name} can be asked again"] if FAULT in seen else []
        return again + self._sources[name].reasons(sight, seen, role)


def mark(sight: Sight, seen: Json) -> Json:
    """Return what a role has seen after it worked; of a signal that could not be asked, what it had seen before."""
    return {**seen, **sight.mark} if FAULT in sight.mark else sight.mark


class _Things:
    """Things with ids; one that was not there when the role last worked is a reason.

    Args:
        ask: Returns what there is now: words by id.
        one: What to call one of them when they are only counted; left out, each is a reason in its own words.
        many: What to call several.
    """

    def __init__(self, ask: Callable[[], Awaitable[Mapping[str, str]]], one: str = "", many: str = "") -> None:
        self._ask, self._one, self._many = ask, one, many

    async def look(self) -> Sight:
        found = await self._ask()
        return Sight({"ids": list(found)}, found)

    def reasons(self, sight: Sight, seen: Json, role: Role) -> list[str]:
        known = frozenset(seen.get("ids", ()))
        new = [words for key, words in sight.found.items() if key not in known]
        if not self._one or not new:
            return list(dict.fromkeys(new))
        return [f"1 {self._one}" if len(new) == 1 else f"{len(new)} {self._many}"]


class _Decisions:
    """What people decided about calls of a role."""

    def __init__(self, ask: Callable[[], list[Approval]]) -> None:
        self._ask = ask

    async def look(self) -> Sight:
        decided = [a for a in self._ask() if a.decided_by and a.state in {"approved", "rejected", "done"}]
        found = {f"{a.role} {a.id}": f"{a.decided_by} decided about {a.id} ({a.tool})" for a in decided}
        return Sight({"ids": list(found)}, found)

    def reasons(self, sight: Sight, seen: Json, role: Role) -> list[str]:
        known = frozenset(seen.get("ids", ()))
        own = {key: words for key, words in sight.found.items() if key.split()[0] == role.id}
        return [words for key, words in own.items() if key not in known]


class _Market:
    """Prices, and what the risk limits allow."""

    def __init__(self, desk: Desk, clock: Clock) -> None:
        self._desk, self._clock = desk, clock

    async def look(self) -> Sight:
        prices, limits = await self._desk.prices(), await self._desk.limits()
        state = {"step": limits.drawdown_step, "entries": limits.entries_allowed}
        told = {symbol: f"{price:f}" for symbol, price in prices.items()}
        reached = [one for one in self._desk.stops_at(prices) if one.reached]
        stops = {f"{one.symbol} at {one.venue}": f"{one.reached:f}" for one in reached}
        return Sight({"at": self._clock.now().isoformat(), "prices": told, "stops": stops, **state})

    def reasons(self, sight: Sight, seen: Json, role: Role) -> list[str]:
        if "prices" not in seen:
            return []
        return [*_stops(sight.mark, seen), *_moves(sight.mark, seen, role.waking), *_risk(sight.mark, seen)]


def _stops(now: Json, seen: Json) -> list[str]:
    """Say what has fallen to its stop; while it is not sold, that is told once."""
    known = seen.get("stops", {})
    return [
        f"{quantity} of {place} fell to its stop"
        for place, quantity in now["stops"].items()
        if known.get(place) != quantity
    ]


def _moves(now: Json, seen: Json, wakes: Wakes | None) -> list[str]:
    """Say which prices moved far enough; a symbol that came or went is no move."""
    at, before = datetime.fromisoformat(now["at"]), datetime.fromisoformat(seen["at"])
    since = f"{before:%H:%M}" if at.date() == before.date() else f"{before:%Y-%m-%d %H:%M}"
    prices = {
        symbol: (Decimal(price), Decimal(now["prices"].get(symbol, price))) for symbol, price in seen["prices"].items()
    }
    moves = {symbol: (price / old - 1) * 100 for symbol, (old, price) in prices.items()}
    return [
        f"{symbol} moved {move:+.1f} % since {since}"
        for symbol, move in moves.items()
        if wakes and abs(move) >= wakes.move
    ]


def _risk(now: Json, seen: Json) -> list[str]:
    steps = [f"the drawdown step is {now['step']}, it was {seen['step']}"] if now["step"] != seen["step"] else []
    if now["entries"] == seen["entries"]:
        return steps
    return [*steps, f"new positions are {'allowed again' if now['entries'] else 'not allowed any more'}"]


async def _ended(desk: Desk) -> Mapping[str, str]:
    orders = await desk.ended_orders()
    return {
        key: f"the order to {row['side']} {row['quantity']} {row['symbol']} on {row['venue']} is no longer open"
        for key, row in orders.items()
    }


async def _news(newsroom: Newsroom) -> Mapping[str, str]:
    return dict.fromkeys(await newsroom.offered(), "")


async def _attacks(watch: Watch) -> Mapping[str, str]:
    """An attack that goes on is a new thing each time."""
    return {
        f"{seen.kind} {seen.source} {seen.last_at.isoformat()}": f"{seen.kind.replace('_', ' ')} in the web traffic"
        for seen in await watch.glance()
    }


async def _letters(studio: Studio) -> Mapping[str, str]:
    return {letter.id: "" for letter in await studio.letters(LETTERS)}


async def _due(studio: Studio, clock: Clock) -> Mapping[str, str]:
    return {
        f"{post.draft_id} {post.version} {post.publish_at.isoformat()}": f"post {post.draft_id} is due"
        for post in studio.due(clock.now())
    }


async def _trouble(records: Records) -> Mapping[str, str]:
    return records.trouble()
