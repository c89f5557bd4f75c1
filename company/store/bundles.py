"""Bundles: questions that belong together, so that a person reads them as one and is not trained to stamp.

A question joins the bundle of one that is still open when it is about the same tool and comes from the same role of the
same run, or when it is about the same call word for word, wherever it comes from. Each keeps its own arguments, hash,
sources and expiry: a bundle is a way to show and to answer questions, not a permission.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

import sqlalchemy as sa

from company.store.approval import Approval
from company.store.connection import Connection
from company.store.runs import OVER
from company.store.schema import approvals, runs

MOST = 10
"""Questions of one bundle; the next one begins another."""

_earlier = approvals.alias("earlier")
_first = sa.cast(sa.func.substr(approvals.c.bundle, 2), sa.Integer)
repeated = sa.func.coalesce(
    sa.select(_earlier.c.id)
    .where(
        _earlier.c.position >= _first,
        _earlier.c.position < approvals.c.position,
        _earlier.c.bundle == approvals.c.bundle,
        _earlier.c.tool == approvals.c.tool,
        _earlier.c.arguments_hash == approvals.c.arguments_hash,
        _earlier.c.state != "rejected",
        _earlier.c.state != "expired",
    )
    .order_by(_earlier.c.position)
    .limit(1)
    .scalar_subquery(),
    "",
)
"""Column: the first question of the bundle about the same call that was not refused; empty when this one is it."""

waits = sa.and_(
    approvals.c.state == "open",
    approvals.c.run_id.not_in(sa.select(runs.c.id).where(runs.c.status.in_(sorted(OVER)))),
)
"""Condition: nobody decided, and the run goes on."""

_same_call = sa.and_(
    approvals.c.tool == sa.bindparam("of_tool"), approvals.c.arguments_hash == sa.bindparam("of_arguments")
)
_same_wish = sa.and_(
    approvals.c.run_id == sa.bindparam("of_run"),
    approvals.c.role == sa.bindparam("of_role"),
    approvals.c.tool == sa.bindparam("of_tool"),
)
_to_join = (
    sa.select(approvals.c.bundle)
    .where(waits, approvals.c.expires_at > sa.bindparam("at"), sa.or_(_same_call, _same_wish))
    .order_by(_same_call.desc(), approvals.c.position.desc())
)
_size = sa.select(sa.func.count().label("number")).where(approvals.c.bundle == sa.bindparam("of_bundle"))
_asked = sa.select(sa.func.count().label("number")).where(
    approvals.c.bundle == approvals.c.id, approvals.c.asked_at > sa.bindparam("since")
)


def bundle_for(connection: Connection, *, run_id: str, role: str, tool: str, arguments_hash: str, now: datetime) -> str:
    """Return the bundle a new question joins; empty when it begins one."""
    values = {"of_run": run_id, "of_role": role, "of_tool": tool, "of_arguments": arguments_hash, "at": now}
    known = dict.fromkeys(row.bundle for row in connection.rows(_to_join, values))
    return next((name for name in known if _number(connection, _size, of_bundle=name) < MOST), "")


def bundles_asked(connection: Connection, since: datetime) -> int:
    """Return how many bundles were begun after `since`."""
    return _number(connection, _asked, since=since)


def in_bundles(asked: Sequence[Approval]) -> list[list[Approval]]:
    """Return questions as they are shown: those of one bundle together, bundles that were passed on first."""
    first: dict[str, int] = {}
    for approval in asked:
        first.setdefault(approval.bundle, len(first))
    together = sorted(asked, key=lambda approval: first[approval.bundle])
    blocks = [list(block) for _, block in groupby(together, key=lambda approval: approval.bundle)]
    return sorted(blocks, key=lambda block: all(approval.escalated_at is None for approval in block))


def _number(connection: Connection, statement: sa.Select[int], **values: object) -> int:
    return int(connection.first(statement, values).number)
