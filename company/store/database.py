"""The store: one database file, opened once, handed to everybody who remembers something.

Beside the database lie `journal.key` and `journal.heads` (see `heads.py`).
"""

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Self

import sqlalchemy as sa

from company.errors import UsageError
from company.store.access import Access
from company.store.approvals import Approvals
from company.store.books import SqlBooks
from company.store.budgets import Budgets
from company.store.casts import Casts
from company.store.chain import ROOT
from company.store.connection import Connection
from company.store.effects import Effects
from company.store.experiments import Experiments
from company.store.feedback import Feedback
from company.store.flags import Flags
from company.store.heads import Heads, public_key_of
from company.store.journal import Journal
from company.store.mandates import Mandates
from company.store.passwords import Password
from company.store.personas import Personas
from company.store.probe_answers import ProbeAnswers
from company.store.proposals import Proposals
from company.store.recordings import Recordings
from company.store.runs import Runs
from company.store.schema import home
from company.store.sqlite import open_engine
from company.store.steps import Steps
from company.store.upgrade import upgrade

_identity = sa.select(home.c.home_id, home.c.public_key)


class Store:
    """Everything durable of one company; made by `Store.open`.

    Attributes:
        home_id: Random, made once with the database; part of every idempotency key.
        now: Wall-clock time.
        journal: What happened.
        runs: What was asked and how far it is.
        effects: What was done to the outside.
        approvals: What waits for a person.
        mandates: Standing permissions that were given by command, and those of `company.toml` that were revoked.
        budgets: What was spent and may be.
        steps: How each role went about its work in each run.
        flags: Named values, such as the stop flag.
        recordings: What each run was given, for a replay.
        access: Who is let in: tokens, login codes and browser sessions.
        password: The home's password.
        personas: Versions of who each role is, and the pointer to the stable one.
        proposals: Personas that wait for a person.
        casts: Which version each role has in each run.
        experiments: Candidates on trial.
        probe_answers: What versions answered to the probes.
        feedback: What people thought of runs.
    """

    def __init__(
        self,
        connection: Connection,
        directory: Path,
        *,
        now: Callable[[], datetime],
        company_time: Callable[[], datetime],
    ) -> None:
        self._connection, self.now = connection, now
        self.home_id, public_key = _identify(connection, directory)
        self.journal = Journal(connection, Heads(directory, public_key), now=now)
        self.runs = Runs(connection, now=now)
        self.effects = Effects(connection, now=company_time)
        self.approvals = Approvals(connection, now=now)
        self.mandates = Mandates(connection, now=now)
        self.budgets = Budgets(connection, now=now)
        self.steps = Steps(connection)
        self.flags = Flags(connection)
        self.recordings = Recordings(connection, self.journal)
        self.access = Access(connection, now=now)
        self.password = Password(self.flags)
        self.personas = Personas(connection, self.journal, now=now)
        self.proposals = Proposals(connection, self.journal, self.personas, now=now)
        self.casts = Casts(connection)
        self.experiments = Experiments(connection, self.journal, self.personas, now=now)
        self.probe_answers = ProbeAnswers(connection, now=now)
        self.feedback = Feedback(connection, self.journal, self.runs, now=now)

    @classmethod
    def open(
        cls, path: Path, *, now: Callable[[], datetime], company_time: Callable[[], datetime] | None = None
    ) -> Self:
        """Open the database at `path`; creates it, and brings an older one to the newest schema.

        Args:
            path: The database file; its folder must exist.
            now: Wall-clock time, timezone-aware: of the journal, of persons' decisions and of money.
            company_time: Time of the world the company acts in, for effects; `now` when left out.

        Raises:
            UsageError: It cannot be opened, is no database, or was written by a newer program.
        """
        try:
            connection = Connection(open_engine(path))
        except sa.exc.DatabaseError as error:
            raise _unusable(path, error) from error
        try:
            upgrade(connection)
            return cls(connection, path.parent, now=now, company_time=company_time or now)
        except sa.exc.DatabaseError as error:
            connection.close()
            raise _unusable(path, error) from error
        except BaseException:
            connection.close()
            raise

    def transaction(self) -> AbstractContextManager[None]:
        """Make everything written inside one atomic change; never await inside.

        Nests: an inner one that fails undoes only its own part. The outermost takes the write lock at once, so what is
        read inside stays true until the end.
        """
        return self._connection.transaction()

    def joined(self) -> AbstractContextManager[None]:
        """Make everything written inside part of the open transaction, or of one of its own; never await inside.

        Cheaper than an inner transaction. What fails inside undoes all of it: nobody may catch that and go on.
        """
        return self._connection.joined()

    def books(self, name: str) -> SqlBooks:
        """Return the durable books called `name`; their calls join the transaction that is open."""
        return SqlBooks(self._connection, name)

    def close(self) -> None:
        """Close the database."""
        self._connection.close()


def _identify(connection: Connection, directory: Path) -> tuple[str, str]:
    """The database's id and public key, made on the first opening."""
    row = connection.first(_identity)
    return (row.home_id, row.public_key) if row is not None else _found(connection, directory)


def _found(connection: Connection, directory: Path) -> tuple[str, str]:
    with connection.transaction():
        row = connection.first(_identity)
        if row is not None:  # another process was faster
            return row.home_id, row.public_key
        made = {"home_id": secrets.token_hex(16), "public_key": public_key_of(directory)}
        connection.change(sa.insert(home), {**made, "last_seq": 0, "last_hash": ROOT})
        return made["home_id"], made["public_key"]


def _unusable(path: Path, error: sa.exc.DatabaseError) -> UsageError:
    return UsageError(
        f"cannot be opened as a database: {error.orig}",
        where=str(path),
        cure="check that the folder exists and may be written, and that the file is the company's database",
    )
