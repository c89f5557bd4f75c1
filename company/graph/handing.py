"""What may pass from whoever has read strangers' words to a role that acts.

The CEO reads reports, and earlier answers, that can quote strangers. What it then writes may be what a stranger wanted
it to write. A role that only reads gets it all the same, and its context begins with the labels of what the CEO had
read. A role that can change something gets none of it: it is given the words of the person who asks (in a cycle, its
standing work) and typed values out of reports, such as a number or a date, each under a name that the reporting role's
file declares. Such a value can be wrong; it cannot be an order. So a symbol, which is two words, is handed on only when
a role file knows it.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from company.events import Json
from company.governor import unique
from company.roles import Assignment, Role, Value
from company.toolkit import Registry

_NUMBER = re.compile(r"[+-]?\d[\d,]*(\.\d+)?\s?%?", re.ASCII)
_WORDS = frozenset({"yes", "no", "true", "false", "up", "down", "bull", "bear", "sideways", "good", "bad", "neutral"})
_SYMBOL = re.compile(r"[A-Z0-9]{2,10}/[A-Z0-9]{2,10}")


def acts(role: Role, registry: Registry) -> bool:
    """Tell whether a role can change anything but what keeps its labels."""
    tools = [registry[name] for name in role.tools]
    return any(tool.effect != "read" and not tool.labelled for tool in tools)


def is_typed(text: str) -> bool:
    """Tell whether a figure is a number, a date, a symbol or one of a few words, and nothing that can give orders."""
    if _NUMBER.fullmatch(text) or _SYMBOL.fullmatch(text) or text.lower() in _WORDS:
        return len(text) <= 40
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def handed_on(
    assignments: Sequence[Assignment],
    *,
    said: Sequence[str],
    reports: Sequence[Json],
    roles: Mapping[str, Role],
    acts: Callable[[str], bool],
) -> tuple[Assignment, ...]:
    """Return assignments without a word of their author's for roles that act.

    Such a role is left out when it has done, tried or asked for something in this run: told the same words again, it
    would do the same twice.

    Args:
        assignments: What the CEO wrote.
        said: What the person said in this conversation, the request last; empty in a cycle.
        reports: Reports of the run, whose figures `Assignment.inputs` may name.
        roles: All roles, whose files declare their figures.
        acts: Tells whether a role acts.
    """
    done = {one["role"] for one in reports if one["receipts"] or one["waiting"] or one["failures"]}
    screened = []
    for assignment in assignments:
        if not acts(assignment.role):
            screened.append(assignment)
            continue
        if assignment.role not in done:
            values = {name: value for name in assignment.inputs if (value := _value(name, reports, roles))}
            screened.append(_given(assignment.role, _said(assignment, said) if said else "", values))
    return tuple(screened)


def _said(assignment: Assignment, said: Sequence[str]) -> str:
    """Return the request, or together with the one before, which it may complete, when the task is just that."""
    return assignment.task if assignment.task == " ".join(said[-2:]) else said[-1]


def _given(role: str, task: str, values: Mapping[str, Value]) -> Assignment:
    if not task:
        return Assignment(role=role, task="Go on with your standing work.", standing=True, figures=dict(values))
    return Assignment(role=role, task=task, expects="Your part of this request.", figures=dict(values))


def _value(name: str, reports: Sequence[Json], roles: Mapping[str, Role]) -> Value | None:
    """Read a figure such as `research.mood` out of the newest report that has it."""
    role, _, figure = name.partition(".")
    if role not in roles or figure not in roles[role].figures:
        return None
    for report in reversed(reports):
        text = report["figures"].get(figure, "") if report["role"] == role else ""
        if is_typed(text) and (not _SYMBOL.fullmatch(text) or text in _symbols(roles)):
            return Value(value=text, sources=unique([*report["sources"], *report["informed"]]))
    return None


def _symbols(roles: Mapping[str, Role]) -> set[str]:
    """Return the values that slots of role files can have, of which symbols are some."""
    return {value for role in roles.values() for value in role.choices}


def stated(text: str, names: Collection[str]) -> dict[str, str]:
    """Read the figures that a report states on a line of their own, `Figures: mood=-0.21; headlines=12`."""
    line = next((line for line in reversed(text.splitlines()) if line.lower().startswith("figures:")), "")
    pairs = (part.partition("=") for part in line.partition(":")[2].split(";"))
    found = {name.strip(): value.strip() for name, _, value in pairs}
    return {name: value for name, value in found.items() if name in names and is_typed(value)}
