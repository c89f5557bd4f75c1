import pytest

from company import events
from company.events import Draft
from company.store import Run, Store, Timeline, timeline


def begin(store: Store, thread: str = "main") -> Run:
    kind = "chat" if thread else "cycle"
    run = store.runs.create(
        kind=kind,
        thread_id=thread,
        request="",
        person="",
        number=0,
        as_of=store.runs._now(),
        seed=7,
        identity="abc",
    )
    note(store, run, events.run_started(run.id, thread))
    return run


def note(store: Store, run: Run | None, *bodies: events.Json) -> None:
    run_id, thread = (run.id, run.thread_id) if run else ("", "")
    store.journal.append([Draft(run_id, thread, "ceo", "user", body) for body in bodies])


def tick(store: Store, run: Run, times: int = 1) -> None:
    note(store, run, *[events.custom("world.clock", {"now": "2026-01-31"})] * times)


def seqs(page: timeline.Page) -> list[int]:
    return [row.seq for row in page.rows]


@pytest.fixture
def reader(store: Store) -> Timeline:
    return Timeline(store)


def test_an_empty_journal_has_an_empty_timeline(reader):
    page = reader.page("main", runs=8)
    assert (list(page.rows), page.first, page.end, page.older) == ([], 0, 0, False)


def test_a_timeline_holds_the_conversation_its_cycles_and_what_concerns_the_company(store, reader):
    for thread in ("main", "other", ""):
        tick(store, begin(store, thread))
    note(store, None, events.custom("run.stopped", {"reason": "ada: fire"}))
    page = reader.page("main", runs=8)
    assert [row.run_id for row in page.rows] == ["R1", "R1", "R3", "R3", ""]
    assert (page.first, page.end, page.older) == (1, 7, False)
    assert [row.run_id for row in reader.page("", runs=8).rows] == ["R3", "R3", ""]


def test_pages_hold_whole_runs_and_everything_once(store, reader):
    runs = [begin(store, thread) for thread in ("main", "", "main", "main", "")]
    for run in (*runs, *reversed(runs)):  # every run goes on after all have begun
        tick(store, run)
    note(store, None, events.custom("run.stopped", {"reason": "ada: fire"}))
    pages, before = [], None
    while not pages or pages[-1].older:
        pages.append(reader.page("main", runs=2, before=before))
        before = pages[-1].first
    given = [sorted({row.run_id for row in page.rows} - {""}) for page in pages]
    assert given == [["R3", "R4", "R5"], ["R1", "R2"]]
    assert sorted(seq for page in pages for seq in seqs(page)) == list(range(1, store.journal.last_seq() + 1))


def test_a_conversation_is_not_buried_under_the_cycles_since(store, reader):
    for thread in ("main", "main", *[""] * 10):
        begin(store, thread)
    page = reader.page("main", runs=2)
    assert [row.run_id for row in page.rows] == ["R1", "R2", "R11", "R12"]
    assert (page.first, page.older) == (1, False)


def test_cycles_from_before_a_conversation_are_older(store, reader):
    for thread in ("", "", "", "main"):
        begin(store, thread)
    page = reader.page("main", runs=2)
    assert ([row.run_id for row in page.rows], page.older) == (["R2", "R3", "R4"], True)
    assert [row.run_id for row in reader.page("main", runs=2, before=page.first).rows] == ["R1"]


def test_a_page_of_many_events_holds_fewer_runs(store, reader, monkeypatch):
    monkeypatch.setattr(timeline, "MOST", 10)
    for thread in ("main", "main", ""):
        tick(store, begin(store, thread), 5)
    page = reader.page("main", runs=8)
    assert ({row.run_id for row in page.rows}, page.older) == ({"R2"}, True)
    tick(store, begin(store), 20)
    page = reader.page("main", runs=8)
    assert ({row.run_id for row in page.rows}, len(page.rows), page.older) == ({"R4"}, 21, True)


def test_nothing_comes_before_the_beginning(store, reader):
    begin(store)
    assert list(reader.page("main", runs=8, before=1).rows) == []
