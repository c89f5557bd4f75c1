"""The ready scripts do what a model would: delegate, look, act, report."""

import json
from typing import Any

import pytest

from tests.wire import Asked, Fault, Reply, ToolUse
from tests.wire.scripts import board_meeting, by_role, default_company, fixed, named

CHIEF = """# Who you are: Chief executive

You lead.

# Your team

- `trading`, Head of trading: Prices and orders.
- `research`, Head of research: News.
- `content`, Head of content: Posts.

# How you lead

- `nobody`, is no role.
"""
DELEGATE = ["delegate"]
DESK = ["profit_and_loss", "market_overview", "size_position", "place_order"]
STUDIO = ["agenda", "profit_and_loss", "company_report", "draft_post", "review_draft", "publish_post"]
MARKET = [
    {"symbol": "BTC/USDT", "score": 0.2, "regime": "range"},
    {"symbol": "SOL/USDT", "score": 0.7, "regime": "trend"},
]
BOUNDS = {"entries_allowed": True, "limits": {"min_conviction": 0.6}}
BOOKS = {"equity": 309796.76, "net": "-0.87", "quote": "USDT"}
STANDING = "# Your assignment\n\nCycle 1.\n\nWork through your standing procedure."


def _asked(
    system: str, *said: str, tools: list[str], results: tuple[tuple[str, Any], ...] = (), ids: bool = True
) -> Asked:
    messages: list[dict[str, Any]] = [{"role": "user", "text": text, "calls": [], "call_id": ""} for text in said]
    for number, (tool, value) in enumerate(results):
        mark = str(number) if ids else ""
        fields = value if isinstance(value, dict) and "status" in value else {"status": "ok", "value": value}
        call = {"id": mark, "name": tool, "arguments": {}}
        messages.append({"role": "assistant", "text": "", "calls": [call], "call_id": ""})
        messages.append({"role": "tool", "text": json.dumps(fields), "calls": [], "call_id": mark})
    needs = {"size_position", "place_order", "draft_post", "review_draft", "publish_post"}
    schemas = [
        {"name": name, "description": "", "parameters": {"required": ["symbol"]} if name in needs else {}}
        for name in tools
    ]
    return Asked("openai", "", "m", system, messages, tools, schemas, True, None, {}, {})


def _use(reply: Reply) -> ToolUse:
    (use,) = reply.calls
    return use


def _report(role: str, summary: str, **more: Any) -> str:
    return json.dumps({"role": role, "status": "ok", "summary": summary, **more})


def test_a_cycle_is_delegated_to_the_whole_team() -> None:
    use = _use(default_company(_asked(CHIEF, "# Cycle 3, 2026-01-31\n\nNobody asked.", tools=DELEGATE)))

    assert isinstance(use.arguments, dict)
    assert [a["role"] for a in use.arguments["assignments"]] == ["trading", "research", "content"]
    assert all(a["standing"] and "Cycle 3" in a["task"] for a in use.arguments["assignments"])


@pytest.mark.parametrize(
    ("words", "roles"),
    [
        ("what does the news say?", ["research"]),
        ("why has bitcoin moved?", ["trading", "research"]),
        ("write a post about our week", ["content"]),
    ],
)
def test_a_request_is_delegated_in_its_own_words_to_whom_it_fits(words: str, roles: list[str]) -> None:
    request = f"# A request of ann, 2026-01-31\n\n{words}\n\n# What you remember\n\n- a post, a price"

    use = _use(default_company(_asked(CHIEF, "earlier price talk", request, tools=DELEGATE)))

    assert isinstance(use.arguments, dict)
    assert [a["role"] for a in use.arguments["assignments"]] == roles
    assert {a["task"] for a in use.arguments["assignments"]} == {words}


def test_a_greeting_is_answered_at_once() -> None:
    reply = default_company(_asked(CHIEF, "# A request, 2026-01-31\n\nhello", tools=DELEGATE))

    assert reply.text
    assert not reply.calls


@pytest.mark.parametrize("shape", ["[\n{}\n]", "{}"])
def test_reports_are_summed_up_with_their_figures_the_failed_first(shape: str) -> None:
    lines = [_report("trading", "Equity 42.50.\nMore."), _report("research", "Down.", status="failed", waiting=["A7"])]
    told = shape.format(",\n".join(lines) if shape != "{}" else "\n".join(lines))

    reply = default_company(_asked(CHIEF, "# Cycle 1", f"# Reports\n\nAs JSON.\n\n{told}", tools=DELEGATE))

    assert reply.text.splitlines()[1:] == [
        "- research (failed): Down.",
        "- trading: Equity 42.50.; More.",
        "Waiting for your approval: A7.",
    ]


def test_a_specialist_without_results_looks_first() -> None:
    reply = default_company(_asked("# Who you are: Head of trading", "task", tools=["ticker_of", *DESK]))

    assert _use(reply) == ToolUse("ticker_of")


