"""Memories as JSON Lines: out of one home and into another.

The first line is a manifest: the format, the schema, the embedder, how many lines follow and their SHA-256. Each
further line is one memory with everything that is known of it but its vectors, which the other home makes anew; the
keys stand in one order and the lines in order of their numbers, so the same memories give the same bytes.

A file says what its maker claims. Read as it is, every memory arrives with `source = "import"`, at most trust 1, and
what would steer a role waits for a person; the file does not change by that, so identity of export, import and export
holds for `trusted` ones, which are taken over as they stand. An import happens whole or not at all, a second time it
adds nothing, and what a tombstone covers stays out.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from company.errors import ToolError, UsageError
from company.memory.item import Kind, Note, Source, Status
from company.memory.records import Records
from company.memory.screen import screened

FORMAT: Final = "company-memory"
_SCHEMA: Final = 3
_TRUST: Final = 1
_TOLD: Final = 20
"""Broken lines that are named."""


class Manifest(BaseModel):
    """The first line of an export."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["company-memory"]
    schema_version: Literal[3]
    embedder: str
    items: int = Field(ge=0)
    sha256: str


class Line(BaseModel):
    """One memory in an export; its fields are those of the table, in its order."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: str = Field(pattern=r"^m[1-9][0-9]{0,17}$")
    role: str = Field(min_length=1)
    kind: Kind
    person: str
    branch: str
    thread_id: str
    subject: str
    predicate: str
    value: str
    text: str
    source: Source
    trust: int = Field(ge=0, le=3)
    tainted: bool
    sources: list[str]
    derived_from: list[str]
    importance: float = Field(ge=0, le=1)
    pinned: bool
    run_id: str
    persona_version: str
    created_at: AwareDatetime = Field(strict=False)
    last_used_at: AwareDatetime = Field(strict=False)
    use_count: int = Field(ge=0)
    valid_from: AwareDatetime = Field(strict=False)
    valid_to: AwareDatetime | None = Field(strict=False)
    supersedes: str
    superseded_by: str
    status: Status
    decided_by: str

    def note(self) -> Note:
        """Return the note it was."""
        return Note(**{name: getattr(self, name) for name in Note.model_fields})


def export(records: Records, embedder_id: str) -> Iterator[str]:
    """Yield the lines of an export, without line ends, the manifest first.

    Args:
        records: The memories.
        embedder_id: The embedder of this home; empty for none.
    """
    rows = records.db.execute("SELECT * FROM memory ORDER BY seq").fetchall()
    lines = [_written(row) for row in rows]
    manifest = {
        "format": FORMAT,
        "schema_version": _SCHEMA,
        "embedder": embedder_id,
        "items": len(lines),
        "sha256": _digest(lines),
    }
    yield json.dumps(manifest)
    yield from lines


def _written(row: Mapping[str, Any]) -> str:
    fields: dict[str, Any] = {name: f"m{row['seq']}" if name == "id" else row[name] for name in Line.model_fields}
    fields |= {name: bool(row[name]) for name in ("tainted", "pinned")}
    fields |= {name: json.loads(row[name]) for name in ("sources", "derived_from")}
    return json.dumps(fields, ensure_ascii=False)


def _digest(lines: Iterable[str]) -> str:
    return sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def parsed(text: str) -> tuple[Manifest, list[Line]]:
    """Return the manifest and the memories of an export.

    Raises:
        UsageError: A line is broken, or the lines are not those of the manifest; the message names the lines.
    """
    head, _, rest = text.partition("\n")
    try:
        manifest = Manifest.model_validate_json(head)
    except ValidationError as error:
        raise UsageError(
            f"line 1 is no manifest of an export: {_why(error)}",
            where="the file",
            cure="export it anew with this version: company memory export",
        ) from error
    raw = rest.split("\n")[:-1] if rest.endswith("\n") else rest.split("\n") if rest else []
    lines, broken = [], []
    for number, line in enumerate(raw, start=2):
        try:
            lines.append(_line(line))
        except (ValidationError, ToolError) as error:
            broken.append(f"line {number}: {_why(error) if isinstance(error, ValidationError) else error}")
    broken += _twice(lines)
    if broken:
        more = f"\nand {len(broken) - _TOLD} more" if len(broken) > _TOLD else ""
        raise UsageError(
            "\n".join(broken[:_TOLD]) + more, where="the file", cure="mend these lines; nothing was imported"
        )
    if len(raw) != manifest.items or _digest(raw) != manifest.sha256:
        raise UsageError(
            f"the manifest speaks of {manifest.items} other lines than the {len(raw)} here: the file was changed",
            where="the file",
            cure="export it anew; nothing was imported",
        )
    return manifest, lines


def _line(text: str) -> Line:
    line = Line.model_validate_json(text)
    if screened(line.note()).text != line.text:
        raise ToolError("the text is not clean: it holds control characters, or spaces around it")
    return line


def _twice(lines: Sequence[Line]) -> list[str]:
    counts = Counter(line.id for line in lines)
    return [f"the id {name} is there {times} times" for name, times in counts.items() if times > 1]


def _why(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else first["msg"]
