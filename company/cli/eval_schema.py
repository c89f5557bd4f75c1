"""`company eval schema`: the JSON schema of case files, for editors."""

import os

import typer

from company.cli.opening import Directory, find_company, tell


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("schema")(schema)


def schema(directory: Directory = None) -> None:
    """Print the JSON schema of eval cases: company eval schema > evals/schema.json."""
    from company.grading.registry import load_scorers
    from company.grading.schema import schema_text

    found = find_company(directory)
    tell(found)
    typer.echo(schema_text(load_scorers(found, os.environ)), nl=False)
