"""The store: what the company remembers, with proof.

Journal, runs, effects, approvals, budgets, flags and the departments' books, in one database (SQLAlchemy Core, SQLite
now, one module away from Postgres), each change in the transaction of what it records. It decides nothing: permission
is the governor's, and checkpoints of the graph lie elsewhere.
"""

from company.store.amounts import Amounts
from company.store.approvals import Approval, Approvals
from company.store.books import SqlBooks
from company.store.budgets import Budgets, Reservation, Trip
from company.store.chain import Verification
from company.store.database import Store
from company.store.effects import Effect, Effects
from company.store.flags import Flags
from company.store.heads import Head
from company.store.journal import Journal
from company.store.records import Activity, AgendaItem, Costs, Health, JournalCheck, Records
from company.store.runs import FINISHED, Run, Runs, Status

__all__ = [
    "FINISHED",
    "Activity",
    "AgendaItem",
    "Amounts",
    "Approval",
    "Approvals",
    "Budgets",
    "Costs",
    "Effect",
    "Effects",
    "Flags",
    "Head",
    "Health",
    "Journal",
    "JournalCheck",
    "Records",
    "Reservation",
    "Run",
    "Runs",
    "SqlBooks",
    "Status",
    "Store",
    "Trip",
    "Verification",
]
