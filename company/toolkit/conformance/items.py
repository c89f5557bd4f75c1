"""Tests for pytest, one for each tool and rule; imported only where `company.pytest_plugin` is asked for tools."""

from pathlib import Path
from typing import Any

import pytest

from company.errors import UsageError
from company.toolkit.conformance.check import LOADS, Case, opened
from company.toolkit.conformance.finding import RULES, Finding


class Tools(pytest.Collector):
    """The tools of one file or package."""

    def __init__(self, *, call: bool, **others: Any) -> None:
        super().__init__(**others)
        self._call = call

    @classmethod
    def of(cls, session: pytest.Session, target: str, *, call: bool) -> "Tools":
        """Make one.

        Args:
            session: What it belongs to.
            target: A Python file, relative to where pytest was started, or an installed distribution.
            call: Also call what has effects, asks hosts or costs money.
        """
        made: Tools = cls.from_parent(session, name=target, nodeid=target, call=call)
        return made

    def collect(self) -> list[pytest.Item]:
        """Return a test for each tool and rule.

        Raises:
            pytest.Collector.CollectError: There is no such file or package.
        """
        path = self.config.invocation_params.dir / self.name
        try:
            found = opened(str(path) if path.is_file() else self.name, call=self._call)
        except UsageError as error:
            raise self.CollectError(str(error)) from error
        tests: list[pytest.Item] = [RuleTest.of(self, case, rule) for case in found.cases for rule in RULES]
        tests += [KeptOut.of(self, LOADS, [each for each in found.findings if each.rule == LOADS])]
        if others := [each for each in found.findings if each.rule != LOADS]:
            tests += [KeptOut.of(self, "examples", others)]
        return tests


class Held(pytest.Item):
    """A test that fails on faults, and shows what is to weigh."""

    def look(self) -> list[Finding]:
        """Return what there is to say."""
        raise NotImplementedError

    def runtest(self) -> None:
        """Fail when there is a fault."""
        findings = self.look()
        for finding in findings:
            if finding.level == "advice":
                self.add_report_section("call", "company tools", str(finding))
        if faults := [str(finding) for finding in findings if finding.level == "fault"]:
            pytest.fail("\n".join(faults), pytrace=False)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Return where it stands in reports: what was named, and the rest of its id."""
        assert self.parent is not None
        return self.config.rootpath / self.parent.name, None, self.name


class RuleTest(Held):
    """One tool held to one rule."""

    def __init__(self, *, case: Case, rule: str, **others: Any) -> None:
        super().__init__(**others)
        self._case, self._rule = case, rule

    @classmethod
    def of(cls, parent: Tools, case: Case, rule: str) -> "RuleTest":
        """Make one."""
        made: RuleTest = cls.from_parent(parent, name=f"{case.name}::{rule}", case=case, rule=rule)
        return made

    def look(self) -> list[Finding]:
        """Hold the tool to the rule."""
        return self._case.findings(self._rule)


class KeptOut(Held):
    """What keeps something from being checked."""

    def __init__(self, *, findings: list[Finding], **others: Any) -> None:
        super().__init__(**others)
        self._findings = findings

    @classmethod
    def of(cls, parent: Tools, rule: str, findings: list[Finding]) -> "KeptOut":
        """Make one."""
        made: KeptOut = cls.from_parent(parent, name=rule, findings=findings)
        return made

    def look(self) -> list[Finding]:
        """Return what was found when the tools were loaded."""
        return self._findings
