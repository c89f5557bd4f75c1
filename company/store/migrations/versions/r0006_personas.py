"""Versions of personas, experiments with them, which run had which, and what people and probes said of it."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _id() -> list[sa.Column[Any]]:
    return [sa.Column("position", sa.Integer, primary_key=True), sa.Column("id", sa.Text, nullable=False, unique=True)]


def _key(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, primary_key=True) for name in names]


def _one_of(column: str, *values: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=f"known_{column}")


def upgrade() -> None:
    """Create the tables; the first versions are written when the company is opened, from its role files."""
    _versions()
    _experiments()
    op.create_table(
        "opinions", *_key("run_id", "person"), *_text("verdict", "note", "at"), _one_of("verdict", "up", "down")
    )
    op.create_table("probe_answers", *_key("version", "setting", "probe"), *_text("answer", "at"))


def _versions() -> None:
    op.create_table(
        "persona_versions",
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("hash", sa.Text, nullable=False, unique=True),
        *_text("role"),
        sa.Column("number", sa.Integer, nullable=False),
        *_text("text", "parent", "author", "reason", "at"),
        sa.UniqueConstraint("role", "number", name="persona_versions_number"),
    )
    op.create_table("persona_pointers", *_key("role"), *_text("stable", "file_hash", "at"))
    op.create_table(
        "persona_proposals",
        *_id(),
        *_text("role", "text", "base", "proposed_by", "reason", "sources", "at", "state"),
        *(sa.Column(name, sa.Text) for name in ("decided_at", "decided_by")),
        *_text("note", "version"),
        _one_of("state", "open", "accepted", "rejected"),
    )
    op.create_index("persona_proposals_state", "persona_proposals", ["state"])


def _experiments() -> None:
    op.create_table(
        "exposures",
        *_key("run_id", "role"),
        *_text("version", "experiment", "arm"),
        _one_of("arm", "", "a", "b"),
    )
    op.create_index("exposures_experiment", "exposures", ["experiment", "role", "arm"])
    op.create_table(
        "experiments",
        *_id(),
        *_text("role", "base", "candidate"),
        sa.Column("weight", sa.Integer, nullable=False),
        *_text("branch", "from_rate", "to_rate"),
        sa.Column("needed", sa.Integer, nullable=False),
        *_text("state", "reason", "started_at", "started_by"),
        *(sa.Column(name, sa.Text) for name in ("ended_at", "ended_by")),
        *_text("ended_because"),
        sa.Column("settled", sa.Boolean, nullable=False),
        _one_of("state", "running", "promoted", "rolled_back"),
    )
    op.create_index("experiments_state", "experiments", ["state"])
    op.create_table(
        "experiment_scores",
        *_key("experiment", "case_key"),
        *(sa.Column(name, sa.Boolean, nullable=False) for name in ("base", "candidate", "safety")),
        *_text("at"),
    )
