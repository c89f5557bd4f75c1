"""Documentation is tested: what it says runs, and what there is stands in it."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
DOCS = "\n".join(path.read_text() for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))])
BLOCKS = re.findall(r"^```sh\n(.*?)^```", README, flags=re.M | re.S)


def commands_of(help_text: str) -> list[str]:
    """Names under `Commands:` of a command's help."""
    return re.findall(r"^  ([a-z]+) ", help_text.partition("Commands:")[2], flags=re.M)


def company(*arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "company", *arguments], check=True, capture_output=True, text=True
    ).stdout


def test_every_command_of_the_readme_runs(tmp_path: Path) -> None:
    script = "\n".join(block for block in BLOCKS if not block.startswith("make "))
    script = script.replace("cd mine\n", "cd mine\nunset COMPANY_HOME\n")
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "COMPANY_HOME": str(tmp_path / "state"),
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        check=False,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "treasurer" in done.stdout
    assert "fee_of" in done.stdout
    assert "BTC: 0." in done.stdout, "the new role answers with the tool's figures"


def test_make_targets_of_the_readme_exist() -> None:
    named = set(re.findall(r"^(?:`?make) ([a-z]+)", README, flags=re.M))
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.M))
    assert {"run", "test"} <= named <= targets


@pytest.mark.parametrize("name", commands_of(company("--help")))
def test_every_command_is_documented(name: str) -> None:
    assert f"company {name}" in DOCS


def test_every_role_is_documented() -> None:
    for row in json.loads(company("roles", "--json")):
        assert row["id"] in DOCS


def test_every_tool_is_documented() -> None:
    text = (ROOT / "docs" / "tools.md").read_text()
    missing = [row["id"] for row in json.loads(company("tools", "--json")) if f"`{row['id']}`" not in text]
    assert missing == []


def test_the_picture_of_the_rooms_is_the_import_contract() -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    picture = re.search(r"```text\n(cli\n.*?)```", (ROOT / "docs" / "architecture.md").read_text(), flags=re.S)
    assert picture is not None
    assert picture[1].splitlines() == contract["layers"]


def test_every_link_between_documents_leads_somewhere() -> None:
    for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
