"""The governor: the one door between what a model proposes and what the company does.

It decides (rules), performs (effect ledger), charges (allowance) and records (journal). It does not plan, does not know
LangGraph, and holds no state of its own: everything it knows is in the store.
"""

from company.governor.allowance import Allowance, Tripped
from company.governor.answer import Thought
from company.governor.giving import Entry, Giving
from company.governor.governor import Governor
from company.governor.hold import COMPANY, Hold, all_holds, clear_hold
from company.governor.rules import RULES, Case, Standing, decide
from company.governor.scope import Scope
from company.governor.settling import settle
from company.governor.stop import STOP_FLAG, run_flag
from company.governor.terms import require_sound, written
from company.governor.thinking import Thinking
from company.governor.verdict import Call, Outcome, Verdict, effect_key, fingerprint, unique

__all__ = [
    "COMPANY",
    "RULES",
    "STOP_FLAG",
    "Allowance",
    "Call",
    "Case",
    "Entry",
    "Giving",
    "Governor",
    "Hold",
    "Outcome",
    "Scope",
    "Standing",
    "Thinking",
    "Thought",
    "Tripped",
    "Verdict",
    "all_holds",
    "clear_hold",
    "decide",
    "effect_key",
    "fingerprint",
    "require_sound",
    "run_flag",
    "settle",
    "unique",
    "written",
]
