"""How `company memory` prints, for people and for machines."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from company.cli.tables import minute, table

Told = Mapping[str, Any]


def as_json(told: Any) -> str:
    """Return JSON for machines."""
    return json.dumps(told, ensure_ascii=False, default=str)


def stats(told: Told) -> str:
    """Return how much is remembered."""
    rows = [
        (role, kind, counts.get("active", 0), counts.get("proposed", 0), counts.get("archived", 0))
        for role, kinds in told["by"].items()
        for kind, counts in kinds.items()
    ]
    status = told["status"]
    lines = [
        table(("role", "kind", "in use", "proposed", "archived"), rows, empty="nothing is remembered yet"),
        f"superseded {told['history']}, of persons {told['persons']}, tainted {told['tainted']}, "
        f"tombstones {told['tombstones']}, {told['bytes'] / 1e6:.1f} MB",
        f"{status['state']}, index {status['index']}" + (f": {status['reason']}" if status["reason"] else ""),
    ]
    return "\n".join(lines)


def listed(told: Sequence[Told]) -> str:
    """Return memories as a table."""
    rows = [
        (
            each["id"],
            minute(each["valid_from"] or each["created_at"]),
            each["role"],
            each["kind"],
            _marks(each),
            each["text"],
        )
        for each in told
    ]
    return table(("id", "since", "role", "kind", "", "text"), rows, empty="nothing was found", widest=80)


def values(told: Sequence[Told]) -> str:
    """Return the values of a key in order."""
    rows = [
        (each["id"], minute(each["valid_from"]), minute(each["valid_to"] or "now"), each["value"] or each["text"])
        for each in told
    ]
    return table(("id", "from", "to", "value"), rows, empty="nothing", widest=80)


def described(told: Told) -> str:
    """Return everything about one memory."""
    shown = ((name, _written(value)) for name, value in told.items() if value not in (None, "", [], ()))
    return "\n".join(f"{name:<15} {value}" for name, value in shown)


def traced(told: Told) -> str:
    """Return where a memory came from and went."""
    memory = told["memory"]
    lines = [
        f"{memory['id']}  {memory['text']}",
        f"  from       {memory['source']}, trust {memory['trust']}" + (", tainted" if memory["tainted"] else ""),
        f"  learned    {minute(memory['created_at'])} by {memory['role']}, run {memory['run_id'] or 'none'}"
        + (f", conversation {memory['thread_id']}" if memory["thread_id"] else ""),
        *(f"  read       {source}" for source in memory["sources"]),
        *(f"  taken from {_short(item)}" for item in told["origins"]),
        *(f"  led to     {_short(item)}" for item in told["conclusions"]),
        *(f"  was        {_was(change)}" for change in told["changes"]),
        *(f"  recalled   by {each['role']} in {each['run']}" for each in told["recalled"]),
    ]
    return "\n".join(lines)


def plan(told: Told) -> str:
    """Return what an erasure would take away."""
    return "\n".join(
        [
            *(f"  {_short(item)}" for item in told["memories"]),
            *(f"  all words of run {run}" for run in told["runs"]),
            *_counts(told["counts"]),
        ]
        or ["nothing is found"]
    )


def receipt(told: Told) -> str:
    """Return the receipt of an erasure."""
    lines = [
        f"{told['erasure']}  {told['memories']} memories were erased by {told['by']}, {minute(told['at'])}"
        + (f": {told['reason']}" if told["reason"] else ""),
        *_counts(told["counts"]),
        f"  {told['tombstones']:>6}  tombstones keep them from coming back",
        *(f"  LEFT    {place} still holds something that cannot be taken out" for place in told["left"]),
    ]
    if "proved" in told:
        lines += [f"  {told['events']:>6}  events of the journal were erased, as it was signed"]
        lines += (
            ["  proved by the journal"] if told["proved"] else [f"  broken: {problem}" for problem in told["problems"]]
        )
    else:
        lines += [f"  prove it any time: company memory receipt {told['erasure']}"]
    return "\n".join(lines)


def imported(told: Told) -> str:
    """Return what an import came to."""
    return (
        f"{told['added']} added, {told['proposed']} of them wait for a decision; {told['known']} were here, "
        f"{told['covered']} stay forgotten"
    )


def rolled_back(told: Told) -> str:
    """Return what a rollback came to."""
    lines = [f"{told['rollback']}  the memory stands as it did at {told['to']}"]
    for what, ids in (("closed", "closed"), ("reopened", "reopened"), ("changed", "changed")):
        if told[ids]:
            lines.append(f"  {what:<9} {len(told[ids])}: {', '.join(told[ids][:20])}")
    return "\n".join([*lines, f"  undo it with: company memory rollback --to {told['rollback']}"])


def _counts(counts: Mapping[str, int]) -> Iterator[str]:
    yield from (f"  {number:>6}  {name}" for name, number in counts.items())


def _marks(told: Told) -> str:
    marks = {"tainted": told["tainted"], "pinned": told["pinned"], told["status"]: told["status"] != "active"}
    return ", ".join([*(name for name, is_set in marks.items() if is_set), *filter(None, [told["person"]])])


def _short(told: Told) -> str:
    text = " ".join(told["text"].split())
    return f"{told['id']}  {text if len(text) <= 90 else text[:89] + '…'}"


def _was(change: Told) -> str:
    cause = f" ({change['cause']})" if change["cause"] else ""
    return f"{change['status']} until {minute(str(change['at']))}{cause}"


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
