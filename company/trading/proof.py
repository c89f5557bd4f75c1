"""Everything that can be checked about the desk's books, in one answer."""

from company.trading.audit import Audit
from company.trading.desk import Desk
from company.trading.figures import Report
from company.trading.reconciliation import Reconciliation


class Proof(Report):
    """Whether the books agree, with themselves and with the venues.

    Attributes:
        agrees: True when everything was looked at, nothing differs and nothing is unexplained.
        audit: The books held against each other and against what the venues hold.
        reconciliation: What the venues say that the books do not explain.
    """

    agrees: bool
    audit: Audit
    reconciliation: Reconciliation


async def prove(desk: Desk) -> Proof:
    """Bring the books of a desk up to now, and hold them against everything there is.

    Raises:
        VenueError: A venue does not answer.
    """
    found = await desk.reconcile()
    walked = await desk.audit()
    return Proof(agrees=found.agrees and walked.agrees, audit=walked, reconciliation=found)