@pytest.mark.parametrize("ids", [True, False])
def test_the_desk_sizes_the_strongest_symbol_and_orders_exactly_what_is_left(ids: bool) -> None:
    role = "# Who you are: Head of trading"
    seen: tuple[tuple[str, Any], ...] = (("market_overview", MARKET), ("risk_limits", BOUNDS))
    sized = {"symbol": "SOL/USDT", "approved": True, "quantity": 3.4210}

    size = _use(default_company(_asked(role, STANDING, tools=DESK, results=seen, ids=ids)))
    seen += (("size_position", sized),)
    order = _use(default_company(_asked(role, STANDING, tools=DESK, results=seen, ids=ids)))
    seen += (("place_order", {"symbol": "SOL/USDT", "filled": 3.421, "price": 101.25}),)
    report = default_company(_asked(role, STANDING, tools=DESK, results=seen, ids=ids))

    assert (size.name, order.name) == ("size_position", "place_order")
    assert isinstance(size.arguments, dict)
    assert isinstance(order.arguments, dict)
    assert size.arguments == {"symbol": "SOL/USDT", "side": "buy", "conviction": "0.7", "at_most": 800}
    assert (order.arguments["symbol"], order.arguments["quantity"]) == ("SOL/USDT", "3.421")
    assert report.text.startswith("place_order: symbol SOL/USDT, filled 3.421, price 101.25")


@pytest.mark.parametrize(
    "seen",
    [
        (("market_overview", MARKET), ("risk_limits", {**BOUNDS, "entries_allowed": False})),
        (("market_overview", MARKET), ("risk_limits", {"status": "failed", "error": "no quote"})),
        (("market_overview", MARKET), ("risk_limits", BOUNDS), ("size_position", {"approved": False})),
        (("market_overview", MARKET), ("risk_limits", BOUNDS), ("place_order", {"status": "denied", "error": "no"})),
    ],
)
def test_the_desk_does_not_order_what_the_limits_refuse(seen: tuple[tuple[str, Any], ...]) -> None:
    reply = default_company(_asked("# Who you are: Head of trading", STANDING, tools=DESK, results=seen))

    assert not reply.calls
    assert "market_overview: 2 rows" in reply.text


def test_the_studio_drafts_reviews_and_publishes_what_it_reviewed() -> None:
    answers: dict[str, Any] = {
        "agenda": [],
        "profit_and_loss": BOOKS,
        "company_report": {"cycles": 4},
        "draft_post": {"id": "D1", "version": 1},
        "review_draft": {"ok": True, "version": 1},
        "publish_post": {"status": "waiting", "approval": "A1"},
    }
    seen: tuple[tuple[str, Any], ...] = (("agenda", []),)
    used = []
    while (reply := default_company(_asked("", STANDING, tools=STUDIO, results=seen))).calls:
        used.append(_use(reply))
        seen += ((used[-1].name, answers[used[-1].name]),)

    assert [use.name for use in used] == STUDIO[1:]
    draft = used[2].arguments
    assert isinstance(draft, dict)
    assert all(figure in draft["text"] for figure in draft["figures"])
    assert draft["figures"] == ["309796.76", "-0.87", "4"]
    assert used[-1].arguments == {"draft_id": "D1", "version": 1}
    assert "waiting A1" in reply.text


def test_a_board_meeting_takes_one_plan_one_look_each_and_one_summary() -> None:
    plan = _use(board_meeting(_asked(CHIEF, "Hold the meeting.", tools=DELEGATE)))
    look = _use(board_meeting(_asked("# Who you are: Head of trading", "task", tools=["pnl"])))
    told = board_meeting(
        _asked("# Who you are: Head of trading", "t", tools=["pnl"], results=(("pnl", {"net": 12.5}),))
    )
    ended = board_meeting(_asked(CHIEF, "Go.", f"# Reports\n\n{_report('trading', told.text)}", tools=DELEGATE))

    assert isinstance(plan.arguments, dict)
    assert [a["role"] for a in plan.arguments["assignments"]] == ["trading", "research", "content"]
    assert look == ToolUse("pnl")
    assert told.text == "Head of trading reports 12.5."
    assert ended.text == "The board met. Head of trading reports 12.5."


def test_a_script_is_picked_by_the_role_of_the_prompt() -> None:
    script = by_role({"Chief executive": fixed(Reply("chief"))}, otherwise=fixed(Fault("busy")))

    assert script(_asked(CHIEF, "hi", tools=[])) == Reply("chief")
    assert script(_asked("# Who you are: Head of trading", "hi", tools=[])) == Fault("busy")


def test_a_script_that_runs_out_says_so() -> None:
    with pytest.raises(AssertionError, match="more often than the 0 replies"):
        fixed()(_asked("", tools=[]))


def test_an_unknown_script_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'panic'"):
        named("panic")
