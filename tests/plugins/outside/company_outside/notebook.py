"""Writes every notice as a line of JSON into a file."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from company.errors import UsageError
from company.ports import Notice


class Notebook:
    """The notifier.

    Args:
        file: Where the lines go.
        signature: What each line is signed with.
    """

    def __init__(self, file: Path, signature: str) -> None:
        self._file, self._signature = file, signature

    async def notify(self, notice: Notice) -> None:
        line = {**asdict(notice), "at": notice.at.isoformat(), "signed": len(self._signature)}
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    async def close(self) -> None:
        return None


def make(options: Mapping[str, Any], secrets: Mapping[str, str]) -> Notebook:
    """Return the notifier that a section `[notifiers.NAME]` describes."""
    if set(options) != {"file"}:
        raise UsageError("has the option file and no other", cure='write options = {file = "notices.jsonl"}')
    return Notebook(Path(options["file"]), secrets.get("signature", ""))
