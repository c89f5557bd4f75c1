"""What a client can ask for: channels of events, one run, one conversation, with or without what is for developers.

| channel   | what it carries                                                                                   |
|-----------|---------------------------------------------------------------------------------------------------|
| `all`     | everything                                                                                        |
| `market`  | what moves prices on the screen: company time moved on (`world.clock`), the company's own fills   |
| `trading` | orders, fills, the live switch, reconciled effects, tripped budgets, approvals, and every event    |
|           | of the role `trading`                                                                             |
| `agents`  | who works on what and says what: runs, plans, assignments, messages, tool calls, verdicts,        |
|           | reports, costs, memory, personas, feedback, approvals, alerts, posts                              |
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from company.events import CUSTOM_NAMES, Event
from company.server.faults import Refusal

Channel = Literal["all", "market", "trading", "agents"]
CHANNELS: tuple[Channel, ...] = ("all", "market", "trading", "agents")

MARKET = frozenset({"world.clock", "trade.filled"})
TRADING = frozenset(
    {
        "approval.asked",
        "approval.decided",
        "approval.escalated",
        "approval.voted",
        "budget.tripped",
        "desk.reconciled",
        "effect.reconciled",
        "ensemble.weights",
        "live.disabled",
        "live.enabled",
        "live.sent",
        "order.abandoned",
        "order.cancelled",
        "order.placed",
        "risk.clamped",
        "risk.paused",
        "risk.rearmed",
        "risk.resumed",
        "trade.filled",
    }
)
NOT_OF_AGENTS = frozenset({"live.sent", "order.cancelled", "order.placed", "trade.filled", "world.clock"})
"""Facts of the world; all other events are something that an agent or a person did."""

DESK = "trading"
"""The role whose every event belongs to the channel `trading`."""

assert NOT_OF_AGENTS <= CUSTOM_NAMES


def channels_of(event: Event) -> frozenset[Channel]:
    """Return the channels that carry `event`."""
    kind, found = event.type, {"all"}
    if kind in MARKET:
        found.add("market")
    if kind in TRADING or _role(event.agent) == DESK:
        found.add("trading")
    if kind not in NOT_OF_AGENTS:
        found.add("agents")
    return frozenset(found)  # type: ignore[arg-type]  # the literals above


def _role(path: str) -> str:
    """Return the role at the end of an agent path, `trading` of `ceo/trading~2`."""
    return path.rpartition("/")[2].partition("~")[0]


def named(names: Collection[str]) -> frozenset[Channel]:
    """Return channels by their names; all when nothing is named.

    Raises:
        Refusal: 422, there is no such channel.
    """
    if unknown := sorted(set(names) - set(CHANNELS)):
        raise Refusal(422, f"there is no channel {unknown[0][:80]!r}; there are {', '.join(CHANNELS)}")
    return frozenset(channel for channel in CHANNELS if channel in names) or ALL


ALL: frozenset[Channel] = frozenset({"all"})


@dataclass(frozen=True, slots=True)
class Choice:
    """Which events a client wants.

    Attributes:
        run: Only this run's; None for all.
        thread: Only this conversation's; None for all.
        debug: Also what is for developers.
        channels: Only what one of these carries.
    """

    run: str | None = None
    thread: str | None = None
    debug: bool = True
    channels: frozenset[Channel] = ALL
