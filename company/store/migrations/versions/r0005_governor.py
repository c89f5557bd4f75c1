"""What the governor needs of its own: votes, mandates given later, trajectories, recordings; departments in budgets."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def upgrade() -> None:
    """Create the tables, and give questions the columns of bundles, quorums and escalation."""
    op.create_table(
        "votes",
        sa.Column("approval_id", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, primary_key=True),
        *_text("at", "note"),
    )
    op.create_table(
        "mandates",
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        *(sa.Column(name, sa.Text) for name in ("terms", "given_at", "given_by", "revoked_at", "revoked_by")),
        *_text("reason"),
    )
    op.create_table(
        "steps",
        sa.Column("position", sa.Integer, primary_key=True),
        *_text("run_id", "path", "action", "question", "answer", "status"),
        sa.Column("changed", sa.Boolean, nullable=False),
    )
    op.create_index("steps_path", "steps", ["run_id", "path", "position"])
    op.create_table(
        "recordings",
        sa.Column("position", sa.Integer, primary_key=True),
        *_text("run_id", "kind", "key", "data"),
    )
    op.create_index("recordings_run", "recordings", ["run_id", "position"])
    with op.batch_alter_table("approvals") as approvals:
        approvals.add_column(sa.Column("bundle", sa.Text, nullable=False, server_default=""))
        approvals.add_column(sa.Column("needed", sa.Integer, nullable=False, server_default="1"))
        approvals.add_column(sa.Column("escalated_at", sa.Text))
