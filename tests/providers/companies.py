"""The default company, pointed at a local server by settings alone.

A copy of its roles; `company.toml` is the bundled text with other models in `[models]` and sections of `[providers]`
behind it. Tools, prompts and everything else come from the bundled company underneath.
"""

import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from company.engine import Engine
from company.events import Event
from company.home import bundled_directory, find_directory, open_company, trust
from tests.wire import Asked, Fault, Reply, Script

KEY = "sk-test-nothing-secret-about-it"


@dataclass(frozen=True, slots=True)
class Provider:
    """How a company is pointed at a server.

    Attributes:
        name: Its name in the settings.
        model: The model that every tier gets.
        path: What its base URL ends with.
        section: Further lines of `[providers.NAME]`.
        facts: Lines of `[models.facts]` for the model; empty where the built-in table knows it.
    """

    name: str
    model: str
    path: str = ""
    section: str = ""
    facts: str = ""

    @property
    def id(self) -> str:
        """The model's name in costs."""
        return f"{self.name}:{self.model}"

    @property
    def key_variable(self) -> str:
        """Environment variable with its key."""
        return f"{self.name.upper()}_API_KEY"


PROVIDERS: Mapping[str, Provider] = {
    "chat": Provider("openai", "gpt-4.1-mini", "/v1"),
    "responses": Provider("openai", "gpt-5-mini", "/v1", 'api = "responses"'),
    "anthropic": Provider("anthropic", "claude-sonnet-5"),
    "ollama": Provider("ollama", "qwen3:8b"),
    "local": Provider(
        "local", "our-model", "/v1", 'kind = "openai"\nfree = true', "context = 131072\nmax_output = 8192"
    ),
}
"""By wire format; `local` is a compatible server under a name of its own."""


class Changing:
    """A script that can be exchanged while the server runs.

    Args:
        script: What it begins with.

    Attributes:
        script: What it follows from now on.
    """

    def __init__(self, script: Script) -> None:
        self.script = script

    def __call__(self, asked: Asked) -> Reply | Fault:
        return self.script(asked)


def settings(provider: Provider, url: str, more: str = "") -> str:
    """Return the bundled `company.toml` with its models at `url`, and `more` behind it."""
    bundled = (bundled_directory() / "company.toml").read_text("utf-8")
    text, replaced = re.subn(
        r'^(fast|smart|deep) = "autopilot"$', rf'\1 = "{provider.id}"', bundled, flags=re.MULTILINE
    )
    assert replaced == 3
    sections = [f'[providers.{provider.name}]\nbase_url = "{url}{provider.path}"\n{provider.section}']
    if provider.facts:
        sections.append(f'[models.facts."{provider.id}"]\n{provider.facts}')
    return "\n".join([text, *sections, more])


def write_default(root: Path, text: str, environment: Mapping[str, str]) -> Path:
    """Write a copy of the default company with `text` as its settings, trust it, and return it."""
    shutil.copytree(bundled_directory() / "roles", root / "roles")
    (root / "company.toml").write_text(text, "utf-8")
    return trust(root, environment)


@contextmanager
def engine_of(directory: Path, state: Path, environment: Mapping[str, str]) -> Iterator[Engine]:
    """Open a company and its engine; close both afterwards."""
    state.mkdir(exist_ok=True)
    company = open_company(find_directory(directory, Path.cwd()), state, environment=environment)
    try:
        engine = Engine(company)
        try:
            yield engine
        finally:
            engine.close()
    finally:
        company.close()


def bodies(events: list[Event], *types: str) -> list[dict]:
    """Return the bodies of the events of these types; of a company's own ones, their values."""
    return [event.body.get("value", event.body) for event in events if event.type in types]
