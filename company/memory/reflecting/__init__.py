"""What is worth remembering: facts out of a person's words, lessons out of what came of things.

Pure functions over texts and outcomes. Nothing here reads a memory, a persona or a report: what a role recalled can
never be learnt a second time, and what strangers wrote never becomes a fact.
"""

from company.memory.reflecting.asking import MYSELF, about, asked_about
from company.memory.reflecting.lessons import SUPPORT, Lesson, Outcome, Rule, lessons_of
from company.memory.reflecting.proposals import MOST, Proposal, proposals_in
from company.memory.reflecting.statements import RECENT, Statement, Told, completed, known_in, read

__all__ = [
    "MOST",
    "MYSELF",
    "RECENT",
    "SUPPORT",
    "Lesson",
    "Outcome",
    "Proposal",
    "Rule",
    "Statement",
    "Told",
    "about",
    "asked_about",
    "completed",
    "known_in",
    "lessons_of",
    "proposals_in",
    "read",
]
