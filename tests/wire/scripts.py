"""Ready scripts: fixed answers, a script by role, one long answer, a board meeting, a whole default company."""

import re
from collections.abc import Iterator, Mapping

from tests.wire.default_company import default_company
from tests.wire.reading import first_figure, outcomes, reports, team, title
from tests.wire.script import Asked, Fault, Reply, Script, ToolUse

__all__ = ["board_meeting", "by_role", "default_company", "fixed", "long_answer", "named"]


def fixed(*replies: Reply | Fault) -> Script:
    """Return a script that gives the replies in order; being asked more often is an error."""
    left: Iterator[Reply | Fault] = iter(replies)

    def _script(asked: Asked) -> Reply | Fault:
        reply = next(left, None)
        assert reply, f"asked more often than the {len(replies)} replies of the script"
        return reply

    return _script


def by_role(scripts: Mapping[str, Script], otherwise: Script | None = None) -> Script:
    """Return a script that asks the one of the role's title, as it stands behind "# Who you are:".

    Args:
        scripts: Scripts by title.
        otherwise: For a title that is not there; without it such a request is an error.
    """

    def _script(asked: Asked) -> Reply | Fault:
        script = scripts.get(title(asked), otherwise)
        assert script, f"no script for {title(asked)!r}; known are {', '.join(scripts)}"
        return script(asked)

    return _script


def long_answer(n: int, pace: float = 0.0) -> Script:
    """Return a script that answers in `n` pieces of one token, `pace` seconds apart."""
    reply = Reply(" tick" * n, pieces=n, pace=pace)
    return lambda asked: reply


def board_meeting(asked: Asked) -> Reply:
    """Play a board meeting: the CEO asks everybody, each looks at one figure, the CEO sums up."""
    if said := reports(asked):
        return Reply(f"The board met. {' '.join(report['summary'] for report in said)}")
    if "delegate" in asked.tools:
        tasks = [{"role": role, "task": f"Report your figure, {role}."} for role in team(asked)]
        return Reply(calls=(ToolUse("delegate", {"assignments": tasks}),))
    if found := outcomes(asked):
        return Reply(f"{title(asked)} reports {first_figure(found[-1].content)}.")
    return Reply(calls=(ToolUse(asked.tools[0]),))


def quarter(asked: Asked) -> Reply:
    """Play the meeting of tests/bench/meeting.py: everybody reports by the standing procedure, the CEO sums up."""
    if "delegate" in asked.tools:
        roles = asked.tool_schemas[0]["parameters"]["properties"]["assignments"]["items"]["properties"]["role"]["enum"]
        tasks = [{"role": role, "task": "Report your figures.", "standing": True} for role in roles]
        return Reply(calls=(ToolUse("delegate", {"assignments": tasks}),))
    if asked.tools:
        return Reply(f"Up {first_figure(outcomes(asked)[-1].content)} percent.")
    return Reply("Revenue is up 4 percent, cash lasts 19 months, usage grows, tickets are answered within a day.")


def named(name: str) -> Script:
    """Return the script of that name: `default_company`, `board_meeting`, `quarter`, `long_answer:N[:PACE]`.

    Raises:
        ValueError: There is no such script.
    """
    if found := re.fullmatch(r"long_answer:(\d+)(?::([\d.]+))?", name):
        return long_answer(int(found[1]), float(found[2] or 0))
    known: dict[str, Script] = {"default_company": default_company, "board_meeting": board_meeting, "quarter": quarter}
    if name not in known:
        raise ValueError(f"there is no script {name!r}; choose from {', '.join(known)}, long_answer:N")
    return known[name]
