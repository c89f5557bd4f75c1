"""Holds the tools of a file or a package to all rules."""

from dataclasses import dataclass
from functools import cached_property

from company.errors import UsageError
from company.toolkit.conformance import rules, trials  # noqa: F401 - importing them makes the rules
from company.toolkit.conformance.arguments import NAME, Arguments
from company.toolkit.conformance.finding import RULES, Finding
from company.toolkit.conformance.subject import Subject, try_out
from company.toolkit.conformance.targets import Target, targets
from company.toolkit.foreign import Description

LOADS = "loads"
"""What comes before all rules: there are tools, and they can be described."""


class Case:
    """One tool to check; it is called when a rule is first held to it, and then no more.

    Args:
        target: Where it comes from.
        description: What it says of itself.
        examples: Arguments its author gave; None when there are none.
        inside: It takes a `Context`, so that only the company can call it.
        call: Also call what has effects, asks hosts or costs money.
    """

    def __init__(
        self,
        target: Target,
        description: Description,
        examples: list[Arguments] | None,
        *,
        inside: bool = False,
        call: bool = False,
    ) -> None:
        self.name = description.name
        self._parts = (target.source, description, examples)
        self._inside, self._call = inside, call

    @cached_property
    def subject(self) -> Subject:
        """The tool with how its calls ended."""
        return try_out(*self._parts, inside=self._inside, call=self._call)

    def findings(self, rule: str) -> list[Finding]:
        """Hold the tool to one rule."""
        return RULES[rule].findings(self.subject)


@dataclass(frozen=True, slots=True)
class Opened:
    """What there is to check.

    Attributes:
        cases: One a tool, by name.
        findings: What keeps something from being checked.
    """

    cases: tuple[Case, ...]
    findings: tuple[Finding, ...]


def opened(asked: str, *, call: bool = False) -> Opened:
    """Load what a person names, in a worker process.

    Args:
        asked: A Python file, or an installed distribution.
        call: Also call what has effects, asks hosts or costs money.

    Raises:
        UsageError: It is neither, or brings no tools.
    """
    cases: list[Case] = []
    findings: list[Finding] = []
    for target in targets(asked):
        try:
            described, examples, inside = target.tools(), target.examples(), target.inside()
        except UsageError as error:
            place = error.where or target.source.shown
            findings.append(Finding(LOADS, "fault", "", place, error.what, error.cure or "correct it"))
            continue
        cases += [
            Case(target, each, examples.pop(each.name, None), inside=each.name in inside, call=call)
            for each in described
        ]
        what = "{} names {!r}, which is no tool of this file"
        findings += [
            Finding("examples", "fault", "", target.source.shown, what.format(NAME, name), "name a tool, or remove it")
            for name in examples
        ]
    return Opened(tuple(sorted(cases, key=lambda case: case.name)), tuple(findings))


def check(found: Opened) -> list[Finding]:
    """Hold everything to all rules and return what was found, in the order of tools and rules."""
    return [*found.findings, *(each for case in found.cases for rule in RULES for each in case.findings(rule))]
