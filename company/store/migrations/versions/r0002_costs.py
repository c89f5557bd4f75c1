"""Costs are found without reading the whole journal."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Index the journal's cost events by time; other rows pay nothing for it."""
    cost = sa.text("type = 'cost'")
    op.create_index("journal_cost", "journal", ["at"], sqlite_where=cost, postgresql_where=cost)
