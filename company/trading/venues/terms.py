"""What describes an exchange account: where it is, how it is asked, and which keys open it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Mode = Literal["paper", "sandbox", "real"]


@dataclass(frozen=True, slots=True)
class Keys:
    """What an exchange knows an account by; never shown.

    Attributes:
        key: The public half, sent with every signed request.
        secret: What requests are signed with.
        passphrase: A third part, which some exchanges want; empty otherwise.
    """

    key: str = field(repr=False)
    secret: str = field(repr=False)
    passphrase: str = field(default="", repr=False)

    def values(self) -> tuple[str, ...]:
        """Return what may appear in no text."""
        return tuple(value for value in (self.key, self.secret, self.passphrase) if value)


PAPER_KEYS = Keys("paper-key", "paper-secret")
"""What the exchange of `company exchange serve` knows its first account by; no secret, it opens play money only."""


@dataclass(frozen=True, slots=True)
class Terms:
    """One venue as the settings describe it.

    Attributes:
        name: What the company calls it.
        kind: `paper-http`: our own exchange over HTTP; `ccxt`: an exchange that ccxt knows; else a kind that an
            installed package brings.
        exchange: ccxt's id of the exchange; what a package takes it for.
        url: Address of our own exchange, or what a package takes it for; empty for `ccxt`.
        sandbox: Use the exchange's own test system, where money is not real.
        symbols: What is read and traded there; empty: everything it lists.
        timeout: Seconds that one request may take.
        options: Further settings, of a package's own.
    """

    name: str
    kind: str
    exchange: str
    url: str = ""
    sandbox: bool = False
    symbols: tuple[str, ...] = ()
    timeout: float = 10.0
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def mode(self) -> Mode:
        """Return what money is at stake there."""
        if self.kind == "paper-http":
            return "paper"
        return "sandbox" if self.sandbox else "real"
