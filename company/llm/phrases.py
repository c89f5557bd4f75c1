"""What the autopilot says in its own words: asks back, admits what it cannot do, joins reports.

Everything is made from the role files, so a role added later is listed and quoted like the others.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from company.llm.missing import Unavailable
from company.llm.routing import Match
from company.llm.sandbox import quoted
from company.roles import Role

NOTICE = "(No model key: I follow the roles' playbooks.)"
"""What it is, said once in a conversation."""

SURE = 0.6
"""Similarity from which on a procedure of a role answers a question, whatever was told about its words."""


class Reports(dict[str, Any]):
    """Reports by role; what nobody reported is unavailable, not an error, for it is known only at run time."""

    def __missing__(self, name: str) -> Unavailable:
        return Unavailable("skipped", f"no report of {name}")


def readable(reports: Mapping[str, Any], roles: Mapping[str, Role]) -> Reports:
    """Return reports as expressions read them: in the order of `roles`, with `title`, missing figures unavailable."""
    return Reports(
        (name, {**reports[name], "title": role.title, "figures": Reports(reports[name].get("figures", {}))})
        for name, role in roles.items()
        if name in reports
    )


def team(roles: Mapping[str, Role]) -> list[dict[str, str]]:
    """Return everybody below the CEO: id, title, summary, and a request to try."""
    return [
        {"id": role.id, "title": role.title, "summary": role.summary, "sample": _sample(role)}
        for role in roles.values()
        if role.reports_to
    ]


def joined(reports: Mapping[str, Any], roles: Mapping[str, Role]) -> str:
    """Return the reports one after the other, and what waits for a person."""
    if not reports:
        return "No report came back."
    named = len(reports) > 1
    parts = [
        f"**{roles[name].title}**: {report['summary']}" if named else str(report["summary"])
        for name, report in reports.items()
    ]
    said = "\n\n".join(parts)
    waiting = [str(approval) for report in reports.values() for approval in report["waiting"]]
    unsaid = [approval for approval in waiting if not mentions(said, approval)]
    return f"{said}\n\nWaiting for your approval: {', '.join(unsaid)}." if unsaid else said


def mentions(text: str, approval: str) -> bool:
    """Tell whether `text` names an approval, so that nothing is said twice."""
    return bool(approval) and re.search(rf"\b{re.escape(approval)}\b", text) is not None


def ask(match: Match) -> str:
    """Ask for the slots a request did not give."""
    names = " and the ".join(name.replace("_", " ") for name in match.missing)
    return f"I need the {names} for that. For example: “{match.handle.say[0]}”."


def cannot(request: str, roles: Iterable[Role]) -> str:
    """Say that no procedure fits a request, and what would."""
    lines = [f"- {role.title}: “{_sample(role)}”" for role in roles if role.handles]
    known = "What I can do, for example:\n" + "\n".join(lines) if lines else "I know no other request either."
    return f"I have no procedure for “{request[:120]}”. {known}"


def is_told(brief: Mapping[str, Any], match: Match | None) -> bool:
    """Tell whether a request is answered by what the person told, or said to be unknown, instead of by a procedure.

    Args:
        brief: What the CEO plans from; `asked` holds the telling words of a question about the person's own things.
        match: The procedure that is nearest.
    """
    if not brief.get("asked") or brief["asked"] == ["me"]:
        return False
    return match is None or bool(brief["told"] and (not match.role.reports_to or match.similarity < SURE))


def told(brief: Mapping[str, Any]) -> str:
    """Answer from memories, word for word with their dates and ids, or say that there is none."""
    lines = [f"- {quoted(item['text'])} ({item['at'][:10]}, {item['id']})" for item in brief["told"]]
    if not lines:
        return f"I remember nothing that you told me about {quoted(' '.join(brief['asked']))}."
    return "\n".join(["This is what you told me:", *lines])


def noted() -> str:
    """Acknowledge what a person told."""
    return "Noted. I keep it in my memory, and it comes back to me when it matters."


def nothing_to_do(role: Role) -> str:
    """Say that a playbook came to its end without a word."""
    return f"{role.title}: the playbook has nothing to do now."


def _sample(role: Role) -> str:
    return role.handles[0].say[0] if role.handles else ""
