"""The conformance kit in pytest: `pytest --company-tools tools/weather.py`, or `company_tools` in its ini file.

Each tool and rule becomes a test with the ids of `company tool check`. pytest imports this module in every run wherever
this framework is installed, so it imports no room before the option asks for tools; that is why it stands beside them.
"""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

OPTION, INI = "--company-tools", "company_tools"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("company", "tools of the AI company")
    text = "check the tools of a Python file or of an installed package; may be repeated"
    group.addoption(OPTION, action="append", default=[], metavar="FILE|PACKAGE", dest="company_tools", help=text)
    group.addoption(
        "--company-tools-call",
        action="store_true",
        dest="company_tools_call",
        help="also call tools that change something, ask a host or cost money",
    )
    parser.addini(INI, "files and installed packages whose tools are checked", type="args", default=[])


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add the tests of the tools that were asked for."""
    asked: Sequence[str] = [*config.getini(INI), *config.getoption("company_tools")]
    if asked:
        from company.toolkit.conformance.items import Tools

        for target in dict.fromkeys(asked):
            tools = Tools.of(session, target, call=config.getoption("company_tools_call"))
            report = tools.ihook.pytest_make_collect_report(collector=tools)
            tools.ihook.pytest_collectreport(report=report)
            items += report.result or []
