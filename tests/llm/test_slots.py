"""Values read out of sentences."""

from typing import Any

import pytest

from company.llm.slots import masked, missing_slots, read_slots
from company.roles import Handle

ORDER = Handle.model_validate(
    {
        "say": ["buy 0.1 BTC"],
        "slots": {
            "side": {"buy": ["get me"], "sell": ["get rid of"]},
            "quantity?": "number",
            "amount?": "money",
            "symbol": {"BTC/USDT": ["btc", "bitcoin"], "BNB/USDT": ["bnb", "binance coin"]},
            "words?": "text",
        },
        "do": [{"report": "x"}],
    }
)


@pytest.mark.parametrize(
    ("text", "side", "quantity", "amount", "symbol"),
    [
        ("buy 0.1 BTC", "buy", "0.1", None, "BTC/USDT"),
        ("SELL .5 Bitcoin!", "sell", "0.5", None, "BTC/USDT"),
        ("get me 1,250.5 binance coin", "buy", "1250.5", None, "BNB/USDT"),
        ("get rid of 2 btc", "sell", "2", None, "BTC/USDT"),
        ("buy $500 of bitcoin", "buy", None, "500", "BTC/USDT"),
        ("buy 1,000 USDT worth of btc", "buy", None, "1000", "BTC/USDT"),
        ("sell 200 dollars of BTC/USDT", "sell", None, "200", "BTC/USDT"),
        ("buy 0.1 BTC for $6500", "buy", "0.1", "6500", "BTC/USDT"),
        ("sell 20% of my bnb", "sell", None, None, "BNB/USDT"),
        ("buy bitcoin", "buy", None, None, "BTC/USDT"),
        ("the bitcoiner said 5x", None, None, None, None),
        ("buyer of abtc", None, None, None, None),
    ],
)
def test_slots_are_read(
    text: str, side: str | None, quantity: str | None, amount: str | None, symbol: str | None
) -> None:
    found = read_slots(ORDER, text)

    read = {name: None if value is None else str(value) for name, value in found.items()}
    assert read == {"side": side, "quantity": quantity, "amount": amount, "symbol": symbol, "words": text}


def test_the_first_choice_in_the_sentence_counts() -> None:
    assert read_slots(ORDER, "sell bnb to buy btc")["side"] == "sell"


def test_values_that_are_known_win() -> None:
    found = read_slots(ORDER, "buy 1 btc", {"symbol": "BNB/USDT", "quantity": "3", "other": "x"})

    assert (found["symbol"], str(found["quantity"]), "other" in found) == ("BNB/USDT", "3", False)


@pytest.mark.parametrize(
    ("text", "missing"), [("buy 1 btc", []), ("buy", ["symbol"]), ("something", ["side", "symbol"])]
)
def test_only_slots_without_a_question_mark_can_be_missing(text: str, missing: list[str]) -> None:
    assert missing_slots(ORDER, read_slots(ORDER, text)) == missing


def test_a_sentence_is_masked_by_kind() -> None:
    assert masked(ORDER, "buy 0.1 BTC for $5").split() == ["slotside", "slotnumber", "slotsymbol", "for", "slotnumber"]
    assert masked(ORDER, "get rid of it").split() == ["slotside", "it"]


def test_a_choice_with_signs_in_it_is_no_pattern() -> None:
    handle: Any = ORDER.model_copy(update={"slots": {"pair": {"A+B": ("a.b",)}}})

    assert read_slots(handle, "trade a+b now") == {"pair": "A+B"}
    assert read_slots(handle, "trade axb now") == {"pair": None}
