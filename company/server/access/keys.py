"""Finds out who shows a token or a session, fast.

What the store said about a secret is believed for a moment: a client that asks a thousand times a second costs one
query in that time. A revocation by another process is obeyed when the moment is over, one by this process at once.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import cast

from company.server.principal import Principal, Scope
from company.store import Access, Credential, CredentialKind

BELIEVED = 3.0
"""Seconds for which what the store said counts; a revocation must hold within five."""

_MOST = 10_000
"""Secrets that are remembered; with more of them all are asked for again."""


@dataclass(frozen=True, slots=True)
class _Known:
    principal: Principal
    expires_at: datetime | None
    until: float


class Keys:
    """Tells who shows a secret.

    Args:
        access: The home's credentials.
        now: Wall-clock time.
        monotonic: Seconds that never go back.
    """

    def __init__(
        self, access: Access, *, now: Callable[[], datetime], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._access, self._now, self._monotonic = access, now, monotonic
        self._known: dict[tuple[CredentialKind, bytes], _Known] = {}

    def principal(self, kind: CredentialKind, secret: str) -> Principal | None:
        """Return who shows a secret, None when it opens nothing."""
        mark = kind, sha256(secret.encode("utf-8", "surrogatepass")).digest()
        known = self._known.get(mark)
        if known is None or self._monotonic() >= known.until:
            known = self._ask(mark, secret)
        if known is None or (known.expires_at and self._now() >= known.expires_at):
            return None
        return known.principal

    def forget(self) -> None:
        """Believe nothing any more; to be called after this process revoked something."""
        self._known.clear()

    def _ask(self, mark: tuple[CredentialKind, bytes], secret: str) -> _Known | None:
        self._known.pop(mark, None)
        credential = self._access.find(mark[0], secret)
        if credential is None:
            return None
        self._access.saw(credential)
        if len(self._known) >= _MOST:
            self._known.clear()
        until = self._monotonic() + BELIEVED
        known = self._known[mark] = _Known(principal_for(credential), credential.expires_at, until)
        return known


def principal_for(credential: Credential) -> Principal:
    """Return in whose name a credential acts, and what it may do."""
    scopes = frozenset(cast("Scope", scope) for scope in credential.scopes)
    return Principal(credential.person, scopes, credential.id)
