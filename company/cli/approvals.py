"""`company approvals`: what waits for a person, and the person's answer."""

import getpass
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from company.cli.opening import AsJson, Directory, Home, opened
from company.events import plain

if TYPE_CHECKING:
    from company.store import Approval

app = typer.Typer(help="What waits for a person: list, show, approve, reject.", invoke_without_command=True)

Number = Annotated[str, typer.Argument(metavar="ID", help="The approval, such as A1.")]
Note = Annotated[str, typer.Option(help="Why; kept in the journal.")]
Bundle = Annotated[
    bool, typer.Option("--bundle", help="Answer its whole bundle, up to this one: name the last one you have seen.")
]

_TO_DECIDE = (
    "id",
    "run_id",
    "role",
    "tool",
    "arguments",
    "reason",
    "rule",
    "sources",
    "asked_at",
    "expires_at",
    "bundle",
    "repeats",
    "needed",
    "votes",
    "escalated_at",
)


@app.callback()
def default(context: typer.Context, as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """What waits for a person: list, show, approve, reject."""
    if context.invoked_subcommand is None:
        listing(as_json, directory, home)


@app.command("list")
def listing(as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """List open approvals with their exact arguments."""
    from company.store import in_bundles

    with opened(directory, home) as engine:
        waiting = engine.company.store.approvals.open()
    if as_json:
        typer.echo(json.dumps([approval_row(approval) for approval in waiting], ensure_ascii=False))
        return
    typer.echo("\n\n".join(map(_block, in_bundles(waiting))) or "nothing waits")


@app.command()
def show(approval_id: Number, as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """Show everything about one approval, open or decided."""
    from dataclasses import asdict

    with opened(directory, home) as engine:
        row = plain(asdict(engine.company.store.approvals.get(approval_id)))
    if as_json:
        typer.echo(json.dumps(row, ensure_ascii=False))
        return
    shown = ((name, _written(value)) for name, value in row.items())
    typer.echo("\n".join(f"{name:<15} {_exact(text)}" for name, text in shown))


@app.command()
def approve(
    approval_id: Number,
    note: Note = "",
    bundle: Bundle = False,
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Allow exactly this call, once; or with --bundle each call of its bundle that was listed before it."""
    _decide(approval_id, note, directory, home, approved=True, bundle=bundle, as_json=as_json)


@app.command()
def reject(
    approval_id: Number,
    note: Note = "",
    bundle: Bundle = False,
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Refuse this call; or with --bundle each call of its bundle that was listed before it."""
    _decide(approval_id, note, directory, home, approved=False, bundle=bundle, as_json=as_json)


def approval_row(approval: "Approval") -> Mapping[str, Any]:
    """Return what a person needs to decide."""
    from dataclasses import asdict

    row = asdict(approval)
    return {name: plain(row[name]) for name in _TO_DECIDE}


def _block(bundle: Sequence["Approval"]) -> str:
    """All questions of a bundle, and how they are answered together."""
    lines = [_described(approval) for approval in bundle]
    if len(bundle) > 1:
        last = bundle[-1].id
        lines.append(
            f"all {len(bundle)} of these: company approvals approve {last} --bundle, or reject {last} --bundle"
        )
    return "\n".join(lines)


def _described(approval: "Approval") -> str:
    """All that a person needs to decide, nothing cut."""
    why, _, preview = approval.reason.partition("\n")
    head = f"{approval.id}  {approval.role} wants {approval.tool}({json.dumps(approval.arguments, ensure_ascii=False)})"
    lines = [head, f"why it asks: {why} [{approval.rule}]", *preview.splitlines(), *_circumstances(approval)]
    lines.append(f"company approvals approve {approval.id}, or reject")
    lines.append(f"if nobody answers before {approval.expires_at:%Y-%m-%d %H:%M %Z}: refused")
    return _exact("\n    ".join(lines))


def _circumstances(approval: "Approval") -> list[str]:
    """What else a person should know, a line each."""
    lines = [f"it had read: {', '.join(approval.sources)}"] if approval.sources else []
    if approval.repeats:
        lines.append(f"the same call as {approval.repeats}: a yes to all of them leaves this one open")
    if approval.needed > 1:
        names = ", ".join(vote.person for vote in approval.votes)
        lines.append(f"{approval.tally}" + (f": {names}" if names else ""))
    if approval.escalated_at:
        lines.append(
            f"waits since {approval.asked_at:%Y-%m-%d %H:%M}, passed on {approval.escalated_at:%Y-%m-%d %H:%M}"
        )
    return lines


def _exact(text: str) -> str:
    """Write out the characters that do not show themselves or turn the direction of text, as \\u202e."""
    return "".join(each if each.isprintable() or each == "\n" else f"\\u{ord(each):04x}" for each in text)


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _decide(
    approval_id: str,
    note: str,
    directory: Directory,
    home: Home,
    *,
    approved: bool,
    bundle: bool,
    as_json: bool,
) -> None:
    from company.cli.counterpart import counterpart
    from company.cli.following import Cursor, following, printer
    from company.cli.run_command import exit_code, interruptible, summary

    with counterpart(directory, home, getpass.getuser()) as other:

        async def decide() -> int:
            journal = other.store.journal
            cursor = Cursor(journal, printer(as_json=as_json), after=journal.last_seq())
            decision = other.decide(approval_id, approved=approved, note=note, bundle=bundle)
            run = await following(cursor, decision)
            summary(other.store, run, as_json=as_json)
            return exit_code(run)

        raise typer.Exit(interruptible(decide(), other.store))
