"""`company chat`: one question, or a conversation with line editing and history."""

import getpass
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Annotated, Any

import typer

from company.cli.opening import AsJson, Directory, Home
from company.errors import UsageError

if TYPE_CHECKING:
    from company.cli.counterpart import Counterpart
    from company.store import Run

HELP = "/approve A1 · /reject A1 · /quit; everything else goes to the CEO"
OPENING = 5
"""Events that open a chat turn, written together: the run, the clock, and the request in three."""


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("chat")(chat)


def chat(
    message: Annotated[str, typer.Argument(help="What to say; without it a conversation begins.")] = "",
    thread: Annotated[str, typer.Option(help="Name of the conversation to go on with.")] = "main",
    person: Annotated[str, typer.Option(help="Who speaks; default: the login name.")] = "",
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Talk to the CEO, through the server of this home when one runs."""
    from company.cli.counterpart import counterpart
    from company.cli.run_command import interruptible

    with counterpart(directory, home, person or getpass.getuser()) as other:
        talk = Talk(other, thread=thread, as_json=as_json)
        if message:
            raise typer.Exit(interruptible(talk.say(message), other.store))
        raise typer.Exit(_converse(other, talk))


class Talk:
    """One person's conversation.

    Args:
        other: Does the chat turns.
        thread: Conversation they belong to.
        as_json: Print events as JSON lines.
    """

    def __init__(self, other: "Counterpart", *, thread: str, as_json: bool) -> None:
        self._other, self._thread, self._json = other, thread, as_json
        self._journal = other.store.journal

    async def say(self, text: str) -> int:
        """Send one message and print the answer; returns the exit code."""
        run = await self._other.begin(text, thread=self._thread)
        opening = self._journal.read(run_id=run.id, limit=OPENING)
        after = opening[0].seq - 1 if self._json else opening[-1].seq  # a person knows what was asked
        return await self._show(self._other.finish(run.id), after=after, run_id=run.id)

    async def decide(self, approval_id: str, *, approved: bool) -> int:
        """Answer an approval."""
        run_id = self._other.store.approvals.get(approval_id).run_id
        work = self._other.decide(approval_id, approved=approved)
        return await self._show(work, after=self._journal.last_seq(), run_id=run_id)

    async def _show(self, work: Coroutine[Any, Any, "Run"], *, after: int, run_id: str) -> int:
        """Show what `work` writes after an event."""
        from company.cli.following import Cursor, following, printer
        from company.cli.run_command import exit_code, summary

        cursor = Cursor(self._journal, printer(as_json=self._json), after=after, run_id=run_id)
        run = await following(cursor, work)
        if run.outcome.get("waiting") or exit_code(run):
            summary(self._other.store, run, as_json=self._json)
        return exit_code(run)


def _converse(other: "Counterpart", talk: Talk) -> int:
    import readline

    from company.cli.run_command import interruptible

    history = other.state / "history"
    history.touch(mode=0o600)
    readline.read_history_file(history)
    typer.echo(f"  {HELP}")
    try:
        for typed in iter(_prompt, None):
            line = other.redactor.text(typed)
            if line is not typed:  # a key: the history is a file
                readline.replace_history_item(readline.get_current_history_length() - 1, line)
            if line in {"/quit", "/exit"}:
                break
            if line:
                interruptible(_turn(talk, line), other.store)
    finally:
        readline.write_history_file(history)
    return 0


def _prompt() -> str | None:
    try:
        return input("you › ").strip()
    except (EOFError, KeyboardInterrupt):
        return None


async def _turn(talk: Talk, line: str) -> int:
    try:
        command, _, rest = line.partition(" ")
        if command in {"/approve", "/reject"}:
            return await talk.decide(rest.strip(), approved=command == "/approve")
        if command.startswith("/"):
            raise UsageError(f"unknown command {command!r}", cure=HELP)
        return await talk.say(line)
    except UsageError as error:
        typer.echo(f"  {error}", err=True)
        return 2
