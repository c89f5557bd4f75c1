"""Versions of personas: who each role is, and who changed it, when and why.

A version is immutable and named by its content: the SHA-256 of role, text and parent as canonical JSON. The body of a
role's file is its first version, written by `file`; a later edit of the file is a version too and becomes the stable
one, because the directory is the company. A pointer says which version a role has; setting one and rolling back move
it, and nothing else does. Only people do, and the file: what a role or its memory would like to change is a proposal
(proposals.py), a row until a person accepts it. No tool and no door of a model reaches this class.

Every move is journaled with the hashes, never with the text: the versions hold it.
"""

import difflib
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from company.errors import UsageError
from company.events import Draft, custom
from company.store.connection import Connection, Statement
from company.store.counters import next_number
from company.store.journal import Journal
from company.store.mandates import require_person, require_reason
from company.store.prepared import Parameters, Prepared
from company.store.schema import persona_pointers, persona_versions

FILE = "file"
"""Author of what the role's file says."""

LONGEST = 3_200
"""Characters of a persona that is set by command: 800 tokens at four characters each. It is in every prompt."""

SHOWN = 12
"""Hex digits of a hash that people are shown."""

How = Literal["set", "rollback", "file", "promote", "accept"]

_NUMBER = re.compile(r"v?([0-9]{1,5})")
_PREFIX = re.compile(r"[0-9a-f]{6,64}")


@dataclass(frozen=True, slots=True)
class PersonaVersion:
    """One text that said who a role is.

    Attributes:
        hash: SHA-256 of role, text and parent, hex; its name.
        role: Id of the role.
        number: 1, 2, ... within the role, in order of making.
        text: The persona.
        parent: Hash of the version that was stable when it was made; empty for the first.
        author: The person who made it, or `file`.
        reason: Why it was made.
        at: Wall-clock time of its making.
    """

    hash: str
    role: str
    number: int
    text: str
    parent: str
    author: str
    reason: str
    at: datetime


_every = sa.select(*(persona_versions.c[name] for name in PersonaVersion.__dataclass_fields__))
_by_hash = Prepared(_every.where(persona_versions.c.hash == sa.bindparam("of_hash")))
_of_role = Prepared(
    _every.where(persona_versions.c.role == sa.bindparam("of_role")).order_by(persona_versions.c.number)
)
_pointers = Prepared(sa.select(persona_pointers.c.role, persona_pointers.c.stable, persona_pointers.c.file_hash))
_stable_of = Prepared(
    _every.join(persona_pointers, persona_pointers.c.stable == persona_versions.c.hash).where(
        persona_pointers.c.role == sa.bindparam("of_role")
    )
)
_insert = Prepared(sa.insert(persona_versions))
_point = Prepared(sa.insert(persona_pointers))
_of_pointer = sa.update(persona_pointers).where(persona_pointers.c.role == sa.bindparam("of_role"))
_move = Prepared(_of_pointer, "stable", "at")
_read_file = Prepared(_of_pointer, "file_hash")


