"""Keeps the finished trials of a run of the suite in a file, so that one that was cut off can go on.

The first line says what is run: the company's identity, the cases with their digests, how often each is played. Each
further line is a trial. A run goes on only where all of the first line still holds: trials of two different companies
are not one grading. The file is removed when the run has come to its end; of those cut off the newest few are kept.
"""

import fcntl
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from company.errors import UsageError
from company.events import Json
from company.grading.case import Case
from company.grading.result import Trial, digest, read_trial, trial_data

KEPT = 5
"""Cut-off runs that are kept."""

_SUFFIX = ".jsonl"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run.

    Attributes:
        identity: What is graded, as JSON data.
        cases: The cases, in order.
        trials: How often each is played.
    """

    identity: Mapping[str, Any]
    cases: tuple[Case, ...]
    trials: tuple[int, ...]

    def head(self) -> Json:
        """Return the first line of its file."""
        cases = {case.id: [digest(case), count] for case, count in zip(self.cases, self.trials, strict=True)}
        return {"identity": dict(self.identity), "cases": cases}


class Log:
    """The file of one run; locked while it runs.

    Args:
        file: The file, locked.
        path: Where it is.
        done: The trials it holds, by case and number.
    """

    def __init__(self, file: IO[str], path: Path, done: Mapping[tuple[str, int], Trial]) -> None:
        self._file, self._path, self.done = file, path, dict(done)

    def keep(self, case_id: str, number: int, trial: Trial) -> None:
        """Write down a trial that is finished."""
        row = {"case": case_id, "number": number, "trial": trial_data(trial)}
        self._file.write(json.dumps(row, ensure_ascii=False) + "\n")
        self._file.flush()

    def finish(self) -> None:
        """Remove the file: the run has come to its end."""
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let the file go; what it holds can be resumed."""
        self._file.close()


def begin(folder: Path, plan: Plan) -> Log:
    """Return the log of a new run.

    Args:
        folder: Where logs are kept; made when missing.
        plan: What is run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    left = _left(folder)
    for path in left[: max(0, len(left) - KEPT + 1)]:
        path.unlink(missing_ok=True)
    log = Log(*_new(folder), {})
    log._file.write(json.dumps(plan.head(), ensure_ascii=False) + "\n")
    log._file.flush()
    return log


def resume(folder: Path, plan: Plan) -> Log:
    """Return the log of the newest run that was cut off and is this one.

    Args:
        folder: Where logs are kept.
        plan: What is to be run.

    Raises:
        UsageError: No run was cut off, or none of them is this one; the error names what differs from the newest.
    """
    left, head = _left(folder), plan.head()
    if not left:
        raise UsageError("no run of the evals was cut off here", where=str(folder), cure="leave out --resume")
    for path in reversed(left):
        if _head(path) == head and (file := _held(path)):
            return Log(_whole(file), path, _trials(path))
    newest = _head(left[-1])
    raise UsageError(
        f"the run that was cut off is another one: {'; '.join(_different(newest, head))}",
        where=str(left[-1]),
        cure="run it as it was, or leave out --resume",
    )


def _new(folder: Path) -> tuple[IO[str], Path]:
    """Make a file and lock it; names are numbers, so that they sort by age."""
    numbers = [int(path.stem) for path in folder.glob(f"*{_SUFFIX}") if path.stem.isdecimal()]
    number = max(numbers, default=0) + 1
    while True:
        path = folder / f"{number:06}{_SUFFIX}"
        try:
            file = path.open("x", encoding="utf-8")
        except FileExistsError:
            number += 1
        else:
            fcntl.flock(file, fcntl.LOCK_EX)
            return file, path


def _left(folder: Path) -> list[Path]:
    """Return the files that no process is writing, the oldest first."""
    found = []
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        if file := _held(path):
            file.close()
            found.append(path)
    return found


def _held(path: Path) -> IO[str] | None:
    """Open a file and lock it; None when a process has it, or has just removed it."""
    try:
        file = path.open("r+", encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def _whole(file: IO[str]) -> IO[str]:
    """Cut off a last line that was not written to its end, and go to where the next one belongs."""
    text = file.read()
    file.seek(0)
    file.truncate(len(text[: text.rfind("\n") + 1].encode()))
    file.seek(0, 2)
    return file


def _lines(path: Path) -> Iterator[Json]:
    for line in path.read_text("utf-8").splitlines(keepends=True):
        if line.endswith("\n"):
            yield json.loads(line)


def _head(path: Path) -> Json:
    return next(_lines(path), {})


def _trials(path: Path) -> dict[tuple[str, int], Trial]:
    return {(row["case"], row["number"]): read_trial(row["trial"]) for row in list(_lines(path))[1:]}


def _different(old: Json, new: Json) -> Sequence[str]:
    """Say what differs between the first lines of two runs."""
    was, now = old.get("identity", {}), new["identity"]
    parts = [name for name in sorted({*was, *now}) if was.get(name) != now.get(name)]
    said = [f"of the company {', '.join(parts)}"] if parts else []
    before, after = old.get("cases", {}), new["cases"]
    if list(before) != list(after):
        return [*said, f"it had {len(before)} cases, now there are {len(after)} or others"]
    changed = [name for name in after if before[name][0] != after[name][0]]
    counts = [name for name in after if before[name][1] != after[name][1]]
    said += [f"the text of {', '.join(changed[:3])}"] if changed else []
    return [*said, *([f"how often {', '.join(counts[:3])} is played"] if counts else [])]
