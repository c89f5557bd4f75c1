"""The OpenAPI document and the page made from it."""

import re
import shlex
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from markupsafe import escape

from company.server.faults import SAFETY_HEADERS
from company.server.native.openapi import shape_of


@pytest.fixture(scope="module")
def document(server: Any) -> dict[str, Any]:
    with server.client() as client:
        found: dict[str, Any] = client.get("/openapi.json").json()
    return found


@pytest.fixture(scope="module")
def page(server: Any) -> str:
    with server.client() as client:
        answer = client.get("/docs")
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-security-policy"] == SAFETY_HEADERS["content-security-policy"]
    return str(answer.text)


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, operation) for path, item in document["paths"].items() for method, operation in item.items()]


class Elements(HTMLParser):
    """Collects ids, links inside the page, and what would load or run something."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.foreign: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [given["id"] or ""] if "id" in given else []
        if tag == "a" and (given.get("href") or "").startswith("#"):
            self.links.append((given["href"] or "")[1:])
        if tag in {"script", "style", "img", "iframe"} or "style" in given or "onclick" in given:
            self.foreign.append(tag)


def test_every_operation_says_what_it_does_who_may_and_how_it_fails(document) -> None:
    for path, method, operation in operations(document):
        where = f"{method} {path}"
        assert operation["summary"], where
        assert operation["tags"], where
        assert {"400", "401", "403", "422", "429", "500"} <= set(operation["responses"]), where
        if path.startswith("/api/v1/") and "session" not in path:
            assert operation["x-scope"] in {"read", "chat", "approve", "admin"}, where
            assert operation["security"] == [{"bearer": []}, {"session": []}], where


def test_errors_have_the_one_shape(document) -> None:
    for path, _, operation in operations(document):
        for status, answer in operation["responses"].items():
            if int(status) >= 400 and path.startswith("/api/v1/"):
                assert answer["content"]["application/json"]["schema"]["$ref"].endswith("/Fault"), (path, status)
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_what_docstrings_say_of_fields_stands_at_the_fields(document) -> None:
    run = document["components"]["schemas"]["RunView"]
    assert run["description"] == "One run."
    assert run["properties"]["cycle"]["description"] == "Number of the cycle, 0 for a chat."


def test_every_reference_of_the_document_leads_somewhere(document) -> None:
    for name in re.findall(r"#/components/schemas/([^'\"]+)", str(document)):
        assert name in document["components"]["schemas"]


def test_the_page_describes_every_operation_and_shape(document, page) -> None:
    for path, method, operation in operations(document):
        assert f"<code>{method.upper()} {path}</code>" in page
        assert escape(operation["summary"].rstrip(".").partition("`")[0]) in page
    for name in document["components"]["schemas"]:
        assert f'id="{name}"' in page


def test_the_page_loads_nothing_but_its_stylesheet(server, page) -> None:
    elements = Elements(page)
    assert elements.foreign == []
    assert re.findall(r"<link[^>]*>", page) == ['<link rel="stylesheet" href="/docs/reference.css">']
    with server.client() as client:
        assert client.get("/docs/reference.css").headers["content-type"].startswith("text/css")


def test_every_link_of_the_page_leads_somewhere_and_every_id_is_one(page) -> None:
    elements = Elements(page)
    assert set(elements.links) <= set(elements.ids)
    assert len(elements.ids) == len(set(elements.ids))


def test_an_example_works_as_it_stands(server, page) -> None:
    examples = [unescape(text) for text in re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", page, re.S)]
    (example,) = (text for text in examples if text.endswith("/api/v1/messages'"))
    program, *words, address = shlex.split(example.replace("\\\n", "").replace("$TOKEN", server.token))
    given = {option: value for option, value in zip(words[::2], words[1::2], strict=True) if option != "-H"}
    headers = dict(
        value.split(": ", 1) for option, value in zip(words[::2], words[1::2], strict=True) if option == "-H"
    )
    with server.client(token=None) as client:
        answer = client.request(given["-X"], address, content=given["-d"], headers=headers)
    assert (program, answer.status_code) == ("curl", 202), answer.text


@pytest.mark.parametrize(
    ("schema", "shape"),
    [
        ({"type": "string", "format": "date-time"}, "string (date-time)"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string | null"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, "('a' | 'b')[]"),
        ({"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]}, "[string, integer]"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "{name: integer}"),
        ({"type": "object", "additionalProperties": True}, "object"),
        ({"const": "x"}, "'x'"),
        ({}, "any"),
    ],
)
def test_a_schema_is_written_on_one_line(schema: dict[str, Any], shape: str) -> None:
    assert "".join(shape_of(schema)) == shape
