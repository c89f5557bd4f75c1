"""What can go wrong with a provider of market data, by what to do about it.

| kind | means | asked again at once | counts against the provider |
|---|---|---|---|
| `down` | no answer in time, a broken connection, a status from 500 on | yes | yes |
| `busy` | it says: too many requests | yes, when its Retry-After is short | no |
| `exhausted` | our own count of its quota, or its word, says: not for a while | no | no |
| `malformed` | the answer is not what its documentation says | no | yes |
| `key` | its key is missing or refused | no | yes |
| `refused` | it answers, but not this question: a paid plan, another status | no | no |
| `unknown` | it does not know the symbol | no | no |
| `unsupported` | it has no such data: nobody is asked | no | no |
| `empty` | it knows the symbol and has no data | no | no |
| `resting` | the circuit breaker keeps it from being asked | no | no |
"""

from typing import Literal

from company.errors import ProviderError

Kind = Literal["down", "busy", "exhausted", "malformed", "key", "refused", "unknown", "unsupported", "empty", "resting"]

AGAIN = frozenset({"down", "busy"})
"""Kinds after which the same question may be asked again."""

AGAINST = frozenset({"down", "malformed", "key"})
"""Kinds that speak against the provider, so that it is not asked for a while when they go on."""


class FeedError(ProviderError):
    """A provider of market data gave no usable answer.

    Args:
        message: What, from whom, about which symbol; holds no key.
        kind: See the module.
        retry_after: Seconds the provider asks to be left alone; None when it does not say.
    """

    def __init__(self, message: str, *, kind: Kind, retry_after: float | None = None) -> None:
        super().__init__(message, retryable=kind in AGAIN)
        self.kind = kind
        self.retry_after = retry_after
