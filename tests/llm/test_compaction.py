"""Making a conversation smaller without losing what must not be lost."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from company.governor import Call, Outcome, Thought
from company.graph import messages
from company.llm.compaction import compact, estimate_text, estimate_tokens
from company.llm.talk import read_result, read_talk

Json = dict[str, Any]
ASSIGNMENT = {"role": "trader", "task": "Watch BTC"}


def exchange(number: int, value: Any, **outcome: Any) -> list[Json]:
    call = Call(f"c{number}", "get_news", {"symbol": "BTC/USDT"})
    said = messages.ai(Thought("", (call,)))
    return [said, messages.tool(Outcome(**{"call": call, "status": "ok", "rule": "r", "value": value, **outcome}))]


def work(*values: Any) -> list[Json]:
    """A specialist's context: instructions, assignment, and one exchange for each value."""
    opening = [messages.system("You trade."), messages.human("Watch BTC", assignment=ASSIGNMENT)]
    return [*opening, *(m for number, value in enumerate(values) for m in exchange(number, value))]


def chat(turns: int) -> list[Json]:
    """What the CEO reads: instructions, a conversation, and the present request with its reports."""
    earlier: list[Json] = []
    for number in range(turns):
        earlier += [messages.human(f"question {number} " * 30), messages.ai(Thought(f"answer {number} " * 30))]
    brief = messages.human("And now?", brief={"kind": "chat", "request": "And now?"})
    return [messages.system("You lead."), *earlier, brief, messages.human("Reports", reports=[])]


def value_of(message: Json) -> Any:
    return json.loads(message["content"])["value"]


def test_a_conversation_that_fits_is_left_alone() -> None:
    talk = work({"price": "1"})

    assert compact(talk, limit_tokens=estimate_tokens(talk)) is None


def test_a_result_becomes_its_beginning_and_says_how_much_is_missing() -> None:
    news = [{"title": f"headline {number}"} for number in range(400)]
    talk = work(news, "a", "b")

    done = compact(talk, limit_tokens=1_000)

    assert done is not None
    shown = value_of(done.messages[3])
    assert shown.startswith('[{"title":"headline 0"},{"title":"headline 1"}')
    assert shown.endswith("characters were cut to fit your context]")
    assert done.after == estimate_tokens(done.messages) <= 1_000 < done.before == estimate_tokens(talk)
    assert len(done.what) == 1
    assert done.what[0].startswith("result of get_news cut from 9,")


def test_the_largest_of_the_older_results_goes_first_and_no_more_than_needed() -> None:
    talk = work("s" * 5_000, "l" * 50_000, "x", "y")

    done = compact(talk, limit_tokens=4_000)

    assert done is not None
    assert value_of(done.messages[3]) == "s" * 5_000
    assert len(value_of(done.messages[5])) < 600


def test_recent_results_are_cut_only_after_older_ones() -> None:
    talk = work("o" * 9_000, "r" * 9_000, "r" * 9_000)

    gentle, hard = compact(talk, limit_tokens=6_500), compact(talk, limit_tokens=600)

    assert gentle is not None
    assert hard is not None
    assert [len(value_of(gentle.messages[n])) for n in (3, 5, 7)] == [len(value_of(hard.messages[3])), 9_000, 9_000]
    assert all(len(value_of(hard.messages[n])) < 600 for n in (3, 5, 7))


def test_a_single_huge_result_is_cut_too() -> None:
    done = compact(work("x" * 400_000), limit_tokens=2_000)

    assert done is not None
    assert done.after <= 2_000


def test_earlier_turns_go_in_pairs_the_oldest_first_and_the_last_two_stay() -> None:
    talk = chat(6)

    one, all_of_them = compact(talk, limit_tokens=estimate_tokens(talk) - 10), compact(talk, limit_tokens=1)

    assert one is not None
    assert one.messages == [talk[0], *talk[3:]]
    assert one.what == ("1 earlier turn of the conversation left out",)
    assert all_of_them is not None
    assert all_of_them.messages == [talk[0], *talk[9:]]
    assert all_of_them.after > 1


def test_notes_about_the_last_answer_open_no_turn_so_the_request_before_them_stays() -> None:
    notes = [messages.ai(Thought("a wrong plan")), messages.human("This does not fit.", note=True)] * 3

    done = compact([*chat(4), *notes], limit_tokens=10)

    assert done is not None
    assert done.what == ("2 earlier turns of the conversation left out",)
    assert [m["content"] for m in done.messages if "brief" in m.get("extra", {})] == ["And now?"]


