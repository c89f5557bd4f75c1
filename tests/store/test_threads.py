import re

import pytest

from company import events
from company.events import Draft
from company.store import Run, Store, Threads, lanes, requests, runs, tally, timeline
from company.store import threads as module
from company.store.prepared import Prepared


def turn(store: Store, thread: str, request: str = "hello", *, answer: str = "Good day.", person: str = "ada") -> Run:
    """Write a chat turn as the engine does: the request, the CEO's words, the end."""
    run = store.runs.create(
        kind="chat",
        thread_id=thread,
        request=request,
        person=person,
        number=0,
        as_of=store.runs._now(),
        seed=7,
        identity="abc",
    )
    note(store, run, events.run_started(run.id, thread))
    say(store, run, f"{run.id}/request", request, role="user")
    if answer:
        say(store, run, f"{run.id}/answer", answer)
    return run


def say(store: Store, run: Run, message: str, text: str, *, role: str = "assistant", end: bool = True) -> None:
    half = len(text) // 2
    bodies = [
        events.text_start(message, role),
        events.text_delta(message, text[:half]),
        events.text_delta(message, text[half:]),
    ]
    note(store, run, *bodies, *([events.text_end(message)] if end else []))


def note(store: Store, run: Run, *bodies: events.Json, agent: str = "ceo", visibility: str = "user") -> None:
    store.journal.append([Draft(run.id, run.thread_id, agent, visibility, body) for body in bodies])


@pytest.fixture
def threads(store: Store) -> Threads:
    return Threads(store)


def test_the_conversation_with_the_newest_event_comes_first(store, threads, now):
    for name in ("main", "other", "main"):
        now.tick(60)
        turn(store, name, f"ask {name}")
    first, second = threads.all("ada", limit=10)
    assert (first.id, first.request, first.runs, first.last_at) == ("main", "ask main", 2, now())
    assert (second.id, second.runs) == ("other", 1)
    assert first.last_seq == store.journal.last_seq() > second.last_seq
    assert [thread.id for thread in threads.all("ada", limit=1)] == ["main"]


def test_cycles_are_no_conversation(store, threads):
    turn(store, "", "")
    assert threads.all("ada", limit=10) == []


def test_what_was_said_comes_back_oldest_first(store, threads, now):
    run = turn(store, "main", "how are we doing?", answer="Well enough.")
    turn(store, "other")
    asked, answered = threads.messages("main", limit=10)
    assert (asked.speaker, asked.text, asked.run) == ("person", "how are we doing?", run.id)
    assert (answered.speaker, answered.text, answered.at) == ("ceo", "Well enough.", now())
    assert asked.seq < answered.seq


def test_messages_are_read_page_by_page(store, threads):
    for number in range(5):
        turn(store, "main", f"question {number}", answer=f"answer {number}")
    found, before = [], None
    while page := threads.messages("main", limit=3, before=before):
        found, before = [*page, *found], page[0].seq
    assert [said.text for said in found] == [f"{kind} {n}" for n in range(5) for kind in ("question", "answer")]


def test_messages_of_turns_side_by_side_are_put_together(store, threads):
    one, two = turn(store, "main", "one", answer=""), turn(store, "main", "two", answer="")
    note(store, one, events.text_start("a"), events.text_delta("a", "first "))
    note(store, two, events.text_start("b"), events.text_delta("b", "second"), events.text_end("b"))
    note(store, one, events.text_delta("a", "answer"), events.text_end("a"))
    assert [said.text for said in threads.messages("main", limit=2)] == ["second", "first answer"]


def test_what_is_unfinished_withdrawn_or_not_meant_for_people_was_not_said(store, threads):
    run = turn(store, "main", "hello", answer="")
    say(store, run, "cut off", "half a sen", end=False)
    say(store, run, "taken back", "{}")
    note(store, run, events.custom("message.withdrawn", {"messageId": "taken back", "reason": "a plan"}))
    note(store, run, events.text_start("own"), events.text_end("own"), agent="ceo/trading")
    note(store, run, events.text_start("debug"), events.text_end("debug"), visibility="debug")
    assert [said.text for said in threads.messages("main", limit=10)] == ["hello"]


def test_nothing_was_said_in_a_conversation_that_has_not_begun(threads):
    assert threads.messages("main", limit=10) == []


def test_a_mark_moves_forward_only_and_belongs_to_a_person(store, threads):
    turn(store, "main")
    threads.mark("ada", "main", 4)
    threads.mark("ada", "main", 2)
    assert [threads.all(person, limit=1)[0].read_seq for person in ("ada", "bob")] == [4, 0]
    threads.mark("ada", "main", 5)
    assert threads.all("ada", limit=1)[0].read_seq == 5


def test_a_mark_is_at_most_the_newest_event_of_its_conversation(store, threads):
    turn(store, "main")
    newest = store.journal.last_seq()
    turn(store, "other")
    threads.mark("ada", "main", 10**15)
    threads.mark("ada", "nowhere", 5)
    main = next(thread for thread in threads.all("ada", limit=5) if thread.id == "main")
    assert main.read_seq == newest


def test_every_look_goes_through_an_index(store):
    connection, statements = store._connection, [runs._earlier, runs._last_answered, runs._last_of_kind]
    for room in (lanes, requests, tally, module, timeline):
        statements += [part for part in vars(room).values() if isinstance(part, Prepared)]
    assert len(statements) > 20
    for statement in statements:
        sql = connection._program(statement).sql
        values = dict.fromkeys(re.findall(r":(\w+)", sql), 1)
        plan = connection._driver.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
        assert not [step for step in plan if re.match("SCAN (journal|runs|marks|requests)", step[3])], sql
