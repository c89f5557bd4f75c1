"""What a tool says of itself: its texts, its schemas, its manifest. Nothing is called for these rules."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from company.toolkit.conformance.finding import Remark, rule
from company.toolkit.conformance.subject import Subject
from company.toolkit.manifest import hidden_in

SHORTEST_TEXT = 20
"""Characters below which a description tells a model nothing."""
LONGEST_TEXT = 1_024
"""Characters of a description that every provider accepts; OpenAI's API refuses more."""
LONGEST_TIMEOUT = 120.0
"""Seconds; a role waits for its call, and a person for the role."""

_PLACEHOLDER = re.compile(r"\b(TODO|FIXME|XXX|lorem ipsum)\b", re.IGNORECASE)


@rule(
    "docs",
    what="says what it does and returns, and what each argument is",
    cure="write it for the model that has to decide whether to call the tool",
)
def docs(subject: Subject) -> Iterator[Remark]:
    """The docstring is what a model reads."""
    text = subject.description.description
    if len(text) < SHORTEST_TEXT:
        yield Remark(f"the description is {text!r}, which tells a model too little", place="docstring")
    if _PLACEHOLDER.search(text):
        yield Remark("the description holds a placeholder", place="docstring")
    for name, field in _arguments(subject).items():
        note = str(field.get("description", "")).strip()
        if not note or note.casefold().rstrip(".") == name.replace("_", " ").casefold() or _PLACEHOLDER.search(note):
            yield Remark(f"{note!r} says no more than the name", place=f"argument {name}")


@rule(
    "schema",
    what="has a schema that every provider accepts and that shows all there is",
    cure="give the argument a type",
)
def schema(subject: Subject) -> Iterator[Remark]:
    """The schema is what a model fills in."""
    described = subject.description
    if len(described.description) > LONGEST_TEXT:
        what = f"the description has {len(described.description):,} characters, some providers accept {LONGEST_TEXT:,}"
        yield Remark(
            what, place="docstring", cure="say it shorter; what concerns one argument belongs to that argument"
        )
    if hidden := hidden_in(described.description):
        yield Remark(f"holds characters that nobody sees: {', '.join(hidden)}", place="docstring", cure="take them out")
    for place in _untyped(described.parameters):
        cure = "give it a type, or say in its description why it may be any value"
        yield Remark("may be anything, so a model cannot know what to send", place=f"argument {place}", cure=cure)


@rule(
    "result",
    what="declares what it returns",
    cure="return a pydantic model with a field for each figure, so that a playbook can name it",
)
def result(subject: Subject) -> Iterator[Remark]:
    """A typed result can be named in a playbook and held to."""
    returned = subject.description.result
    if returned.get("type") == "null":
        yield Remark("returns nothing, so a role cannot tell what came of a call", level="advice")
        return
    for place in _untyped(returned):
        yield Remark("may return anything" if not place else "may be anything", place=f"result {place}".strip())


@rule(
    "manifest",
    what="declares no more than it needs",
    cure="name exactly what it needs",
)
def manifest(subject: Subject) -> Iterator[Remark]:
    """The manifest is what a person reads before allowing the tool."""
    declared, described = subject.description.manifest, subject.description
    for host in declared.hosts:
        if host.startswith("*.") and host.partition(":")[0].count(".") < 2:
            yield Remark(f"{host!r} is a whole top-level domain", place="hosts", cure="name the hosts it asks")
    for file in declared.files:
        if file.strip("/~") == "":
            yield Remark(f"{file!r} is everything a person has", place="files", cure="name the folders it reads")
    if described.timeout > LONGEST_TIMEOUT:
        what = f"{described.timeout:g} s is longer than anybody waits, {LONGEST_TIMEOUT:g} s are allowed"
        yield Remark(what, place="timeout", cure="do less in a call, or return what is there and let it be asked again")
    if declared.secrets and not declared.hosts:
        what = f"is given {', '.join(declared.secrets)} and may tell it to nobody"
        yield Remark(what, place="secrets", cure="declare the host it is for, or take the secret away", level="advice")
    if declared.hosts and not declared.rate:
        what = "asks hosts as often as a role likes"
        yield Remark(what, place="rate", cure='say how often they allow it, such as rate="30/minute"', level="advice")


@rule(
    "provenance",
    what="calls untrusted what strangers can write",
    cure='declare trust="untrusted"; a person who knows better can trust it: company plugins confirm NAME --trust TOOL',
)
def provenance(subject: Subject) -> Iterator[Remark]:
    """Whatever a host answers was written by somebody else."""
    described = subject.description
    if described.trust == "untrusted" or not described.manifest.hosts:
        return
    hosts = ", ".join(described.manifest.hosts)
    if described.effect == "read":
        yield Remark(f"returns what {hosts} answers and calls it trusted", place="trust")
    else:
        what = f"calls trusted what {hosts} answers to its request, and may return a stranger's words with it"
        yield Remark(what, place="trust", level="advice")


def _arguments(subject: Subject) -> Mapping[str, Mapping[str, Any]]:
    fields: Mapping[str, Mapping[str, Any]] = subject.description.parameters.get("properties", {})
    return fields


def _untyped(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield where a schema allows anything without saying why: dotted paths, empty for the schema itself."""
    yield from _untyped_at(schema, "")
    for name, definition in schema.get("$defs", {}).items():
        yield from _untyped_at(definition, name)


def _untyped_at(node: Mapping[str, Any], path: str) -> Iterator[str]:
    if re.search(r"\bany\b", str(node.get("description", "")), re.IGNORECASE):
        return
    if not {"type", "$ref", "anyOf", "oneOf", "allOf", "enum", "const"} & set(node):
        yield path
        return
    for name, field in node.get("properties", {}).items():
        yield from _untyped_at(field, f"{path}.{name}".lstrip("."))
    for option in (*node.get("anyOf", ()), *node.get("oneOf", ()), *node.get("prefixItems", ())):
        yield from _untyped_at(option, path)
    if node.get("type") == "array" and "prefixItems" not in node:
        yield from _untyped_at(node.get("items", {}), f"{path}[]")
    if node.get("type") == "object" and "properties" not in node:
        more = node.get("additionalProperties", {})
        yield from _untyped_at(more if isinstance(more, dict) else {}, f"{path}{{}}")
