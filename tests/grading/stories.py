"""A small report made by hand, with words in it that an attacker would choose."""

from decimal import Decimal

from company.grading import Fault, Report, Result, Trial
from company.grading.result import Subject
from company.grading.story import Judged, RunStory, Step, ToolCall

EVIL = "</pre><script src='https://evil.example/x.js'>alert(1)</script>\x00\x1b[2J & \"quoted\""

CALL = ToolCall(
    agent="ceo/trading",
    tool="place_order",
    arguments={"symbol": "BTC/USDT", "reason": EVIL},
    status="waiting",
    verdict=Judged("ask", "effect.irreversible", "cannot be taken back", ("article",)),
    result="waits for a person: A1",
)
STORY = RunStory(
    id="R1",
    kind="chat",
    status="waiting",
    person="ann",
    request="hello, buy 0.1 BTC",
    plan=(Step("trading", "buy 0.1 BTC"),),
    calls=(CALL, ToolCall("ceo/trading", "ticker", {"symbol": "BTC/USDT"}, "ok", None, '{"price": "65315.2"}')),
    answer=f"It waits. {EVIL}",
    problems=("trading: late",),
)
SUBJECT = Subject("order-asks", golden=True, seed=7, tags=("trading", "ASI09"), source="trading.yaml:4", digest="d1")
TRIAL = Trial((Fault("orders", f"1 orders filled {EVIL}"),), 1.5, Decimal("0.03"), 5, (STORY,))
GOOD = Trial((), 1.0, Decimal("0.01"), 4, (STORY,))
OTHER = Subject("tone", golden=False, seed=8, tags=(), source="chat.yaml:1", digest="d2")
REPORT = Report(
    identity={"version": "1", "models": {"deep": ["autopilot"]}, "commit": "abc"},
    results=(Result(SUBJECT, (TRIAL, GOOD)), Result(OTHER, (Trial((Fault("run", "not done after 60 s"),), 60.0),))),
    seconds=61.0,
)
