"""The store: what the company remembers, with proof.

Journal, runs, effects, approvals, budgets, flags and the departments' books, in one database (SQLAlchemy Core, SQLite
now, one module away from Postgres), each change in the transaction of what it records. Secrets lie beside it, encrypted
in a file of their own. It decides nothing: permission is the governor's, and checkpoints of the graph lie elsewhere.
"""

from company.store.access import Access, Credential, CredentialKind, Made
from company.store.amounts import Amounts
from company.store.approval import Approval
from company.store.approvals import Approvals
from company.store.books import SqlBooks
from company.store.budgets import Budgets, Reservation, Trip
from company.store.bundles import in_bundles
from company.store.chain import Verification
from company.store.costs import CostKey, CostRow, Counted, Meter
from company.store.database import Store
from company.store.effects import Effect, Effects
from company.store.flags import Flags
from company.store.heads import Head
from company.store.journal import Journal
from company.store.lanes import Lane, Lanes
from company.store.mandates import MandateRow, Mandates, require_person, require_reason
from company.store.master_key import MASTER_KEY_VARIABLE
from company.store.passwords import Password
from company.store.provider_keys import ProviderKeys, clean_key, secret_name
from company.store.recordings import Recording, Recordings
from company.store.records import Activity, AgendaItem, Costs, Health, JournalCheck, Records
from company.store.redaction import Redactor
from company.store.requests import Answered, Requests, digest_of
from company.store.runs import FINISHED, OVER, Run, Runs, Status
from company.store.secrets import SecretStore
from company.store.steps import Step, Steps
from company.store.tally import Tally
from company.store.threads import Said, Thread, Threads
from company.store.timeline import Page, Timeline
from company.store.votes import Vote, has_voted

__all__ = [
    "FINISHED",
    "MASTER_KEY_VARIABLE",
    "OVER",
    "Access",
    "Activity",
    "AgendaItem",
    "Amounts",
    "Answered",
    "Approval",
    "Approvals",
    "Budgets",
    "CostKey",
    "CostRow",
    "Costs",
    "Counted",
    "Credential",
    "CredentialKind",
    "Effect",
    "Effects",
    "Flags",
    "Head",
    "Health",
    "Journal",
    "JournalCheck",
    "Lane",
    "Lanes",
    "Made",
    "MandateRow",
    "Mandates",
    "Meter",
    "Page",
    "Password",
    "ProviderKeys",
    "Recording",
    "Recordings",
    "Records",
    "Redactor",
    "Requests",
    "Reservation",
    "Run",
    "Runs",
    "Said",
    "SecretStore",
    "SqlBooks",
    "Status",
    "Step",
    "Steps",
    "Store",
    "Tally",
    "Thread",
    "Threads",
    "Timeline",
    "Trip",
    "Verification",
    "Vote",
    "clean_key",
    "digest_of",
    "has_voted",
    "in_bundles",
    "require_person",
    "require_reason",
    "secret_name",
]
