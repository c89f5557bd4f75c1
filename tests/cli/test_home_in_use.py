"""Which company a command works with: found by walking upwards, trusted by a person, and always said."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Said, Template, WriteCompany

Run = Callable[..., Said]

FILES = {
    "company.toml": """
        [[mandates]]
        id = "greeting"
        tools = ["greet"]
    """,
    "roles/ceo.md": """
        ---
        id: ceo
        title: Chief
        summary: Leads.
        tools: [greet]
        ---
        You lead.
    """,
    "tools/greet.py": """
        from pathlib import Path

        from company import tool

        Path(__file__).with_name("ran").touch()


        @tool(effect="read")
        async def greet() -> str:
            \"\"\"Greet.\"\"\"
            return "hello"
    """,
}
COMMANDS = [
    ("run", "--cycles", "1"),
    ("chat", "hello"),
    ("serve",),
    ("mcp",),
    ("roles",),
    ("tools",),
    ("portfolio",),
    ("doctor",),
    ("costs", "--by", "department"),
    ("eval",),
    ("approvals", "list"),
    ("mandate", "list"),
    ("mandate", "show", "greeting"),
    ("persona", "show", "ceo"),
    ("plugins",),
    ("tool", "check", "greet"),
    ("journal",),
]


@pytest.fixture
def acme(write_company: WriteCompany) -> Path:
    """A company that is not trusted, with a folder `desk/deep` inside."""
    from company.home import distrust

    root = write_company(FILES)
    distrust(root, os.environ)
    (root / "desk/deep").mkdir(parents=True)
    return root


@pytest.fixture
def run(template: Template) -> Run:
    def _run(*command: str, place: Path, **more: str) -> Said:
        return template.run(*command, place=place, **more)

    return _run


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_nothing_of_a_company_found_above_is_run_or_read_before_it_is_trusted(acme, run, command):
    done = run(*command, place=acme / "desk/deep")

    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stdout == ""
    assert f"company: {acme}: the company found above the working directory is not trusted" in done.stderr
    assert "name another with --dir, or look through its roles, tools and mandates" in done.stderr
    assert f"company trust {acme}\n" in done.stderr
    assert not (acme / "tools/ran").exists()
    assert not (acme / ".company").exists()


def test_a_trusted_company_is_used_from_every_folder_below_it(acme, run):
    assert run("trust", str(acme), place=acme).stdout == f"trusted {acme}\n"

    done = run("tools", "--json", place=acme / "desk/deep")

    assert done.returncode == 0, done.stderr
    assert "greet" in [row["id"] for row in json.loads(done.stdout)]
    assert done.stderr == f"company {acme}\n"


def test_the_home_in_use_is_said_once_on_standard_error(acme, run):
    run("trust", str(acme), place=acme)

    assert run("costs", "--json", place=acme).stderr == f"company {acme} (state .company)\n"
    below = run("costs", "--dir", "acme", place=acme.parent)
    assert below.stderr == "company acme (state acme/.company)\n"
    elsewhere = run("mandate", "list", place=acme, COMPANY_HOME=str(Path(os.environ["HOME"], "kept")))
    assert elsewhere.stderr == f"company {acme} (state ~/kept)\n"


@pytest.mark.parametrize("command", [("--version",), ("--help",), ("run", "--help"), ("trust", "--list")], ids=" ".join)
def test_what_opens_no_company_says_nothing_of_one(acme, run, command):
    done = run(*command, place=acme)

    assert (done.returncode, done.stderr) == (0, "")


def test_making_a_company_says_nothing_of_another(acme, run):
    assert run("init", "mine", place=acme / "desk").stderr == ""


def test_a_folder_with_roles_alone_is_no_company_above(run, tmp_path):
    (tmp_path / "roles").mkdir()
    (tmp_path / "work").mkdir()

    done = run("costs", place=tmp_path / "work", COMPANY_HOME=str(tmp_path / "state"))

    assert done.returncode == 0
    assert str(tmp_path) not in done.stderr.partition("(state")[0]


def test_trust_is_listed_and_taken_back(acme, run):
    assert run("trust", "--list", place=acme).stdout == "no directory is trusted\n"
    run("trust", place=acme)
    assert run("trust", "--list", place=acme).stdout == f"{acme}\n"
    assert run("trust", "--remove", str(acme), place=Path.cwd()).stdout == f"{acme} is not trusted any more\n"
    assert run("tools", place=acme).returncode == 2
    again = run("trust", "--remove", str(acme), place=acme)
    assert (again.returncode, again.stdout) == (2, "")
    assert "is not trusted" in again.stderr


def test_the_installed_default_company_is_named_by_what_it_came_with(tmp_path):
    code = (
        "from pathlib import Path\nfrom company.cli.opening import tell\nfrom company.home import CompanyDirectory\n"
        "place = Path('/x/company/_default')\nfor _ in range(2): tell(CompanyDirectory(place, place), Path('/x/state'))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)

    assert done.stderr == "company bundled with the-ai-company (state /x/state)\n"


def test_every_command_asks_in_one_place_which_company_is_meant():
    """What is found above has to be trusted there, whatever a command does with it."""
    rooms = Path(__file__).parents[2] / "company" / "cli"
    assert [file.name for file in sorted(rooms.glob("*.py")) if "find_directory" in file.read_text()] == ["opening.py"]
