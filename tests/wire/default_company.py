"""The people of the default company, scripted: enough judgement for a cycle and a chat, and the same every time."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from tests.wire.reading import Outcome, outcomes, reports, request, team
from tests.wire.script import Asked, Reply, ToolUse

_LIMIT = 1_100
_SHORT = 400
_STANDING = "Work through your standing procedure."
_WORDS = {
    "trading": "price buy sell order portfolio position profit loss equity risk balance moved doing",
    "security": "attack alert block traffic scan journal intrusion doing",
    "research": "news rival competitor mood headline sentiment moved why",
    "content": "post write draft publish letter inbox newsletter",
    "operations": "cost spend spent approval health agenda cycles doing",
}
_EXPECTS = "The figures of your tools, what was done, and what failed or waits."


def default_company(asked: Asked) -> Reply:
    """Answer as the role that the prompt names."""
    if "# Your team" in asked.system:
        return _chief(asked)
    results = outcomes(asked)
    use = next(_moves(asked, results), None)
    return Reply(calls=(use,)) if use else Reply(_report(results))


def _chief(asked: Asked) -> Reply:
    said, wanted = reports(asked), request(asked)
    if said:
        return Reply(_summary(wanted, said))
    plan = [] if "delegate" not in asked.tools or outcomes(asked) else _plan(wanted, team(asked))
    if plan:
        return Reply(calls=(ToolUse("delegate", {"assignments": plan, "note": "Who fits the request."}),))
    return Reply("Hello, Helena here. Ask me what a coin costs, whether somebody attacks us, or what we spent.")


def _plan(wanted: str, known: Sequence[str]) -> list[dict[str, Any]]:
    if found := re.match(r"# Cycle (\d+)", wanted):
        task = f"Cycle {found[1]}: work by your standing procedure."
        return [{"role": role, "task": task, "expects": _EXPECTS, "standing": True} for role in known]
    words = _asked_for(wanted)
    spoken = set(re.findall(r"\w+", words.lower()))
    fitting = [role for role in known if _named(role, spoken)]
    return [{"role": role, "task": words, "expects": _EXPECTS} for role in fitting]


def _asked_for(wanted: str) -> str:
    """Return a person's words, without the heading above them and the memories below."""
    found = re.match(r"# A request[^\n]*\n+(.*?)(?:\n+# |$)", wanted, re.DOTALL)
    return found[1].strip() if found else wanted


def _named(role: str, spoken: set[str]) -> bool:
    return any({word, f"{word}s", f"{word}ed"} & spoken for word in _WORDS.get(role, role).split())


def _summary(wanted: str, said: Sequence[dict[str, Any]]) -> str:
    """Say what the roles reported, the failed ones first."""
    ordered = sorted(said, key=lambda report: report.get("status") == "ok")
    lines = [f"- {r['role']}{_state(r)}: {_short(r)}" for r in ordered]
    waiting = [approval for report in said for approval in report.get("waiting", ())]
    head = f"The cycle is done, {len(said)} reported." if wanted.startswith("# Cycle") else f"{len(said)} reported."
    return "\n".join([head, *lines, *([f"Waiting for your approval: {', '.join(waiting)}."] if waiting else [])])


def _short(report: dict[str, Any]) -> str:
    return "; ".join((report.get("summary") or "no words").splitlines())[:_SHORT]


def _state(report: dict[str, Any]) -> str:
    return "" if report.get("status", "ok") == "ok" else f" ({report['status']})"


def _moves(asked: Asked, results: Sequence[Outcome]) -> Iterator[ToolUse]:
    """Yield what a specialist would do next; nothing when it is time to report."""
    if not results:
        yield from (ToolUse(schema["name"]) for schema in asked.tool_schemas if _asks_nothing(schema))
        return
    standing = any(_STANDING in message["text"] for message in asked.messages)
    if standing and {"size_position", "place_order"} <= set(asked.tools):
        yield from _trade(results)
    if {"draft_post", "review_draft", "publish_post"} <= set(asked.tools) and (standing or _wants_post(asked)):
        yield from _publish(results)


