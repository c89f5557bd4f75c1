"""The built web UI as it is served: right types, kept for as long as it may be, and nothing but its own files."""

import gzip
import http.client
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI

from company.server.front.built import ASK_AGAIN, FOR_GOOD, BuiltFiles
from company.server.front.front import OPEN_PATHS, OPEN_PREFIXES
from company.server.serving import listen
from company.server.web.build import WEB

SCRIPT = b"console.log('hello');" * 40
SHELL = b"<!doctype html><title>built</title>"
SECRET = b"not for browsers"

FILES = {
    "index.html": SHELL,
    "sw.js": b"self",
    "icon.svg": b"<svg/>",
    "manifest.webmanifest": b"{}",
    "icons/icon-192.png": b"\x89PNG",
    "assets/main-a1b2.js": SCRIPT,
    "assets/main-a1b2.js.gz": gzip.compress(SCRIPT),
    "assets/main-a1b2.js.br": b"brotli of it",
    "assets/main-a1b2.css": b"body{}",
    "assets/font-c3.woff2": b"wOF2",
    ".stamp": b"abc",
    "assets/.hidden.js": SECRET,
    "assets/run.exe": SECRET,
}


def write(folder: Path) -> Path:
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


class Site:
    """The files behind a real server; every request is sent as it is written."""

    def __init__(self, built: BuiltFiles) -> None:
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        app.include_router(built.router())
        self._listener = listen("127.0.0.1", 0)
        config = uvicorn.Config(app, log_level="critical", lifespan="off", ws="none", loop="asyncio", http="h11")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._listener]})
        self._thread.start()

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._listener.getsockname()[1], timeout=10)
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._listener.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    parent = tmp_path_factory.mktemp("server")
    (parent / "secret.js").write_bytes(SECRET)
    return write(parent / "static")


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[Site]:
    running = Site(BuiltFiles(folder))
    yield running
    running.stop()


def test_the_shell_is_served_at_the_root_and_asked_about_each_time(site: Site) -> None:
    status, headers, body = site.get("/")
    assert (status, body) == (200, SHELL)
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["cache-control"] == ASK_AGAIN


@pytest.mark.parametrize("path", ["/", "/sw.js", "/manifest.webmanifest", "/icon.svg", "/icons/icon-192.png"])
def test_what_keeps_its_name_is_asked_about_each_time(site: Site, path: str) -> None:
    assert site.get(path)[1]["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["main-a1b2.js", "main-a1b2.css", "font-c3.woff2"])
def test_what_is_named_by_its_content_is_kept_for_good(site: Site, name: str) -> None:
    assert site.get(f"/assets/{name}")[1]["cache-control"] == FOR_GOOD
    assert "immutable" in FOR_GOOD


@pytest.mark.parametrize(
    ("path", "media"),
    [
        ("/sw.js", "text/javascript; charset=utf-8"),
        ("/assets/main-a1b2.css", "text/css; charset=utf-8"),
        ("/icon.svg", "image/svg+xml"),
        ("/icons/icon-192.png", "image/png"),
        ("/manifest.webmanifest", "application/manifest+json"),
        ("/assets/font-c3.woff2", "font/woff2"),
    ],
)
def test_every_file_has_its_media_type(site: Site, path: str, media: str) -> None:
    assert site.get(path)[1]["content-type"] == media


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("GZIP;q=0.5", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br; q=0.000, gzip;q=0", None),
        ("zstd", None),
        ("", None),
    ],
)
def test_the_smallest_encoding_that_is_accepted_is_sent(site: Site, accepted: str, encoding: str | None) -> None:
    status, headers, body = site.get("/assets/main-a1b2.js", Accept_Encoding=accepted)
    assert status == 200
    assert headers.get("content-encoding") == encoding
    assert headers["vary"] == "Accept-Encoding"
    assert headers["content-type"] == "text/javascript; charset=utf-8"
    suffix = {"br": ".br", "gzip": ".gz", None: ""}[encoding]
    assert body == FILES[f"assets/main-a1b2.js{suffix}"]


def test_a_browser_that_has_a_file_is_told_that_it_is_unchanged(site: Site) -> None:
    tag = site.get("/")[1]["etag"]
    status, headers, body = site.get("/", If_None_Match=f'"other", W/{tag}')
    assert (status, body, headers["etag"]) == (304, b"", tag)
    assert site.get("/", If_None_Match='"other"')[0] == 200


def test_two_encodings_of_a_file_have_two_tags(site: Site) -> None:
    tags = {site.get("/assets/main-a1b2.js", Accept_Encoding=each)[1]["etag"] for each in ("br", "gzip", "")}
    assert len(tags) == 3


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.js",
        "/assets/../../secret.js",
        "/assets/..%2f..%2fsecret.js",
        "/assets/%2e%2e/%2e%2e/secret.js",
        "/assets/..%5c..%5csecret.js",
        "/%252e%252e/secret.js",
        "//secret.js",
        "/assets//main-a1b2.js",
        "/./sw.js",
        "/assets/%00main-a1b2.js",
        "/etc/passwd",
        "/.stamp",
        "/assets/.hidden.js",
        "/assets/run.exe",
        "/assets/main-a1b2.js.gz",
        "/assets/",
        "/index.html",
        "/INDEX.HTML",
    ],
)
def test_nothing_but_the_files_of_the_build_is_served(site: Site, path: str) -> None:
    status, _, body = site.get(path)
    assert status in {307, 404}
    assert SECRET not in body


def test_files_are_only_read(site: Site) -> None:
    assert site.get("/sw.js", "POST")[0] == 405


def test_head_says_what_get_would(site: Site) -> None:
    status, headers, body = site.get("/sw.js", "HEAD")
    assert (status, body, headers["content-length"]) == (200, b"", "4")


def test_a_build_is_served_as_it_was_when_the_server_started(folder: Path, site: Site) -> None:
    (folder / "sw.js").write_bytes(b"changed")
    assert site.get("/sw.js")[2] == b"self"


def test_a_folder_without_shell_holds_no_build(tmp_path: Path) -> None:
    write(tmp_path / "static")
    (tmp_path / "static" / "index.html").unlink()
    assert not BuiltFiles(tmp_path / "static")
    assert not BuiltFiles(tmp_path / "nothing").paths


def test_strangers_may_open_every_file_that_is_shipped_under_its_own_name() -> None:
    public = {
        f"/{file.relative_to(WEB / 'public').as_posix()}" for file in (WEB / "public").rglob("*") if file.is_file()
    }
    closed = {path for path in public | {"/sw.js"} if path not in OPEN_PATHS and not path.startswith(OPEN_PREFIXES)}
    assert public
    assert not closed
