"""What a server offers, asked once, for a person who is to decide about it."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from company.config import McpSettings
from company.errors import CompanyError, ProviderError, ToolError, UsageError
from company.ports import Secrets
from company.toolkit.foreign import Description
from company.toolkit.mcp.background import Background
from company.toolkit.mcp.connection import Connection
from company.toolkit.mcp.line import on_one_line
from company.toolkit.mcp.mapping import descriptions
from company.toolkit.mcp.offers import Offer
from company.toolkit.mcp.ways import Surroundings, way_to


@dataclass(frozen=True, slots=True)
class Server:
    """A server as it was found.

    Attributes:
        tools: The tools that its section of `company.toml` lists, as a person set them.
        names: The server's name of each tool, by ours.
        offers: Everything it offers, listed or not, with what it says of itself.
    """

    tools: list[Description]
    names: dict[str, str]
    offers: tuple[Offer, ...]


def look_at(
    name: str, settings: McpSettings, secrets: Secrets, *, environment: Mapping[str, str], root: Path
) -> Server:
    """Connect to a server, read what it offers, and leave it; blocks.

    Args:
        name: Its name in `company.toml`.
        settings: Its section.
        secrets: Where a person keeps secrets.
        environment: Environment of the company, of which little is passed on.
        root: The company directory.

    Raises:
        UsageError: It cannot be reached, or one of the listed tools is not there or cannot be used.
    """
    background = Background(f"mcp {name}")
    with tempfile.TemporaryDirectory(prefix="company-mcp-", ignore_cleanup_errors=True) as homes:
        try:
            around = Surroundings(secrets, environment, root, Path(homes))
            offers = background.wait(_offers(name, settings, around))
        except (ToolError, ProviderError) as error:
            raise _unreachable(name, settings, error) from error
        finally:
            background.close()
    tools, names = descriptions(name, offers, settings)
    return Server(tools, names, offers)


def describe_server(
    name: str, settings: McpSettings, secrets: Secrets, *, environment: Mapping[str, str], root: Path
) -> tuple[list[Description], dict[str, str]]:
    """Return the listed tools of a server, and its name of each by ours; as `look_at`."""
    found = look_at(name, settings, secrets, environment=environment, root=root)
    return found.tools, found.names


async def _offers(name: str, settings: McpSettings, around: Surroundings) -> tuple[Offer, ...]:
    connection = Connection(name, way_to(name, settings, around), timeout=settings.timeout.total_seconds())
    await connection.open()
    await connection.close()
    return connection.offers


def _unreachable(name: str, settings: McpSettings, error: CompanyError) -> UsageError:
    how = "start the command by hand and see what it says" if settings.command else "check the address and the token"
    return UsageError(on_one_line(str(error)), where=f"company.toml: mcp.{name}", cure=how)
