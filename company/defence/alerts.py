"""What the defence tells others: alerts, scan reports and blocks."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

Kind = Literal[
    "sql_injection",
    "path_traversal",
    "xss",
    "command_injection",
    "log4shell",
    "prompt_injection",
    "credential_stuffing",
    "scraping",
    "scanning",
]
Severity = Literal["critical", "high", "medium", "low"]

SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")
"""Worst first."""

SAMPLE_LENGTH = 160


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Alert(_Record):
    """One source's attack of one kind, however many requests it took.

    Attributes:
        id: `S1`, `S2`, ...
        kind: What was tried.
        rule: Id of the rule that saw it first.
        severity: How bad it would be if it worked.
        owasp: Entry of the OWASP list the attack belongs to (Top 10:2025, Automated Threats or LLM Top 10:2025).
        source: Address the requests came from.
        count: Requests that broke a rule; for rate rules those at and past the rule's threshold.
        first_at: Time of the first of them.
        last_at: Time of the last of them.
        sample: The first of them, cut to 160 characters, control characters escaped. A stranger's words.
    """

    id: str
    kind: Kind
    rule: str
    severity: Severity
    owasp: str
    source: str
    count: int
    first_at: datetime
    last_at: datetime
    sample: str


class ScanReport(_Record):
    """What one scan of the access log found.

    Attributes:
        since: Start of the scanned window, exclusive.
        until: End of the scanned window, inclusive.
        unseen_since: Start of a stretch before `since` that no scan has read; None when the scans join up.
        requests: Requests in the window.
        malformed: Lines that hold no request.
        new: How many of the alerts are new.
        alerts: The new alerts, then those that went on in this window; both worst first.
        omitted: Alerts left out of `alerts` for brevity.
    """

    since: datetime
    until: datetime
    unseen_since: datetime | None
    requests: int
    malformed: int
    new: int
    alerts: tuple[Alert, ...]
    omitted: int = 0

    def at_most(self, limit: int) -> "ScanReport":
        """Return the report with its first `limit` alerts."""
        kept = self.alerts[:limit]
        return self.model_copy(update={"alerts": kept, "omitted": len(self.alerts) - len(kept)})


class Block(_Record):
    """An address the company's web server refuses.

    Attributes:
        address: The address in its canonical form.
        reason: Why it was blocked.
        key: Idempotency key of the call that blocked it.
        at: When it was blocked.
    """

    address: str
    reason: str
    key: str
    at: datetime


def printable(text: str) -> str:
    """Return `text` cut to a sample, with control, bidirectional and invisible characters escaped."""
    shown = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text[:400])
    return shown if len(shown) <= SAMPLE_LENGTH else shown[: SAMPLE_LENGTH - 1] + "…"
