"""How often somebody may ask: a sliding minute for each session or token, and for each address that tries to log in.

The counts live in this process, so a restart forgets them. An answer that streams counts once, when it begins.
"""

import math
import time

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from company.config import ServerSettings
from company.server.faults import Refusal


class Rates:
    """Counts requests.

    Args:
        settings: `[server]` of the company.
    """

    def __init__(self, settings: ServerSettings) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())  # exact: counters let one more in at a minute's edge
        self._reads = RateLimitItemPerMinute(settings.reads_per_minute, namespace="reads")
        self._commands = RateLimitItemPerMinute(settings.commands_per_minute, namespace="commands")
        self._logins = RateLimitItemPerMinute(settings.logins_per_minute, namespace="logins")
        self._guesses = RateLimitItemPerMinute(settings.logins_per_minute, namespace="guesses")

    def count_read(self, who: str) -> None:
        """Count a request that changes nothing.

        Args:
            who: Id of the session or token; the address of somebody who showed none.

        Raises:
            Refusal: 429, there were too many in the last minute.
        """
        self._count(self._reads, who, "requests")

    def count_command(self, who: str) -> None:
        """Count a request that may change something.

        Raises:
            Refusal: 429, there were too many in the last minute.
        """
        self._count(self._commands, who, "commands")

    def count_login(self, address: str) -> None:
        """Count an attempt to log in, before it is looked at.

        Raises:
            Refusal: 429, there were too many in the last minute.
        """
        self._count(self._logins, address, "attempts to log in")

    def count_wrong_token(self, address: str) -> None:
        """Count a token that opens nothing; a right one is never held up by the wrong ones of others.

        Raises:
            Refusal: 429, there were too many in the last minute.
        """
        self._count(self._guesses, address, "wrong tokens")

    def _count(self, limit: RateLimitItem, who: str, what: str) -> None:
        if self._limiter.hit(limit, who):
            return
        wait = max(1, math.ceil(self._limiter.get_window_stats(limit, who).reset_time - time.time()))
        raise Refusal(429, f"more than {limit.amount} {what} a minute; wait {wait} s", retry_after=wait)
