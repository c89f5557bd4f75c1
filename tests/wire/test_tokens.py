"""The estimate stays near cl100k; the true counts were taken once with its vocabulary."""

import pytest

from tests.wire import Asked
from tests.wire.tokens import count, estimate

PROSE = (
    "Tools are your hands and eyes. Every figure in your answer comes from a tool result of this task. You never "
    "estimate, remember or round up a figure, and you never fill in a missing one."
)
SCHEMA = (
    '{"name":"size_position","description":"Turn conviction into a quantity that the limits allow; call it before '
    'every order.","parameters":{"additionalProperties":false,"properties":{"symbol":{"description":"Symbol such as '
    'BTC or BTC/USDT.","type":"string"}},"required":["symbol"],"type":"object"}}'
)
RESULT = (
    '{"status":"ok","value":[{"symbol":"BTC/USDT","price":64210.5,"regime":"trend","score":0.62,"rsi":58.1},'
    '{"symbol":"ETH/USDT","price":3267.65,"regime":"range","score":-0.1,"rsi":49.8}]}'
)
PROCEDURE = (
    '5. If `held is ok`: For each `row` of `market | selectattr("score", "le", -0.3)`:\n'
    '  5.1. If `row.symbol in (held | map(attribute="symbol") | list)`:'
)
PERSONA = (
    "You are Tomás Rey, thirty-nine, head of trading. You speak in quantities, prices and reasons, in that order. "
    "You say “I do not know” without embarrassment."
)


@pytest.mark.parametrize(
    ("text", "true", "off"),
    [(PROSE, 41, 0.03), (PROCEDURE, 54, 0.05), (PERSONA, 37, 0.10), (SCHEMA, 60, 0.20), (RESULT, 73, 0.10)],
)
def test_the_estimate_is_near_the_true_count(text: str, true: int, off: float) -> None:
    assert abs(count(text) / true - 1) <= off


def test_one_short_word_is_one_token() -> None:
    assert [count(" tick" * n) for n in (0, 1, 300)] == [0, 1, 300]


def test_everything_a_provider_counts_is_counted() -> None:
    call = {"id": "1", "name": "ticker", "arguments": {"symbol": "BTC"}}
    messages = [
        {"role": "user", "text": PROSE, "calls": [], "call_id": ""},
        {"role": "assistant", "text": "", "calls": [call], "call_id": ""},
        {"role": "tool", "text": RESULT, "calls": [], "call_id": "1"},
    ]
    schema = {"name": "ticker", "description": "Price.", "parameters": {"type": "object"}}
    parts = (count(PERSONA), count(PROSE), count(RESULT))
    asked = Asked("openai", "", "m", PERSONA, messages, ["ticker"], [schema], False, None, {}, {})

    assert sum(parts) + 20 < estimate(asked) < sum(parts) + 40
