"""What the governor needs of its own: votes, mandates given later, trajectories, recordings; departments in budgets.

Budgets had the nodes company > role > run, and now have company > department > role > run. The sums of the company are
left as they are. Those of a role move below its department, and departments get the sums of their roles. Which
department a role belongs to is said in its file, which a migration does not read: the six roles of the default company
get theirs, and any other role is a department of its own, which is also what a role file means that names none. Where a
file says something else, its role and its department begin the running day and month, and a run that is not finished,
with nothing; the sums of the company hold all of it.
"""

from collections import defaultdict
from decimal import Context, Decimal, Inexact
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_DEPARTMENTS = {
    "ceo": "office",
    "content": "studio",
    "operations": "office",
    "research": "newsroom",
    "security": "defence",
    "trading": "trading",
}
_EXACT = Context(prec=200, traps=[Inexact])


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def upgrade() -> None:
    """Create the tables, give questions the columns of bundles, quorums and escalation, and roles their departments."""
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
        *_text("run_id", "path", "role", "call_id"),
        sa.Column("turn", sa.Integer),
        *_text("action", "question", "answer", "status"),
        *(sa.Column(name, sa.Boolean, nullable=False) for name in ("changed", "progress")),
        *_text("usd"),
        sa.Column("tokens", sa.BigInteger, nullable=False),
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
    op.execute("UPDATE approvals SET bundle = id")  # what was asked before stands alone
    _move_reservations()
    _move_sums()


def _below_department(role: str) -> str:
    return f"company/{_DEPARTMENTS.get(role, role)}/{role}"


def _move_reservations() -> None:
    """Give every path its department, in one statement: one after the other, a moved path could pass for an old one."""
    connection, table = op.get_bind(), sa.table("reservations", sa.column("path", sa.Text))
    paths = connection.scalars(sa.select(table.c.path).where(table.c.path.startswith("company/")).distinct())
    if roles := sorted({path.split("/")[1] for path in paths}):
        moved = [
            (
                table.c.path.startswith(f"company/{role}/", autoescape=True),
                _below_department(role) + sa.func.substr(table.c.path, len(f"company/{role}/")),
            )
            for role in roles
        ]
        connection.execute(sa.update(table).values(path=sa.case(*moved, else_=table.c.path)))


def _move_sums() -> None:
    kinds = ("usd", "tokens", "calls", "seconds")
    columns = (sa.column("node", sa.Text), sa.column("bucket", sa.Text), *(sa.column(kind) for kind in kinds))
    connection, table = op.get_bind(), sa.table("spending", *columns)
    below = table.c.node.startswith("company/")
    departments: defaultdict[tuple[str, str], list[Any]] = defaultdict(list)
    moved: list[dict[str, Any]] = []
    for row in connection.execute(sa.select(table).where(below)).mappings():
        _, role, *run = row["node"].split("/")
        if not run:  # a role's part of one run was kept twice: it is also the role's window of that run
            moved.append({**row, "node": _below_department(role)})
            departments[_below_department(role).rpartition("/")[0], row["bucket"]].append(row)
    for (node, bucket), rows in departments.items():
        moved.append({"node": node, "bucket": bucket} | {kind: _sum([row[kind] for row in rows]) for kind in kinds})
    connection.execute(sa.delete(table).where(below))
    if moved:
        connection.execute(sa.insert(table), moved)


def _sum(amounts: list[Any]) -> Any:
    """Add whole numbers as they are, and decimals, which are kept as text, without rounding."""
    if isinstance(amounts[0], int):
        return sum(amounts)
    total = Decimal(0)
    for amount in amounts:
        total = _EXACT.add(total, Decimal(amount))
    return format(total, "f")
