"""The company looks at itself: what it did, what waits, what it cost, whether it is well."""

from company import Context, tool
from company.store import Activity, AgendaItem, Costs, Health, JournalCheck, Records


@tool(effect="read")
async def company_report(context: Context) -> Activity:
    """Report what the company did lately.

    Returns the number of cycles, effects that happened by tool, open approvals and the last ten runs.
    """
    return context.get(Records).activity()


@tool(effect="read")
async def agenda(context: Context) -> list[AgendaItem]:
    """List what waits for somebody: approvals a person has to answer, effects whose outcome is not known."""
    return context.get(Records).agenda()


@tool(effect="read")
async def costs(context: Context) -> Costs:
    """Report spending in US dollars, tokens and calls, today and this month, against the limits."""
    return context.get(Records).costs()


@tool(effect="read")
async def health(context: Context) -> Health:
    """Report whether anything is wrong: failed or forgotten runs, effects of unknown outcome, size of the journal."""
    return context.get(Records).health(context.run_id)


@tool(effect="read")
async def verify_journal(context: Context) -> JournalCheck:
    """Hold every row of the company's journal to its hash chain and its signed heads.

    Returns whether everything holds, how many rows were read, the last signed row, and what is wrong, if anything.
    """
    return context.get(Records).verify_journal()
