"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables of an empty database."""
    _identity()
    _journal()
    _work()
    _effects()
    _approvals()
    _budgets()
    _books()


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _identity() -> None:
    op.create_table(
        "home",
        sa.Column("home_id", sa.Text, primary_key=True),
        _text("public_key"),
        _number("last_seq"),
        _text("last_hash"),
    )
    op.create_table("flags", sa.Column("name", sa.Text, primary_key=True), _text("value"))


def _journal() -> None:
    columns = ("at", "run_id", "thread_id", "agent", "visibility", "type", "body", "previous", "hash")
    op.create_table(
        "journal",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        *map(_text, columns),
    )
    op.create_index("journal_run", "journal", ["run_id", "seq"])
    op.create_index("journal_thread", "journal", ["thread_id", "seq"])
    op.create_table(
        "heads", sa.Column("signature", sa.Text, primary_key=True), _number("seq"), _text("hash"), _text("at")
    )


def _work() -> None:
    op.create_table(
        "runs",
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        *map(_text, ("thread_id", "kind", "status", "request", "person")),
        _number("number"),
        _text("as_of"),
        _number("seed"),
        _text("identity"),
        _text("created_at"),
        _text("finished_at", nullable=True),
        _text("outcome"),
        _number("fence"),
        sa.CheckConstraint("kind IN ('cycle', 'chat', 'task')", name="known_kind"),
        sa.CheckConstraint(
            "status IN ('created', 'running', 'waiting', 'done', 'degraded', 'failed', 'stopped')", name="known_status"
        ),
    )
    op.create_index("runs_status", "runs", ["status"])


def _effects() -> None:
    op.create_table(
        "effects",
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        *map(_text, ("run_id", "role", "tool", "arguments_hash", "mandate_id")),
        _text("notional", nullable=True),
        _text("state"),
        _text("result", nullable=True),
        _text("at"),
        _text("settled_at", nullable=True),
        sa.CheckConstraint("state IN ('intent', 'done', 'failed', 'unknown')", name="known_state"),
    )
    op.create_index("effects_state", "effects", ["state"])
    op.create_index("effects_mandate", "effects", ["mandate_id", "at"])


def _approvals() -> None:
    asked = ("run_id", "thread_id", "role", "path", "call_id", "tool", "arguments", "arguments_hash", "reason", "rule")
    op.create_table(
        "approvals",
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        *map(_text, (*asked, "sources", "state", "asked_at", "expires_at")),
        _text("decided_at", nullable=True),
        _text("decided_by", nullable=True),
        _text("note"),
        _text("result", nullable=True),
        sa.UniqueConstraint("run_id", "path", "call_id", name="approvals_call"),
        sa.CheckConstraint("state IN ('open', 'approved', 'rejected', 'expired', 'done')", name="known_state"),
    )
    op.create_index("approvals_state", "approvals", ["state"])


def _budgets() -> None:
    op.create_table(
        "reservations",
        sa.Column("id", sa.Integer, primary_key=True),
        *map(_text, ("path", "run_id", "at", "state", "usd")),
        _number("tokens"),
        _number("calls"),
        _text("seconds"),
        sa.CheckConstraint("state IN ('open', 'settled', 'released')", name="known_state"),
    )
    op.create_index("reservations_run", "reservations", ["run_id", "state"])
    op.create_index("reservations_at", "reservations", ["at"])
    op.create_table(
        "spending",
        sa.Column("node", sa.Text, primary_key=True),
        sa.Column("bucket", sa.Text, primary_key=True),
        _text("usd"),
        _number("tokens"),
        _number("calls"),
        _text("seconds"),
    )


def _books() -> None:
    op.create_table(
        "documents",
        sa.Column("position", sa.Integer, primary_key=True),
        *map(_text, ("book", "kind", "key", "document")),
        sa.UniqueConstraint("book", "kind", "key", name="documents_key"),
    )
    op.create_index("documents_order", "documents", ["book", "kind", "position"])
    op.create_table(
        "counters",
        sa.Column("book", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        _number("number"),
    )
