"""What a browser opens: the built web UI when there is one, else the plain page, which needs no build step.

The server renders what there is to know into the plain page, and its forms work without script. Who has not logged in,
or may not read, sees the company's name and how to log in. Its script logs in with the code of the address's fragment
(which browsers never send), follows the journal, and puts everything on the page as text, never as markup.
"""

import logging
import secrets
from functools import cache
from pathlib import Path

from fastapi import APIRouter
from jinja2 import Environment, Template
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from company.engine import Engine
from company.server.driving import Driver
from company.server.faults import Refusal
from company.server.front.built import SHELL, BuiltFiles
from company.server.front.forms import FORM_PATHS, LOGIN_PATH, submit
from company.server.native.system import status_of
from company.server.principal import known
from company.server.web.build import complaint
from company.store import in_bundles

FOLDER = Path(__file__).parent / "page"
FILES = {"/page/page.js": "text/javascript", "/page/page.css": "text/css"}
PLAIN = "/plain"

OPEN_PATHS = frozenset({SHELL, PLAIN, LOGIN_PATH, *FILES, "/icon.svg", "/manifest.webmanifest", "/sw.js"})
"""What strangers may open, beside everything under `OPEN_PREFIXES`: it shows nothing of the company."""

OPEN_PREFIXES = ("/assets/", "/icons/")

SHOWN = 8
"""Runs whose conversation the page shows again."""

MESSAGES = 20
"""Messages that are shown without script."""

THREAD = "main"

# Under `no-referrer`, which all other answers say, browsers post forms with `Origin: null`.
_PAGE_HEADERS = {"referrer-policy": "same-origin", "cache-control": "no-store"}

_log = logging.getLogger(__name__)


class Front:
    """The pages and their files.

    Args:
        engine: Runs the company.
        driver: Knows what is being worked on.
        built: The web UI.
    """

    def __init__(self, engine: Engine, driver: Driver, built: BuiltFiles) -> None:
        self._engine, self._driver, self._built = engine, driver, built

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(include_in_schema=False)
        if not self._built:
            router.add_api_route(SHELL, self.page, methods=["GET"], response_class=HTMLResponse)
        router.include_router(self._built.router())
        router.add_api_route(PLAIN, self.page, methods=["GET"], response_class=HTMLResponse)
        for path in FILES:
            router.add_api_route(path, self.file, methods=["GET"], response_class=Response)
        for path in sorted(FORM_PATHS):
            router.add_api_route(path, self.form, methods=["POST"], response_class=HTMLResponse)
        return router

    async def page(self, request: Request) -> Response:
        """Return the plain page."""
        return self._page(request)

    async def form(self, request: Request) -> Response:
        """Do what a form asks and show the page again, or the page with what went wrong."""
        try:
            answer = await submit(request)
        except Refusal as refusal:
            return self._page(request, fault=refusal.message, status=refusal.status)
        if answer.fault:
            return self._page(request, fault=answer.fault, status=answer.status)
        response = RedirectResponse(PLAIN, status_code=303)
        for cookie in answer.cookies:
            response.headers.append("set-cookie", cookie)
        return response

    async def file(self, request: Request) -> Response:
        """Return the script or the stylesheet of the plain page."""
        path = request.url.path
        return Response((FOLDER / Path(path).name).read_bytes(), media_type=FILES[path])

    def _page(self, request: Request, *, fault: str = "", status: int = 200) -> Response:
        company, principal = self._engine.company, known(request)
        if principal is not None and "read" not in principal.scopes:
            principal = None
        store = company.store
        html = _template().render(
            status=status_of(self._engine, self._driver.running),
            person=principal.person if principal else "",
            messages=store.journal.conversation(THREAD, before="", limit=MESSAGES) if principal else [],
            bundles=in_bundles(store.approvals.open()) if principal else [],
            after=self._first_shown(),
            newest=store.journal.last_seq(),
            key=secrets.token_urlsafe(16),
            fault=fault,
        )
        return HTMLResponse(html, status, headers=_PAGE_HEADERS)

    def _first_shown(self) -> int:
        """Return the journal number before the first event that the page replays."""
        store = self._engine.company.store
        runs = store.runs.recent(SHOWN)
        first = store.journal.read(run_id=runs[-1].id, limit=1) if runs else []
        return first[0].seq - 1 if first else 0


def load_built() -> BuiltFiles:
    """Return the web UI that was built; says in the log when there is none, or when its sources are newer."""
    if said := complaint():
        _log.warning("%s", said)
    return BuiltFiles()


@cache
def _template() -> Template:
    source = (FOLDER / "page.html").read_text("utf-8")
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(source)
