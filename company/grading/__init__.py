"""Evals: runs the cases of a company's `evals/` and scores what happened.

A case is graded by its end state first (trades, effects, approvals, journal), then by its trajectory, last by its
words. It runs in a home of its own through the same engine as `company run` and `company chat`. This room never
touches a company's real state, and it decides nothing about how a company works.
"""

from company.grading.case import Case, Check
from company.grading.evidence import Evidence, Truth
from company.grading.reading import load_cases
from company.grading.registry import SCORERS, Scorer, load_scorers, scorer
from company.grading.result import Fault, Report, Result, Trial, read_report
from company.grading.runner import Grading, run_case
from company.grading.steps import Call, Turn
from company.grading.suite import Suite, open_suite
from company.grading.trades import Holdings, Trade

__all__ = [
    "SCORERS",
    "Call",
    "Case",
    "Check",
    "Evidence",
    "Fault",
    "Grading",
    "Holdings",
    "Report",
    "Result",
    "Scorer",
    "Suite",
    "Trade",
    "Trial",
    "Truth",
    "Turn",
    "load_cases",
    "load_scorers",
    "open_suite",
    "read_report",
    "run_case",
    "scorer",
]
