"""Evals: runs the cases of a company's `evals/` and scores what happened.

A case is graded by its end state first (trades, effects, approvals, journal), then by its trajectory, last by its
words. It runs in a home of its own through the same engine as `company run` and `company chat`. This room never
touches a company's real state, and it decides nothing about how a company works.
"""

from company.grading.case import Call, Case, Check, Turn
from company.grading.evidence import Evidence, Holdings, Trade, Truth
from company.grading.reading import load_cases
from company.grading.registry import SCORERS, Scorer
from company.grading.runner import Fault, Result, grade, run_case

__all__ = [
    "SCORERS",
    "Call",
    "Case",
    "Check",
    "Evidence",
    "Fault",
    "Holdings",
    "Result",
    "Scorer",
    "Trade",
    "Truth",
    "Turn",
    "grade",
    "load_cases",
    "run_case",
]
