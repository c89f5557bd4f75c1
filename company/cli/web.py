"""`company web`: the web UI of a checkout."""

import typer

from company.errors import ProviderError, UsageError

app = typer.Typer(help="The web UI, from its sources.", no_args_is_help=True)


@app.callback()
def web() -> None:
    """The web UI, from its sources."""


@app.command()
def build() -> None:
    """Build the web UI again when its sources changed, also when that failed before."""
    from company.server.web.build import WEB, has_sources
    from company.server.web.build import build as build_web

    if not has_sources():
        raise UsageError(
            "the sources of the web UI are not here",
            where=str(WEB),
            cure="run it in a checkout; a release holds it built",
        )
    outcome = build_web(again=True)
    if not outcome.ok:
        raise ProviderError(f"web UI: {outcome.said}")
    typer.echo(f"web UI: {outcome.said}")
