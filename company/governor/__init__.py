"""The governor: the one door between what a model proposes and what the company does.

It decides (rules), performs (effect ledger), charges (allowance) and records (journal). It does not plan, does not know
LangGraph, and holds no state of its own: everything it knows is in the store.
"""

from company.governor.allowance import Allowance, Tripped
from company.governor.answer import Thought
from company.governor.governor import Governor
from company.governor.rules import RULES, Case, Standing, decide
from company.governor.scope import Scope
from company.governor.stop import STOP_FLAG, run_flag
from company.governor.thinking import Thinking
from company.governor.verdict import Call, Outcome, Verdict, effect_key, fingerprint, unique

__all__ = [
    "RULES",
    "STOP_FLAG",
    "Allowance",
    "Call",
    "Case",
    "Governor",
    "Outcome",
    "Scope",
    "Standing",
    "Thinking",
    "Thought",
    "Tripped",
    "Verdict",
    "decide",
    "effect_key",
    "fingerprint",
    "run_flag",
    "unique",
]
