"""The exception tree, sorted by who must act.

    CompanyError
    ├── UsageError           the person: a wrong file, argument or setting (exit code 2)
    │   └── Held                 a role went in circles; a person has to let it go on
    ├── ToolError            the model: goes back to the role as a typed failure, the run goes on
    │   └── Undeclared           a tool reached for what its manifest does not declare
    ├── ProviderError        the outside world failed or refused
    │   └── VenueError       an exchange answered with an error
    │       ├── InsufficientFunds
    │       ├── InvalidOrder
    │       │   └── DuplicateOrder
    │       ├── OrderNotFound
    │       ├── BadSymbol
    │       └── RequestTimeout   outcome unknown: look it up, never retry blind
    ├── IntegrityError       the journal, a ledger or a checkpoint does not match its proof
    └── Stopped              a person stopped the company or this run

A bug is a plain Python exception and is not in this tree. The names below `VenueError` are ccxt's, so that a real
exchange's exception and the paper venue's read the same.
"""


class CompanyError(Exception):
    """Base of every error this program raises on purpose."""


class UsageError(CompanyError):
    """A person must change something.

    Args:
        what: What is wrong, with the offending value.
        where: File and field, or the argument, where it is.
        cure: What to do next.
    """

    def __init__(self, what: str, *, where: str = "", cure: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.cure = what, where, cure

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.what}" + (f"\n  → {self.cure}" if self.cure else "")


class Held(UsageError):
    """A role, or the whole company, goes in circles; its model was not asked."""


class ToolError(CompanyError):
    """A tool cannot do what was asked; the message is written for the model that called it."""


class Undeclared(ToolError):
    """A tool reached for what its manifest does not declare, and was not let through.

    Args:
        capability: What kind of thing it reached for: `network`, `file`, `secret`, `process` or `memory`.
        what: What it reached for, such as `example.org:443`.
    """

    def __init__(self, capability: str, what: str) -> None:
        super().__init__(f"undeclared {capability}: {what}")
        self.capability, self.what = capability, what


class ProviderError(CompanyError):
    """The outside world failed.

    Args:
        message: What failed and where.
        retryable: True when the same call may succeed later and certainly had no effect.
    """

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable


class VenueError(ProviderError):
    """An exchange answered with an error."""


class InsufficientFunds(VenueError):
    """The account does not hold what the order needs."""


class InvalidOrder(VenueError):
    """The order breaks a rule of the venue (filter, type, price)."""


class DuplicateOrder(InvalidOrder):
    """The client order id was used before."""


class OrderNotFound(VenueError):
    """The venue knows no such order."""


class BadSymbol(VenueError):
    """The venue does not list this symbol."""


class RequestTimeout(VenueError):
    """No answer in time: the outcome is unknown."""


class IntegrityError(CompanyError):
    """Recorded data does not match its proof."""


class Stopped(CompanyError):
    """A person stopped the company or this run."""
