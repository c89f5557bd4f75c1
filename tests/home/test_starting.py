"""What `company tool new` writes works as it stands, and is written whole or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from company.errors import UsageError
from company.home import bundled_directory, find_directory, init_company
from company.home.directory import SHIPPED, CompanyDirectory
from company.home.starting import start_tool
from company.roles import load_roles

EFFECTS = ("read", "write", "irreversible")


@pytest.fixture
def mine(tmp_path: Path) -> CompanyDirectory:
    return init_company(tmp_path / "mine", os.environ)


def everything(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def refused(directory: CompanyDirectory, name: str, **options: str) -> str:
    before = everything(directory.root)
    with pytest.raises(UsageError) as caught:
        start_tool(directory, name, **{"effect": "read", **options})
    assert everything(directory.root) == before
    assert caught.value.where
    assert caught.value.cure
    return caught.value.what


def test_the_tests_of_all_kinds_of_tools_pass_as_written(mine):
    tests = [start_tool(mine, f"weather_{effect}", effect=effect).test for effect in EFFECTS]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *map(str, tests)]
    plain = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=mine.root, env=plain, check=False, capture_output=True, text=True)
    assert "7 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("effect", EFFECTS)
def test_a_role_is_granted_the_tool_and_asked_for_it_in_words_of_its_own(effect, mine):
    made = start_tool(mine, "press_cuttings", effect=effect, role="analyst")
    role = load_roles(mine.roles)["analyst"]
    assert made.role == mine.roles / "analyst.md"
    assert role.tools[-1] == "press_cuttings"
    assert role.handles[-1].say[0] == made.question
    assert role.handles[-1].do[0].tool == "press_cuttings"
    assert "press cuttings" in made.question
    assert "sketch" not in made.tool.read_text().casefold()
    assert "sketch" not in made.test.read_text().casefold()


def test_without_a_role_nobody_is_granted_it(mine):
    before = everything(mine.roles)
    made = start_tool(mine, "weather", effect="read")
    assert made.role is None
    assert everything(mine.roles) == before


@pytest.mark.parametrize(
    "name", ["", "Weather", "1st", "a-b", "_x", "class", "str", "match", "question", "a" * 64, "é"]
)
def test_a_name_that_python_or_a_provider_does_not_take_is_refused(name, mine):
    assert repr(name) in refused(mine, name)


@pytest.mark.parametrize("name", ["ticker", "news"])
def test_a_name_of_the_framework_is_refused(name, mine):
    assert "the framework has" in refused(mine, name)


def test_a_name_that_another_file_of_the_company_uses_is_refused(mine):
    assert "there already" in refused(mine, "break_even")


@pytest.mark.parametrize("file", ["tools/weather.py", "tests/test_weather.py"])
def test_a_file_that_is_there_is_never_replaced(file, mine):
    (mine.root / file).write_text("# mine\n")
    assert "exists already" in refused(mine, "weather")


@pytest.mark.parametrize(("role", "why"), [("nobody", "no role 'nobody'"), ("ceo", "at the top")])
def test_a_role_that_cannot_use_it_is_refused_before_anything_is_written(role, why, mine):
    assert why in refused(mine, "weather", role=role)


def test_a_role_file_that_is_broken_is_refused_before_anything_is_written(mine):
    (mine.roles / "analyst.md").write_text("no front matter")
    assert "front matter" in refused(mine, "weather", role="analyst")


def test_the_company_inside_an_installed_package_is_left_alone(tmp_path):
    (shipped := tmp_path / SHIPPED).mkdir()
    with pytest.raises(UsageError, match="the next version would replace") as caught:
        start_tool(CompanyDirectory(shipped, shipped), "weather", effect="read")
    assert "company init" in caught.value.cure
    assert list(shipped.iterdir()) == []


def test_what_could_not_be_written_leaves_nothing_behind(mine):
    (mine.root / "tests" / "test_fees.py").unlink()
    (mine.root / "tests").rmdir()
    (mine.root / "tests").write_text("a file where the folder would be")
    assert "cannot be written" in refused(mine, "weather", role="analyst")


def test_a_company_is_made_beside_hidden_files_such_as_a_virtual_environment(tmp_path):
    (tmp_path / ".venv").mkdir()
    made = init_company(tmp_path, os.environ)
    assert made.root == tmp_path
    assert find_directory(None, tmp_path).roles.is_dir()
    assert bundled_directory() != tmp_path


def test_a_hidden_file_that_would_be_replaced_is_in_the_way(tmp_path):
    (tmp_path / ".gitignore").write_text("mine\n")
    with pytest.raises(UsageError, match="not empty"):
        init_company(tmp_path, os.environ)
    assert (tmp_path / ".gitignore").read_text() == "mine\n"
