"""What a person reads before saying yes to a package, and what the commands refuse; tests/plugins has the whole way."""

import os
import pty
import select
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from company.cli.plugin_text import of_package, visible
from company.errors import UsageError
from company.home import trust
from company.toolkit.foreign import Description
from company.toolkit.lock import Confirmed, Lock, write_lock
from company.toolkit.manifest import Manifest

CEO = "---\nid: ceo\ntitle: Chief\nsummary: Leads.\n---\nYou lead.\n"
TOOL = Description(
    name="forecast",
    description="Return the weather.",
    parameters={"type": "object", "properties": {"city": {"type": "string", "description": "Where."}}},
    effect="read",
    manifest=Manifest(hosts=("api.example.com",), secrets=("key",), files=("~/maps",), cost="0.01", rate="9/minute"),
)


def confirmed(**more: object) -> Confirmed:
    return Confirmed.model_validate({"by": "ada", "at": datetime(2026, 3, 1, tzinfo=UTC), "version": "1.0", **more})


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """A company of one's own; a package stands installed in `site`."""
    (root := tmp_path / "acme" / "roles").mkdir(parents=True)
    (root / "ceo.md").write_text(CEO)
    information = tmp_path / "site" / "acme_tone-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-tone\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[company.prompts]\ntone = acme_tone\n")
    (tmp_path / "site" / "acme_tone").mkdir()
    (tmp_path / "site" / "acme_tone" / "tone.md").write_text("Be kind.")
    return trust(root.parent, os.environ)


def test_everything_that_a_tool_reaches_is_told() -> None:
    told = "\n".join(of_package("acme", confirmed(tools=[TOOL], names={"forecast": "w"}), {}))
    for words in (
        "package acme 1.0",
        "tool forecast: read, its result is untrusted",
        "arguments   city (Where.)",
        "hosts       api.example.com",
        "secrets     company key set plugin:acme:key",
        "files       ~/maps",
        "cost        at most $0.01 a call",
        "rate        9/minute",
    ):
        assert words in told
    assert "RUNS INSIDE" not in told


@pytest.mark.parametrize("group", ["scorers", "providers", "venues", "notifiers"])
def test_what_runs_inside_the_company_is_told_in_plain_words(group: str) -> None:
    told = "\n".join(of_package("acme", confirmed(points={f"company.{group}:x": "acme.inside:make"}), {}))
    assert "RUNS INSIDE THE COMPANY'S PROCESS, WITH ALL ITS RIGHTS" in told
    assert f"{group[:-1]} x (acme.inside:make)" in told


def test_what_nobody_would_see_is_written_out() -> None:
    assert visible("a\u202eb\x1b[2Jc\nd") == "a\\u202eb\\u001b[2Jc\nd"


def test_at_a_terminal_a_person_is_asked_and_no_means_no(acme: Path, tmp_path: Path) -> None:
    terminal, end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "company", "plugins", "confirm", "acme-tone"],
        cwd=acme,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        stdin=end,
        stdout=end,
        stderr=end,
        start_new_session=True,
    )
    os.close(end)
    shown = b""
    while b"[y/N]" not in shown:
        assert select.select([terminal], [], [], 30)[0], shown
        shown += os.read(terminal, 1000)
    os.write(terminal, b"n\n")
    assert process.wait(timeout=30) == 1
    os.close(terminal)
    assert b"prompt tone" in shown
    assert not (acme / "company.lock").exists()


def test_a_prompt_that_changed_is_shown_when_it_is_confirmed_again(acme: Path, tmp_path: Path, run_with) -> None:
    first = run_with("plugins", "confirm", "acme-tone", "--yes", "--by", "ada")
    same = run_with("plugins", "confirm", "acme-tone")
    (tmp_path / "site" / "acme_tone" / "tone.md").write_text("Be rude.")
    again = run_with("plugins", "confirm", "acme-tone", "--yes")
    assert "acme-tone is confirmed by ada" in first.stdout, first.stderr
    assert "acme-tone is confirmed as it is: by ada" in same.stdout
    assert "~ text company.prompts:tone" in again.stdout


@pytest.fixture
def run_with(template, acme: Path, tmp_path: Path):
    return lambda *command: template.run(*command, place=acme, PYTHONPATH=str(tmp_path / "site"))


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("confirm", "acme-tune", "--yes"), "did you mean 'acme-tone'?"),
        (("confirm", "acme-tone", "--yes", "--trust", "forecast"), "brings no tool 'forecast'"),
        (("remove", "acme-tone"), "nobody confirmed 'acme-tone'"),
    ],
)
def test_a_name_that_is_wrong_is_answered_with_what_there_is(run_with, command: tuple[str, ...], told: str) -> None:
    done = run_with("plugins", *command)
    assert done.returncode == 2
    assert told in done.stderr


def test_a_directory_that_nobody_trusted_confirms_nothing(run_with, acme: Path) -> None:
    (Path(os.environ["HOME"]) / ".config" / "company" / "trusted.json").write_text("[]")
    done = run_with("plugins", "confirm", "acme-tone", "--yes")
    assert done.returncode == 2
    assert "company trust" in done.stderr


def test_the_company_inside_the_package_is_nobodys_own(acme: Path) -> None:
    from company.cli.plugins import require_owned
    from company.home import CompanyDirectory

    shipped = CompanyDirectory(acme / "_default", acme / "_default")
    with pytest.raises(UsageError) as refused:
        require_owned(shipped)
    assert refused.value.cure == "make one of your own: company init DIR"


def test_secrets_of_tools_are_those_that_are_declared(acme: Path, run_with, tmp_path: Path) -> None:
    (tmp_path / "given").write_text("a-long-enough-secret")
    (acme / "tools").mkdir()
    (acme / "tools" / "moon.py").write_text(
        "from company import Reach, tool\n\n\n@tool(effect='read', secrets=('moon-key',))\n"
        "def moon(reach: Reach) -> str:\n    '''Return the moon.'''\n    return reach.secret('moon-key')\n"
    )
    (acme / "company.toml").write_text('[mcp.time]\nurl = "https://time.example"\ntoken = "mcp:time:token"\n')
    write_lock(acme, Lock(packages={"gone": confirmed(tools=[TOOL], names={"forecast": "w"})}))
    listed = run_with("key", "list")
    other = run_with("key", "set", "mcp:time:other")
    assert "plugin:gone:key" in listed.stdout
    assert "mcp:time:token" in listed.stdout
    assert other.returncode == 2
    assert "declared are: mcp:time:token" in other.stderr
    (acme / "company.lock").unlink()
    unknown = run_with("key", "set", "tool:sun-key")
    assert "declared are: tool:moon-key" in unknown.stderr
