"""Documentation is tested: what it says runs, and what there is stands in it."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from company.cli.app import app
from company.config import load_settings
from company.home import bundled_directory, trust
from company.llm import AUTOPILOT, Models, Usage
from company.llm.recovery import TABLE
from tests.wire import WireServer
from tests.wire.default_company import default_company

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
PAGES = {path.name: path.read_text() for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]}
DOCS = "\n".join(PAGES.values())
MODELS = PAGES["models.md"]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
OTHERS = {"ollama", "vllm", "cat", "cd", "make", "mkdir", "python3", "tee"}
"""What a command line may begin with that is not ours; README's own are run, those of servers are not."""
WEB = ROOT / "company" / "server" / "web"
SCREENS = ("OpenAI", "Anthropic", "Ollama", "A compatible server")
CYCLE = Usage(input=34_000, output=1_900)
"""Tokens of a cycle of the default company, as docs/models.md has them."""


def blocks(language: str, text: str) -> list[str]:
    """Code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.M | re.S)


def screen(heading: str) -> str:
    """The part of docs/models.md below a heading."""
    return MODELS.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def command_lines() -> Iterator[tuple[str, str]]:
    """Every command line in a code block, with its page; what a here-document holds is none."""
    for page, text in PAGES.items():
        shell = "\n".join(re.sub(r"<<'(\w+)'.*?^\1$", "", block, flags=re.M | re.S) for block in blocks("sh", text))
        indented = re.findall(r"^    (company .*)$", text, flags=re.M)
        yield from ((page, line) for line in [*shell.splitlines(), *indented] if line.strip())


def inline_commands() -> list[str]:
    """Commands in running text: those that begin with `company` and another word, or with `pip install`."""
    prose = re.sub(r"^```.*?^```", "", DOCS, flags=re.M | re.S)
    found = [" ".join(text.split()) for text in re.findall(r"`([^`]+)`", prose)]
    return [text for text in found if re.match(r"(company [a-z]|pip install )", text)]


def parse(words: list[str]) -> None:
    """Read the words after `company` as the command line does, without doing anything."""
    command: Any = get_command(app)
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        assert words[0] in command.commands, f"no command {words[0]!r}"
        command, words = command.commands[words[0]], words[1:]
    command.make_context(command.name, words)


def check_line(line: str) -> None:
    for part in line.split(" | "):
        check_command(part)


def check_command(text: str) -> None:
    words = shlex.split(re.split(r" [<>]", text)[0], comments=True)
    match words:
        case ["company", *rest]:
            parse(rest)
        case ["pip", "install", "."]:  # a package of the reader's own; test_docs_plugins.py does it
            return
        case ["pip", "install", package]:
            name, _, extras = package.rstrip("]").partition("[")
            assert name == "the-ai-company"
            assert set(extras.split(",")) <= set(EXTRAS), package
        case [first, *_]:
            assert first in OTHERS, f"nobody knows whether {text!r} is right"


def web_commands() -> list[tuple[str, str]]:
    """Commands of the web terminal as they are typed, and what they do, in the order of its menu."""
    folder = WEB / "src" / "terminal" / "commands"
    source = "".join((folder / name).read_text() for name in ("asking.ts", "acting.ts", "commands.ts"))
    found = re.findall(r"\{\s+name(?:: \"(\w+)\")?,\s+(?:takes: \"(.*?)\",\s+)?summary: [\"`](.*?)[\"`],", source)
    by_name = {name: (takes, summary) for name, takes, summary in found}
    names = re.findall(r"\w+", re.findall(r"COMMANDS: readonly Command\[\] = \[(.*?)\];", source, flags=re.S)[0])
    told = [(name, *by_name.get(name, by_name[""])) for name in names]  # two share one that is not named
    return [(f"/{name} {takes}".strip(), summary.replace("${name}", name)) for name, takes, summary in told]


def web_keys() -> list[tuple[str, str]]:
    """Keys of the web terminal, and what they do, as `/help` says."""
    source = (WEB / "src" / "terminal" / "commands" / "commands.ts").read_text()
    return re.findall(r'\["(.+?)", "(.+?)"\]', source.partition("const KEYS = [")[2])


def rows(page: str, columns: str) -> list[tuple[str, ...]]:
    """Rows of the table of a page that has these columns, without the marks of code."""
    found = PAGES[page].partition(f"\n| {columns} |\n")[2].partition("\n\n")[0]
    return [tuple(cell.strip(" `") for cell in row.strip("|").split("|")) for row in found.splitlines()[1:]]


def anchors(text: str) -> set[str]:
    """What links to the headings of a page end with, as GitHub makes it."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), flags=re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands_of(help_text: str) -> list[str]:
    """Names under `Commands:` of a command's help."""
    return re.findall(r"^  ([a-z]+) ", help_text.partition("Commands:")[2], flags=re.M)