def test_nothing_left_to_cut_gives_none() -> None:
    assert compact(chat(2), limit_tokens=1) is None
    assert compact(work("short", "short"), limit_tokens=1) is None


def test_status_receipt_and_warning_of_a_result_survive() -> None:
    opening = work()
    result = exchange(1, "x" * 9_000, receipt="order-7", sources=("the web",))

    done = compact([*opening, *result], limit_tokens=400)

    assert done is not None
    before, after = json.loads(result[1]["content"]), json.loads(done.messages[-1]["content"])
    assert {**after, "value": ""} == {**before, "value": ""}


def test_a_long_error_is_cut_as_well() -> None:
    done = compact([*work(), *exchange(1, None, status="failed", error="boom " * 5_000)], limit_tokens=400)

    assert done is not None
    content = done.messages[-1]["content"]
    assert json.loads(content)["status"] == "failed"
    assert "value" not in json.loads(content)
    assert len(content) < 600


def test_the_talk_that_comes_out_is_read_as_before() -> None:
    done = compact(work("x" * 9_000, {"price": "1.50"}), limit_tokens=600)

    assert done is not None
    talk = read_talk(messages.to_langchain(done.messages))
    assert talk.request == "Watch BTC"
    assert set(talk.results) == {"c0", "c1"}


def test_the_input_is_not_changed() -> None:
    talk = work("x" * 9_000)
    before = json.dumps(talk)

    compact(talk, limit_tokens=100)

    assert json.dumps(talk) == before


values = st.recursive(
    st.one_of(st.none(), st.integers(), st.floats(allow_nan=False), st.text(max_size=40)),
    lambda inner: st.one_of(st.lists(inner, max_size=8), st.dictionaries(st.text(max_size=8), inner, max_size=8)),
    max_leaves=30,
)
long_values = st.one_of(values, st.integers(0, 20_000).map(lambda n: "wörd " * (n // 5)))
talks = st.one_of(
    st.lists(long_values, max_size=6).map(lambda given: work(*given)),
    st.tuples(st.integers(0, 5), st.lists(long_values, max_size=4)).map(
        lambda pair: [*chat(pair[0]), *work(*pair[1])[2:]]
    ),
)


@settings(deadline=None)
@given(talks, st.integers(1, 8_000))
def test_compaction_keeps_its_promises(talk: list[Json], limit: int) -> None:
    done = compact(talk, limit_tokens=limit)

    kept = done.messages if done else talk
    assert estimate_tokens(kept) <= estimate_tokens(talk)
    assert [m for m in kept if m["type"] == "system"] == [m for m in talk if m["type"] == "system"]
    humans = [m for m in talk if m["type"] == "human"]
    assert [m for m in kept if m["type"] == "human"][-1] == humans[-1]
    calls = [call["id"] for m in kept if m["type"] == "ai" for call in m["calls"]]
    assert calls == [m["call_id"] for m in kept if m["type"] == "tool"]
    old = {m["call_id"]: json.loads(m["content"]).keys() for m in talk if m["type"] == "tool"}
    for message in (m for m in kept if m["type"] == "tool"):
        read_result(message["content"])
        assert json.loads(message["content"]).keys() == old[message["call_id"]]
    if done:
        assert done.after < done.before
        assert done.what
        again = compact(kept, limit_tokens=limit)
        assert again is None or again.after < done.after


@given(st.text(), st.text())
def test_estimates_grow_with_the_text(first: str, second: str) -> None:
    assert estimate_text(first) <= estimate_text(first + second) <= estimate_text(first) + estimate_text(second)


def test_estimates_are_careful() -> None:
    assert estimate_text("The quick brown fox jumps over the lazy dog") >= 10  # 9 tokens of cl100k
    assert estimate_text('{"status":"ok","value":{"bid":"67123.45","ask":"67125.10"}}') >= 24
    assert estimate_text("市场今天上涨了") >= 7
    assert estimate_text("") == 0


def test_tools_and_calls_are_counted_and_data_behind_a_message_is_not() -> None:
    tool = {"name": "buy", "description": "Buy.", "parameters": {"type": "object", "properties": {}}}
    plain, with_data = messages.human("hi"), messages.human("hi", brief={"conversation": "x" * 999})

    assert estimate_tokens([plain], [tool]) > estimate_tokens([plain]) + 15
    assert estimate_tokens([plain]) == estimate_tokens([with_data])
    assert estimate_tokens(exchange(1, "v")[:1]) > estimate_tokens([messages.ai(Thought(""))]) + 15
