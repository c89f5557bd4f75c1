"""Installs the packages of this folder as a person does, offline, and runs commands beside them."""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
OFFLINE = ("--no-deps", "--no-index", "--no-build-isolation", "--no-compile", "--disable-pip-version-check")
CEO = """
    ---
    id: ceo
    title: Chief
    summary: Leads.
    handles:
      - say: [hello there]
        do: [{answer: Hello.}]
    ---
    You lead.
    """


@pytest.fixture(scope="session")
def site_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Install packages of this folder, once in a session; returns the folder that they are installed in."""

    @cache
    def _site_of(*names: str) -> Path:
        site = tmp_path_factory.mktemp(f"site-{Path(names[0]).name}")
        places = [str(HERE / name) for name in names]
        command = [sys.executable, "-m", "pip", "install", "--quiet", *OFFLINE, "--target", str(site), *places]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return site

    return _site_of


@pytest.fixture
def run_with(template: Any) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run a `company` command to its end, in a process of its own that finds what is installed in `site`."""

    def _run_with(site: Path, *command: str, place: Path, **more: str) -> "subprocess.CompletedProcess[str]":
        done: subprocess.CompletedProcess[str] = template.run(*command, place=place, PYTHONPATH=str(site), **more)
        return done

    return _run_with


@pytest.fixture(scope="session")
def results_in() -> Callable[[Path], dict[str, dict[str, Any]]]:
    """Return what the journal of a state directory says that each tool's last call came to, by tool."""
    from company.home import open_store

    def _results_in(state: Path) -> dict[str, dict[str, Any]]:
        store = open_store(state)
        try:
            rows = [event.body for event in store.journal.all()]
        finally:
            store.close()
        names = {row["toolCallId"]: row["toolCallName"] for row in rows if row["type"] == "TOOL_CALL_START"}
        came = [row for row in rows if row["type"] == "TOOL_CALL_RESULT"]
        return {names[row["toolCallId"]]: json.loads(row["content"]) for row in came}

    return _results_in