class Personas:
    """The versions of all roles, and the pointer of each.

    Args:
        connection: The store's database.
        journal: Where each change is told.
        now: Wall-clock time.
    """

    def __init__(self, connection: Connection, journal: Journal, *, now: Callable[[], datetime]) -> None:
        self._connection, self._journal, self._now = connection, journal, now
        self._texts: dict[str, str] = {}

    def adopt(self, bodies: Mapping[str, str]) -> list[PersonaVersion]:
        """Take up what the role files say, by role; returns the versions that became stable by it.

        A body that was read before changes nothing, whatever a person has set since.
        """
        read = {role: _digest(body) for role, body in bodies.items()}
        if _files(self._connection.rows(_pointers), read) == read:
            return []
        with self._connection.transaction():
            known = _files(self._connection.rows(_pointers), read)
            return [self._adopt(role, bodies[role], read[role]) for role in read if known.get(role) != read[role]]

    def stables(self) -> dict[str, str]:
        """Return the hash of each role's stable version, also of roles whose file is gone."""
        return {row.role: row.stable for row in self._connection.rows(_pointers)}

    def stable(self, role: str) -> PersonaVersion:
        """Return the version that a role has from its next turn on.

        Raises:
            UsageError: There is no such role.
        """
        if (found := self._one(_stable_of, {"of_role": role})) is None:
            known = ", ".join(sorted(self.stables())) or "none yet"
            raise UsageError(f"there is no role {role!r} with a persona", where="role", cure=f"roles are: {known}")
        return found

    def versions(self, role: str) -> list[PersonaVersion]:
        """Return every version of a role, the first one first; empty for a role nobody knows."""
        return [PersonaVersion(*row) for row in self._connection.rows(_of_role, {"of_role": role})]

    def get(self, hash: str) -> PersonaVersion:
        """Return a version by its whole hash.

        Raises:
            UsageError: There is none.
        """
        if (found := self._one(_by_hash, {"of_hash": hash})) is None:
            raise UsageError(f"there is no persona version {hash!r}", where="version", cure="company persona log ROLE")
        return found

    def text(self, hash: str) -> str:
        """Return the text of a version; read once, for a version never changes.

        Raises:
            UsageError: There is no such version.
        """
        if hash not in self._texts:
            self._texts[hash] = self.get(hash).text
        return self._texts[hash]

    def find(self, role: str, name: str) -> PersonaVersion:
        """Return a version of a role by what a person calls it.

        Args:
            role: The role.
            name: `stable`, its number (`2`, `v2`), or at least 6 digits of its hash.

        Raises:
            UsageError: There is no such role or version, or several have such a hash.
        """
        stable = self.stable(role)
        if name == "stable":
            return stable
        versions, number = self.versions(role), _NUMBER.fullmatch(name)
        if number:
            found = [version for version in versions if version.number == int(number[1])]
        else:
            found = [version for version in versions if _PREFIX.fullmatch(name) and version.hash.startswith(name)]
        if len(found) != 1:
            what = "several versions" if found else "no version"
            raise UsageError(
                f"{role} has {what} {name!r}",
                where="version",
                cure=f"name one of 1 to {versions[-1].number}, or six digits of its hash: company persona log {role}",
            )
        return found[0]

    def set(self, role: str, text: str, by: str, reason: str) -> PersonaVersion:
        """Make a text the stable version of a role, from its next turn on.

        A text that was set before on the same version is that version again.

        Raises:
            UsageError: `by` is no person, there is no reason, no such role, or the text is empty, too long or what the
                role has already.
        """
        _require(by, reason)
        with self._connection.transaction():
            version = self.add(role, text, by, reason)
            return self.move(version, by, reason, "set")

    def rollback(self, role: str, by: str, reason: str, *, to: str = "") -> PersonaVersion:
        """Make an earlier version the stable one again, from the next turn on.

        Args:
            role: The role.
            by: Who does it, a person.
            reason: Why.
            to: The version as a person calls it; default: the one the stable version was made from.

        Raises:
            UsageError: `by` is no person, there is no reason, no such role or version, or nothing would change.
        """
        _require(by, reason)
        with self._connection.transaction():
            stable = self.stable(role)
            if not to and not stable.parent:
                cure = f"name a version: company persona rollback {role} --to 2 --reason '...'"
                raise UsageError(f"version 1 of {role} was made from none", where="--to", cure=cure)
            version = self.find(role, to) if to else self.get(stable.parent)
            if version.hash == stable.hash:
                cure = f"company persona log {role} lists the others"
                raise UsageError(f"{role} has version {version.number} already", where="--to", cure=cure)
            return self.move(version, by, reason, "rollback")

    def add(self, role: str, text: str, by: str, reason: str) -> PersonaVersion:
        """Make a version without pointing to it; a version with this text and parent is returned as it is.

        Raises:
            UsageError: There is no such role, or the text is empty, too long or what the role has already.
        """
        with self._connection.transaction():
            stable = self.stable(role)
            text = checked(text)
            if text == stable.text:
                cure = "change the text, or leave it as it is"
                raise UsageError(f"this is what version {stable.number} of {role} says already", where=role, cure=cure)
            return self._made(role, text, stable.hash, by, reason)

    def move(self, version: PersonaVersion, by: str, reason: str, how: How) -> PersonaVersion:
        """Point a role to a version and tell it in the journal; who calls it has checked who decides."""
        with self._connection.transaction():
            before = self.stable(version.role)
            self._connection.change(_move, {"of_role": version.role, "stable": version.hash, "at": self._now()})
            self._tell(before, version, by, reason, how)
        return version

    def diff(self, before: str, after: str) -> str:
        """Return what changed between two versions, named by their hashes, as a unified diff."""
        old, new = self.get(before), self.get(after)
        name, other = (f"{version.role} v{version.number} {version.hash[:SHOWN]}" for version in (old, new))
        lines = difflib.unified_diff(old.text.splitlines(), new.text.splitlines(), name, other, lineterm="")
        return "\n".join(lines)

    def _adopt(self, role: str, body: str, digest: str) -> PersonaVersion:
        pointed = self.stables().get(role)
        if pointed is None:
            version = self._made(role, body, "", FILE, f"roles/{role}.md")
            row = {"role": role, "stable": version.hash, "file_hash": digest, "at": self._now()}
            self._connection.change(_point, row)
            return version
        self._connection.change(_read_file, {"of_role": role, "file_hash": digest})
        stable = self.get(pointed)
        if stable.text == body:
            return stable
        version = self._made(role, body, pointed, FILE, f"roles/{role}.md was edited")
        return self.move(version, FILE, version.reason, "file")

    def _made(self, role: str, text: str, parent: str, author: str, reason: str) -> PersonaVersion:
        digest = hash_of(role, text, parent)
        if (known := self._one(_by_hash, {"of_hash": digest})) is not None:
            return known
        number = len(self.versions(role)) + 1
        version = PersonaVersion(digest, role, number, text, parent, author, reason, self._now())
        row = {name: getattr(version, name) for name in PersonaVersion.__dataclass_fields__}
        self._connection.change(_insert, {"position": next_number(self._connection, "persona version"), **row})
        return version

    def _tell(self, before: PersonaVersion, after: PersonaVersion, by: str, reason: str, how: How) -> None:
        value = {"role": after.role, "before": before.hash, "after": after.hash, "author": by, "reason": reason}
        body = custom("persona.changed", {**value, "how": how})
        self._journal.append([Draft("", "", FILE, "user", body) if by == FILE else Draft.of_person(body)])

    def _one(self, query: Statement, parameters: Parameters) -> PersonaVersion | None:
        row = self._connection.first(query, parameters)
        return None if row is None else PersonaVersion(*row)


def hash_of(role: str, text: str, parent: str) -> str:
    """Return the name of a version: SHA-256 of its role, text and parent as JSON with sorted keys, in ASCII."""
    known = {"role": role, "text": text, "parent": parent}
    return hashlib.sha256(json.dumps(known, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def checked(text: str) -> str:
    """Return a persona as it is kept: no space around it, lines end as on Unix.

    Raises:
        UsageError: It is empty or too long.
    """
    text = "\n".join(text.splitlines()).strip()
    if not text:
        raise UsageError("the persona is empty", where="--file", cure="write who the role is and what it refuses")
    if len(text) > LONGEST:
        what = f"the persona has {len(text)} characters, at most {LONGEST} are allowed"
        raise UsageError(what, where="--file", cure="shorten it: it is in every prompt of the role")
    return text


def _require(by: str, reason: str) -> None:
    require_person(by, "change a persona")
    require_reason(reason)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _files(rows: Iterable[Any], wanted: Mapping[str, str]) -> dict[str, str]:
    return {row.role: row.file_hash for row in rows if row.role in wanted}
