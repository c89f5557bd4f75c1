"""Credentials: what a program, a browser or a person shows to be let in.

Three kinds. A token is for programs and is made by name, a login code opens one browser session once, a session is what
the browser's cookie holds. A secret is 256 random bits and is told once, to who made it; what is kept is its SHA-256
digest, which opens nothing. A digest of a random secret needs no salt and no slowness; a password does, see
`passwords.py`.
"""

import hashlib
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from company.errors import UsageError
from company.store.approvals import ROLE_PREFIX
from company.store.connection import Connection
from company.store.counters import next_number
from company.store.prepared import Prepared
from company.store.schema import credentials

CredentialKind = Literal["token", "login", "session"]

SEEN_EVERY = timedelta(minutes=1)
"""How exactly `seen_at` is kept: a credential that is used all the time is written once in this time."""

_LETTERS: dict[CredentialKind, str] = {"token": "T", "login": "L", "session": "S"}


@dataclass(frozen=True, slots=True)
class Credential:
    """One credential, without its secret.

    Attributes:
        id: `T1`, `L2`, `S3`, ...
        kind: What it is.
        name: What its maker calls it; "".
        person: In whose name it acts.
        scopes: What it may do.
        created_at: When it was made.
        expires_at: From when on it opens nothing; None for never.
        used_at: When a login code opened its session, else None.
        revoked_at: When it was revoked, else None.
        seen_at: When it was last shown, to the minute; None for never.
    """

    id: str
    kind: CredentialKind
    name: str
    person: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None
    seen_at: datetime | None

    def holds(self, now: datetime) -> bool:
        """Tell whether it opens anything at `now`."""
        spent = self.revoked_at or (self.used_at and self.kind == "login")
        return not spent and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class Made:
    """A new credential, and its secret, which is kept nowhere else."""

    credential: Credential
    secret: str


_every = sa.select(*(credentials.c[name] for name in Credential.__dataclass_fields__))
_found = Prepared(
    _every.where(credentials.c.digest == sa.bindparam("of_digest"), credentials.c.kind == sa.bindparam("of_kind"))
)
_of_id = Prepared(_every.where(credentials.c.id == sa.bindparam("of_id")))
_seen = Prepared(
    sa.update(credentials).where(credentials.c.id == sa.bindparam("of_id")).values(seen_at=sa.bindparam("at"))
)
_use = (
    sa.update(credentials)
    .where(
        credentials.c.digest == sa.bindparam("of_digest"),
        credentials.c.kind == "login",
        credentials.c.used_at.is_(None),
        credentials.c.revoked_at.is_(None),
        credentials.c.expires_at > sa.bindparam("of_now", type_=credentials.c.expires_at.type),
    )
    .values(used_at=sa.bindparam("of_now", type_=credentials.c.used_at.type))
)


class Access:
    """All credentials of one home.

    Args:
        connection: The store's database.
        now: Wall-clock time: persons live in it.
    """

    def __init__(self, connection: Connection, *, now: Callable[[], datetime]) -> None:
        self._connection, self._now = connection, now

    def make(
        self,
        kind: CredentialKind,
        *,
        person: str,
        scopes: Collection[str],
        name: str = "",
        lasts: timedelta | None = None,
    ) -> Made:
        """Make a credential; its secret is in what is returned and nowhere else.

        Args:
            kind: What it is.
            person: In whose name it acts.
            scopes: What it may do.
            name: What its maker calls it.
            lasts: How long it holds; None until it is revoked, which a login code may not.

        Raises:
            UsageError: `person` is nobody or a role, or there is no scope.
        """
        self._require_person(person)
        if not scopes:
            raise UsageError("a credential without scope opens nothing", where="scopes", cure="name at least one scope")
        secret, now = f"{_LETTERS[kind].lower()}_{secrets.token_urlsafe(32)}", self._now()
        with self._connection.transaction():
            position = next_number(self._connection, "credential")
            made_id = f"{_LETTERS[kind]}{position}"
            values = {
                "position": position,
                "id": made_id,
                "kind": kind,
                "name": name,
                "person": person,
                "scopes": sorted(scopes),
                "digest": digest_of(secret),
                "created_at": now,
                "expires_at": None if lasts is None else now + lasts,
            }
            self._connection.change(sa.insert(credentials), values)
            self._forget_what_ran_out(now)
            return Made(self.get(made_id), secret)

    def find(self, kind: CredentialKind, secret: str) -> Credential | None:
        """Return the credential of a secret, None when it opens nothing: unknown, run out, used or revoked."""
        row = self._connection.first(_found, {"of_digest": digest_of(secret), "of_kind": kind})
        credential = _credential(row) if row is not None else None
        return credential if credential and credential.holds(self._now()) else None

    def use(self, code: str) -> Credential | None:
        """Spend a login code and return it; None when it opens nothing.

        Of several that come with one code at the same time, in whatever process, one gets it.
        """
        digest, now = digest_of(code), self._now()
        if not self._connection.change(_use, {"of_digest": digest, "of_now": now}):
            return None
        return _credential(self._connection.first(_found, {"of_digest": digest, "of_kind": "login"}))

    def saw(self, credential: Credential) -> None:
        """Record that a credential was shown, at most once a minute."""
        now = self._now()
        if credential.seen_at is None or now - credential.seen_at >= SEEN_EVERY:
            self._connection.change(_seen, {"of_id": credential.id, "at": now})

    def revoke(self, id: str) -> Credential:
        """Make a credential open nothing from now on; one that is revoked already stays as it is.

        Raises:
            UsageError: There is no such credential.
        """
        mine = credentials.c.id == id
        self._connection.change(
            sa.update(credentials).where(mine, credentials.c.revoked_at.is_(None)).values(revoked_at=self._now())
        )
        return self.get(id)

    def forget(self, id: str) -> None:
        """Delete a credential that one command made for itself; it opens nothing from now on."""
        self._connection.change(sa.delete(credentials).where(credentials.c.id == id))

    def revoke_all(self, kind: CredentialKind) -> int:
        """Revoke all of one kind and return how many still held."""
        now = self._now()
        held = [credential.id for credential in self.all(kind) if credential.holds(now)]
        mine = credentials.c.id.in_(held)
        return self._connection.change(sa.update(credentials).where(mine).values(revoked_at=now)) if held else 0

    def all(self, kind: CredentialKind) -> list[Credential]:
        """Return all of one kind, oldest first."""
        query = _every.where(credentials.c.kind == kind).order_by(credentials.c.position)
        return [_credential(row) for row in self._connection.rows(query)]

    def get(self, id: str) -> Credential:
        """Return one credential.

        Raises:
            UsageError: There is no such credential.
        """
        row = self._connection.first(_of_id, {"of_id": id})
        if row is None:
            raise UsageError(f"there is no credential {id!r}", where="id", cure="company tokens list")
        return _credential(row)

    def _require_person(self, person: str) -> None:
        if not person.strip() or person.startswith(ROLE_PREFIX):
            raise UsageError(f"{person!r} is not a person", where="person", cure="name who acts, such as 'ada'")

    def _forget_what_ran_out(self, now: datetime) -> None:
        """Delete codes and sessions of browsers that nobody can use again; tokens stay to be looked at."""
        gone = sa.delete(credentials).where(credentials.c.kind != "token", credentials.c.expires_at <= now)
        self._connection.change(gone)


def digest_of(secret: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _credential(row: Any) -> Credential:
    fields = row._asdict() if hasattr(row, "_asdict") else dict(row._mapping)
    return Credential(**{**fields, "scopes": tuple(fields["scopes"])})
