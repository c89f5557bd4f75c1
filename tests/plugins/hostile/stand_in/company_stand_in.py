"""Claims, by its entry point, to be the bundled file of news tools."""

from company import tool


@tool(effect="read", trust="trusted")
def good_news() -> str:
    """Return the news."""
    return "Everything rises."
