"""The tables. Every schema change is a script in `migrations/versions` and an entry of `upgrade.REVISIONS`.

Text is the storage form of everything that must come back exactly: times as UTC ISO 8601 of fixed width (they sort as
text), decimals in positional notation, documents as ASCII JSON with keys in the order given (no locale, no NUL, no lone
surrogate can spoil a row, on SQLite and Postgres alike).
"""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from company.events import plain


def _plain(value: object) -> Any:
    known = plain(value)
    if known is value or (isinstance(value, datetime) and value.tzinfo is None):
        raise TypeError(f"cannot store {value!r}: use JSON values, Decimals, aware datetimes or pydantic models")
    return known


encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, default=_plain).encode
"""JSON text of a document; decimals and times become strings.

Raises:
    TypeError: A value has no JSON form, or a time has no zone.
"""


def moment_text(moment: datetime) -> str:
    """Return an aware time as UTC text of fixed width.

    Raises:
        ValueError: `moment` has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone; the store keeps aware times only")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


class Moment(sa.TypeDecorator[datetime]):
    """An aware time."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> str | None:  # noqa: D102
        return None if value is None else moment_text(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> datetime | None:  # noqa: D102
        return None if value is None else datetime.fromisoformat(value)


class Exact(sa.TypeDecorator[Decimal]):
    """A finite decimal, digit for digit."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: sa.Dialect) -> str | None:  # noqa: D102
        if value is not None and not value.is_finite():
            raise ValueError(f"{value!r} is not an amount; the store keeps finite decimals only")
        return None if value is None else format(value, "f")

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Decimal | None:  # noqa: D102
        return None if value is None else Decimal(value)


class Document(sa.TypeDecorator[Any]):
    """JSON data; decimals and times inside become strings."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:  # noqa: D102
        return None if value is None else encode(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:  # noqa: D102
        return None if value is None else json.loads(value)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _one_of(column: str, *values: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=f"known_{column}")


def _amounts() -> list[sa.Column[Any]]:
    return [
        sa.Column("usd", Exact, nullable=False),
        sa.Column("tokens", sa.BigInteger, nullable=False),
        sa.Column("calls", sa.BigInteger, nullable=False),
        sa.Column("seconds", Exact, nullable=False),
    ]


metadata = sa.MetaData()

home = sa.Table(  # one row: who this database is, and where the journal ends
    "home",
    metadata,
    sa.Column("home_id", sa.Text, primary_key=True),
    _text("public_key"),
    sa.Column("last_seq", sa.BigInteger, nullable=False),
    _text("last_hash"),
)

IS_COST = sa.text("type = 'cost'")
"""Written out: a database uses a partial index only for a query that holds its condition, not for a bound value."""

IS_LANE = sa.text("type IN ('SUBAGENT_STARTED', 'report')")
"""Where a role's assignment begins and ends."""

IS_ORDER = sa.text("type = 'order.placed'")

journal = sa.Table(
    "journal",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    _text("at"),
    _text("run_id"),
    _text("thread_id"),
    _text("agent"),
    _text("visibility"),
    _text("type"),
    _text("body"),
    _text("previous"),
    _text("hash"),
    sa.Index("journal_run", "run_id", "seq"),
    sa.Index("journal_thread", "thread_id", "seq"),
    sa.Index("journal_cost", "at", sqlite_where=IS_COST, postgresql_where=IS_COST),
    sa.Index("journal_lane", "agent", "seq", sqlite_where=IS_LANE, postgresql_where=IS_LANE),
    sa.Index("journal_order", "seq", sqlite_where=IS_ORDER, postgresql_where=IS_ORDER),
)

heads = sa.Table(
    "heads",
    metadata,
    sa.Column("signature", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
    _text("hash"),
    sa.Column("at", Moment, nullable=False),
)

counters = sa.Table(
    "counters",
    metadata,
    sa.Column("book", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
)

documents = sa.Table(
    "documents",
    metadata,
    sa.Column("position", sa.Integer, primary_key=True),
    _text("book"),
    _text("kind"),
    _text("key"),
    sa.Column("document", Document, nullable=False),
    sa.UniqueConstraint("book", "kind", "key", name="documents_key"),
    sa.Index("documents_order", "book", "kind", "position"),
)

flags = sa.Table("flags", metadata, sa.Column("name", sa.Text, primary_key=True), _text("value"))

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    _text("thread_id"),
    _text("kind"),
    _text("status"),
    _text("request"),
    _text("person"),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("as_of", Moment, nullable=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    _text("identity"),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("finished_at", Moment),
    sa.Column("outcome", Document, nullable=False),
    sa.Column("fence", sa.BigInteger, nullable=False),
    _one_of("kind", "cycle", "chat", "task"),
    _one_of("status", "created", "running", "waiting", "done", "degraded", "failed", "stopped"),
    sa.Index("runs_status", "status"),
    sa.Index("runs_thread", "thread_id", "position"),
    sa.Index("runs_kind", "kind", "position"),
)

effects = sa.Table(
    "effects",
    metadata,
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    _text("run_id"),
    _text("role"),
    _text("tool"),
    _text("arguments_hash"),
    _text("mandate_id"),
    sa.Column("notional", Exact),
    _text("state"),
    sa.Column("result", Document),
    sa.Column("at", Moment, nullable=False),
    sa.Column("settled_at", Moment),
    _one_of("state", "intent", "done", "failed", "unknown"),
    sa.Index("effects_state", "state"),
    sa.Index("effects_mandate", "mandate_id", "at"),
)

approvals = sa.Table(
    "approvals",
    metadata,
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    _text("run_id"),
    _text("thread_id"),
    _text("role"),
    _text("path"),
    _text("call_id"),
    _text("tool"),
    sa.Column("arguments", Document, nullable=False),
    _text("arguments_hash"),
    _text("reason"),
    _text("rule"),
    sa.Column("sources", Document, nullable=False),
    _text("state"),
    sa.Column("asked_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("decided_at", Moment),
    sa.Column("decided_by", sa.Text),
    _text("note"),
    sa.Column("result", Document),
    _text("bundle"),  # id of the first question of those that are shown as one
    sa.Column("needed", sa.Integer, nullable=False),  # people who have to say yes
    sa.Column("escalated_at", Moment),
    sa.UniqueConstraint("run_id", "path", "call_id", name="approvals_call"),
    _one_of("state", "open", "approved", "rejected", "expired", "done"),
    sa.Index("approvals_state", "state"),
)

votes = sa.Table(  # what each person said about a question that needs several
    "votes",
    metadata,
    sa.Column("approval_id", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("at", Moment, nullable=False),
    _text("note"),
)

mandates = sa.Table(  # standing permissions a person gave beside company.toml, and those of it that were taken back
    "mandates",
    metadata,
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("terms", Document),  # none for a mandate of company.toml
    sa.Column("given_at", Moment),
    sa.Column("given_by", sa.Text),
    sa.Column("revoked_at", Moment),
    sa.Column("revoked_by", sa.Text),
    _text("reason"),
)

steps = sa.Table(  # the trajectory of each run, as the progress breaker compares it
    "steps",
    metadata,
    sa.Column("position", sa.Integer, primary_key=True),
    _text("run_id"),
    _text("path"),
    _text("role"),
    _text("call_id"),
    sa.Column("turn", sa.Integer),  # which answer of the model proposed it
    _text("action"),
    _text("question"),  # hash of what was asked, in canonical form
    _text("answer"),  # hash of what came of it
    _text("status"),
    sa.Column("changed", sa.Boolean, nullable=False),  # an effect happened
    sa.Column("progress", sa.Boolean, nullable=False),  # it brought something new
    sa.Column("usd", Exact, nullable=False),  # what the role had used in this run by then
    sa.Column("tokens", sa.BigInteger, nullable=False),
    sa.Index("steps_path", "run_id", "path", "position"),
)

recordings = sa.Table(  # everything a run took from outside of its own code, for a replay
    "recordings",
    metadata,
    sa.Column("position", sa.Integer, primary_key=True),
    _text("run_id"),
    _text("kind"),
    _text("key"),
    sa.Column("data", Document, nullable=False),
    sa.Index("recordings_run", "run_id", "position"),
)

credentials = sa.Table(
    "credentials",
    metadata,
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    _text("kind"),
    _text("name"),
    _text("person"),
    sa.Column("scopes", Document, nullable=False),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("expires_at", Moment),
    sa.Column("used_at", Moment),
    sa.Column("revoked_at", Moment),
    sa.Column("seen_at", Moment),
    _one_of("kind", "token", "login", "session"),
)

marks = sa.Table(  # how far a person has read a conversation, on any device
    "marks",
    metadata,
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("thread_id", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
)

requests = sa.Table(  # commands that were answered, by the key the client gave them
    "requests",
    metadata,
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    _text("digest"),
    sa.Column("answer", Document, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Index("requests_at", "at"),
)

reservations = sa.Table(  # one row a reservation, with what it counts: the worst case, the actual, or nothing
    "reservations",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _text("path"),
    _text("run_id"),
    sa.Column("at", Moment, nullable=False),
    _text("state"),
    *_amounts(),
    _one_of("state", "open", "settled", "released"),
    sa.Index("reservations_run", "run_id", "state"),
    sa.Index("reservations_at", "at"),
)

spending = sa.Table(  # sums of the reservations by node and window, so that a reservation costs the same in any month
    "spending",
    metadata,
    sa.Column("node", sa.Text, primary_key=True),
    sa.Column("bucket", sa.Text, primary_key=True),
    *_amounts(),
)

persona_versions = sa.Table(  # every text that said who a role is; a row is never changed
    "persona_versions",
    metadata,
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("hash", sa.Text, nullable=False, unique=True),
    _text("role"),
    sa.Column("number", sa.Integer, nullable=False),
    _text("text"),
    _text("parent"),  # hash of the version it was made from; empty for the first
    _text("author"),
    _text("reason"),
    sa.Column("at", Moment, nullable=False),
    sa.UniqueConstraint("role", "number", name="persona_versions_number"),
)

persona_pointers = sa.Table(  # which version a role has from its next turn on
    "persona_pointers",
    metadata,
    sa.Column("role", sa.Text, primary_key=True),
    _text("stable"),
    _text("file_hash"),  # of the body of the role's file that was read last
    sa.Column("at", Moment, nullable=False),
)

persona_proposals = sa.Table(  # texts that wait for a person
    "persona_proposals",
    metadata,
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    _text("role"),
    _text("text"),
    _text("base"),
    _text("proposed_by"),
    _text("reason"),
    sa.Column("sources", Document, nullable=False),
    sa.Column("at", Moment, nullable=False),
    _text("state"),
    sa.Column("decided_at", Moment),
    sa.Column("decided_by", sa.Text),
    _text("note"),
    _text("version"),
    _one_of("state", "open", "accepted", "rejected"),
    sa.Index("persona_proposals_state", "state"),
)

exposures = sa.Table(  # which version each role has in each run
    "exposures",
    metadata,
    sa.Column("run_id", sa.Text, primary_key=True),
    sa.Column("role", sa.Text, primary_key=True),
    _text("version"),
    _text("experiment"),
    _text("arm"),
    sa.Index("exposures_experiment", "experiment", "role", "arm"),
    _one_of("arm", "", "a", "b"),
)

experiments = sa.Table(
    "experiments",
    metadata,
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    _text("role"),
    _text("base"),
    _text("candidate"),
    sa.Column("weight", sa.Integer, nullable=False),
    _text("branch"),
    sa.Column("from_rate", Exact, nullable=False),
    sa.Column("to_rate", Exact, nullable=False),
    sa.Column("needed", sa.Integer, nullable=False),
    _text("state"),
    _text("reason"),
    sa.Column("started_at", Moment, nullable=False),
    _text("started_by"),
    sa.Column("ended_at", Moment),
    sa.Column("ended_by", sa.Text),
    _text("ended_because"),
    sa.Column("settled", sa.Boolean, nullable=False),  # what arm B remembered was merged or dropped
    _one_of("state", "running", "promoted", "rolled_back"),
    sa.Index("experiments_state", "state"),
)

experiment_scores = sa.Table(  # the same case with the base and with the candidate
    "experiment_scores",
    metadata,
    sa.Column("experiment", sa.Text, primary_key=True),
    sa.Column("case_key", sa.Text, primary_key=True),
    sa.Column("base", sa.Boolean, nullable=False),
    sa.Column("candidate", sa.Boolean, nullable=False),
    sa.Column("safety", sa.Boolean, nullable=False),
    sa.Column("at", Moment, nullable=False),
)

opinions = sa.Table(  # thumbs up or down, one a run and person
    "opinions",
    metadata,
    sa.Column("run_id", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, primary_key=True),
    _text("verdict"),
    _text("note"),
    sa.Column("at", Moment, nullable=False),
    _one_of("verdict", "up", "down"),
)

probe_answers = sa.Table(  # what a version of a role answered to each probe
    "probe_answers",
    metadata,
    sa.Column("version", sa.Text, primary_key=True),
    sa.Column("setting", sa.Text, primary_key=True),  # fingerprint of everything else that decides an answer
    sa.Column("probe", sa.Text, primary_key=True),
    sa.Column("answer", Document, nullable=False),
    sa.Column("at", Moment, nullable=False),
)
