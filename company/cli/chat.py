"""`company chat`: one question, or a conversation with line editing and history."""

import getpass
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Annotated, Any

import typer

from company.cli.opening import AsJson, Directory, Home, opened
from company.errors import UsageError

if TYPE_CHECKING:
    from company.engine import Engine
    from company.store import Run

HELP = "/approve A1 · /reject A1 · /quit; everything else goes to the CEO"


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
    """Talk to the CEO."""
    from company.cli.run_command import interruptible

    with opened(directory, home) as engine:
        talk = Talk(engine, thread=thread, person=person or getpass.getuser(), as_json=as_json)
        if message:
            raise typer.Exit(interruptible(talk.say(message), engine))
        raise typer.Exit(_converse(engine, talk))


class Talk:
    """One person's conversation.

    Args:
        engine: Runs the chat turns.
        thread: Conversation they belong to.
        person: Who speaks.
        as_json: Print events as JSON lines.
    """

    def __init__(self, engine: "Engine", *, thread: str, person: str, as_json: bool) -> None:
        self._engine, self._thread, self._person, self._json = engine, thread, person, as_json

    async def say(self, text: str) -> int:
        """Send one message and print the answer; returns the exit code."""
        before = self._engine.company.store.journal.last_seq()
        run = self._engine.start("chat", request=text, person=self._person, thread_id=self._thread)
        return await self._show(self._engine.advance(run.id), after=before if self._json else None)

    async def decide(self, approval_id: str, *, approved: bool) -> int:
        """Answer an approval."""

        async def decided() -> "Run":
            return (await self._engine.decide(approval_id, approved=approved, by=self._person))[1]

        return await self._show(decided())

    async def _show(self, work: Coroutine[Any, Any, "Run"], *, after: int | None = None) -> int:
        """Show what `work` writes; `after` is where to begin, when what was written before it belongs to it."""
        from company.cli.following import Cursor, following, printer
        from company.cli.run_command import exit_code, summary

        journal = self._engine.company.store.journal
        cursor = Cursor(journal, printer(as_json=self._json), after=journal.last_seq() if after is None else after)
        run = await following(cursor, work)
        if run.outcome.get("waiting") or exit_code(run):
            summary(self._engine, run, as_json=self._json)
        return exit_code(run)


def _converse(engine: "Engine", talk: Talk) -> int:
    import readline

    from company.cli.run_command import interruptible

    history = engine.company.state / "history"
    history.touch(mode=0o600)
    readline.read_history_file(history)
    typer.echo(f"  {HELP}")
    try:
        for typed in iter(_prompt, None):
            line = engine.company.redactor.text(typed)
            if line is not typed:  # a key: the history is a file
                readline.replace_history_item(readline.get_current_history_length() - 1, line)
            if line in {"/quit", "/exit"}:
                break
            if line:
                interruptible(_turn(talk, line), engine)
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
