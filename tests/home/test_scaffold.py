"""`company init`: a small company that is complete, trusted, and tested from the first minute."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from company.config import load_settings
from company.errors import UsageError
from company.home import find_directory, init_company, is_trusted, load_content

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "company/home/templates"


@pytest.fixture
def made(tmp_path, environment) -> Path:
    return init_company(tmp_path / "new/acme", environment).root


def files_below(folder: Path) -> dict[str, bytes]:
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if "__pycache__" not in name}


def test_init_writes_the_templates_as_they_are(made, tmp_path):
    assert made == tmp_path / "new/acme"
    assert files_below(made) == files_below(TEMPLATES)
    assert {"company.toml", "README.md", ".gitignore", "roles/ceo.md"} <= set(files_below(made))


def test_a_new_company_is_found_trusted_and_loads_with_the_bundled_tools(made, environment):
    directory = find_directory(None, made)
    assert is_trusted(directory, environment)
    content = load_content(directory, load_settings(directory.config_file), environment)
    assert list(content.roles) == ["ceo", "analyst"]
    assert content.tools["break_even"].source == str(made / "tools/fees.py")
    assert content.tools["ticker"].source == str(directory.bundled / "tools/exchange.py")


def test_a_new_company_passes_its_own_tests(made):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=made, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


def test_init_into_an_empty_directory_is_fine(tmp_path, environment):
    assert files_below(init_company(tmp_path, environment).root)


def test_init_refuses_a_directory_that_holds_something(tmp_path, environment):
    (tmp_path / "mine.txt").touch()
    with pytest.raises(UsageError, match="is not empty") as caught:
        init_company(tmp_path, environment)
    assert caught.value.cure
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_init_where_nothing_can_be_written_is_an_error(tmp_path, environment):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be written"):
        init_company(tmp_path / "file/acme", environment)


def test_init_without_a_place_for_trust_writes_nothing(tmp_path):
    with pytest.raises(UsageError, match="no home directory"):
        init_company(tmp_path / "acme", {})
    assert not list((tmp_path / "acme").iterdir())
