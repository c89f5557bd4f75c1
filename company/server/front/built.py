"""The built web UI: its files are read once, when the server starts, and served from memory.

No path of a request ever reaches the file system. Files under `/assets/` carry a hash of their content in their name,
so a browser keeps them for good; the others are asked about each time and answered with 304 when they are unchanged.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

STATIC = Path(__file__).parents[1] / "static"
SHELL = "/"
INDEX = "/index.html"

FOR_GOOD = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"

_ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""The encodings a build prepares, the smaller one first."""

_MEDIA = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True, slots=True)
class BuiltFile:
    """One file.

    Attributes:
        forms: Its content by encoding; "identity" is the file itself.
        media: Its media type.
        tag: Hash of its content.
        caching: Its `Cache-Control`.
    """

    forms: Mapping[str, bytes]
    media: str
    tag: str
    caching: str

    def answer(self, request: Request) -> Response:
        """Return the file as the browser can take it, or 304 when it has it already."""
        encoding = _chosen(request.headers.get("accept-encoding", ""), self.forms)
        etag = f'"{self.tag}-{encoding}"'
        headers = {"etag": etag, "cache-control": self.caching, "vary": "Accept-Encoding"}
        if etag in _tags(request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=headers)
        if encoding != "identity":
            headers["content-encoding"] = encoding
        return Response(self.forms[encoding], headers=headers, media_type=self.media)


class BuiltFiles:
    """The files of one build.

    Args:
        folder: Where it lies; a folder without `index.html` holds no build.
    """

    def __init__(self, folder: Path = STATIC) -> None:
        self._files = dict(_read(folder)) if (folder / "index.html").is_file() else {}
        if self._files:
            self._files[SHELL] = self._files.pop(INDEX)

    def __bool__(self) -> bool:
        """Tell whether there is a build."""
        return bool(self._files)

    @property
    def paths(self) -> frozenset[str]:
        """Paths that are served; they hold nothing of the company, so everybody may have them."""
        return frozenset(self._files)

    def router(self) -> APIRouter:
        """Return one route for each file."""
        router = APIRouter(include_in_schema=False)
        for path in self._files:
            router.add_route(path, self.file, methods=["GET"])
        return router

    async def file(self, request: Request) -> Response:
        """Return one file."""
        return self._files[request.url.path].answer(request)


def _read(folder: Path) -> Iterator[tuple[str, BuiltFile]]:
    """Give each file with its path; hidden ones and prepared encodings are no files of their own."""
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder)
        if file.suffix in _MEDIA and file.is_file() and not any(part.startswith(".") for part in name.parts):
            yield f"/{name.as_posix()}", _built_file(file, hashed=name.parts[0] == "assets")


def _built_file(file: Path, *, hashed: bool) -> BuiltFile:
    content = file.read_bytes()
    prepared = {name: file.with_name(file.name + suffix) for name, suffix in _ENCODINGS.items()}
    return BuiltFile(
        forms={"identity": content} | {name: found.read_bytes() for name, found in prepared.items() if found.is_file()},
        media=_MEDIA[file.suffix],
        tag=hashlib.sha256(content).hexdigest()[:20],
        caching=FOR_GOOD if hashed else ASK_AGAIN,
    )


def _chosen(accepted: str, forms: Mapping[str, bytes]) -> str:
    """Return the smallest form that `Accept-Encoding` allows; a weight of zero forbids one."""
    weights = dict(_weighted(part) for part in accepted.lower().split(","))
    return next((name for name in _ENCODINGS if name in forms and weights.get(name)), "identity")


def _weighted(part: str) -> tuple[str, bool]:
    """Return what an `Accept-Encoding` names, and whether it allows it."""
    name, _, weight = part.partition(";")
    return name.strip(), weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}


def _tags(header: str) -> set[str]:
    return {tag.strip().removeprefix("W/") for tag in header.split(",")}
