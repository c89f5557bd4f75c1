"""The command line: parses, calls one function, prints append-only lines; `--json` prints for machines.

Only this room and the server read the environment. Commands import what they need when they run, so `--help` costs
nothing of LangGraph, Chroma or the market libraries.
"""


def main() -> None:
    """Run the `company` command."""
    from company.cli.app import run

    run()


__all__ = ["main"]
