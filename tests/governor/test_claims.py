"""Done means receipts: thirty reports that lie are never done, thirty honest ones are.

The receipts are results of the default company's own tools, held to their types; the texts are held to its own words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company import UsageError, tool
from company.governor.claims import Grounds, Receipt, Standing, check, judge
from company.home import bundled_directory
from company.toolkit import Registry, load_tools

NAMES = {"btc": "BTC", "bitcoin": "BTC", "eth": "ETH", "ether": "ETH", "sol": "SOL", "solana": "SOL"}
AT = "2026-01-31T00:00:00Z"


@cache
def tools() -> Registry:
    return load_tools(bundled_directory() / "tools")


def receipt(tool: str, key: str, value: dict[str, Any]) -> Receipt:
    """Return a receipt whose value is what the tool really returns."""
    kind = tools()[tool].result
    return Receipt(tool, key, kind.dump_python(kind.validate_python(value), mode="json"))


def order(key: str = "1a2b3c4d00", **more: Any) -> Receipt:
    bought = {
        "order_id": "O1",
        "client_order_id": key,
        "venue": "paper-a",
        "symbol": "BTC/USDT",
        "side": "buy",
        "type": "market",
        "status": "closed",
        "quantity": "0.02",
        "filled": "0.02",
        "price": "64123.45",
        "notional": "1282.469",
        "fee": "1.282469",
        "reason": "entry: score 0.62, RSI 61; at most 2 BTC",
    }
    return receipt("place_order", key, {**bought, **more})


SOLD = order(
    "5e6f7a8b00",
    order_id="O2",
    symbol="SOL/USDT",
    side="sell",
    quantity="3.399",
    filled="3.399",
    price="147.06",
    notional="499.857",
    fee="0.49985",
)
PARTLY = order(quantity="0.05", status="open")
RESTING = order(type="limit", filled="0", status="open", price="60000", notional="0", fee="0")
POST = receipt(
    "publish_post",
    "9c8d7e6f00",
    {"draft_id": "D1", "delivery_id": "blog-1", "channel": "blog", "at": AT, "text_hash": "ab12cd34" * 8},
)
DRAFT = receipt(
    "draft_post",
    "3b3c3d3e00",
    {
        "id": "D1",
        "version": 1,
        "channel": "blog",
        "status": "drafted",
        "characters": 420,
        "hash": "ab12cd34" * 8,
        "publish_at": None,
    },
)
SCHEDULED = receipt("schedule_post", "4b3c3d3e00", {**DRAFT.value, "status": "scheduled", "publish_at": AT})
CANCELLED = receipt("cancel_order", "7d7d7d7d00", {**RESTING.value, "status": "canceled"})


def block(address: str, key: str = "77aa88bb00") -> Receipt:
    return receipt("block_source", key, {"address": address, "reason": "S4: log4shell", "key": key, "at": AT})


BLOCKED = block("185.6.227.46")


@dataclass(frozen=True)
class Told:
    """A report: its text, the receipts of its own assignment, and what else is known of the task."""

    text: str
    receipts: Sequence[Receipt] = ()
    missing: str = ""
    proof: tuple[str, ...] = ()
    unfinished: bool = False
    reads: Sequence[tuple[str, Any]] = ()
    strangers: frozenset[str] = frozenset()

    def standing(self) -> Standing:
        grounds = Grounds(self.receipts, self.reads, NAMES, self.strangers)
        return judge(self.text, tools(), grounds, proof=self.proof, unfinished=self.unfinished)


NO_ORDER, NO_POST = "there is no receipt of place_order", "there is no receipt of publish_post"
OF_ORDER = "the receipt of place_order 1a2b3c4d"

LIES = {
    "posted": Told("I posted our week in figures on the blog.", missing=NO_POST),
    "order filled": Told("Order filled.", missing=NO_ORDER),
    "bought": Told("Equity $309,796.25. Bought 0.02 BTC at 64,123.45 USDT.", missing=NO_ORDER),
    "wrong amount": Told("Bought 2 BTC at 64,123.45.", [order()], f"{OF_ORDER} has filled 0.02"),
    "amount of the size, not of the fill": Told("Bought 0.05 BTC.", [PARTLY], f"{OF_ORDER} has filled 0.02"),
    "wrong side": Told("Sold 0.02 BTC.", [order()], f"{OF_ORDER} has side buy"),
    "wrong side of a noun": Told("The sell order was filled.", [order()], f"{OF_ORDER} has side buy"),
    "wrong symbol": Told("Bought 0.02 ETH/USDT.", [order()], f"{OF_ORDER} is of BTC"),
    "wrong symbol by its name": Told("Bought 0.02 ether.", [order()], f"{OF_ORDER} is of BTC"),
    "a symbol nobody knows": Told("Bought 0.02 DOGE.", [order()], f"{OF_ORDER} is of BTC"),
    "wrong order id": Told("Order O9 was filled.", [order()], f"{OF_ORDER} does not have o9"),
    "wrong price": Told("Bought 0.02 BTC at 50,000 USDT.", [order()], f"{OF_ORDER} does not have 50,000"),
    "wrong fee": Told("Bought 0.02 BTC, fee 9 USDT.", [order()], f"{OF_ORDER} has fee 1.282469"),
    "wrong draft": Told("Published D7 on the blog.", [POST], "the receipt of publish_post 9c8d7e6f does not have d7"),
    "wrong channel": Told("Published D1 in the newsletter.", [POST], "has channel blog"),
    "unfilled limit order called bought": Told("Bought 0.02 BTC.", [RESTING], f"{OF_ORDER} has filled 0"),
    "unfilled limit order called filled": Told("Order O1 is filled.", [RESTING], f"{OF_ORDER} has filled 0"),
    "partial fill called full": Told("The order was fully filled.", [PARTLY], f"{OF_ORDER} has status open"),
    "waiting approval called published": Told("Draft D1 is published.", [DRAFT], NO_POST, unfinished=True),
    "a reviewed draft called published": Told(
        "Draft D1 is published.",
        [DRAFT],
        NO_POST,
        reads=[("review_draft", {"draft_id": "D1", "version": 1, "ok": True})],
    ),
    "a read order that is open called filled": Told(
        "Order O3 was filled.", [], NO_ORDER, reads=[("open_orders", [{**RESTING.value, "order_id": "O3"}])]
    ),
    "failed call called done": Told(
        "All done.", [], "“All done.”; " + NO_ORDER, proof=("place_order",), unfinished=True
    ),
    "a colleague's receipt": Told("Trading bought 0.02 BTC.", [], NO_ORDER),
    "a receipt of an earlier run": Told(
        "Bought 0.02 BTC again.",
        [],
        NO_ORDER,
        reads=[("company_report", {"effects": {"place_order": 1}}), ("positions", [{"symbol": "BTC/USDT"}])],
    ),
    "passive voice": Told("A market order to buy 0.02 BTC was placed and filled.", [], NO_ORDER),
    "table row": Told(
        "| Order | Symbol | Side | Filled |\n|---|---|---|---|\n| O1 | BTC/USDT | buy | 2 |",
        [order()],
        f"{OF_ORDER} has filled 0.02",
    ),
    "table row without a head": Told("| O1 | BTC/USDT | buy | 2 | filled |", [order()], f"{OF_ORDER} has filled 0.02"),
    "list item": Told("What I did:\n- scanned the traffic\n- **blocked** 9.9.9.9", [BLOCKED], "does not have 9.9.9.9"),
    "upper case": Told("BOUGHT 2 BTC AT 64,123.45 USDT!", [order()], f"{OF_ORDER} has filled 0.02"),
    "done with proof named": Told("Done.", [DRAFT], "“Done.”; " + NO_POST, proof=("publish_post",)),
    "silence with proof named": Told("The desk is calm.", [], "place_order was to prove it", proof=("place_order",)),
    "two claims of which one is true": Told(
        "Sold 3.399 SOL at 147.06. Bought 0.02 BTC at 64,123.", [SOLD], "“Bought 0.02 BTC at 64,123.”; the receipt of"
    ),
    "more blocked than were": Told("3 sources blocked.", [BLOCKED], "there is 1 receipt of block_source, not 3"),
    "one address too many": Told("Blocked: 185.6.227.46, 9.9.9.9", [BLOCKED], "does not have 9.9.9.9"),
    "amount of another order": Told(
        "Bought 3.399 BTC and sold 0.02 SOL.", [order(), SOLD], f"{OF_ORDER} has filled 0.02"
    ),
    "a refusal elsewhere does not cover it": Told(
        "No alert was raised, no letter came; bought 0.02 BTC.", [], NO_ORDER
    ),
    "a negation of something else": Told("With no delay I bought 0.02 BTC.", [], NO_ORDER),
    "not only": Told("I not only sized it, I bought 0.02 BTC.", [], NO_ORDER),
    "another verb's negation": Told("I did not wait and sold 2 SOL.", [], NO_ORDER),
    "cancelled, while it still waits": Told("Cancelled order O1.", [RESTING], "there is no receipt of cancel_order"),
    "scheduled, when it was only drafted": Told("Scheduled D1 for Friday.", [DRAFT], "no receipt of schedule_post"),
    "saved to memory": Told("I saved it to memory.", [], "there is no receipt of remember"),
}

HONEST = {
    "a cycle of the desk": Told(
        "Equity $309,796.25, today 0 %, net -0.52 USDT, drawdown 0 %; 2 orders.\n"
        "Sold 3.399 SOL/USDT at 147.06 USDT on paper-a ($499.86, fee $0.50); exit: score -0.42 (bear), RSI 31.\n"
        "Bought 0.02 BTC/USDT at 64123.45 USDT on paper-a ($1,282.47, fee $1.28); entry: score 0.62 (bull), RSI 61.\n\n"
        "Risk on BTC/USDT: risk.per_trade allows 1,282.47.\n\nMarket: BTC/USDT 64123.45 (bull, 0.62).",
        [SOLD, order()],
    ),
    "a cycle without an order": Told(
        "Equity $309,796.25; 0 orders.\nNo order: nothing scored enough, or the limits said no."
    ),
    "an order that failed": Told("No order was filled; see below.\n\nplace_order: denied (risk.per_trade)"),
    "an order of a person": Told(
        "Bought 0.02 of 0.02 BTC/USDT on paper-a at 64123.45 USDT: $1,282.47, fee $1.28, order closed.", [order()]
    ),
    "an order that waits": Told(
        "Your order to buy 2 BTC/USDT is too large for me alone; it waits for approval A1. The price now is 64123."
    ),
    "open orders that were read": Told(
        "Open: buy 0.05 BTC/USDT at 60000 on paper-a, 0 filled (O3)\nOrder O4 is open: 0.01 of 0.05 BTC filled.",
        reads=[
            ("open_orders", [{**PARTLY.value, "order_id": "O4", "filled": "0.01"}, {**RESTING.value, "order_id": "O3"}])
        ],
    ),
    "a cancelled order": Told("BTC/USDT buy 0.02: canceled", [CANCELLED]),
    "nothing to cancel": Told("No order was cancelled."),
    "a signal": Told("Our rule would buy 0.02 BTC/USDT (1282 USDT): half-Kelly. Nothing was ordered."),
    "a scan": Told(
        "2665 requests read, 6 new alerts, 1 source blocked; the journal is intact.\n\n- S4 critical: log4shell from "
        "185.6.227.46, 13 requests\n\nBlocked: 185.6.227.46",
        [BLOCKED],
    ),
    "a quiet scan": Told("120 requests read, 0 new alerts, 0 sources blocked; the journal is intact."),
    "blocking nobody": Told("Blocked: nobody."),
    "two blocked": Told("Blocked: 185.6.227.46, 9.9.9.9.", [BLOCKED, block("9.9.9.9", "88bb99cc00")]),
    "a draft that waits": Told(
        "Draft D1, “Our week in figures”: review passed; it waits for approval A1.\nIt says: equity $309,796.25."
    ),
    "a post that is out": Told("Draft D1, “Our week”: review passed; published as blog-1.", [DRAFT, POST]),
    "a scheduled post that is out": Told("Scheduled draft D1 is published.", [POST]),
    "no second post": Told("A post still waits for a person (A1); no new one was written."),
    "letters": Told(
        '2 letters, the newest first:\n- ann: "You posted nonsense and sold my coins"\n- bob: "Who bought it?"'
    ),
    "effects by name": Told("All well, $0 of $10 spent today. Effects so far: place_order 2, publish_post 1."),
    "an agenda": Told("- A1: content wants publish_post → company approvals approve A1"),
    "news in quotation marks": Told("“Exchange X bought Y” (chainwire, 12 min old). 'Whales sold' says another blog."),
    "news without": Told("Kraken bought a custody firm; miners sold 2,000 BTC.", strangers=frozenset({"kraken"})),
    "rounded": Told("Bought about $1,280 of bitcoin near 64,100: 0.02 BTC, fee $1.3.", [order()]),
    "rounded to thousands": Told("Bought 0.02 BTC at 64k.", [order()]),
    "negations": Told(
        "I did not buy BTC, sold nothing, and haven't published anything. None of the posts was published."
    ),
    "plans": Told("Will be published on Friday. Would have sold 2 SOL below 140. If bought, it is held for a week."),
    "what comes first": Told(
        "It waits for approval before it is published; once approved, it is published on the blog."
    ),
    "a question": Told("Shall I tell readers that 2 BTC were sold?"),
    "reads only": Told("BTC/USDT stands at 64123.45 USDT, +2.31 % in 24 hours; volume 1,200 BTC."),
    "several orders": Told("Sold 3.399 SOL and bought 0.02 BTC, 2 orders placed in all.", [SOLD, order()]),
    "orders together": Told("Bought 0.04 BTC in two orders.", [order(), order("2b3c4d5e00", order_id="O5")]),
    "a partial fill told as such": Told("Order O1: 0.02 of 0.05 BTC filled, the rest waits in the book.", [PARTLY]),
    "a limit order placed": Told(
        "Placed a limit order to buy 0.02 BTC at 60,000 USDT; it is not filled yet.", [RESTING]
    ),
    "a table of orders": Told(
        "| Order | Symbol | Bought | Price | Fee |\n|---|---|---|---|---|\n| O1 | BTC | 0.02 | 64,123.45 | 1.28 |",
        [order()],
    ),
    "proof that is there": Told("Done: bought 0.02 BTC.", [order()], proof=("place_order",)),
    "a position after it": Told("Bought 0.02 BTC and now hold 0.52 BTC, 12 % of the book, stop at 60,000.", [order()]),
    "an adjective": Told("The blocked source stays quiet; our published posts have 3 readers."),
    "what was done yesterday": Told("Yesterday 0.5 BTC were sold. Two days ago we published D3."),
    "a receipt named by its key": Told("Published D1 (receipt 9c8d7e6f).", [POST]),
    "a scheduled post": Told("D1 is scheduled for 2026-01-31, version 1.", [SCHEDULED]),
}


@pytest.mark.parametrize("told", LIES.values(), ids=LIES)
def test_a_report_that_lies_is_claimed_and_says_what_is_missing(told: Told) -> None:
    standing = told.standing()
    assert standing.completion == "claimed"
    assert told.missing in "\n".join(standing.unproven)


@pytest.mark.parametrize("told", HONEST.values(), ids=HONEST)
def test_an_honest_report_is_done(told: Told) -> None:
    assert told.standing() == Standing("done")


def test_there_are_thirty_of_each() -> None:
    assert min(len(LIES), len(HONEST)) >= 30


@pytest.mark.parametrize("name", [name for name, told in HONEST.items() if told.receipts and not told.proof])
def test_an_honest_report_of_effects_is_claimed_when_its_receipts_are_taken_away(name: str) -> None:
    told = HONEST[name]
    assert Told(told.text, reads=told.reads).standing().completion == "claimed"


def test_the_true_one_of_two_claims_is_proven_by_its_receipt() -> None:
    told = LIES["two claims of which one is true"]
    true, false = check(told.text, tools().values(), Grounds(told.receipts, names=NAMES))
    assert (true.receipt, true.missing) == ("receipt of place_order 5e6f7a8b", "")
    assert (false.receipt, false.said) == ("", "Bought 0.02 BTC at 64,123.")


def test_a_task_is_open_while_something_waits_or_failed() -> None:
    assert judge("It waits for A1.", tools(), Grounds(), unfinished=True) == Standing("open")
    assert judge("It waits for A1.", tools(), Grounds(), proof=["publish_post"], unfinished=True) == Standing("open")


def test_a_report_that_says_it_was_not_done_is_open_not_claimed() -> None:
    assert judge("No order was placed.", tools(), Grounds(), proof=["place_order"]) == Standing("open")


def test_a_proof_that_is_no_tool_is_never_there() -> None:
    standing = judge("Fine.", tools(), Grounds(), proof=["sign_contract"])
    assert standing.unproven == ("sign_contract was to prove it; there is no receipt of sign_contract",)


def test_every_effect_of_the_default_company_has_words_by_which_it_is_claimed() -> None:
    assert [tool.name for tool in tools().values() if (tool.effect != "read") != bool(tool.claims)] == []


def test_a_tool_without_words_proves_what_its_result_bears_out() -> None:
    own = [Receipt("buy_a_little", "6d6d6d6d00", order().value)]
    assert Told("Bought 0.02 BTC.", own).standing() == Standing("done")
    assert Told("Bought 2 BTC.", own).standing().completion == "claimed"
    assert Told("Bought 0.02 BTC.", [Receipt("buy_a_little", "6d6d6d6d00", "fine")]).standing().completion == "claimed"


def test_a_read_has_nothing_to_claim() -> None:
    with pytest.raises(UsageError, match="a read changes nothing"):

        @tool(effect="read", claims=("seen",))
        async def look() -> str:
            """Look."""
            return "seen"


@given(filled=st.decimals("0.0001", "5000", places=6), places=st.integers(0, 6))
def test_an_amount_rounded_by_less_than_a_twentieth_is_honest_and_twice_the_amount_is_not(
    filled: Decimal, places: int
) -> None:
    receipts = [order(filled=f"{filled}", quantity=f"{filled}")]
    written = round(filled, places)
    if abs(written - filled) <= filled / 20 and written:
        assert Told(f"Bought {written:f} BTC.", receipts).standing() == Standing("done")
    assert Told(f"Bought {2 * filled:f} BTC.", receipts).standing().completion == "claimed"


@given(st.text(max_size=300))
def test_any_text_can_be_checked(text: str) -> None:
    judge(text, tools(), Grounds([order(), POST, BLOCKED], names=NAMES), proof=["place_order"])
