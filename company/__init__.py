"""The AI company you can talk to, that cannot overspend, cannot double-trade, and can prove what it did.

What a tool or role author needs is here; everything else is reached through the rooms (docs/architecture.md). Names are
looked up when they are first asked for, so that `company --help` does not pay for the toolkit.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from company.errors import ProviderError, ToolError, UsageError
    from company.toolkit import Context, Denial, Reach, Stakes, says, tool

__all__ = [
    "Context",
    "Denial",
    "ProviderError",
    "Reach",
    "Stakes",
    "ToolError",
    "UsageError",
    "__version__",
    "says",
    "tool",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("company.errors" if name.endswith("Error") else "company.toolkit"), name)
