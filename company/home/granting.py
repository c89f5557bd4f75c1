"""Gives a role a tool by writing into its file, and leaves every other byte of it as it is.

A role file is a person's text with comments and a layout of its own, so it is not read and written back: the place is
looked up among YAML's own marks, and the words are put in there. What comes out is read again; if it says anything else
than before and the new words, nothing is written.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from company.errors import UsageError
from company.roles import read_role

_OPENING = yaml.SequenceStartEvent | yaml.MappingStartEvent
_CLOSING = yaml.SequenceEndEvent | yaml.MappingEndEvent


@dataclass(frozen=True, slots=True)
class _List:
    """A list of the front matter: where its first item begins, where its last one ends, how it is written."""

    begin: int
    end: int
    flow: bool
    empty: bool


def grant(file: Path, tool: str, handle: str = "") -> str:
    """Return the text of a role file in which the role is granted one more tool.

    Args:
        file: The role's file; it is not changed.
        tool: What it is granted; one that is granted already is not added again.
        handle: One entry of `handles:` as YAML, added too; empty for none.

    Raises:
        UsageError: The file is no valid role, or is written in a way that no line can be added to.
    """
    before = read_role(file)
    text = file.read_bytes().decode("utf-8")
    added: dict[str, Any] = {}
    if tool not in before.tools:
        text = _with_item(text, "tools", tool, f"- {tool}")
        added["tools"] = tool
    if handle:
        text = _with_item(text, "handles", json.dumps(yaml.safe_load(handle)[0], ensure_ascii=False), handle.strip())
        added["handles"] = yaml.safe_load(handle)[0]
    if _parsed(text) != _together(_parsed(file.read_bytes().decode("utf-8")), added):
        what = f"is written in a way that {tool!r} cannot be added to"
        cure = f"add {tool} to its `tools:` yourself" + (f", and to its `handles:`\n{handle}" if handle else "")
        raise UsageError(what, where=str(file), cure=cure)
    return text


def _with_item(text: str, key: str, inline: str, block: str) -> str:
    """Return the text with one more item in the list of a key of the front matter."""
    newline = "\r\n" if "\r\n" in text else "\n"
    start, stop = _front(text)
    found = _list_of(text[start:stop], key)
    if found is None:
        return text[:stop] + newline.join([f"{key}:", *_indented(block, "  "), ""]) + text[stop:]
    begin, end = start + found.begin, start + found.end
    if found.flow:
        return text[:end] + (inline if found.empty else f", {inline}") + text[end:]
    line = text.rfind("\n", 0, begin) + 1
    indent = re.match(r" *", text[line:])
    if text[end - 1] != "\n":
        end = text.index("\n", end) + 1
    return text[:end] + newline.join([*_indented(block, indent[0] if indent else ""), ""]) + text[end:]


def _front(text: str) -> tuple[int, int]:
    """Return where the front matter begins and ends, between its two lines of dashes."""
    found = re.match(r"\A---\s*\n(.*?)^---\s*$", text, re.DOTALL | re.MULTILINE)
    assert found is not None, "a role that was read has a front matter"
    return found.span(1)


def _list_of(front: str, key: str) -> _List | None:
    """Find the list that stands under a key of the outermost mapping; None when there is no such key."""
    events = iter(yaml.parse(front, Loader=yaml.SafeLoader))
    depth, is_key = 0, True
    for event in events:
        if depth == 1 and is_key and isinstance(event, yaml.ScalarEvent) and event.value == key:
            return _list_from(events)
        if isinstance(event, _OPENING):
            depth += 1
            is_key = depth == 1
        elif isinstance(event, _CLOSING):
            depth -= 1
            is_key = depth == 1
        elif depth == 1 and isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
            is_key = not is_key
    return None


def _list_from(events: Any) -> _List | None:
    opening = next(events)
    if not isinstance(opening, yaml.SequenceStartEvent):
        return None
    depth, begin, end = 1, 0, 0
    for event in events:
        first, last = _place(event)
        begin = begin or first
        if isinstance(event, _OPENING):
            depth += 1
        elif isinstance(event, _CLOSING):
            depth -= 1
        if not depth:
            break
        if isinstance(event, yaml.ScalarEvent | yaml.AliasEvent) or last > first:
            end = last
    flow = bool(opening.flow_style)
    return _List(begin, end or _place(opening)[1], flow, empty=not end)


def _place(event: yaml.Event) -> tuple[int, int]:
    assert event.start_mark is not None
    assert event.end_mark is not None
    return event.start_mark.index, event.end_mark.index


def _indented(block: str, indent: str) -> list[str]:
    return [f"{indent}{line}" for line in block.splitlines()]


def _parsed(text: str) -> dict[str, Any]:
    start, stop = _front(text)
    try:
        parsed: dict[str, Any] = yaml.safe_load(text[start:stop])
    except yaml.YAMLError:
        return {}
    return parsed


def _together(before: dict[str, Any], added: dict[str, Any]) -> dict[str, Any]:
    return before | {key: [*(before.get(key) or []), item] for key, item in added.items()}
