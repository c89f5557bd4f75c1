"""Where Chroma keeps the generations of an index: a directory of this process, or a server that many may use."""

import shutil
from hashlib import sha256
from pathlib import Path
from secrets import randbits
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from company.errors import ProviderError

_SERVER_SECONDS: Final = 10.0


class Place(Protocol):
    """Where the generations of an embedder's index are."""

    @property
    def index(self) -> str:
        """Name of the index among the generations of the records; empty for the one on this machine."""

    def connect(self, generation: int) -> Any:
        """Return a client for a generation."""

    def release(self, client: Any) -> None:
        """Close a client."""

    def collection(self, generation: int, name: str) -> str:
        """Return the full name of a generation's collection."""

    def next_number(self) -> int:
        """Return the number of the next generation; 0 for the one that follows."""

    def remove(self, old: int) -> None:
        """Remove a generation that nobody needs."""


class Folder:
    """A directory that Chroma keeps in this process.

    Args:
        directory: Folder of all generations of all embedders.
        embedder_id: Whose vectors.
    """

    index: Final = ""

    def __init__(self, directory: Path, embedder_id: str) -> None:
        self._directory = directory
        self._prefix = f"chroma-{sha256(embedder_id.encode()).hexdigest()[:8]}-"

    def connect(self, generation: int) -> Any:
        """Return a client of the directory of a generation."""
        from chromadb import PersistentClient
        from chromadb.config import Settings

        path = self._directory / f"{self._prefix}{generation}"
        return PersistentClient(path=path, settings=Settings(anonymized_telemetry=False))

    def release(self, client: Any) -> None:
        """Close a client."""
        client.close()

    def collection(self, generation: int, name: str) -> str:
        """Return the name as it is: each generation has a directory of its own."""
        return name

    def next_number(self) -> int:
        """Return 0: generations are counted."""
        return 0

    def remove(self, old: int) -> None:
        """Remove the directories of a generation and those before it."""
        for path in sorted(self._directory.glob(f"{self._prefix}*")):
            if int(path.name.removeprefix(self._prefix)) <= old:
                shutil.rmtree(path)


class Server:
    """A Chroma server, which may hold the memories of several companies.

    Args:
        url: Its address.
        embedder_id: Whose vectors.
    """

    def __init__(self, url: str, embedder_id: str) -> None:
        self._url = url
        self.index = f"{url} {embedder_id}"

    def connect(self, generation: int) -> Any:
        """Return a client of the server.

        Raises:
            ProviderError: It cannot be reached, which says nothing of what it holds.
        """
        from chromadb import HttpClient
        from chromadb.config import Settings

        parts = urlsplit(self._url)
        tls = parts.scheme == "https"
        port = parts.port or (443 if tls else 80)
        settings = Settings(anonymized_telemetry=False)
        try:
            client = HttpClient(host=parts.hostname or "", port=port, ssl=tls, settings=settings)
        except troubles() as error:
            raise ProviderError(f"the Chroma server at {self._url} cannot be reached", retryable=True) from error
        client._server._session.timeout = _SERVER_SECONDS  # its own is to wait for ever, and there is no setting
        return client

    def release(self, client: Any) -> None:
        """Close a client and the connections it leaves open, its own and those of the client inside it."""
        for each in (client, client._admin_client):
            each._server._session.close()
        client.close()

    def collection(self, generation: int, name: str) -> str:
        """Return the name behind the generation's number, which no other company has."""
        return f"{generation:x}-{name}"

    def next_number(self) -> int:
        """Return a number that no other company's generation has."""
        return randbits(48) | 1 << 48

    def remove(self, old: int) -> None:
        """Remove the collections of a generation."""
        client = self.connect(old)
        for collection in client.list_collections():
            if collection.name.startswith(self.collection(old, "")):
                client.delete_collection(collection.name)
        self.release(client)


def troubles() -> tuple[type[Exception], ...]:
    """Return what Chroma, its client and its files may raise."""
    from chromadb.errors import ChromaError
    from httpx import HTTPError

    return ChromaError, HTTPError, OSError, ValueError
