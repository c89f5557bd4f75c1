"""Rate rules: attacks that show only in many requests of one source.

Each rule counts something in a trailing window per source. A request is a hit when it brings the count to the
threshold or beyond. That makes a hit depend on the window before it and on nothing else, so reading the log in pieces
with an overlap of one window gives the same hits as reading it at once.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from company.defence.accesslog import Request
from company.defence.alerts import Kind
from company.defence.rules import known_hole

_ASSETS = (".css", ".js", ".png", ".svg", ".ico", ".woff2", ".jpg", ".webp", ".map")
_LOGINS = ("/login", "/signin", "/token", "/session", "/sessions", "/xmlrpc.php")


@dataclass(frozen=True, slots=True)
class RateRule:
    """One row of the table.

    Attributes:
        id: Stable id, quoted in alerts.
        kind: Kind of attack.
        window: Length of the trailing window.
        threshold: The count that makes a hit.
        counted: The thing a request adds to the count, None when it adds nothing.
        distinct: Count different things instead of requests.
    """

    id: str
    kind: Kind
    window: timedelta
    threshold: int
    counted: Callable[[Request], str | None]
    distinct: bool


def _failed_login(request: Request) -> str | None:
    failed = request.method == "POST" and request.status in {401, 403, 429} and request.path.endswith(_LOGINS)
    return "login" if failed else None


def _known_hole(request: Request) -> str | None:
    return request.path if known_hole(request.path) else None


def _missing(request: Request) -> str | None:
    return request.path if request.status in {403, 404} else None


def _page(request: Request) -> str | None:
    read = request.method == "GET" and request.status == 200 and not request.path.endswith(_ASSETS)
    return request.target if read else None


RATE_RULES: tuple[RateRule, ...] = (
    RateRule("LOGIN-1", "credential_stuffing", timedelta(minutes=10), 8, _failed_login, distinct=False),
    RateRule("SCAN-1", "scanning", timedelta(minutes=10), 3, _known_hole, distinct=True),
    RateRule("SCAN-2", "scanning", timedelta(minutes=5), 15, _missing, distinct=True),
    RateRule("SCRAPE-1", "scraping", timedelta(minutes=2), 40, _page, distinct=True),
)

LONGEST_WINDOW = max(rule.window for rule in RATE_RULES)


@dataclass(slots=True)
class _Window:
    """What one source did lately, as one rule counts it."""

    seen: deque[tuple[datetime, str]] = field(default_factory=deque)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, at: datetime, thing: str, length: timedelta) -> None:
        self.seen.append((at, thing))
        self.counts[thing] += 1
        while self.seen[0][0] <= at - length:
            _, old = self.seen.popleft()
            self.counts[old] -= 1
            if not self.counts[old]:
                del self.counts[old]


class RateCounter:
    """Applies the rate rules to requests in the order of time."""

    def __init__(self, rules: tuple[RateRule, ...] = RATE_RULES) -> None:
        self._rules = rules
        self._windows: defaultdict[tuple[str, str], _Window] = defaultdict(_Window)

    def broken_rule(self, request: Request) -> RateRule | None:
        """Count the request; return the first rule whose threshold its source has reached."""
        broken = None
        for rule in self._rules:
            thing = rule.counted(request)
            if thing is None:
                continue
            window = self._windows[rule.id, request.address]
            window.add(request.at, thing, rule.window)
            count = len(window.counts) if rule.distinct else len(window.seen)
            if broken is None and count >= rule.threshold:
                broken = rule
        return broken
