"""The key of each provider: from the environment, else from the secret store.

A key opens a provider's models and nothing else. It never turns on live trading, which is a setting of its own.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from company.config import ProviderSettings
from company.errors import UsageError
from company.store.secrets import SecretStore

Origin = Literal["environment", "secret store"]


def secret_name(provider: str) -> str:
    """Return the name that a provider's key has in the secret store."""
    return f"provider:{provider}"


def clean_key(text: str, *, where: str) -> str:
    """Return a key without the white space around it.

    Args:
        text: The key as it was given.
        where: Where it was given, for the error.

    Raises:
        UsageError: It is blank, or holds a character that no key has and that comes with pasting: white space, a line
            break, a control character, a typographic quote.
    """
    key = text.strip()
    if not key:
        raise UsageError("the key is blank", where=where, cure="give the key, or unset it to go without")
    if found := re.search(r"[^!-~]", key):
        raise UsageError(
            f"the key holds {_kind(found[0])} at character {found.start() + 1}; a key never does",
            where=where,
            cure="copy the key again, nothing before or after it",
        )
    return key


class ProviderKeys:
    """Looks up providers' keys, each time one is asked for.

    An empty environment variable counts as not set. The environment is taken as it is when this is made.

    Args:
        environment: Environment of the process.
        providers: The company's providers by name.
        secrets: The secret store.
    """

    def __init__(
        self, environment: Mapping[str, str], providers: Mapping[str, ProviderSettings], secrets: SecretStore
    ) -> None:
        self._variables = {name: settings.key_env for name, settings in providers.items()}
        self._given = {variable: environment.get(variable, "") for variable in self._variables.values()}
        self._values = MappingProxyType({name: text.strip() for name, text in self._given.items() if text.strip()})
        self._secrets = secrets

    def get(self, provider: str) -> str | None:
        """Return a provider's key, None when it has none.

        Raises:
            KeyError: The company has no such provider.
            UsageError: The key cannot be one, or the secret store cannot be read.
        """
        variable = self._variables[provider]
        if text := self._given[variable]:
            return clean_key(text, where=f"environment variable {variable}")
        stored = self._secrets.get(secret_name(provider))
        return None if stored is None else clean_key(stored, where=f"key of {provider} in the secret store")

    def origin(self, provider: str) -> Origin | None:
        """Return where a provider's key comes from, None when it has none.

        Raises:
            KeyError: The company has no such provider.
            UsageError: The secret store cannot be read.
        """
        if self._given[self._variables[provider]]:
            return "environment"
        return "secret store" if self._secrets.get(secret_name(provider)) is not None else None

    def values(self) -> Mapping[str, str]:
        """Return the keys that came with the environment, by variable, valid or not; always the same object."""
        return self._values


def _kind(character: str) -> str:
    if character.isspace():
        return "white space"
    return "a control character" if character < " " or character == "\x7f" else "a character outside ASCII"
