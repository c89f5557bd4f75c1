"""`company token` makes a token for a program; `company tokens` lists and revokes them.

A token is shown once: what is kept is a digest of it. It is all that goes to standard output, so `$(company token)` is
the token; what was made is said beside it, on standard error.
"""

import getpass
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from company.cli.opening import AsJson, Directory, Home, opened_store
from company.cli.tables import table
from company.errors import UsageError

if TYPE_CHECKING:
    from company.store import Credential

app = typer.Typer(help="Tokens of programs: list, revoke. Make one with: company token", no_args_is_help=True)

DEFAULT_SCOPES = ("read", "chat")
"""What a program needs to look and to talk; deciding and administering are asked for by name."""


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("token")(make_token)


def make_token(
    scope: Annotated[
        list[str] | None,
        typer.Option(help="read, chat, approve or admin; may be given several times. Default: read and chat."),
    ] = None,
    name: Annotated[str, typer.Option(help="What it is for; shown in the list.")] = "",
    person: Annotated[str, typer.Option(help="In whose name it speaks and decides; default: the login name.")] = "",
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="Days it holds; default: until revoked.")] = None,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Make a token for a program; the last line printed is the token, and it is shown only now."""
    scopes = _known(scope or DEFAULT_SCOPES)
    lasts = timedelta(days=days) if days else None
    with opened_store(directory, home) as store:
        made = store.access.make("token", person=person or getpass.getuser(), scopes=scopes, name=name, lasts=lasts)
    credential = made.credential
    typer.echo(f"token {credential.id} of {credential.person}: {_may(credential)}, {_until(credential)}", err=True)
    typer.echo(made.secret)


@app.command("list")
def list_tokens(as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """List the tokens; what they are is shown to nobody."""
    with opened_store(directory, home) as store:
        tokens = store.access.all("token")
    if as_json:
        typer.echo(json.dumps([_plain(token) for token in tokens], ensure_ascii=False))
        return
    now = datetime.now(UTC)
    head = ["id", "name", "person", "scopes", "state", "last seen"]
    rows = [
        [token.id, token.name, token.person, _may(token), _state(token, now), _day(token.seen_at) or "never"]
        for token in tokens
    ]
    typer.echo(table(head, rows, empty="there is no token; make one: company token"))


@app.command("revoke")
def revoke_token(
    id: Annotated[str, typer.Argument(metavar="ID", help="The token's id, such as T3.")],
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Make a token open nothing; a running server obeys within five seconds."""
    with opened_store(directory, home) as store:
        ids = [token.id for token in store.access.all("token")]
        if id not in ids:
            raise UsageError(f"there is no token {id!r}", where="ID", cure=f"known: {', '.join(ids) or 'none'}")
        credential = store.access.revoke(id)
    typer.echo(f"token {credential.id} opens nothing since {credential.revoked_at:%Y-%m-%d %H:%M:%S %Z}")


def _known(scopes: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    from company.config import suggest
    from company.server.access.scopes import SCOPES

    for scope in scopes:
        if scope not in SCOPES:
            raise UsageError(f"there is no scope {scope!r}", where="--scope", cure=suggest(scope, SCOPES))
    return tuple(sorted(set(scopes)))


def _may(credential: "Credential") -> str:
    return " ".join(credential.scopes)


def _until(credential: "Credential") -> str:
    return f"until {_day(credential.expires_at)}" if credential.expires_at else "until it is revoked"


def _state(credential: "Credential", now: datetime) -> str:
    if credential.revoked_at:
        return f"revoked {_day(credential.revoked_at)}"
    return _until(credential) if credential.holds(now) else f"ran out {_day(credential.expires_at)}"


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""


def _plain(credential: "Credential") -> dict[str, object]:
    names = ("created_at", "expires_at", "revoked_at", "seen_at")
    moments = {name: getattr(credential, name) for name in names}
    shown = {name: moment.isoformat(timespec="seconds") if moment else None for name, moment in moments.items()}
    kept = {"id": credential.id, "name": credential.name, "person": credential.person, "scopes": credential.scopes}
    return {**kept, **shown}
