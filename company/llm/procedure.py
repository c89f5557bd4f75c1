"""A playbook in plain words, for the system prompt of a real model: the same steps, as a standing procedure."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from company.roles import EVERYONE, Answer, Branch, Call, Delegate, Each, Role, Say, Step


def procedure(role: Role) -> str:
    """Return the role's playbook as a numbered list; empty when it has none."""
    return "\n".join(_lines(role.playbook, ""))


def _lines(steps: Sequence[Step], above: str) -> Iterator[str]:
    """Number the steps below `above`, two blanks deeper a level."""
    indent = "  " * above.count(".")
    for count, step in enumerate(steps, 1):
        number = f"{above}{count}."
        yield textwrap.indent(f"{number} {_condition(step)}{_words(step)}", indent)
        if isinstance(step, Each | Branch):
            yield from _lines(step.do, number)
        if isinstance(step, Branch) and step.otherwise:
            yield f"{indent}{number} Otherwise:"
            yield from _lines(step.otherwise, number)


def _condition(step: Step) -> str:
    return f"If `{step.when}`: " if step.when and not isinstance(step, Branch) else ""


def _words(step: Step) -> str:
    match step:
        case Call():
            kept = f"; call the result `{step.name}`" if step.name else ""
            return f"Call `{step.tool}`{_arguments(step.arguments)}{kept}."
        case Each():
            return f"For each `{step.variable}` of `{step.items}`:"
        case Branch():
            return f"If `{step.when}`:"
        case Say():
            return f"Report along these lines:\n{_quoted(step.text)}"
        case Answer():
            return f"Answer along these lines:\n{_quoted(step.text)}"
        case Delegate():
            who = "every role with nothing to do yet" if step.role == EVERYONE else f"`{step.role}`"
            return f"Delegate to {who}: {step.task.strip()}" + (f" Expect: {step.expects}" if step.expects else "")


def _arguments(arguments: dict[str, Any]) -> str:
    given = ", ".join(f"{name} = {value}" for name, value in arguments.items())
    return f" with {given}" if given else ""


def _quoted(text: str) -> str:
    return "\n".join(f"     > {line}" for line in text.strip().splitlines())
