"""Commands: output for people, output for machines, and exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    *("langgraph", "chromadb", "ccxt", "sqlalchemy", "langchain_core", "numpy", "fastapi", "onnxruntime", "tokenizers"),
    "company.memory",
)


def test_help_imports_nothing_heavy() -> None:
    code = f"""
import sys
from company.cli.app import app
try:
    app(["--help"])
except SystemExit:
    pass
print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("command", [("roles",), ("tools",), ("approvals",), ("approvals", "list"), ("doctor",)])
def test_every_listing_prints_an_array_of_objects_with_an_id(command, company, worked_home) -> None:
    done = company(*command, "--json", home=worked_home)
    rows = json.loads(done.stdout)
    assert done.returncode == 0
    assert rows
    assert all(row["id"] for row in rows)


def test_listings_say_where_things_come_from(company) -> None:
    rows = json.loads(company("tools", "--json").stdout)
    assert all(Path(row["source"]).is_file() for row in rows)


def test_output_for_a_pipe_has_no_colour(worked_home: Path) -> None:
    assert "\x1b" not in (worked_home / "transcript.txt").read_text()


def test_the_journal_is_printed_and_verified(company, worked_home) -> None:
    lines = company("journal", "R1", "--json", home=worked_home).stdout.splitlines()
    verified = company("journal", "verify", home=worked_home)
    assert json.loads(lines[0])["event"]["type"] == "RUN_STARTED"
    assert json.loads(lines[-1])["event"]["type"] == "RUN_FINISHED"
    assert verified.returncode == 0
    assert verified.stdout.startswith("ok: ")


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("run", "--cycles", "0"), "--cycles"),
        (("run", "--cycles", "1", "--every", "soon"), "'soon'"),
        (("run", "--cycles", "1", "--budget", "lots"), "'lots'"),
        (("journal", "R99"), "'R99'"),
        (("resume", "R99"), "'R99'"),
        (("approvals", "approve", "A99"), "'A99'"),
        (("start",), "--reason"),
        (("roles", "--dir", "/nowhere"), "/nowhere"),
        (("dance",), "dance"),
    ],
)
def test_a_wrong_argument_is_named_and_ends_with_two(arguments, what, company) -> None:
    done = company(*arguments)
    assert done.returncode == 2
    assert what in done.stderr
    assert "Traceback" not in done.stderr


def test_a_home_keeps_its_seed(company, worked_home) -> None:
    done = company("run", "--cycles", "1", "--seed", "8", home=worked_home)
    assert done.returncode == 2
    assert "seed 7, not 8" in done.stderr


def test_a_directory_is_not_run_before_it_is_trusted(company, tmp_path) -> None:
    (tmp_path / "roles").mkdir()
    done = company("roles", "--dir", str(tmp_path))
    assert done.returncode == 2
    assert f"company trust {tmp_path}" in done.stderr


def test_an_approved_post_is_published_once(company) -> None:
    assert company("run", "--cycles", "1").returncode == 0
    approved, again = company("approvals", "approve", "A1"), company("approvals", "approve", "A1")
    lines = company("journal", "--json").stdout.splitlines()
    assert approved.returncode == 0
    assert again.returncode == 2
    assert sum(json.loads(line)["event"].get("name") == "post.published" for line in lines) == 1


def test_a_stopped_company_works_again_only_after_start(company) -> None:
    assert company("stop", "--now", "--reason", "drill").returncode == 0
    refused = company("run", "--cycles", "1")
    assert company("start", "--reason", "drill is over").returncode == 0
    assert refused.returncode == 2
    assert "drill" in refused.stderr
    assert company("chat", "hello").returncode == 0


def test_a_budget_of_nothing_less_than_free_still_runs(company) -> None:
    assert company("run", "--cycles", "1", "--budget", "0.01").returncode == 0, "the autopilot costs nothing"
