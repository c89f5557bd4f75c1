"""The format of the secret store: a table of sealed values, as JSON.

Each value is sealed by AES-256-GCM with a new random nonce at every writing. Its name and the home's id are associated
data, so a value moved to another name or another home does not open. One more seal, over the whole table, shows when a
row was removed, renamed or given another date. Names and dates are readable, and the length of a sealed text tells that
of its value.

What this cannot show: that somebody put back the whole table as it was earlier.
"""

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self, get_args

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from company.store.master_key import Kept, MasterKey
from company.store.schema import moment_text

_FORMAT = 1
_NONCE = 12


@dataclass(frozen=True, slots=True)
class Row:
    """A sealed value.

    Attributes:
        set_at: When it was set, UTC, ISO 8601.
        sealed: Nonce, ciphertext and tag in base64.
    """

    set_at: str
    sealed: str


@dataclass(frozen=True, slots=True)
class SealedTable:
    """Sealed values of one home.

    Attributes:
        home: The home's id.
        kept: Where the master key is kept.
        master: Id of the master key.
        rows: Sealed values by name.
        seal: Seal over all of the above.
    """

    home: str
    kept: Kept
    master: str
    rows: Mapping[str, Row]
    seal: str = ""

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read a table without opening it.

        Raises:
            ValueError: It is not one; the message says why and holds nothing of it but its format.
        """
        try:
            document = dict(json.loads(raw))
            if document.pop("format") != _FORMAT:
                raise ValueError("written by another version of the-ai-company")
            rows = {name: Row(**row) for name, row in document.pop("secrets").items()}
            table = cls(**document, rows=rows)
        except json.JSONDecodeError:
            raise ValueError("not complete JSON") from None
        except (UnicodeDecodeError, KeyError, TypeError, AttributeError):
            raise ValueError("no table of secrets") from None
        if table.kept not in get_args(Kept):
            raise ValueError("no table of secrets")
        return table

    def text(self) -> bytes:
        """Return the table as `parse` reads it."""
        return json.dumps({**self._content(), "seal": self.seal}, indent=1).encode() + b"\n"

    def values(self, master: MasterKey) -> dict[str, str]:
        """Open all values.

        Raises:
            ValueError: A seal is broken.
        """
        try:
            _open(master, self.seal, self._bound_whole())
            return {name: _open(master, row.sealed, self._bound(name)) for name, row in self.rows.items()}
        except (InvalidTag, ValueError, TypeError):
            raise ValueError("its seal is broken") from None

    def including(self, name: str, value: str, at: datetime, master: MasterKey) -> Self:
        """Return the table with one value set."""
        row = Row(moment_text(at), _seal(master, value, self._bound(name)))
        return self._sealed({**self.rows, name: row}, master)

    def without(self, name: str, master: MasterKey) -> Self:
        """Return the table with one value removed."""
        return self._sealed({known: row for known, row in self.rows.items() if known != name}, master)

    def _sealed(self, rows: Mapping[str, Row], master: MasterKey) -> Self:
        table = replace(self, rows=dict(sorted(rows.items())))
        return replace(table, seal=_seal(master, "", table._bound_whole()))

    def _content(self) -> dict[str, Any]:
        rows = {name: {"set_at": row.set_at, "sealed": row.sealed} for name, row in self.rows.items()}
        return {"format": _FORMAT, "home": self.home, "kept": self.kept, "master": self.master, "secrets": rows}

    def _bound(self, name: str) -> bytes:
        return _canonical({"home": self.home, "name": name})

    def _bound_whole(self) -> bytes:
        return _canonical(self._content())


def _canonical(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _seal(master: MasterKey, value: str, bound: bytes) -> str:
    nonce = os.urandom(_NONCE)
    return base64.b64encode(nonce + AESGCM(master.key).encrypt(nonce, value.encode(), bound)).decode()


def _open(master: MasterKey, sealed: str, bound: bytes) -> str:
    raw = base64.b64decode(sealed, validate=True)
    return AESGCM(master.key).decrypt(raw[:_NONCE], raw[_NONCE:], bound).decode()
