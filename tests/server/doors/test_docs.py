"""What docs/doors.md says is done here, word for word."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from company.home import open_store
from company.server.doors.asked import LONGEST
from company.server.doors.followers import TRIES
from company.server.doors.housekeeping import FORMS
from company.server.doors.posting import signature
from company.server.doors.sender import TIME_LIMIT
from company.server.mcp.library import NEWEST, OF_A_RUN, SHELVES
from company.server.mcp.tools import Tools
from company.store import SecretStore
from tests.server.doors.conftest import runs_of
from tests.server.doors.test_agui import MODULES
from tests.server.doors.test_webhooks import NOON

TEXT = (Path(__file__).parents[3] / "docs" / "doors.md").read_text()
COMMANDS = Path(sys.executable).parent


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, flags=re.M | re.S)


def environment(home: Path, tmp_path: Path, **more: str) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.endswith("_proxy")},
        "PATH": f"{COMMANDS}:{os.environ['PATH']}",
        "COMPANY_HOME": str(home),
        "LLM_USER_PATH": str(tmp_path),
        **more,
    }


def run(*command: str, **options: Any) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=90, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_every_command_runs(start_server, tmp_path: Path, scripted: dict[str, str]) -> None:
    server = start_server()
    script = "\n".join(blocks("bash")).replace("http://127.0.0.1:8400", server.url)
    values = environment(server.state, tmp_path, **scripted)
    out = run("bash", "-euo", "pipefail", "-c", script, cwd=tmp_path, env=values)
    assert '"id":"ceo"' in out.replace(" ", "")
    assert '"chat.completion"' in out
    assert '"RUN_FINISHED"' in out
    assert '"run_cycle"' in out
    asked = [run.request for run in reversed(runs_of(server))]
    assert asked == ["hello", "how are we doing?", "and what moved bitcoin?", "hello"]
    assert len({run.thread_id for run in runs_of(server)}) == 3, "llm -c goes on with its conversation"


def test_the_sdk_example_runs(start_server, tmp_path: Path) -> None:
    server = start_server()
    (example,) = [block for block in blocks("python") if "OpenAI(" in block]
    values = environment(server.state, tmp_path, URL=server.url, TOKEN=server.token)
    assert "Hello, nice to see you." in run(sys.executable, "-c", example, env=values)
    assert [run.request for run in runs_of(server)] == ["and why?", "how are we doing?", "hello"]


def test_the_mcp_example_runs(start_server, tmp_path: Path) -> None:
    server = start_server()
    (example,) = [block for block in blocks("python") if "from mcp import" in block]
    values = environment(server.state, tmp_path, URL=server.url, TOKEN=server.token)
    assert "Hello, nice to see you." in run(sys.executable, "-c", example, env=values)


def test_the_tables_about_mcp_are_those_of_the_code(server) -> None:
    tools = Tools(server.engine, server.app.state.driver).offers()
    told = re.findall(r"^\| `(\w+)` \| `(\w+)` \|", TEXT, flags=re.M)
    assert told == [(tool.name, tool.scope) for tool in tools]
    assert re.findall(r"^\| `(company://\S+)` \|", TEXT, flags=re.M) == [shelf.uri for shelf in SHELVES]
    assert f"the newest {NEWEST} events" in TEXT
    assert f"the first {OF_A_RUN:,} events of a run" in TEXT


@pytest.mark.skipif(
    shutil.which("node") is None or not (MODULES / "@ag-ui" / "client").is_dir(),
    reason="needs node, and the web's node_modules",
)
def test_the_ag_ui_example_runs(server, tmp_path: Path) -> None:
    (example,) = blocks("js")
    (tmp_path / "node_modules").symlink_to(MODULES)
    (tmp_path / "example.mjs").write_text(example)
    values = environment(server.state, tmp_path, URL=server.url, TOKEN=server.token)
    assert "Hello, nice to see you." in run("node", "example.mjs", cwd=tmp_path, env=values)


def test_the_example_makes_a_secret_and_the_receivers_check_passes_what_it_signs(tmp_path: Path) -> None:
    (make,), (settings,) = blocks("sh"), [block for block in blocks("toml") if "[[webhooks]]" in block]
    (tmp_path / "roles").mkdir()
    (tmp_path / "company.toml").write_text(settings)
    (check,) = [block for block in blocks("python") if "is_genuine" in block]
    values = environment(tmp_path / "home", tmp_path)
    done = subprocess.run(
        ["bash", "-c", make], check=False, capture_output=True, text=True, env=values, cwd=tmp_path, timeout=90
    )
    assert done.returncode == 0, done.stderr
    secret = done.stderr.splitlines()[0]
    assert secret not in done.stdout
    home = tmp_path / "home"
    store = open_store(home)
    store.close()
    kept = SecretStore(home, home_id=store.home_id, environment=os.environ, now=lambda: NOON)
    assert kept.get("webhook:ops") == secret
    names: dict[str, Any] = {}
    exec(check, names)
    header, now = signature(secret, b"{}", NOON), NOON.timestamp()
    assert names["is_genuine"](secret, header, b"{}", now=now)
    assert not names["is_genuine"](secret, header, b"{ }", now=now)
    assert not names["is_genuine"](secret, header, b"{}", now=now + 301)
    assert not names["is_genuine"]("another secret", header, b"{}", now=now)


def test_the_figures_and_keys_are_those_of_the_code() -> None:
    assert f"{LONGEST:,} characters" in TEXT
    assert f"tried {TRIES} times" in TEXT
    assert f"in {TIME_LIMIT:.0f} seconds" in TEXT
    assert all(f"`{key}`" in TEXT for key in FORMS)