def company(*arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "company", *arguments], check=True, capture_output=True, text=True
    ).stdout


def test_every_command_of_the_readme_runs(tmp_path: Path, scripted: dict[str, str]) -> None:
    script = "\n".join(block for block in blocks("sh", README) if not block.startswith(("make ", "pip ")))
    script = script.replace("cd mine\n", "cd mine\nunset COMPANY_HOME\n")
    environment = {**os.environ, **scripted, "COMPANY_HOME": str(tmp_path / "state")}
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


def test_the_commands_of_the_web_terminal_are_those_of_its_menu() -> None:
    assert len(web_commands()) == 15
    assert rows("terminal.md", "command | what it does") == web_commands()


def test_the_keys_of_the_web_terminal_are_those_of_its_help() -> None:
    assert web_keys()
    assert rows("terminal.md", "key | what it does") == web_keys()


def test_what_the_page_about_the_terminal_says_to_type_exists() -> None:
    page, scripts = PAGES["terminal.md"], json.loads((WEB / "package.json").read_text())["scripts"]
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.M)
    assert set(re.findall(r"`make ([a-z-]+)`", page)) <= set(targets)
    assert set(re.findall(r"^npm (?:run )?([a-z]+)$", page, flags=re.M)) - {"ci"} <= set(scripts)
    assert "COMPANY_URL" in (WEB / "vite.config.ts").read_text()


def test_the_picture_of_the_rooms_is_the_import_contract() -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    picture = re.search(r"```text\n(cli .*?)```", (ROOT / "docs" / "architecture.md").read_text(), flags=re.S)
    assert picture is not None
    assert picture[1].splitlines() == contract["layers"]


def test_the_picture_inside_the_server_names_its_rooms() -> None:
    picture = PAGES["architecture.md"].partition("## Inside the server\n\n```text\n")[2].partition("```")[0]
    rooms = {path.parent.name for path in (ROOT / "company" / "server").glob("*/__init__.py")}
    assert {line.split()[0] for line in picture.splitlines()} == rooms


def test_every_link_between_documents_leads_somewhere() -> None:
    for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"(?:\]\(|src=\")([^)#:\"]+)[)\"]", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_every_link_to_a_heading_leads_to_one() -> None:
    for page, text in PAGES.items():
        for target, anchor in re.findall(r"\]\(([\w./]*)#([\w-]+)\)", text):
            assert anchor in anchors(PAGES[Path(target).name or page]), f"{page}: {target}#{anchor}"


def test_every_variable_of_the_environment_is_documented() -> None:
    files = [*(ROOT / "company").rglob("*.py"), *(ROOT / "tests" / "browser").glob("*.py"), WEB / "vite.config.ts"]
    used = {name for file in files for name in re.findall(r"\bCOMPANY_[A-Z_]+\b", file.read_text())}
    assert used == {name for (name, _) in rows("configuration.md", "variable | meaning")}


@pytest.mark.parametrize(("page", "line"), sorted(set(command_lines())))
def test_every_command_line_in_a_code_block_is_one_that_exists(page: str, line: str) -> None:
    check_line(line)


@pytest.mark.parametrize("line", sorted(set(inline_commands())))
def test_every_command_in_running_text_is_one_that_exists(line: str) -> None:
    try:
        check_line(line)
    except Exception as error:
        if type(error).__name__ not in {"MissingParameter", "BadOptionUsage"}:  # named without its arguments
            raise


