"""The secret store: keys of providers, encrypted in one file of the state directory.

`sealed_table.py` says how values are sealed, `master_key.py` where the key to them is kept and what that protects
against. A store that cannot be read is an error, never an empty store. A value that was read lies in the memory of this
process until it ends; Python cannot wipe it.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from company.errors import UsageError
from company.store import private_file
from company.store.master_key import Keyring, MasterKey, MasterKeys, system_keyring
from company.store.sealed_table import SealedTable

SECRETS_FILE = "secrets.json"
SHORTEST = 8
"""Fewest characters of a secret: a shorter one cannot be told from ordinary text, so it could not be kept out of it."""

_START_OVER = "or delete the file and set each key again with company key set PROVIDER"
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Opened:
    stamp: tuple[int, ...]
    table: SealedTable
    master: MasterKey
    values: Mapping[str, str]


class SecretStore:
    """Secrets of one home, by name; a `company.ports.Secrets`.

    Nothing is read before it is asked for. A change by another process is seen at the next question.

    Args:
        directory: The state directory.
        home_id: The home's id (`Store.home_id`).
        environment: Environment of the process, to find the master key.
        now: Wall-clock time, timezone-aware.
        keyring: Finds the operating system's keyring.
    """

    def __init__(
        self,
        directory: Path,
        *,
        home_id: str,
        environment: Mapping[str, str],
        now: Callable[[], datetime],
        keyring: Callable[[], Keyring | None] = system_keyring,
    ) -> None:
        self._file = directory / SECRETS_FILE
        self._home_id = home_id
        self._masters = MasterKeys(home_id, environment, keyring)
        self._now = now
        self._opened: _Opened | None = None

    def get(self, name: str) -> str | None:
        """Return a secret, None when it was never set.

        Raises:
            UsageError: The store cannot be read: wrong or missing master key, damaged file, file open to others.
        """
        return self.values().get(name)

    def set(self, name: str, value: str) -> None:
        """Keep a secret; on return it is on the disk.

        Raises:
            UsageError: The value has fewer than 8 characters or is no text, or the store cannot be read or written.
        """
        _require_storable(name, value)
        with self._locked():
            opened = self._read()
            master = opened.master if opened else self._masters.make()
            table = opened.table if opened else SealedTable(self._home_id, master.kept, master.id, {})
            private_file.write(self._file, table.including(name, value, self._now(), master).text())

    def remove(self, name: str) -> bool:
        """Forget a secret; tells whether there was one.

        Raises:
            UsageError: The store cannot be read or written.
        """
        with self._locked():
            opened = self._read()
            if opened is None or name not in opened.values:
                return False
            private_file.write(self._file, opened.table.without(name, opened.master).text())
            return True

    def names(self) -> list[tuple[str, datetime]]:
        """Return each name and when it was set (UTC), in order of name.

        Raises:
            UsageError: The store cannot be read.
        """
        opened = self._read()
        rows = opened.table.rows if opened else {}
        return [(name, datetime.fromisoformat(rows[name].set_at)) for name in sorted(rows)]

    def values(self) -> Mapping[str, str]:
        """Return all secrets by name; the same object as long as the file does not change.

        Raises:
            UsageError: The store cannot be read.
        """
        opened = self._read()
        return opened.values if opened else _NOTHING

    def master_place(self) -> str:
        """Say where the master key is kept, empty while nothing was ever set.

        Raises:
            UsageError: The store cannot be read.
        """
        opened = self._read()
        return self._masters.place(opened.master.kept) if opened else ""

    def _locked(self) -> AbstractContextManager[None]:
        return private_file.locked(self._file.with_suffix(".lock"))

    def _read(self) -> _Opened | None:
        """Open the file, when it is not the one that is open already."""
        stamp = private_file.stamp(self._file)
        if stamp is None:
            self._opened = None
        elif self._opened is None or self._opened.stamp != stamp:
            raw = private_file.read(self._file)
            self._opened = None if raw is None else self._unsealed(raw, stamp)
        return self._opened

    def _unsealed(self, raw: bytes, stamp: tuple[int, ...]) -> _Opened:
        try:
            table = SealedTable.parse(raw)
            master = self._matching_master(table)
            return _Opened(stamp, table, master, MappingProxyType(table.values(master)))
        except ValueError as error:
            raise self._unreadable(f"was damaged, or changed by another program: {error}", "restore it") from error

    def _matching_master(self, table: SealedTable) -> MasterKey:
        if table.home != self._home_id:
            raise self._unreadable(f"belongs to home {table.home!r}, not to {self._home_id!r}", "put it back there")
        master = self._masters.find(table.kept)
        if master is None:
            place = self._masters.place(table.kept)
            raise self._unreadable(f"its master key is missing from {place}", "restore that key")
        if master.id != table.master:
            place = self._masters.place(master.kept)
            what = f"was encrypted with master key {table.master!r}, but {place} holds {master.id!r}"
            raise self._unreadable(what, "restore the right key")
        return master

    def _unreadable(self, what: str, cure: str) -> UsageError:
        return UsageError(what, where=str(self._file), cure=f"{cure}; {_START_OVER}")


def _require_storable(name: str, value: str) -> None:
    if len(value) < SHORTEST:
        raise UsageError(
            f"fewer than {SHORTEST} characters: too short to be kept out of texts",
            where=name,
            cure="check that all of it was given",
        )
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise UsageError("holds something that is no text", where=name, cure="copy it again, as plain text")
