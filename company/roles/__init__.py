"""Roles: who works in the company, read from markdown files, and the typed data that passes between them.

A role is one file: YAML front matter (what it may do, and how it works without a model) and a markdown body (who it
is). This room reads and checks the form; it knows neither tools nor templates. That a granted tool exists is checked
where tools are known, that an expression compiles where playbooks are walked (`company.llm`). docs/roles.md has the
whole grammar.
"""

from company.roles.reading import load_roles, read_role
from company.roles.reports import CLAIMED, DELEGATE, SUMMARY_LIMIT, Assignment, Completion, Plan, Report, Status, Value
from company.roles.role import Choices, Handle, Limits, Role, Slot, Tier
from company.roles.steps import EVERYONE, Answer, Branch, Call, Delegate, Each, Say, Step, walk_steps
from company.roles.wakes import SIGNALS, Signal, Wakes

__all__ = [
    "CLAIMED",
    "DELEGATE",
    "EVERYONE",
    "SIGNALS",
    "SUMMARY_LIMIT",
    "Answer",
    "Assignment",
    "Branch",
    "Call",
    "Choices",
    "Completion",
    "Delegate",
    "Each",
    "Handle",
    "Limits",
    "Plan",
    "Report",
    "Role",
    "Say",
    "Signal",
    "Slot",
    "Status",
    "Step",
    "Tier",
    "Value",
    "Wakes",
    "load_roles",
    "read_role",
    "walk_steps",
]
