"""Who may enter: one bearer token a home, and the browser sessions it opens.

The token is made at first use and kept in the state directory for its owner only; deleting the file and starting the
server again makes a new one and ends every session. A session cookie is not the token: browsers send cookies of
127.0.0.1 to every port of this machine, so the cookie holds a signed date of expiry, is useless in an `Authorization`
header, and runs out. Nothing about sessions is stored, so they survive a restart.
"""

import hmac
import os
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from company.errors import UsageError

TOKEN_FILE = "server.token"  # noqa: S105 - the file's name
LIFETIME = timedelta(days=7)
"""How long a browser stays logged in."""

_SHORTEST = 32
_OTHERS = 0o077
_CURE = "delete the file; the next start makes a new token"


def load_token(state: Path) -> str:
    """Return the home's token, made when there is none.

    Args:
        state: The state directory.

    Raises:
        UsageError: The file may be read by others, or holds no token.
    """
    file = state / TOKEN_FILE
    if not file.exists():
        _make(file)
    if file.stat().st_mode & _OTHERS:
        raise UsageError("others may read the server's token", where=str(file), cure=_CURE)
    token = file.read_text("ascii", errors="replace").strip()
    if len(token) < _SHORTEST:
        raise UsageError("this is not a token of the server", where=str(file), cure=_CURE)
    return token


def _make(file: Path) -> None:
    """Write a new token whole or not at all; when two servers start at once, the first one's stays."""
    draft = file.with_name(f"{TOKEN_FILE}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_urlsafe(32) + "\n", "ascii")
    try:
        os.link(draft, file)
    except FileExistsError:
        return
    finally:
        draft.unlink()


class Sessions:
    """Checks tokens and session cookies; every comparison takes the same time for every guess.

    Args:
        token: The home's token.
        now: Wall-clock time.
    """

    def __init__(self, token: str, *, now: Callable[[], datetime]) -> None:
        self._token, self._now = token.encode(), now

    def is_token(self, given: str) -> bool:
        """Tell whether `given` is the token."""
        return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), self._token)

    def open(self) -> str:
        """Return the cookie of a new session."""
        return self._signed(str(int((self._now() + LIFETIME).timestamp())))

    def holds(self, cookie: str) -> bool:
        """Tell whether a session cookie was made here and has not run out."""
        expires = cookie.partition(".")[0]
        genuine = hmac.compare_digest(cookie.encode(), self._signed(expires).encode())
        return genuine and self._now().timestamp() < int(expires)

    def _signed(self, expires: str) -> str:
        return f"{expires}.{hmac.digest(self._token, f'session {expires}'.encode(), 'sha256').hex()}"
