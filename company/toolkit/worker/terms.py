"""What the host and a worker say to each other: plain data, and nothing in it is believed that it need not."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from company.toolkit.foreign import Description
from company.toolkit.manifest import NOTHING, Manifest

Text = Annotated[str, StringConstraints(max_length=4_000)]
Capability = Literal["network", "file", "secret", "process", "memory"]
Refusal = tuple[Capability, Annotated[str, StringConstraints(max_length=200)]]
Refusals = Annotated[list[Refusal], Field(max_length=20)]


class _Term(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Start(_Term):
    """What a worker is told first: which module it serves, and what it is held to.

    Attributes:
        kind: As in `Source`.
        name: As in `Source`.
        module: As in `Source`.
        path: As in `Source`; empty for a package.
        tool: The only tool that is called; empty in a worker that describes its module.
        manifest: What that tool reaches.
        files: The manifest's files, absolute.
        folder: The tool's own folder.
        sealed: The company's state, of which nothing but `folder` is open.
        closed: Folders that are closed where nothing below them is open.
    """

    kind: Literal["file", "package"]
    name: str
    module: str
    path: str
    tool: str = ""
    manifest: Manifest = NOTHING
    files: tuple[str, ...] = ()
    folder: str
    sealed: str = ""
    closed: tuple[str, ...] = ()


class Ask(_Term):
    """One call.

    Attributes:
        find: Look up the result of an earlier call, instead of calling.
        arguments: What the tool is called with.
        key: As in `Reach`.
        now: As in `Reach`, ISO 8601.
        role: As in `Reach`.
        secrets: As in `Reach`.
    """

    find: bool = False
    arguments: dict[str, Any] = {}
    key: str
    now: str
    role: str
    secrets: dict[str, str] = {}


class Fault(_Term):
    """Why there is no result.

    Attributes:
        kind: `tool`, `provider`, `venue`, `late`: an error of that class (`company.errors`); `usage`: a person must
            change something; `memory`: there was too little of it; `crash`: anything else.
        what: What went wrong.
        where: Where it is, of a usage error.
        cure: What to do, of a usage error.
        retryable: As in `ProviderError`.
    """

    kind: Literal["tool", "provider", "venue", "late", "usage", "memory", "crash"]
    what: Text
    where: Text = ""
    cure: Text = ""
    retryable: bool = False


class Ready(_Term):
    """What a worker answers when it has started.

    Attributes:
        tools: What the module's tools say of themselves.
        fault: Why it did not start.
        refused: What the module reached for while it was imported.
    """

    tools: Annotated[list[Description], Field(max_length=200)] = []
    fault: Fault | None = None
    refused: Refusals = []


class Answer(_Term):
    """What a worker answers to a call.

    Attributes:
        value: What the tool returned.
        fault: Why it returned nothing.
        refused: What it reached for.
    """

    value: Any = None
    fault: Fault | None = None
    refused: Refusals = []
