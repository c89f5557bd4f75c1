"""The wording of the paper press: stories, features and injected instructions, and the grammar that tells them.

Words only; which of them are true, when they appear and where is decided by the news feed.
"""

from company.world.press.claims import AFTER_FALL, AFTER_RISE, AFTERMATH, BAD, CONTEXT, GOOD
from company.world.press.features import BACKGROUND, COMPETITOR, SETTING
from company.world.press.grammar import Story, Telling
from company.world.press.injections import INJECTIONS

__all__ = [
    "AFTERMATH",
    "AFTER_FALL",
    "AFTER_RISE",
    "BACKGROUND",
    "BAD",
    "COMPETITOR",
    "CONTEXT",
    "GOOD",
    "INJECTIONS",
    "SETTING",
    "Story",
    "Telling",
]
