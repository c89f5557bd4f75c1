"""Credentials: tokens, login codes and browser sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the table of credentials."""
    op.create_table(
        "credentials",
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("kind", "name", "person", "scopes")),
        sa.Column("digest", sa.Text, nullable=False, unique=True),
        sa.Column("created_at", sa.Text, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("expires_at", "used_at", "revoked_at", "seen_at")),
        sa.CheckConstraint("kind IN ('token', 'login', 'session')", name="known_kind"),
    )
