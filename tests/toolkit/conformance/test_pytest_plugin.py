"""The plugin in a real pytest: tests for tools where they are asked for, and nothing anywhere else."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from company.toolkit.conformance import LOADS, RULES

ROOT = Path(__file__).parents[3]
PLUGIN = "company.pytest_plugin"
GOOD = '''
from company import Reach, tool


@tool(effect="read")
def spells(word: str, reach: Reach) -> str:
    """Return the letters of a word, with a dash between two.

    Args:
        word: The word that is spelled.
    """
    return "-".join(word)
'''
BAD = GOOD.replace('return "-".join(word)', "return {}[word]")

Pytest = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run_pytest(tmp_path: Path) -> Pytest:
    """Run pytest in a folder of its own with this plugin and no other."""

    def run(*arguments: str, site: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pytest", "-p", PLUGIN, "-p", "no:cacheprovider", "--rootdir", ".", *arguments]
        environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": site}
        return subprocess.run(command, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True)

    return run


def test_a_good_tool_passes_every_rule_by_its_name(run_pytest, tmp_path):
    (tmp_path / "good.py").write_text(GOOD)
    done = run_pytest("-v", "--company-tools", "good.py", "-W", "error")
    assert done.returncode == 0, done.stdout + done.stderr
    for rule in RULES:
        assert f"good.py::spells::{rule} PASSED" in done.stdout
    assert f"good.py::{LOADS} PASSED" in done.stdout
    assert f"collected {len(RULES) + 1} items" in done.stdout
    assert f"{len(RULES) + 1} passed" in done.stdout


def test_a_fault_fails_the_test_of_its_rule_and_says_what_to_do(run_pytest, tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\ncompany_tools = bad.py\n")
    (tmp_path / "bad.py").write_text(BAD)
    (tmp_path / "test_own.py").write_text("def test_of_its_own():\n    pass\n")
    done = run_pytest("-q", "-k", "errors or docs or of_its_own")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "FAILED bad.py::spells::errors" in done.stdout
    assert "KeyError" in done.stdout
    assert "raise ToolError" in done.stdout
    assert "1 failed, 2 passed" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_package_is_tested_by_its_name(run_pytest, install, tmp_path):
    install(
        "spelling",
        "company.tools",
        {"spells": "spelling.tools"},
        {"spelling/tools.py": GOOD, "spelling/__init__.py": ""},
    )
    done = run_pytest("-v", "--company-tools", "spelling", "-k", "reach", site=str(tmp_path / "site"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "spelling::spells::reach PASSED" in done.stdout


def test_a_file_that_does_not_load_fails_one_test(run_pytest, tmp_path):
    (tmp_path / "broken.py").write_text("import nothing_of_this_name\n")
    done = run_pytest("-v", "--company-tools", "broken.py")
    assert done.returncode == 1
    assert f"broken.py::{LOADS} FAILED" in done.stdout
    assert "nothing_of_this_name" in done.stdout


def test_what_is_not_there_is_an_error_of_the_collection(run_pytest):
    done = run_pytest("--company-tools", "nowhere.py")
    assert done.returncode == pytest.ExitCode.INTERRUPTED
    assert "ERROR collecting nowhere.py" in done.stdout
    assert "is not there" in done.stdout


def test_without_the_option_it_adds_nothing_and_imports_nothing_of_the_rooms(run_pytest, tmp_path):
    (tmp_path / "test_own.py").write_text(
        "import sys\n\n\ndef test_light():\n"
        "    ours = {name for name in sys.modules if name.partition('.')[0] in {'company', 'pydantic', 'jsonschema'}}\n"
        "    assert ours == {'company', 'company.pytest_plugin'}\n"
    )
    done = run_pytest()
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    assert "collected 1 item\n" in done.stdout


def test_pytest_finds_the_plugin_by_its_entry_point():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    assert PLUGIN in declared.values()
    assert EntryPoint("company-tools", PLUGIN, "pytest11").load().pytest_addoption
