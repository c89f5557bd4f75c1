"""Books tools: whether the desk's books agree with the venues, and why it did what it did."""

from company import Context, tool
from company.trading import Decision, Desk
from company.trading.proof import Proof, prove


@tool(effect="read")
async def reconciliation(context: Context) -> Proof:
    """Hold the desk's books against its venues and return whether everything agrees.

    It names orders whose outcome nobody knows, orders that are not ours, and balances that no trade explains.
    """
    proof = await prove(context.get(Desk))
    for order in (*proof.reconciliation.settled, *proof.reconciliation.foreign):
        for source in order.sources:
            context.distrust(source)
    return proof


@tool(effect="read")
async def decisions(context: Context, limit: int = 5) -> list[Decision]:
    """Return the newest decisions about orders, also those against one: who, why, what was known then, what came of it.

    Args:
        limit: How many, at most 10.
    """
    newest = context.get(Desk).decisions(max(1, min(limit, 10)))
    for decision in newest:
        for source in decision.sources:
            context.distrust(source)
    return newest
