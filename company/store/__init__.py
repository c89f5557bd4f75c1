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
from company.store.casts import Arm, Cast, Casts
from company.store.chain import Verification
from company.store.costs import CostKey, CostRow, Counted, Meter
from company.store.database import Store
from company.store.effects import Effect, Effects
from company.store.experiments import GUARDRAIL, WHOLE, Experiment, Experiments, Pair, Verdict
from company.store.feedback import Feedback, Opinion
from company.store.flags import Flags
from company.store.heads import Head
from company.store.journal import Journal
from company.store.lanes import Lane, Lanes
from company.store.mandates import MandateRow, Mandates, require_person, require_reason
from company.store.master_key import MASTER_KEY_VARIABLE
from company.store.passwords import Password
from company.store.personas import LONGEST, SHOWN, Personas, PersonaVersion
from company.store.probe_answers import ProbeAnswers
from company.store.proposals import Proposal, Proposals
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
    "GUARDRAIL",
    "LONGEST",
    "MASTER_KEY_VARIABLE",
    "OVER",
    "SHOWN",
    "WHOLE",
    "Access",
    "Activity",
    "AgendaItem",
    "Amounts",
    "Answered",
    "Approval",
    "Approvals",
    "Arm",
    "Budgets",
    "Cast",
    "Casts",
    "CostKey",
    "CostRow",
    "Costs",
    "Counted",
    "Credential",
    "CredentialKind",
    "Effect",
    "Effects",
    "Experiment",
    "Experiments",
    "Feedback",
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
    "Opinion",
    "Page",
    "Pair",
    "Password",
    "PersonaVersion",
    "Personas",
    "ProbeAnswers",
    "Proposal",
    "Proposals",
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
    "Verdict",
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
