"""Keys of market data providers: from the environment, else from the secret store."""

import re
from collections.abc import Mapping

from company.config import DATA_KEYS
from company.errors import UsageError
from company.ports import Secrets
from company.trading.feeds.faults import FeedError


def secret_of(provider: str) -> str:
    """Return the name that a provider's key has in the secret store."""
    return f"data:{provider}"


class DataKeys:
    """Looks up keys, each time one is asked for; the environment comes first.

    Args:
        environment: Environment of the process.
        secrets: The secret store.
    """

    def __init__(self, environment: Mapping[str, str], secrets: Secrets) -> None:
        self._given = {variable: environment.get(variable, "").strip() for variable in DATA_KEYS.values()}
        self._values = {variable: key for variable, key in self._given.items() if key}
        self._secrets = secrets

    def get(self, provider: str) -> str | None:
        """Return a provider's key, None when it has none.

        Raises:
            UsageError: It holds a character that no key has.
        """
        name = secret_of(provider)
        if name not in DATA_KEYS:
            return None
        key = self._given[DATA_KEYS[name]] or self._secrets.get(name)
        if key and re.search(r"[^!-~]", key):
            raise UsageError(
                f"the key of {provider} holds a character that no key has",
                where=DATA_KEYS[name],
                cure="copy the key again, nothing before or after it",
            )
        return key or None

    def need(self, provider: str) -> str:
        """Return a provider's key.

        Raises:
            FeedError: It has none (`refused`).
            UsageError: It holds a character that no key has.
        """
        if key := self.get(provider):
            return key
        name = secret_of(provider)
        cure = f"set {DATA_KEYS[name]}, or: company key set {name}"
        raise FeedError(f"{provider} answers nobody without a key: {cure}", kind="refused")

    def values(self) -> Mapping[str, str]:
        """Return the keys that came with the environment, by variable, so that they are kept out of texts."""
        return self._values
