"""A run whose tools were paid, stopped and limited is played again as it was, without a tool being called."""

from decimal import Decimal

from company.engine.replay import replay
from company.governor import execution
from company.store import Meter

FILES = {
    "company.toml": "[memory]\nenabled = false\n",
    "roles/ceo.md": """
        ---
        id: ceo
        title: Chief
        summary: Leads.
        ---
        You lead.
    """,
    "roles/clerk.md": """
        ---
        id: clerk
        title: Clerk
        reports_to: ceo
        summary: Asks.
        tools: [paid, reaching, rated]
        playbook:
          - call: paid
            as: first
          - call: reaching
            as: second
          - for: number in [1, 2]
            do:
              - call: rated
                with: {number: "{{ number }}"}
                as: third
          - report: "asked"
        ---
        You ask.
    """,
    "tools/asking.py": '''
        from company import Context, tool
        from company.errors import Undeclared


        @tool(effect="read", cost="0.25")
        async def paid(context: Context) -> str:
            """Return what costs money."""
            return "dear"


        @tool(effect="read")
        async def reaching(context: Context) -> str:
            """Reach for what is not declared."""
            raise Undeclared("network", "evil.example:443")


        @tool(effect="read", rate="1/hour")
        async def rated(number: int, context: Context) -> int:
            """Return the number.

            Args:
                number: Which.
            """
            return number
    ''',
}


async def test_costs_denials_and_refused_rates_are_played_as_they_were(write_company, opened, tmp_path, monkeypatch):
    with opened(tmp_path / "home", write_company(FILES)) as engine:
        run = await engine.advance(engine.start("cycle").id)
        store = engine.company.store
        events = store.journal.read(run_id=run.id)
        verdicts = [event.body["content"] for event in events if event.type == "TOOL_CALL_RESULT"]
        monkeypatch.setattr(execution, "run", None)  # nobody calls a tool
        [played] = [each async for each in replay(engine.company, [run.id])]

    assert ['"status":"denied"' in text for text in verdicts].count(True) == 1
    assert ["it may be called again in" in text for text in verdicts].count(True) == 1
    assert [event.body["value"]["what"] for event in events if event.type == "tool.denied"] == ["evil.example:443"]
    assert (played.differences, played.same) == ([], played.events)
    assert run.outcome["usd"] == "0.25"


async def test_what_a_tool_cost_stands_beside_what_models_cost(write_company, opened, tmp_path):
    with opened(tmp_path / "home", write_company(FILES)) as engine:
        await engine.advance(engine.start("cycle").id)
        meter = Meter(engine.company.store)
        rows = {row.key: row for row in meter.by("model")}
        by_role = {row.key: row.usd for row in meter.by("role")}

    assert (rows["tool paid"].calls, rows["tool paid"].usd) == (1, Decimal("0.25"))
    assert by_role["clerk"] == Decimal("0.25")
