"""Events as append-only lines: nothing is ever redrawn, so the lines survive scrollback, pipes and logs."""

import json
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

import typer

from company.events import Event, Json

_MARGIN = f"  {'│':<3}"
_CONTROLS = dict.fromkeys(code for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t")
LANE = 12
"""Width of the column that says who acts."""


class Lines:
    """Prints a run as a person reads it.

    Args:
        width: Columns of the terminal.
        colour: Whether the output may hold colour.
        out: Takes one finished line.
        piece: Takes a part of a line, words as they come.
    """

    def __init__(
        self,
        *,
        width: int = 110,
        colour: bool = False,
        out: Callable[[str], None] = typer.echo,
        piece: Callable[[str], None] | None = None,
    ) -> None:
        self._width, self._colour, self._whole = width, colour, out
        self._piece = piece or partial(typer.echo, nl=False)
        self._calls: dict[str, list[str]] = defaultdict(list)
        self._names: dict[str, str] = {}
        self._speaking = ""

    def show(self, event: Event) -> None:
        """Print what a person wants to know of one event; most events print nothing."""
        if printer := _PRINTERS.get(event.type):
            printer(self, event)

    def line(self, lane: str, text: str, colour: str = "") -> None:
        """Print one line in a lane."""
        shown = " ".join(harmless(text).split())
        room = self._width - LANE - 2
        shown = shown if len(shown) <= room else shown[: room - 1] + "…"
        name = f"  {lane:<{LANE}}"
        self._out(
            typer.style(name, bold=True) + typer.style(shown, fg=colour or None) if self._colour else name + shown
        )

    def _lane(self, event: Event) -> str:
        return event.agent.split("/")[-1]

    def _plan(self, event: Event) -> None:
        steps = event.body["content"]["steps"]
        self.line("ceo", f"plan: {' · '.join(step['role'] for step in steps)}   {count(len(steps), 'task')}")
        for step in steps:
            self.line("", f"{step['role']}: {step['task']}")

    def _call(self, event: Event) -> None:
        self._names[event.agent + event.body["toolCallId"]] = event.body["toolCallName"]

    def _result(self, event: Event) -> None:
        name = self._names.pop(event.agent + event.body["toolCallId"], "a tool")
        result = json.loads(event.body["content"])
        if result["status"] == "ok":
            self._calls[event.agent].append(name)
        elif result["status"] != "waiting":
            self.line(self._lane(event), f"{name} {result['status']}: {result.get('error', '')}", "yellow")

    def _report(self, event: Event) -> None:
        from company.roles import CLAIMED

        report = event.body["value"]
        calls = self._calls.pop(event.agent, [])
        tools = " · ".join(dict.fromkeys(calls))
        self.line(self._lane(event), f"{count(len(calls), 'call')}: {tools}" if calls else "no calls")
        status, unproven = report["status"], report.get("unproven", [])
        colour = "green" if status == "ok" and not unproven else "yellow"
        self.line(self._lane(event), f"{status}: {report['summary']}", colour)
        for claim in unproven:
            self.line(self._lane(event), f"{CLAIMED}: {claim}", "yellow")

    def _custom(self, event: Event) -> None:
        text = _SENTENCES[event.type](event.body["value"])
        self.line(self._lane(event), text, "yellow" if event.type in _WARN else "cyan")

    def _words(self, event: Event) -> None:
        if event.visibility == "user":
            if self._speaking != event.body["messageId"]:
                self._end_line()
                self._speaking = event.body["messageId"]
                self._piece(_MARGIN)
            self._piece(harmless(event.body["delta"]).replace("\n", f"\n{_MARGIN}"))

    def _end_of_words(self, event: Event) -> None:
        if self._speaking == event.body["messageId"]:
            self._end_line()

    def _withdrawn(self, event: Event) -> None:
        if event.visibility == "user":
            self.line(self._lane(event), f"never mind the words above: {event.body['value']['reason']}", "yellow")

    def _out(self, text: str) -> None:
        self._end_line()
        self._whole(text)

    def _end_line(self) -> None:
        if self._speaking:
            self._piece("\n")
            self._speaking = ""

    def _error(self, event: Event) -> None:
        self.line("ceo", f"failed: {event.body['message']}", "red")


def harmless(text: str) -> str:
    """Return a text without control characters, with which strangers' words could steer a terminal."""
    return text.translate(_CONTROLS)


def count(number: int, noun: str, nouns: str = "") -> str:
    """Return a number with its noun: `1 call`, `2 calls`; `nouns` when they are not made by an s."""
    return f"{number} {noun if number == 1 else nouns or noun + 's'}"


def _amount(value: Json) -> str:
    return f"{value['side'].upper()} {value['quantity']} {value['symbol']} @ {value['price']} on {value['venue']}"


def _reconciled(value: Json) -> str:
    """Say what the desk's books and the venues do not agree about."""
    doubtful = [f"nobody knows what became of the order to {_wish(d)}" for d in value["doubtful"]]
    foreign = [f"order {o['orderId']} on {o['venue']} is not ours" for o in value["foreign"]]
    moved = [f"{d['currency']} changed by {d['net']} without a trade" for d in value["differences"]]
    return "; ".join([*doubtful, *foreign, *moved, *value["failures"]]) or "books and venues agree again"


def _weights(value: Json) -> str:
    before, after = value["before"], value["after"]
    return ", ".join(f"{name} {float(before[name]):.3f} to {float(after[name]):.3f}" for name in after)


def _opinion(value: Json) -> str:
    thinks = {"up": "finds good", "down": "finds bad"}.get(value["verdict"], "has no opinion any more of")
    return f"{value['by']} {thinks} what {value['run']} came to" + (f": {value['note']}" if value["note"] else "")


def _wish(value: Json) -> str:
    return f"{value['side']} {value['quantity']} {value['symbol']} on {value['venue']} ({value['status']})"


_SENTENCES: dict[str, Callable[[Json], str]] = {
    "trade.filled": lambda v: f"{_amount(v)}  filled, fee {v['fee']}, order {v['orderId']}",
    "order.cancelled": lambda v: f"order {v['orderId']} cancelled",
    "desk.reconciled": _reconciled,
    "alert.raised": lambda v: (
        f"{v['severity']} alert {v['alertId']}: {v['kind']} from {v['source']}, {count(v['count'], 'request')}"
    ),
    "source.blocked": lambda v: f"blocked {v['address']}",
    "post.published": lambda v: f"published {v['draftId']} on {v['channel']}",
    "post.scheduled": lambda v: f"scheduled {v['draftId']} for {v['publishAt']}",
    "approval.asked": lambda v: (
        f"wants {v['tool']}({_short(v['arguments'])})  ⚠ approval {v['approval']}: {v['reason'].splitlines()[0]}"
    ),
    "approval.decided": lambda v: f"approval {v['approval']} {v['state']}" + (f" by {v['by']}" if v["by"] else ""),
    "approval.escalated": lambda v: (
        f"nobody answered approval {v['approval']}: passed on" + (f" to {', '.join(v['to'])}" if v["to"] else "")
    ),
    "approval.voted": lambda v: f"approval {v['approval']}: {v['by']} said yes, {v['votes']} of {v['needed']}",
    "tool.changed": lambda v: (
        f"{v['tool']} is not called any more: {v['change']}; look at it again: company plugins confirm {v['server']}"
    ),
    "tool.denied": lambda v: f"{v['tool']} was stopped: it does not declare the {v['capability']} {_clip(v['what'])}",
    "tool.failed": lambda v: f"{v['tool']} {v['fault']}: {v['error']}",
    "effect.reconciled": lambda v: (
        f"looked up {v['tool']}: {'it had happened' if v['found'] else 'nothing had happened'}"
    ),
    "effect.settled": lambda v: f"{v['tool']} is {v['state']}, says {v['by']}: {v['reason']}",
    "ensemble.weights": lambda v: f"{count(len(v['outcomes']), 'closed trade')} moved the weights: {_weights(v)}",
    "live.enabled": lambda v: f"{v['by']} enabled live trading on {v['venue']}: orders there are real money now",
    "live.disabled": lambda v: f"{v['by']} disabled live trading on {v['venue']}: {v['reason']}",
    "live.sent": lambda v: f"to {v['venue']} with real money: {v['what']}",
    "mandate.added": lambda v: f"mandate {v['mandate']} given by {v['by']}",
    "mandate.restored": lambda v: f"mandate {v['mandate']} restored by {v['by']}: {v['reason']}",
    "mandate.revoked": lambda v: f"mandate {v['mandate']} revoked by {v['by']}: {v['reason']}",
    "company.idle": lambda v: f"asleep since {v['since'][:16].replace('T', ' ')}: {v['reason']}",
    "roles.woken": lambda v: " · ".join(f"{role} woken: {'; '.join(why)}" for role, why in v["roles"].items()),
    "risk.clamped": lambda v: (
        f"risk {'cut' if v['approved'] else 'refused'} {v['side']} {v['symbol']}: {v['rule']}, {v['value']} against "
        f"{v['limit']}"
    ),
    "risk.paused": lambda v: f"nothing of {v['symbol']} is bought any more, says {v['by']}: {v['reason']}",
    "risk.rearmed": lambda v: f"the desk is armed again at an equity of {v['equity']}, says {v['by']}: {v['reason']}",
    "risk.resumed": lambda v: f"{v['symbol']} may be bought again, says {v['by']}: {v['reason']}",
    "feedback.given": _opinion,
    "journal.erased": lambda v: (
        f"{v['by']} had words taken out of {count(len(v['rows']), 'event')} ({v['erasure']}): {v['reason']}"
    ),
    "memory.decided": lambda v: f"{v['by']} {'accepted' if v['accepted'] else 'refused'} memory {v['memory']}",
    "memory.forgotten": lambda v: (
        f"{v['by']} had {count(v['memories'], 'memory', 'memories')} forgotten ({v['erasure']}): {v['reason']}"
    ),
    "memory.imported": lambda v: (
        f"{v['by']} brought in {count(v['added'], 'memory', 'memories')}, {v['proposed']} of them proposed; "
        f"{v['known']} were known, {v['covered']} are to stay forgotten"
    ),
    "memory.retained": lambda v: (
        f"{v['by']} had old memories put away: {v['archived']} archived, {v['removed']} removed"
    ),
    "memory.rolled_back": lambda v: (
        f"{v['by']} put the memory of {v['role'] or 'all roles'} back to {v['to']} ({v['rollback']})"
    ),
    "memory.shared": lambda v: f"{v['by']} gave memory {v['memory']} to all roles, as {v['shared']}",
    "persona.changed": lambda v: (
        f"{v['role']} has persona {v['after'][:12]} from its next turn on ({v['how']}), "
        f"says {v['author']}: {v['reason']}"
    ),
    "persona.decided": lambda v: (
        f"persona {v['proposal']} of {v['role']} {v['state']} by {v['by']}" + (f": {v['note']}" if v["note"] else "")
    ),
    "persona.experiment": lambda v: (
        f"experiment {v['experiment']} with {v['role']} {v['state'].replace('_', ' ')}, says {v['by']}: {v['reason']}"
    ),
    "persona.proposed": lambda v: f"{v['by']} proposes another persona for {v['role']}, {v['proposal']}: {v['reason']}",
    "order.abandoned": lambda v: (
        f"the order to {v['side']} {v['quantity']} {v['symbol']} on {v['venue']} is closed, "
        f"says {v['by']}: {v['reason']}"
    ),
    "run.resumed": lambda v: f"goes on by {v['reason']}" if "reason" in v else "resumed where it was left",
    "company.stopped": lambda v: (
        f"the stop by {v['by']} ended {count(len(v['runs']), 'run')}, {count(len(v['orders']), 'order')} and "
        f"{count(len(v['processes']), 'process', 'processes')} ended"
        + (f"; not done: {'; '.join(v['failures'])}" if v["failures"] else "")
    ),
    "run.stopped": lambda v: f"stopped by {v['reason']}",
    "breaker.tripped": lambda v: f"{v['role']} is held: {v['reason']}",
    "breaker.cleared": lambda v: f"{v['role']} may go on, says {v['by']}: {v['reason']}",
    "budget.tripped": lambda v: f"budget: {v['reason']}",
    "model.retried": lambda v: v["reason"],
    "model.fallback": lambda v: f"{v['model']} could not be used, {v['next']} is asked: {v['reason']}",
    "context.compacted": lambda v: (
        f"the conversation was too long for {v['model']}: cut from {v['before']} to {v['after']} tokens"
    ),
}
_WARN = frozenset(
    {
        "alert.raised",
        "approval.asked",
        "approval.escalated",
        "company.stopped",
        "live.enabled",
        "live.sent",
        "tool.changed",
        "tool.denied",
        "tool.failed",
        "breaker.tripped",
        "budget.tripped",
        "risk.paused",
        "risk.rearmed",
        "run.stopped",
        "model.fallback",
    }
)


def _short(arguments: Json) -> str:
    return ", ".join(f"{name}={_clip(value)}" for name, value in arguments.items())


def _clip(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:39] + "…"


_PRINTERS: dict[str, Callable[[Lines, Event], None]] = {
    "ACTIVITY_SNAPSHOT": Lines._plan,
    "TOOL_CALL_START": Lines._call,
    "TOOL_CALL_RESULT": Lines._result,
    "TEXT_MESSAGE_CONTENT": Lines._words,
    "TEXT_MESSAGE_END": Lines._end_of_words,
    "RUN_ERROR": Lines._error,
    "report": Lines._report,
    "message.withdrawn": Lines._withdrawn,
    **dict.fromkeys(_SENTENCES, Lines._custom),
}
