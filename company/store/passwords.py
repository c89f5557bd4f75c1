"""The home's password: kept as a scrypt hash with its salt and parameters, so that guessing costs memory and time.

It is the way in for people on another machine, where nobody can read a one-time address off the terminal. One home has
one password; who logs in says in whose name.
"""

import base64
import hashlib
import hmac
import os

from company.errors import UsageError
from company.store.flags import Flags

SHORTEST = 12
"""Characters of a password; the server may be reachable by strangers."""

_FLAG = "access.password"
_COST, _BLOCK, _LANES = 2**15, 8, 1
"""OWASP's scrypt parameters for 32 MB: about a tenth of a second for one guess."""

_MEMORY = 2**26
"""Bytes that scrypt may take; the parameters above need half of it."""


class Password:
    """The password of one home.

    Args:
        flags: Where its hash is kept.
    """

    def __init__(self, flags: Flags) -> None:
        self._flags = flags

    def set(self, password: str) -> None:
        """Replace the password.

        Raises:
            UsageError: It is too short.
        """
        if len(password) < SHORTEST:
            raise UsageError(
                f"a password has at least {SHORTEST} characters, this one has {len(password)}",
                where="password",
                cure="choose a longer one; a sentence is easy to remember",
            )
        salt = os.urandom(16)
        kept = [_COST, _BLOCK, _LANES, _text(salt), _text(_hash(password, salt, _COST, _BLOCK, _LANES))]
        self._flags.set(_FLAG, "scrypt:" + ":".join(map(str, kept)))

    def is_set(self) -> bool:
        """Tell whether there is one."""
        return self._flags.get(_FLAG) is not None

    def matches(self, password: str) -> bool:
        """Tell whether this is the password; takes about a tenth of a second, always the same."""
        kept = self._flags.get(_FLAG)
        if kept is None:
            return False
        _, cost, block, lanes, salt, wanted = kept.split(":")
        given = _hash(password, base64.b64decode(salt), int(cost), int(block), int(lanes))
        return hmac.compare_digest(given, base64.b64decode(wanted))


def _hash(password: str, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
    words = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(words, salt=salt, n=cost, r=block, p=lanes, maxmem=_MEMORY, dklen=32)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
