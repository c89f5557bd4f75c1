"""The JSON schema of case files, for editors that complete and check while a person writes.

It is made from the models that read the files and from their docstrings, so the two cannot disagree. It does not know
the names of a company's roles and tools, nor what depends on another field; the reader does, and has the last word.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from company.grading.case import Case
from company.grading.registry import Scorer

Json = dict[str, Any]

FILE = "schema.json"
"""Its name beside the case files, which name it in `# yaml-language-server: $schema=schema.json`."""

_CASE = "case"


def case_schema(scorers: Mapping[str, Scorer]) -> Json:
    """Return the JSON schema (2020-12) of a file of cases.

    Args:
        scorers: The scorers that its cases may use.
    """
    kinds = {_CASE: TypeAdapter(Case)} | {name: scorer.wanted for name, scorer in scorers.items()}
    found, whole = TypeAdapter.json_schemas([(name, "validation", kind) for name, kind in kinds.items()])
    defs: Json = {name: _described(part) for name, part in whole["$defs"].items()}
    fields = defs["Case"]["properties"]
    del fields["source"]
    fields["scorers"]["items"] = {
        "anyOf": [way for name, scorer in scorers.items() for way in _ways(scorer, dict(found[name, "validation"]))]
    }
    fields["steps"]["items"]["oneOf"].append({"const": "restart"})
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        "title": "Eval cases",
        "type": "array",
        "items": found[_CASE, "validation"],
        "$defs": defs,
    }


def schema_text(scorers: Mapping[str, Scorer]) -> str:
    """Return the schema as it stands in its file."""
    return json.dumps(case_schema(scorers), indent=1, ensure_ascii=False) + "\n"


def _ways(scorer: Scorer, wanted: Json) -> Iterator[Json]:
    """Yield how a case may write a scorer: with what it wants, and as the bare name where that says it all."""
    summary = {"description": (scorer.judge.__doc__ or "").strip().partition("\n")[0]}
    if _takes_true(scorer):
        yield summary | {"const": scorer.name}
    held = {"type": "object", "properties": {scorer.name: wanted}, "required": [scorer.name]}
    yield summary | held | {"additionalProperties": False}


def _takes_true(scorer: Scorer) -> bool:
    try:
        scorer.wanted.validate_python(True)
    except ValueError:
        return False
    return True


def _described(model: Json) -> Json:
    """Move what a docstring says of each field to the field."""
    summary, _, listed = model.get("description", "").partition("\nAttributes:\n")
    notes = re.findall(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", listed, re.MULTILINE)
    fields = {name: _untitled(field) for name, field in model.get("properties", {}).items()}
    for name, note in notes:
        place = fields.get(name) or fields.get("with" if name == "arguments" else "")
        if place is not None:
            place["description"] = " ".join(note.split())
    described = _untitled(model) | ({"description": " ".join(summary.split())} if summary else {})
    return described | ({"properties": fields} if fields else {})


def _untitled(part: Json) -> Json:
    return {name: value for name, value in part.items() if name != "title"}
