"""One seed, one stream: two fresh homes give the same events, apart from ids and wall-clock readings."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen
from typing import Any

from company.events import ID_FIELDS, WALL_FIELDS

Start = Callable[..., Popen[str]]


class Normaliser:
    """Gives every id of one stream the number of its first appearance, and drops readings of the wall clock.

    Numbering keeps what blanking would lose: two events that name the same thing still do. Inside an event `at` is
    company time and must agree; only the envelope's `at` is the wall's.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def line(self, text: str) -> str:
        """Return one line of `--json` output in the form that must agree."""
        envelope = json.loads(text)
        return json.dumps(self._data({**envelope, "at": None}))

    def _data(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._field(name, item) for name, item in value.items()}
        return [self._data(item) for item in value] if isinstance(value, list) else value

    def _field(self, name: str, value: Any) -> Any:
        if name in ID_FIELDS:
            return self._id(value)
        if name in WALL_FIELDS - {"at"}:
            return None
        if name in {"content", "delta"} and isinstance(value, str) and value.startswith("{"):
            return self._data(json.loads(value))  # a tool's result or arguments, as JSON text
        return self._data(value)

    def _id(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._id(item) for item in value]
        return self._numbers.setdefault(value, len(self._numbers))


def test_twenty_cycles_of_one_seed_give_the_same_stream_in_two_homes(start_company: Start, tmp_path: Path) -> None:
    command = ("run", "--cycles", "20", "--seed", "7", "--json")
    files = [tmp_path / name for name in ("first", "second")]
    started = []
    for file in files:
        with file.with_suffix(".jsonl").open("w") as out:
            started.append(start_company(*command, home=file, stdout=out))
    for process in started:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
    streams = [file.with_suffix(".jsonl").read_text().splitlines() for file in files]
    raw = [[json.loads(line) for line in stream] for stream in streams]
    assert [len({line["seq"] for line in stream}) for stream in raw] == [raw[0][-1]["seq"]] * 2  # nothing is left out
    assert sum(line["event"]["type"] == "RUN_FINISHED" for line in raw[0]) == 20
    first, second = ([normaliser.line(line) for line in stream] for stream in streams for normaliser in [Normaliser()])
    for number, (one, other) in enumerate(zip(first, second, strict=True), start=1):
        assert one == other, f"line {number}"


def test_the_normaliser_keeps_which_events_name_the_same_thing() -> None:
    def normal(*keys: str) -> list[str]:
        normaliser = Normaliser()
        return [normaliser.line(json.dumps({"at": key, "event": {"key": key}})) for key in keys]

    assert normal("a", "b", "a") == normal("x", "y", "x")
    assert normal("a", "b", "a") != normal("x", "y", "y")
