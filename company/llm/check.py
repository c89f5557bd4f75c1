"""Checks playbooks before anything runs: every expression compiles and reads only names that exist at its step."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from company.errors import UsageError
from company.llm.sandbox import names_in
from company.roles import Answer, Branch, Call, Delegate, Each, Role, Say, Step

_OF_CEO = frozenset({"request", "cycle", "memories", "reports", "team", "waiting"})
_OF_ROLE = frozenset({"request"})


def check_playbooks(roles: Iterable[Role]) -> None:
    """Check the steps of every role.

    Raises:
        UsageError: An expression is broken, reads an unknown name, or a step takes a name that has a meaning; the
            message names role file and step.
    """
    for role in roles:
        given = _OF_ROLE if role.reports_to else _OF_CEO
        _Checker(role, given).check(role.playbook, "playbook", set(given))
        for number, handle in enumerate(role.handles):
            slots = {name.removesuffix("?") for name in handle.slots}
            if taken := sorted(slots & given):
                raise _taken(taken[0], f"{role.source}: handles[{number}].slots")
            _Checker(role, given).check(handle.do, f"handles[{number}].do", {*given, *slots})


class _Checker:
    def __init__(self, role: Role, given: frozenset[str]) -> None:
        self._source, self._given = role.source, given
        self._quoting = {"memories"}

    def check(self, steps: Sequence[Step], path: str, known: set[str]) -> set[str]:
        """Check steps in order and return the names known after them."""
        for number, step in enumerate(steps):
            known = self._check_step(step, f"{path}[{number}]", known)
        return known

    def _check_step(self, step: Step, path: str, known: set[str]) -> set[str]:
        if step.when:
            self._reads(step.when, f"{path}.when", known, bare=True)
        match step:
            case Call():
                self._reads(step.arguments, f"{path}.with", known)
                self._binds(step.name, f"{path}.as")
                return known | ({step.name} if step.name else set())
            case Each():
                self._reads(step.items, f"{path}.for", known, bare=True)
                self._binds(step.variable, f"{path}.for")
                if names_in(step.items, f"{self._source}: {path}.for", bare=True) & self._quoting:
                    self._quoting.add(step.variable)
                inside = self.check(step.do, f"{path}.do", known | {step.variable})
                return inside - ({step.variable} - known)
            case Branch():
                return self.check(step.do, f"{path}.do", known) | self.check(step.otherwise, f"{path}.else", known)
            case Say():
                self._reads(step.text, f"{path}.report", known)
                self._reads(dict(step.figures), f"{path}.figures", known)
            case Answer():
                self._reads(step.text, f"{path}.answer", known)
            case Delegate():
                self._reads([step.task, step.expects], f"{path}.task", known)
                self._quotes_nobody([step.task, step.expects], f"{path}.task")
        return known

    def _reads(self, value: Any, path: str, known: set[str], *, bare: bool = False) -> None:
        where = f"{self._source}: {path}"
        for name in sorted(names_in(value, where, bare=bare) - known):
            near = get_close_matches(name, sorted(known), n=1)
            cure = f"did you mean {near[0]!r}?" if near else f"known at this step: {', '.join(sorted(known))}"
            raise UsageError(f"nothing is called {name!r}", where=where, cure=cure)

    def _quotes_nobody(self, value: Any, path: str) -> None:
        """Refuse a task with words of a memory: a role obeys its task, whoever wrote it."""
        where = f"{self._source}: {path}"
        for name in sorted(names_in(value, where) & self._quoting):
            what = f"{name!r} may hold words of strangers, and a task is obeyed"
            raise UsageError(what, where=where, cure="let the role recall what it has to know")

    def _binds(self, name: str, path: str) -> None:
        if name in self._given:
            raise _taken(name, f"{self._source}: {path}")


def _taken(name: str, where: str) -> UsageError:
    return UsageError(f"{name!r} has a meaning of its own", where=where, cure="choose another name")
