"""The OpenAPI document, complete: what FastAPI finds out from the code, and what holds for every endpoint.

FastAPI does not know the gate in front of it. So here every operation gets the ways to show who one is, the scope it
needs, and the shape of each error the gate and the framework answer with; and what docstrings say of a model's fields
moves to the fields.
"""

import re
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from company.events import Json
from company.server.access.gate import cookie_name
from company.server.access.sessions import PATH as SESSION_PATH
from company.server.access.site import Site
from company.server.faults import REASONS

ANY = (400, 401, 403, 422, 429, 500)
"""Errors that every operation may answer with."""

BODIED = (413, 415)
"""Errors of operations that take a body, beside those."""

DESCRIPTION = """\
One company: what it is doing and did by GET, commands by POST, everything that happens by `GET /api/v1/events`.

Show a token as `Authorization: Bearer ...` (`company token --scope read` makes one) or the cookie of a browser session.
Each operation names the scope it needs; none contains another. Money and quantities are decimal strings, times are
ISO 8601. Every error is `{"error": {"message", "code"}}`. Commands take an `Idempotency-Key`: sent again under the same
key they are done once and answered the same."""

TAGS = {
    "conversations": "What was said, and what happened around it.",
    "runs": "What the company works on and did.",
    "approvals": "What waits for a person.",
    "mandates": "What roles may do without asking.",
    "agents": "The roles, what they remember and what they cost.",
    "why": "How something came about.",
    "control": "Stop, start and settings.",
}

_FIELD = re.compile(r"^    (\w+): ")


def document_of(app: FastAPI, site: Site) -> Json:
    """Return the OpenAPI document of an application.

    Args:
        app: With all its routes.
        site: Says what the session cookie is called.
    """
    document: Json = {**app.openapi()}
    document["info"] = {**document["info"], "description": DESCRIPTION}
    document["tags"] = [{"name": name, "description": text} for name, text in TAGS.items()]
    parts = document.setdefault("components", {})
    parts["securitySchemes"] = {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "A token, made by `company token --scope SCOPE`.",
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": cookie_name(site.port),
            "description": "A browser session.",
        },
    }
    schemas = parts.setdefault("schemas", {})
    for path, method, operation in operations(document):
        _complete(path, method, operation)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for schema in schemas.values():
        describe_fields(schema)
    return document


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Yield path, method and operation of a document."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def _complete(path: str, method: str, operation: Json) -> None:
    is_login = path == SESSION_PATH
    if not is_login and method == "get":
        operation.setdefault("x-scope", "read")
    operation["description"] = _flowing(operation.get("description", ""))
    if operation["description"].rstrip(".") in {"", operation.get("summary", "").rstrip(".")}:
        del operation["description"]
    operation["security"] = [] if is_login and method == "post" else [{"bearer": []}, {"session": []}]
    operation.setdefault("tags", [path.removeprefix("/api/v1").split("/")[1]])
    answers = operation.setdefault("responses", {})
    if "HTTPValidationError" in str(answers.get("422", "")):
        del answers["422"]
    for status in (*ANY, *(BODIED if "requestBody" in operation else ())):
        answers.setdefault(str(status), _fault(status))
    operation["responses"] = dict(sorted(answers.items()))


def _fault(status: int) -> Json:
    schema = {"$ref": "#/components/schemas/Fault"}
    return {"description": REASONS[status], "content": {"application/json": {"schema": schema}}}


def describe_fields(schema: Json) -> None:
    """Move what a docstring says under `Attributes:` to the fields it speaks of."""
    text, _, attributes = schema.get("description", "").partition("\n\nAttributes:\n")
    if text:
        schema["description"] = _flowing(text)
    for name, words in _fields(attributes):
        if isinstance(field := schema.get("properties", {}).get(name), dict):
            field.setdefault("description", words)


def _flowing(text: str) -> str:
    """Return the paragraphs of a docstring without its line ends."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _fields(attributes: str) -> Iterator[tuple[str, str]]:
    name, words = "", list[str]()
    for line in attributes.splitlines():
        begun = _FIELD.match(line)
        if begun and name:
            yield name, " ".join(words)
        if begun:
            name, words = begun[1], []
        words.append(line.removeprefix(begun[0]) if begun else line.strip())
    if name:
        yield name, " ".join(words)


def shape_of(schema: Json) -> list[Any]:
    """Return a schema as pieces of one line: text, and names of components as one-element tuples."""
    if "$ref" in schema:
        return [(schema["$ref"].rpartition("/")[2],)]
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return _joined([shape_of(part) for part in schema[several]], " | ")
    if "allOf" in schema:
        return _joined([shape_of(part) for part in schema["allOf"]], " & ")
    if "const" in schema:
        return [repr(schema["const"])]
    if "enum" in schema:
        return [" | ".join(map(repr, schema["enum"]))]
    return _typed(schema)


def _typed(schema: Json) -> list[Any]:
    kind = schema.get("type", "any")
    if kind == "array":
        if "prefixItems" in schema:
            return ["[", *_joined([shape_of(part) for part in schema["prefixItems"]], ", "), "]"]
        inner = shape_of(schema.get("items", {}))
        is_choice = any("|" in piece for piece in inner if isinstance(piece, str))
        return ["(", *inner, ")[]"] if is_choice else [*inner, "[]"]
    if kind == "object" and isinstance(inside := schema.get("additionalProperties"), dict):
        return ["{name: ", *shape_of(inside), "}"]
    return [f"{kind} ({schema['format']})" if "format" in schema else str(kind)]


def _joined(parts: list[list[Any]], between: str) -> list[Any]:
    return [piece for number, part in enumerate(parts) for piece in ([between] if number else []) + part]
