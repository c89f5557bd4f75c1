"""Done means receipts: what a role says it did is held to the receipts of what it did.

Pure functions over a text and receipts. They read English, by the words that tools declare (`@tool(claims=...)`), and
lean to the side of doubt: a claim that cannot be matched is shown as claimed, with what is missing. They do not judge
whether the work was good, and words that claim no effect of a tool are nobody's business here.
"""

from company.governor.claims.check import Claim, Grounds, check
from company.governor.claims.completion import Standing, judge
from company.governor.claims.receipts import Receipt

__all__ = ["Claim", "Grounds", "Receipt", "Standing", "check", "judge"]
