"""`company persona`: who each role is, every version of it, and who changed it. Only people and files change it."""

import getpass
import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from company.cli import persona_experiment, persona_export, persona_probe
from company.cli.opening import AsJson, Directory, Home, locate, opened_store, require_reason
from company.cli.tables import table
from company.errors import UsageError

if TYPE_CHECKING:
    from company.roles import Role
    from company.store import PersonaVersion, Store

app = typer.Typer(help="Who each role is: versions, probes, experiments, training data.", no_args_is_help=True)
app.add_typer(persona_experiment.app, name="experiment")
persona_probe.register(app)
persona_export.register(app)

RoleId = Annotated[str, typer.Argument(metavar="ROLE", help="The role, such as trading.")]
Reason = Annotated[str, typer.Option(help="Why; kept with the version and in the journal.")]
File = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Where the new persona is; - is standard input; default: an editor.")
]
VersionName = Annotated[str, typer.Option(metavar="VERSION", help="A number, or six digits of its hash.")]
ProposalId = Annotated[str, typer.Argument(metavar="ID", help="The proposal, such as P3.")]
Note = Annotated[str, typer.Option(help="What you say about it.")]


@app.command()
def log(role: RoleId, as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """List the versions of a role, newest first, with author and reason."""
    with personas(directory, home) as (store, _):
        stable, found = store.personas.stable(role), store.personas.versions(role)[::-1]
    if as_json:
        typer.echo(json.dumps([told(version, version.hash == stable.hash) for version in found], ensure_ascii=False))
        return
    rows = [
        (
            f"{'*' if version.hash == stable.hash else ' '} {version.number}",
            version.hash[:12],
            f"{version.at:%Y-%m-%d %H:%M}",
            version.author,
            version.reason,
        )
        for version in found
    ]
    typer.echo(table(("  version", "hash", "made", "by", "reason"), rows, empty=""))


@app.command()
def show(
    role: RoleId,
    version: VersionName = "stable",
    role_file: Annotated[bool, typer.Option("--role-file", help="Print the role file with this persona.")] = False,
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Print a persona: the stable one, or another version."""
    with personas(directory, home) as (store, roles):
        stable, found = store.personas.stable(role), store.personas.find(role, version)
    if as_json:
        typer.echo(json.dumps(told(found, found.hash == stable.hash) | {"text": found.text}, ensure_ascii=False))
    elif role_file:
        typer.echo(_role_file(roles, role, found.text), nl=False)
    else:
        typer.echo(found.text)


@app.command()
def diff(
    role: RoleId,
    before: Annotated[str, typer.Argument(metavar="FROM", help="A version; default: the one before TO.")] = "",
    after: Annotated[str, typer.Argument(metavar="TO", help="A version; default: the stable one.")] = "stable",
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Show what changed between two versions."""
    with personas(directory, home) as (store, _):
        new = store.personas.find(role, after)
        old = store.personas.find(role, before or new.parent or new.hash)
        lines = store.personas.diff(old.hash, new.hash)
    if as_json:
        typer.echo(json.dumps({"before": told(old), "after": told(new), "diff": lines}, ensure_ascii=False))
    else:
        typer.echo(lines or f"version {new.number} of {role} was made from none")


@app.command("set")
def set_(
    role: RoleId,
    file: File = None,
    reason: Reason = "",
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Give a role another persona, from its next turn on; runs that are under way keep theirs."""
    require_reason(reason, f"company persona set {role} --file {file or 'new.md'}", "speaks more plainly")
    with personas(directory, home) as (store, _):
        text = written(file, store.personas.stable(role).text)
        version = store.personas.set(role, text, getpass.getuser(), reason)
    _say(version, as_json, "set")


@app.command()
def rollback(
    role: RoleId,
    to: VersionName = "",
    reason: Reason = "",
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Give a role an earlier persona again, from its next turn on: by default the one before."""
    require_reason(reason, f"company persona rollback {role}", "speaks more plainly")
    with personas(directory, home) as (store, _):
        version = store.personas.rollback(role, getpass.getuser(), reason, to=to)
    _say(version, as_json, "rolled back to")


@app.command()
def propose(
    role: RoleId,
    file: File = None,
    reason: Reason = "",
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Write down a persona for somebody else to decide about; nothing changes until then."""
    require_reason(reason, f"company persona propose {role} --file {file or 'new.md'}", "speaks more plainly")
    with personas(directory, home) as (store, _):
        text = written(file, store.personas.stable(role).text)
        proposal = store.proposals.add(role, text, by=getpass.getuser(), reason=reason)
    if as_json:
        typer.echo(json.dumps(_proposed(proposal), ensure_ascii=False))
    else:
        typer.echo(f"{proposal.id} waits: company persona accept {proposal.id}, or reject {proposal.id}")


@app.command()
def proposals(
    role: Annotated[str, typer.Argument(metavar="[ROLE]", help="Only those about this role.")] = "",
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """List proposed personas, open ones and decided ones."""
    with opened_store(directory, home) as store:
        found = store.proposals.all(role)
    if as_json:
        typer.echo(json.dumps([_proposed(proposal) for proposal in found], ensure_ascii=False))
        return
    rows = [(each.id, each.role, each.state, each.proposed_by, each.reason, ", ".join(each.sources)) for each in found]
    typer.echo(table(("id", "role", "state", "by", "reason", "words of"), rows, empty="nothing is proposed"))


@app.command()
def accept(
    id: ProposalId, note: Note = "", as_json: AsJson = False, directory: Directory = None, home: Home = None
) -> None:
    """Make a proposed persona the role's, from its next turn on."""
    with personas(directory, home) as (store, _):
        version = store.proposals.accept(id, getpass.getuser(), note)
    _say(version, as_json, "accepted")


@app.command()
def reject(
    id: ProposalId, note: Note = "", as_json: AsJson = False, directory: Directory = None, home: Home = None
) -> None:
    """Refuse a proposed persona."""
    with personas(directory, home) as (store, _):
        proposal = store.proposals.reject(id, getpass.getuser(), note)
    typer.echo(json.dumps(_proposed(proposal), ensure_ascii=False) if as_json else f"{id} is rejected")


@contextmanager
def personas(directory: Path | None, home: Path | None) -> "Iterator[tuple[Store, dict[str, Role]]]":
    """Open the store and take up what the role files say; tools and settings are not read and may be broken."""
    from company.home import roles_of

    roles = roles_of(locate(directory, home)[0])
    with opened_store(directory, home) as store:
        store.personas.adopt({role.id: role.persona for role in roles.values()})
        yield store, roles


def told(version: "PersonaVersion", is_stable: bool | None = None) -> dict[str, Any]:
    """Return a version as JSON data, without its text."""
    names = ("hash", "role", "number", "parent", "author", "reason")
    data = {name: getattr(version, name) for name in names} | {"at": version.at.isoformat()}
    return data if is_stable is None else {**data, "stable": is_stable}


def written(file: Path | None, present: str) -> str:
    """Return the text a person wrote: in a file, on standard input, or in an editor that begins with what holds now.

    Raises:
        UsageError: The file cannot be read, or the editor cannot be started.
    """
    if file is None:
        return _edited(present)
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(file), cure="check the path") from error
    except UnicodeDecodeError as error:
        raise UsageError("is not UTF-8 text", where=str(file), cure="save it as UTF-8") from error


def _edited(present: str) -> str:
    command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder, "persona.md")
        draft.write_text(present + "\n", "utf-8")
        try:
            subprocess.run([*command, str(draft)], check=True)  # noqa: S603  # the person's own editor
        except (OSError, subprocess.CalledProcessError) as error:
            cure = "set EDITOR, or name a file: --file new.md"
            raise UsageError(f"the editor {command[0]!r} failed: {error}", where="EDITOR", cure=cure) from error
        return draft.read_text("utf-8")


def _say(version: "PersonaVersion", as_json: bool, what: str) -> None:
    if as_json:
        typer.echo(json.dumps(told(version, True), ensure_ascii=False))
    else:
        typer.echo(f"{version.role}: {what} version {version.number} ({version.hash[:12]}), from its next turn on")


def _proposed(proposal: Any) -> dict[str, Any]:
    names = ("id", "role", "text", "base", "proposed_by", "reason", "state", "decided_by", "note", "version")
    data = {name: getattr(proposal, name) for name in names}
    return {**data, "sources": list(proposal.sources), "at": proposal.at.isoformat()}


def _role_file(roles: "dict[str, Role]", role: str, text: str) -> str:
    """Return the file of a role with another body."""
    if role not in roles:
        raise UsageError(f"there is no file of the role {role!r}", where="roles", cure=f"roles are: {', '.join(roles)}")
    source = Path(roles[role].source).read_text("utf-8")
    return source.removesuffix("\n").removesuffix(roles[role].persona) + text + "\n"
