"""A mandate as a person reads it. What is told of one are the fields of `company.governor.Entry.told`."""

import json
from collections.abc import Sequence
from typing import Any

from company.cli.tables import table

Json = dict[str, Any]


def as_text(told: object) -> str:
    """Return what is told as JSON; decimals and times become strings."""
    from company.events import plain

    return json.dumps(plain(told), ensure_ascii=False)


def _limits(row: Json) -> str:
    named = [", ".join(row[name]) for name in ("roles", "symbols", "recipients") if row[name]]
    amounts = [
        f"{row[name]:,f} {text}"
        for name, text in (("max_notional", "a call"), ("max_notional_day", "a day"))
        if row[name] is not None
    ]
    calls = [] if row["max_calls_day"] is None else [f"{row['max_calls_day']} calls a day"]
    ends = [f"until {row['expires']:%Y-%m-%d %H:%M %Z}"] if row["expires"] else []
    return "; ".join([*amounts, *calls, *ends, *named]) or "none"


def _used(row: Json) -> str:
    from company.cli.lines import count

    worth = f", {row['notional_today']:,.2f}" if row["notional_today"] else ""
    return count(row["calls_today"], "call") + worth


def _giver(row: Json) -> str:
    if row["origin"] == "file":
        return "company.toml"
    return f"{row['given_by']} {row['given_at']:%Y-%m-%d %H:%M}"


def listed(told: Sequence[Json]) -> str:
    """Return one line a mandate."""
    rows = [[row["id"], row["state"], ", ".join(row["tools"]), _limits(row), _used(row), _giver(row)] for row in told]
    head = ["id", "state", "tools", "limits", "used today", "given by"]
    return table(head, rows, empty="nothing is allowed without asking", widest=48)


def described(row: Json) -> str:
    """Return everything about one mandate, a line each."""
    lines = {
        "state": row["state"],
        "tools": ", ".join(row["tools"]),
        "roles": ", ".join(row["roles"]) or "all that have the tools",
        "symbols": ", ".join(row["symbols"]) or "all",
        "recipients": ", ".join(row["recipients"]) or "all",
        "limits": _limits({**row, "roles": (), "symbols": (), "recipients": ()}),
        "used today": _used(row),
        "given by": _giver(row),
        "note": row["note"],
        **_history(row),
    }
    return "\n".join([f"mandate {row['id']}", *(f"  {name:<11} {text}" for name, text in lines.items() if text)])


def _history(row: Json) -> dict[str, str]:
    if row["revoked_at"]:
        return {"revoked by": f"{row['revoked_by']} {row['revoked_at']:%Y-%m-%d %H:%M %Z}: {row['reason']}"}
    if row["origin"] == "file" and row["given_at"]:
        return {"restored by": f"{row['given_by']} {row['given_at']:%Y-%m-%d %H:%M %Z}: {row['reason']}"}
    return {}
