"""Studio: what the company says in public.

It keeps drafts and their versions, reviews them by a table of rules, publishes each at most once through the outbox and
keeps the agenda. It does not write texts (a role does) and does not decide whether a post needs a person's approval
(the governor does).
"""

from company.studio.drafts import LONGEST_TEXT, Channel, Draft, DraftNote, Finding, Published, Review, Scheduled, Status
from company.studio.engagement import Engaged
from company.studio.review import figures_in, find_faults
from company.studio.studio import Studio

__all__ = [
    "LONGEST_TEXT",
    "Channel",
    "Draft",
    "DraftNote",
    "Engaged",
    "Finding",
    "Published",
    "Review",
    "Scheduled",
    "Status",
    "Studio",
    "figures_in",
    "find_faults",
]
