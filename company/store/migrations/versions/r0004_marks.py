"""How far each person has read, which requests were answered, and what conversations and lanes are found by."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the tables of marks and requests, and indexes over runs and the journal."""
    op.create_table(
        "marks",
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("thread_id", sa.Text, primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "requests",
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("digest", "answer", "at")),
    )
    op.create_index("requests_at", "requests", ["at"])
    op.execute("DELETE FROM documents WHERE book = 'server' AND kind = 'request'")  # where such keys were before
    op.create_index("runs_thread", "runs", ["thread_id", "position"])
    op.create_index("runs_kind", "runs", ["kind", "position"])
    lane = sa.text("type IN ('SUBAGENT_STARTED', 'report')")
    op.create_index("journal_lane", "journal", ["agent", "seq"], sqlite_where=lane, postgresql_where=lane)
    order = sa.text("type = 'order.placed'")
    op.create_index("journal_order", "journal", ["seq"], sqlite_where=order, postgresql_where=order)
