"""All commands, and how errors become exit codes: 0 good, 1 failed or degraded, 2 usage."""

import gc
import sys
from typing import Annotated

import typer

from company import __version__
from company.cli import (
    approvals,
    audit,
    backtest,
    breaker,
    chat,
    control,
    costs,
    create,
    doctor,
    effects,
    evaluate,
    exchange,
    journal,
    key,
    listing,
    live,
    login,
    mandate,
    mcp,
    memory,
    opening,
    orders,
    password,
    persona,
    plugins,
    portfolio,
    replay,
    risk,
    run_command,
    serve,
    token,
    tool,
    train,
    web,
)
from company.errors import CompanyError, UsageError

app = typer.Typer(
    name="company",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for room in (
    run_command,
    serve,
    login,
    token,
    chat,
    mcp,
    control,
    listing,
    journal,
    replay,
    costs,
    create,
    doctor,
    evaluate,
    backtest,
    train,
    portfolio,
    audit,
):
    room.register(app)
app.add_typer(approvals.app, name="approvals")
app.add_typer(breaker.app, name="breaker")
app.add_typer(mandate.app, name="mandate")
app.add_typer(memory.app, name="memory")
app.add_typer(effects.app, name="effects")
app.add_typer(exchange.app, name="exchange")
app.add_typer(key.app, name="key")
app.add_typer(live.app, name="live")
app.add_typer(orders.app, name="orders")
app.add_typer(token.app, name="tokens")
app.add_typer(tool.app, name="tool")
app.add_typer(password.app, name="password")
app.add_typer(persona.app, name="persona")
app.add_typer(plugins.app, name="plugins")
app.add_typer(risk.app, name="risk")
app.add_typer(web.app, name="web")


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """The AI company you can talk to, that cannot overspend, cannot double-trade, and can prove what it did."""
    opening.begin()


COLLECT = (50_000, 20, 100)
"""How often a command looks for garbage: at Python's own thresholds an order in twenty waited 2 ms for it."""


def run() -> None:
    """Run one command and exit with its code."""
    gc.set_threshold(*COLLECT)
    try:
        app()
    except UsageError as error:
        _leave(error, 2)
    except CompanyError as error:
        _leave(error, 1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    finally:
        gc.freeze()  # the interpreter ends half a second sooner when it does not look for garbage once more


def _leave(error: CompanyError, code: int) -> None:
    print(f"company: {error}", file=sys.stderr)
    sys.exit(code)
