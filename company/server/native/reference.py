"""The reference: the OpenAPI document at `/openapi.json`, and at `/docs` the same as a page to read.

The page is rendered here, from the document. Ready-made viewers are half a megabyte of script from elsewhere, which
our content security policy refuses and a machine without network cannot load.
"""

import json
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from jinja2 import Environment, Template
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from company.events import Json
from company.server.access.site import Site
from company.server.faults import REASONS
from company.server.native.openapi import ANY, BODIED, document_of, operations, shape_of
from company.server.principal import principal_of

DOCUMENT, PAGE, STYLE = "/openapi.json", "/docs", "/docs/reference.css"
FOLDER = Path(__file__).parent


class Reference:
    """The routes.

    Args:
        app: What is documented: all of it, whenever it was added.
        site: The server as people reach it.
    """

    def __init__(self, app: FastAPI, site: Site) -> None:
        self._app, self._site = app, site

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(include_in_schema=False)
        router.add_api_route(DOCUMENT, self.document, methods=["GET"], response_class=JSONResponse)
        router.add_api_route(PAGE, self.page, methods=["GET"], response_class=HTMLResponse)
        router.add_api_route(STYLE, self.style, methods=["GET"], response_class=Response)
        return router

    async def document(self, request: Request) -> Response:
        """Return the OpenAPI document."""
        principal_of(request).require("read")
        return JSONResponse(self._document)

    async def page(self, request: Request) -> Response:
        """Return the document as a page."""
        principal_of(request).require("read")
        return HTMLResponse(_page(self._document, self._site.public))

    async def style(self, request: Request) -> Response:
        """Return the page's stylesheet."""
        principal_of(request).require("read")
        return Response((FOLDER / "reference.css").read_bytes(), media_type="text/css")

    @cached_property
    def _document(self) -> Json:
        return document_of(self._app, self._site)


def _page(document: Json, address: str) -> str:
    groups: dict[str, list[Json]] = {}
    for path, method, operation in operations(document):
        entry = _entry(document, path, method, operation, address)
        groups.setdefault(operation["tags"][0], []).append(entry)
    schemas = {name: _fields(schema) for name, schema in sorted(document["components"]["schemas"].items())}
    about = {tag["name"]: tag["description"] for tag in document["tags"]}
    order = sorted(groups, key=lambda name: (list(about).index(name) if name in about else len(about), name))
    return _template().render(
        info=document["info"],
        groups={name: groups[name] for name in order},
        about=about,
        schemas=schemas,
        common=[(status, REASONS[status]) for status in sorted((*ANY, *BODIED))],
    )


def _entry(document: Json, path: str, method: str, operation: Json, address: str) -> Json:
    """Return what the page says of one operation."""
    body = _json_schema(operation.get("requestBody", {}))
    return {
        "id": f"{method}{path}".replace("/", "-").replace("{", "").replace("}", ""),
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "description": operation.get("description", ""),
        "scope": operation.get("x-scope", ""),
        "parameters": [_parameter(parameter) for parameter in operation.get("parameters", [])],
        "body": shape_of(body) if body else None,
        "answers": [
            (status, answer["description"], shape_of(schema) if (schema := _json_schema(answer)) else [])
            for status, answer in operation["responses"].items()
            if int(status) not in {*ANY, *BODIED}
        ],
        "example": _curl(document, path, method, operation, address),
    }


def _parameter(parameter: Json) -> Json:
    schema = parameter["schema"]
    return {
        "name": parameter["name"],
        "place": parameter["in"],
        "required": parameter.get("required", False),
        "shape": [f"{piece}" if isinstance(piece, str) else piece for piece in shape_of(schema)],
        "default": json.dumps(schema["default"]) if schema.get("default") is not None else "",
        "description": parameter.get("description", schema.get("description", "")),
    }


def _fields(schema: Json) -> Json:
    required = set(schema.get("required", ()))
    fields = [
        {"name": name, "shape": shape_of(field), "required": name in required, "description": _words(field)}
        for name, field in schema.get("properties", {}).items()
    ]
    return {"description": _words(schema), "fields": fields, "shape": [] if fields else shape_of(schema)}


def _words(schema: Json) -> str:
    return str(schema.get("description", ""))


def _curl(document: Json, path: str, method: str, operation: Json, address: str) -> str:
    """Return a command that can be pasted into a shell."""
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            samples = parameter["schema"].get("examples") or [parameter["name"]]
            path = path.replace(f"{{{parameter['name']}}}", str(samples[0]))
    parts = ["curl"] + ([f"-X {method.upper()}"] if method != "get" else [])
    if operation["security"]:
        parts.append('-H "Authorization: Bearer $TOKEN"')
    if body := _json_schema(operation.get("requestBody", {})):
        text = json.dumps(_sample(document, body), ensure_ascii=False)
        parts += ["-H 'Content-Type: application/json'", f"-d '{text}'"]
    return " \\\n  ".join([*parts, f"'{address}{path}'"])


def _sample(document: Json, schema: Json) -> Any:
    """Return a value that fits a schema."""
    if "$ref" in schema:
        return _sample(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    for known in ("const", "default"):
        if schema.get(known) not in (None, ""):
            return schema[known]
    if chosen := schema.get("examples") or schema.get("enum"):
        return chosen[0]
    if "anyOf" in schema:
        return _sample(document, schema["anyOf"][0])
    if schema.get("type") == "object":
        return {name: _sample(document, field) for name, field in schema.get("properties", {}).items()}
    return {"array": [], "boolean": True, "integer": 1, "number": 1}.get(schema.get("type", ""), "text")


def _json_schema(holder: Json) -> Json:
    found: Json = holder.get("content", {}).get("application/json", {}).get("schema", {})
    return found


@cache
def _template() -> Template:
    source = (FOLDER / "reference.html").read_text("utf-8")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["prose"] = _prose
    return environment.from_string(source)


def _prose(text: str) -> Markup:
    """Return a sentence with what stands in backquotes as code."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else part for place, part in enumerate(parts)
    )
