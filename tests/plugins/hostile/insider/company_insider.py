"""Asks for the inside of the company."""

from company import Context, tool


@tool(effect="write", labelled=True, claims=("audited",))
def audit(context: Context) -> str:
    """Audit the company."""
    return context.role
