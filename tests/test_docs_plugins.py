"""docs/plugins.md is tested: its example is carried out, from an empty folder to a package in use."""

import inspect
import os
import re
import subprocess
import sys

from company.toolkit import tool
from company.toolkit.conformance import LOADS, RULES
from company.toolkit.packages import GROUPS, INSIDE
from tests.test_docs import PAGES, blocks, rows

PAGE = PAGES["plugins.md"]
INSIDE_ONLY = {"assess", "labelled", "claims"}
"""Arguments of `@tool` that only a tool inside the company can use."""
OFFLINE = "--no-deps --no-index --no-build-isolation --no-compile --disable-pip-version-check"


SAID = (
    "made tools/weather.py and tests/test_weather.py",
    "weather knows nothing about this yet",
    "porvoo: 4 degrees, says the harbour master",
    "1 tool held to 11 rules: 0 faults, 0 to weigh",
    "was not called: it changes something, asks a host or costs money",
    "14 passed",
    "tool moon_phase: read, its result is untrusted",
    "RUNS INSIDE THE COMPANY'S PROCESS",
    "company-moon is confirmed by",
    "astronomer  Astronomer",
    "the moon is",
    "names_a_phase",
    "time is confirmed by",
    "time_get_current_time",
)
"""What the commands print, in this order."""


def test_the_example_of_the_page_does_what_it_says(tmp_path, scripted):
    folder, site = tmp_path / "reader", tmp_path / "site"
    folder.mkdir()
    install = f"{sys.executable} -m pip install --quiet {OFFLINE} --target {site} ."
    script = "\n".join(blocks("sh", PAGE)).replace("pip install .\n", f"{install}\n")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        check=False,
        cwd=folder,
        env={
            **os.environ,
            **scripted,
            "PYTHONPATH": str(site),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTEST_ADDOPTS": "-p company.pytest_plugin",
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    left = done.stdout
    for said in SAID:
        before, found, left = left.partition(said)
        assert found, f"{said!r} is not in {before}"


def test_the_table_of_the_manifest_is_the_signature_of_the_decorator():
    told = {
        name: (default, meaning)
        for name, default, meaning in rows("plugins.md", "argument | default | what it declares")
    }
    parameters = inspect.signature(tool).parameters
    assert set(told) == set(parameters) - INSIDE_ONLY
    for name, (default, _) in told.items():
        value = parameters[name].default
        shown = "required" if value is inspect.Parameter.empty else "none" if value is None else repr(value)
        assert default in {shown, shown.replace("'", '"'), str(value)}, name


def test_the_table_of_rules_is_that_of_the_kit():
    told = dict(rows("plugins.md", "rule | a tool"))
    assert list(told) == [LOADS, *RULES]
    assert {name: told[name] for name in RULES} == {name: rule.what for name, rule in RULES.items()}


def test_the_table_of_groups_says_of_each_where_it_runs():
    columns = "group | an entry of `pyproject.toml` | what it names | where it runs | how a company uses it"
    told = {row[0]: row[3] for row in rows("plugins.md", columns)}
    assert set(told) == set(GROUPS)
    assert {name for name, where in told.items() if where == "**the company's process**"} == set(INSIDE)


def test_the_page_names_every_entry_point_of_the_plugin_for_pytest():
    from company.pytest_plugin import INI, OPTION

    assert f"`{INI}`" in PAGE
    assert f"`{OPTION}`" in PAGE
    assert re.search(r"^company_tools = ", PAGE, flags=re.M)