def _asks_nothing(schema: dict[str, Any]) -> bool:
    return not (schema["parameters"] or {}).get("required")


def _wants_post(asked: Asked) -> bool:
    return bool(re.search(r"\b(post|write|draft|publish|newsletter)\b", request(asked).lower()))


def _last(results: Sequence[Outcome], tool: str) -> Outcome | None:
    return next((result for result in reversed(results) if result.tool == tool), None)


def _value(results: Sequence[Outcome], tool: str) -> Any:
    last = _last(results, tool)
    return last.value if last else None


def _trade(results: Sequence[Outcome]) -> Iterator[ToolUse]:
    """Size the strongest symbol, then order exactly what the limits left of it; one order a cycle."""
    market, bounds = _value(results, "market_overview"), _value(results, "risk_limits")
    if not market or not bounds or not bounds["entries_allowed"] or _last(results, "place_order"):
        return
    row = max(market, key=lambda row: float(row["score"] or 0))
    least = bounds["limits"]["min_conviction"]
    signal = float(row["score"] or 0) >= float(least)
    if _last(results, "size_position") is None and float(row["score"] or 0) > 0:
        conviction, most = (row["score"], 800) if signal else (least, 500)
        size = {"symbol": row["symbol"], "side": "buy", "conviction": str(conviction), "at_most": most}
        yield ToolUse("size_position", size)
    elif (sized := _value(results, "size_position")) and sized["approved"]:
        reason = f"{'entry' if signal else 'savings plan'}: score {row['score']} ({row['regime']})"
        order = {"symbol": sized["symbol"], "side": "buy", "quantity": str(sized["quantity"]), "reason": reason}
        yield ToolUse("place_order", order)


def _publish(results: Sequence[Outcome]) -> Iterator[ToolUse]:
    """Draft from our own figures, review, publish; nothing while a post waits for a person or the last step failed."""
    if "content wants publish_post" in str(_value(results, "agenda")) or not results[-1].ok:
        return
    result, work = _value(results, "profit_and_loss"), _value(results, "company_report")
    draft, review = _value(results, "draft_post"), _value(results, "review_draft")
    if result is None:
        yield ToolUse("profit_and_loss")
    elif work is None:
        yield ToolUse("company_report")
    elif draft is None:
        figures = [str(result["equity"]), str(result["net"]), str(work["cycles"])]
        text = (
            f"What we did, in figures\n\nThe desk holds {figures[0]} {result['quote']}. Since the books opened the net "
            f"result is {figures[1]} {result['quote']}. So far the company has finished {figures[2]} cycles."
        )
        yield ToolUse(
            "draft_post", {"channel": "blog", "topic": "our week in figures", "text": text, "figures": figures}
        )
    elif review is None:
        yield ToolUse("review_draft", {"draft_id": draft["id"]})
    elif review["ok"] and _last(results, "publish_post") is None:
        yield ToolUse("publish_post", {"draft_id": draft["id"], "version": review["version"]})


def _report(results: Sequence[Outcome]) -> str:
    """Quote the figures of each result, the newest first: that is what was done."""
    return "\n".join(_line(result) for result in reversed(results))[:_LIMIT] or "There was nothing to look at."


def _line(result: Outcome) -> str:
    fields = result.fields
    if result.ok:
        return f"{result.tool}: {_figures(result.value)}"
    why = fields.get("error") or fields.get("approval") or ""
    return f"{result.tool}: {fields.get('status', 'unreadable')} {why}".rstrip()


def _figures(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value)} rows" + (f", the first {_figures(value[0])}" if value else "")
    if isinstance(value, dict):
        plain = [(key, item) for key, item in value.items() if not isinstance(item, dict | list) and item is not None]
        return ", ".join(f"{key} {str(item)[:40]}" for key, item in plain[:12]) or "no figures"
    return str(value)[:100]
