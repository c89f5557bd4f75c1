"""`company eval schema`: the JSON schema of case files, for editors."""

import os
from pathlib import Path

import typer

from company.cli.opening import Directory


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("schema")(schema)


def schema(directory: Directory = None) -> None:
    """Print the JSON schema of eval cases: company eval schema > evals/schema.json."""
    from company.grading.registry import load_scorers
    from company.grading.schema import schema_text
    from company.home import find_directory

    found = find_directory(directory, Path.cwd())
    typer.echo(schema_text(load_scorers(found, os.environ)), nl=False)
