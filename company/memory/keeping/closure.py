"""What belongs to a forgetting: from the memories a person names to everything that says the same.

Downwards, what was concluded from them, through any number of steps. Upwards, what they were taken from in the same
run, because an episode holds the words of the fact. Sideways, every memory in which one of their texts stands. Of the
runs in which they were learned, those in which somebody spoke lose all their words: an answer may repeat what was said
in other ones. A cycle, in which nobody spoke, loses what was remembered of it.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from company.errors import UsageError
from company.memory.item import MemoryItem
from company.memory.keeping.plan import Order, Plan
from company.memory.records import Records, number_of
from company.store import Store
from company.store.flags import STOP_FLAG
from company.store.spoken import RunWords, words_of
from company.store.traces import Traces, is_telling
from company.store.votes import name_of

_CUT: Final = 80
"""Characters of a request that lists show."""


def plan_of(order: Order, records: Records, store: Store, at: datetime) -> Plan:
    """Return what an order comes to.

    Args:
        order: What is to be forgotten.
        records: The memories.
        store: The company's store.
        at: Company time.

    Raises:
        UsageError: There is no such memory, the words are too short to be looked for, or a run that would lose its
            words waits for a person.
    """
    items = {number_of(item.id): item for item in records.where("1")}
    chosen = set(_chosen(order, items.values()))
    origins = _origins(chosen, items)
    gone = chosen | origins | _conclusions(chosen, items)
    gone |= _holders(gone, items)
    named = [items[seq] for seq in chosen | origins]
    said = words_of(store, {item.run_id for item in named if item.run_id}, order.person)
    _refuse_waiting(said, store)
    wiped = [run for run in said if not run.is_cycle]
    return Plan(
        at=at,
        seqs=tuple(sorted(gone)),
        everywhere=_distinct([order.query, *_spoken(items[seq] for seq in sorted(gone)), *_requests(wiped)]),
        nearby=_distinct([*_parts(named), *(run.answer for run in wiped)]),
        wiped=tuple(run.id for run in wiped),
        runs=tuple(run.id for run in said),
        threads=_distinct(run.thread_id for run in wiped),
        person=order.person,
    )


def _chosen(order: Order, items: Iterable[MemoryItem]) -> Iterator[int]:
    """Yield the memories that the order itself names."""
    if order.ids:
        known = {item.id for item in items}
        for named in order.ids:
            if named not in known:
                raise UsageError(f"there is no memory {named!r}", where="--id", cure="company memory search finds ids")
            yield number_of(named)
    elif order.person:
        name = name_of(order.person)
        yield from (number_of(item.id) for item in items if name_of(item.person) == name)
    else:
        if not is_telling(order.query):
            raise UsageError(
                f"{order.query!r} is too short to be erased wherever it stands",
                where="--query",
                cure="give at least 8 signs with 3 letters, or name the memory with --id",
            )
        traces = Traces([order.query])
        yield from (number_of(item.id) for item in items if _says(item, traces))


def _origins(chosen: set[int], items: dict[int, MemoryItem]) -> set[int]:
    """What the chosen ones were taken from in the same run."""
    found: set[int] = set()
    following = list(chosen)
    while following:
        item = items[following.pop()]
        above = set(map(number_of, item.derived_from)) & items.keys()
        new = {seq for seq in above if item.run_id and items[seq].run_id == item.run_id} - found - chosen
        found |= new
        following += new
    return found


def _conclusions(chosen: set[int], items: dict[int, MemoryItem]) -> set[int]:
    """What was derived from the chosen ones, and from that in turn."""
    below: dict[int, list[int]] = {}
    for seq, item in items.items():
        for origin in item.derived_from:
            below.setdefault(number_of(origin), []).append(seq)
    found: set[int] = set()
    following = list(chosen)
    while following:
        new = set(below.get(following.pop(), ())) - found - chosen
        found |= new
        following += new
    return found


def _holders(gone: set[int], items: dict[int, MemoryItem]) -> set[int]:
    """Further memories in which a text of those that go stands."""
    traces = Traces(_spoken(items[seq] for seq in gone))
    return {seq for seq, item in items.items() if seq not in gone and _says(item, traces)} if traces else set()


def _says(item: MemoryItem, traces: Traces) -> bool:
    return any(traces.in_text(text) for text in (item.text, item.subject, item.predicate, item.value, *item.sources))


def _spoken(items: Iterable[MemoryItem]) -> Iterator[str]:
    """Yield the texts of memories, and without who `said: ` them."""
    for item in items:
        yield item.text
        said = f"{item.person} said: "
        if item.person and item.text.startswith(said):
            yield item.text.removeprefix(said)


def _requests(runs: Iterable[RunWords]) -> Iterator[str]:
    for run in runs:
        yield run.request
        if len(run.request) > _CUT:
            yield run.request[:_CUT]


def _parts(items: Iterable[MemoryItem]) -> Iterator[str]:
    """Yield what a memory puts together from the run it was learned in: its value, and what follows a heading."""
    for item in items:
        yield item.value
        yield item.text.partition(": ")[2]
        yield from item.text.splitlines()


def _refuse_waiting(said: Sequence[RunWords], store: Store) -> None:
    waiting = [run.id for run in said if run.status == "waiting" and not run.is_cycle]
    if waiting and not store.flags.get(STOP_FLAG):
        raise UsageError(
            f"run {waiting[0]} waits for a person and would lose the words it waits with",
            where="company approvals",
            cure="approve or reject what it asks for, or stop the company: company stop --now",
        )


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))