@pytest.mark.parametrize(
    "line",
    [
        "company cots",
        "company costs --bye model",
        "cat f | company key sett",
        "pip install 'the-ai-company[opnai]'",
        "x",
    ],
)
def test_a_command_line_that_is_wrong_is_found(line: str) -> None:
    with pytest.raises(Exception, match=r"no command|No such option|opnai|nobody knows"):
        check_line(line)


@pytest.mark.parametrize("text", [block for text in PAGES.values() for block in blocks("toml", text)])
def test_every_piece_of_settings_is_valid(text: str, tmp_path: Path) -> None:
    (file := tmp_path / "company.toml").write_text(text, "utf-8")
    load_settings(file)


@pytest.mark.parametrize("text", [block for heading in SCREENS for block in blocks("toml", screen(heading))])
def test_no_model_of_a_screen_is_refused_for_want_of_a_price(text: str, tmp_path: Path) -> None:
    (file := tmp_path / "company.toml").write_text(text, "utf-8")
    settings = load_settings(file)
    models = Models(settings=settings, roles={})
    named = {name for chain in models.chains().values() for name in chain} | set(settings.models.facts)
    assert [name for name in named - {AUTOPILOT} if models.capabilities(name).prices is None] == []


@pytest.mark.parametrize("heading", SCREENS)
def test_a_provider_has_one_screen_with_all_that_is_needed(heading: str) -> None:
    text = screen(heading)
    assert len(text.strip().splitlines()) <= 45
    commands = "".join(blocks("sh", text))
    for part in ("pip install", "company doctor --model", "company chat"):
        assert part in commands
    assert re.search("company key set|No key is needed", text)
    assert "ost" in text
    assert "**Caching" in text


@pytest.mark.parametrize("heading", SCREENS)
def test_the_settings_of_a_screen_make_the_company_think_with_that_provider(
    heading: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "acme"
    for part in ("roles", "tools", "prompts"):
        shutil.copytree(bundled_directory() / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    text = blocks("toml", screen(heading))[0]
    name = tomllib.loads(text)["models"]["smart"][0].partition(":")[0]
    monkeypatch.setenv(f"{name.upper()}_API_KEY", "a-key-of-the-test-server")
    trust(root, os.environ)
    question = re.search(r'^company chat "(.+)"$', screen(heading), flags=re.M)
    assert question is not None

    with WireServer(default_company) as server:
        address = f'base_url = "{server.url}{"" if name in {"anthropic", "ollama"} else "/v1"}"'
        settings = re.sub(r"^base_url = .*\n", "", text, flags=re.M)
        head = f"[providers.{name}]"
        there = settings.replace(head, f"{head}\n{address}") if head in settings else f"{settings}\n{head}\n{address}"
        (root / "company.toml").write_text(there, "utf-8")
        places = ["--dir", str(root), "--home", str(tmp_path / "home")]
        done = CliRunner().invoke(app, ["chat", question[1], *places])

    assert done.exit_code == 0, done.output
    assert server.asked
    assert "could not be used" not in done.output


def test_the_table_of_faults_is_the_table_of_the_governor() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .+ \| (.+) \| (.+) \|$", screen("What happens when a model fails"), flags=re.M)
    told = {kind: (tries, then == "next model") for kind, tries, then in rows}
    assert told == {
        kind: ("`attempts`" if row.tries is None else str(row.tries), row.moves_on) for kind, row in TABLE.items()
    }


def test_what_a_cycle_costs_is_computed_from_the_table_of_prices() -> None:
    models = Models(settings=load_settings(None), roles={})
    told = re.findall(r"\$([\d.]+) with\s`([^`]+)`", MODELS)
    assert {name.partition(":")[0] for _, name in told} == {"openai", "anthropic"}
    for dollars, name in told:
        prices = models.capabilities(name).prices
        assert prices is not None
        assert f"{prices.cost(CYCLE):.3f}" == dollars, name
    assert f"about {CYCLE.input:,} tokens" in " ".join(MODELS.split())
    assert f"in and {CYCLE.output:,} out" in " ".join(MODELS.split())
