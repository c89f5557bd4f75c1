"""Who may trade: accounts of the exchange and their API keys.

`paper` is there from the beginning, with a key and a secret that everybody knows: it is play money on loopback. Others
are made by command; what signs their requests is sealed in the home's secret store, under a name that holds the account
and its key. The company's own account is none of them: no key opens it.

An account that is removed keeps its orders and balances; made again under the same name, it has them again, with a new
key.
"""

import re
import secrets as randomness
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from company.errors import UsageError
from company.store import SecretStore

_PREFIX: Final = "exchange:"
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")


@dataclass(frozen=True, slots=True)
class Account:
    """An account and what opens it.

    Attributes:
        name: The account.
        key: Sent with every request, in `X-MBX-APIKEY`.
        secret: Signs the requests.
    """

    name: str
    key: str
    secret: str = field(repr=False)


DEFAULT: Final = Account("paper", "paper-key", "paper-secret")
RESERVED: Final = ("company", DEFAULT.name)


class Accounts:
    """The accounts of one home.

    Args:
        sealed: The home's secret store; what another process changes there holds from the next request on.
    """

    def __init__(self, sealed: SecretStore) -> None:
        self._sealed = sealed
        self._read: Mapping[str, str] | None = None
        self._by_key: dict[str, Account] = {}

    def find(self, key: str) -> Account | None:
        """Return the account that a key opens, None when it opens none.

        Raises:
            UsageError: The secret store cannot be read.
        """
        if (values := self._sealed.values()) is not self._read:
            self._by_key = {account.key: account for account in [*_accounts(values), DEFAULT]}
            self._read = values
        return self._by_key.get(key)

    def all(self) -> list[tuple[Account, datetime | None]]:
        """Return every account and when it was made, None for the one that is always there.

        Raises:
            UsageError: The secret store cannot be read.
        """
        made = {_parts(name): at for name, at in self._sealed.names() if name.startswith(_PREFIX)}
        found = sorted(_accounts(self._sealed.values()), key=lambda account: account.name)
        return [(DEFAULT, None), *((account, made[account.name, account.key]) for account in found)]

    def add(self, name: str) -> Account:
        """Make an account.

        Raises:
            UsageError: The name is taken, reserved or malformed, or the secret store cannot be written.
        """
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{name!r} cannot be an account",
                where="NAME",
                cure="1 to 32 of a-z, 0-9 and -, beginning with a letter",
            )
        if name in RESERVED:
            raise UsageError(f"account {name!r} is there from the beginning", where="NAME", cure="choose another name")
        if name in {account.name for account, _ in self.all()}:
            cure = f"choose another name, or make a new key for it: company exchange account remove {name}, then add"
            raise UsageError(f"there is an account {name!r} already", where="NAME", cure=cure)
        account = Account(name, randomness.token_hex(32), randomness.token_hex(32))
        self._sealed.set(_sealed_name(account), account.secret)
        return account

    def remove(self, name: str) -> None:
        """Make the key of an account open nothing; its orders and balances stay.

        Raises:
            UsageError: There is no such account, or it cannot be removed.
        """
        if name == DEFAULT.name:
            raise UsageError(
                f"account {name!r} is always there", where="NAME", cure="stop the exchange if nobody shall trade"
            )
        found = [account for account, made in self.all() if made is not None and account.name == name]
        if not found:
            known = ", ".join(account.name for account, made in self.all() if made is not None)
            raise UsageError(f"there is no account {name!r}", where="NAME", cure=f"known: {known or 'none'}")
        for account in found:
            self._sealed.remove(_sealed_name(account))


def _sealed_name(account: Account) -> str:
    return f"{_PREFIX}{account.name}:{account.key}"


def _parts(name: str) -> tuple[str, str]:
    account, _, key = name.removeprefix(_PREFIX).partition(":")
    return account, key


def _accounts(values: Mapping[str, str]) -> list[Account]:
    return [Account(*_parts(name), secret) for name, secret in values.items() if name.startswith(_PREFIX)]
