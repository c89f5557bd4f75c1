"""What people are told of an event: a title and a sentence made of our own ids, numbers and rules.

A notice leaves the house through a notifier, so nothing of what is asked is in it: no argument, no amount, no reason,
no address of an attacker, no message of an error. All of that is behind the link.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, get_args

from company.config import NoticeKind
from company.events import Event
from company.ports import Notice, Urgency

_Words = tuple[str, str, Urgency]
"""Title, text and urgency."""

_URGENT: Final = frozenset({"high", "critical"})
"""Severities of an alert that do not wait."""


def _asked(event: Event, told: Mapping[str, Any]) -> _Words:
    title = f"Approval {told['approval']} waits"
    return title, f"{event.agent} wants to call {told['tool']}; it waits until {told['expiresAt']}.", "normal"


def _escalated(_: Event, told: Mapping[str, Any]) -> _Words:
    return f"Approval {told['approval']} waits too long", f"Nobody answered since {told['waitsSince']}.", "high"


def _failed(event: Event, _: Mapping[str, Any]) -> _Words:
    return f"Run {event.run_id} failed", f"It ended with an error of the kind {event.body['code']}.", "high"


def _held(_: Event, told: Mapping[str, Any]) -> _Words:
    whom = "The company" if told["role"] == "company" else f"The role {told['role']}"
    return f"{whom} is held", f"Rule {told['rule']}: it went in circles, and works when a person clears it.", "high"


def _spent(event: Event, told: Mapping[str, Any]) -> _Words:
    return "A budget is spent", f"Rule {told['rule']}, by {event.agent} in run {event.run_id}.", "normal"


def _stopped(_: Event, __: Mapping[str, Any]) -> _Words:
    return "The company was stopped", "A person stopped it; it works again after: company start.", "high"


def _withdrawn(_: Event, told: Mapping[str, Any]) -> _Words:
    runs, orders, left = (len(told[name]) for name in ("runs", "orders", "failures"))
    text = f"{runs} runs ended and {orders} orders were cancelled; {left} things could not be done."
    return "What stopping came to", text, "high" if left else "low"


def _alert(_: Event, told: Mapping[str, Any]) -> _Words:
    text = f"{told['kind']}, rule {told['rule']}, severity {told['severity']}, seen {told['count']} times."
    return f"Alert {told['alertId']}", text, "high" if told["severity"] in _URGENT else "normal"


_TELLERS: Final[Mapping[str, tuple[NoticeKind, Callable[[Event, Mapping[str, Any]], _Words]]]] = {
    "approval.asked": ("approval.asked", _asked),
    "approval.escalated": ("approval.escalated", _escalated),
    "RUN_ERROR": ("run.failed", _failed),
    "breaker.tripped": ("breaker.tripped", _held),
    "budget.tripped": ("budget.tripped", _spent),
    "run.stopped": ("company.stopped", _stopped),
    "company.stopped": ("company.stopped", _withdrawn),
    "alert.raised": ("alert", _alert),
}
"""The kind of notice and the words, by type of event."""

KINDS: Final[tuple[NoticeKind, ...]] = get_args(NoticeKind)
"""Every kind of notice."""


def types_of(kinds: tuple[NoticeKind, ...]) -> frozenset[str]:
    """Return the types of the events behind some kinds of notices; no kinds are all of them."""
    return frozenset(name for name, (kind, _) in _TELLERS.items() if not kinds or kind in kinds)


def notice_of(event: Event, *, epoch: str, link: str) -> Notice:
    """Return what people are told of an event.

    Args:
        event: One of a type in `types_of`.
        epoch: Name of the home's journal; with the event's number it makes the id.
        link: Where people look.
    """
    kind, words = _TELLERS[event.type]
    title, text, urgency = words(event, event.body.get("value", {}))
    return Notice(f"{epoch}:{event.seq}", kind, title, text, link, urgency, event.at)
