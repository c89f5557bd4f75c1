"""`company tool new` and `company tool check`: the first five minutes of a tool of your own."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from company.cli.lines import count, harmless
from company.cli.opening import AsJson, Directory, find_company, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from company.home import Company
    from company.toolkit.conformance import Finding

app = typer.Typer(no_args_is_help=True, help="Make a tool of your own, and check one.")

Effects = Literal["read", "write", "irreversible"]


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="What the tool, its function and its file are called.")],
    role: Annotated[str, typer.Option(help="Role that is granted it, and learns how it is asked for.")] = "",
    effect: Annotated[Effects, typer.Option(help="What a call of it changes.")] = "read",
    directory: Directory = None,
) -> None:
    """Write a tool that works, and its test; change it into yours."""
    from company.home.starting import start_tool

    found = find_company(directory)
    tell(found)
    made = start_tool(found, name, effect=effect, role=role)
    typer.echo(f"made {_shown(made.tool)} and {_shown(made.test)}")
    if made.role:
        typer.echo(f"granted to {role}, with words to ask for it: {_shown(made.role)}")
        typer.echo(f'  company chat "{made.question}"')
    else:
        typer.echo(f"granted to nobody: add {name} to the `tools:` of a role in {_shown(found.roles)}")
    typer.echo(f"  company tool check {name}")


@app.command()
def check(
    target: Annotated[str, typer.Argument(help="A Python file, a tool of this company, or an installed package.")],
    call: Annotated[
        bool, typer.Option("--call", help="Also call what changes something, asks a host or costs money.")
    ] = False,
    as_json: AsJson = False,
    directory: Directory = None,
) -> None:
    """Hold tools to the rules for tools, in a worker process, and print what to mend."""
    from company.toolkit.conformance import RULES, check, opened

    found = opened(_file_of(target, directory), call=call)
    findings = check(found)
    faults = sum(finding.level == "fault" for finding in findings)
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
    else:
        _print(findings)
        held = f"{count(len(found.cases), 'tool')} held to {count(len(RULES), 'rule')}"
        typer.echo(f"{held}: {count(faults, 'fault')}, {len(findings) - faults} to weigh")
    raise typer.Exit(1 if faults else 0)


def checks(company: "Company") -> "Iterator[tuple[str, bool, str]]":
    """Yield what holds the tools that run in workers, for `company doctor`; nothing when the company has none."""
    from company.toolkit.worker import containment

    if not any(each.isolated for each in company.registry.values()):
        return
    layers = containment()
    missing = [f"{layer.name} ({layer.holds})" for layer in layers if not layer.available]
    text = f"isolated tools are held by {', '.join(layer.name for layer in layers if layer.available)}"
    yield "isolation", True, text + (f"; this machine lacks {'; '.join(missing)}" if missing else "")


def _file_of(target: str, directory: Path | None) -> str:
    """Return the file of a tool of this company, or what was named when that is something else."""
    from company.home import require_trust

    if Path(target).suffix == ".py" or not target.isidentifier():
        return target
    found = find_company(directory)
    tell(found)
    file = found.tools / f"{target}.py"
    if not file.is_file():
        return target
    require_trust(found, os.environ)
    return str(file)


def _print(findings: "Sequence[Finding]") -> None:
    for finding in findings:
        typer.echo(_line(f"{finding.level:<6}  {finding.rule:<11}", f"{_here(finding.place)}: {finding.what}"))
        typer.echo(_line(" " * 6, f"→ {finding.cure}"))


def _line(head: str, text: str) -> str:
    return f"{head}  {' '.join(harmless(text).split())}"


def _here(place: str) -> str:
    return place.removeprefix(f"{Path.cwd()}{os.sep}")


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
