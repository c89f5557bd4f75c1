"""Reads a conversation back from its events: what the person and the company said to each other."""

from collections.abc import Iterable

from company.events import Json

CHIEF = "ceo"
"""Agent path of the one who talks with people; requests are journalled there too."""

TEXT_TYPES = ("TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END")


def messages(said: Iterable[tuple[str, Json]]) -> list[Json]:
    """Return the complete messages among the text events of runs, in order.

    Returns:
        `{"role": "user" | "assistant", "content": str, "run": id of its run}` for each.
    """
    begun: dict[str, Json] = {}
    complete: list[Json] = []
    for run_id, body in said:
        name = body["messageId"]
        if body["type"] == "TEXT_MESSAGE_START":
            begun[name] = {"role": body["role"], "content": "", "run": run_id}
        elif name not in begun:
            continue
        elif body["type"] == "TEXT_MESSAGE_CONTENT":
            begun[name]["content"] += body["delta"]
        else:
            complete.append(begun.pop(name))
    return complete
