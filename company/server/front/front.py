"""The plain page: one HTML file, one script, one stylesheet, no build step.

The server renders what there is to know, so that the page says something useful before and without its script. Who has
not logged in sees only counts: no words, no amounts. The script logs in with the token of the address's fragment (which
browsers never send), follows the journal, and puts everything on the page as text, never as markup.
"""

from functools import cache
from pathlib import Path

from fastapi import APIRouter
from jinja2 import Environment, Template
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from company.engine import Engine
from company.server.driving import Driver
from company.server.native.views import ApprovalView, status_of
from company.server.principal import known

FOLDER = Path(__file__).parent / "page"
FILES = {"/page/page.js": "text/javascript", "/page/page.css": "text/css"}

SHOWN = 8
"""Runs whose conversation the page shows again."""


class Front:
    """The page and its two files.

    Args:
        engine: Runs the company.
        driver: Knows what is being worked on.
    """

    def __init__(self, engine: Engine, driver: Driver) -> None:
        self._engine, self._driver = engine, driver

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(include_in_schema=False)
        router.add_api_route("/", self.page, methods=["GET"], response_class=HTMLResponse)
        for path in FILES:
            router.add_api_route(path, self.file, methods=["GET"], response_class=Response)
        return router

    async def page(self, request: Request) -> Response:
        """Return the page."""
        store = self._engine.company.store
        html = _template().render(
            status=status_of(self._engine, self._driver.running),
            known=known(request) is not None,
            approvals=[ApprovalView.of(approval) for approval in store.approvals.open()],
            after=self._first_shown(),
            newest=store.journal.last_seq(),
        )
        return HTMLResponse(html)

    async def file(self, request: Request) -> Response:
        """Return the script or the stylesheet."""
        path = request.url.path
        return Response((FOLDER / Path(path).name).read_bytes(), media_type=FILES[path])

    def _first_shown(self) -> int:
        """Return the journal number before the first event that the page replays."""
        store = self._engine.company.store
        runs = store.runs.recent(SHOWN)
        first = store.journal.read(run_id=runs[-1].id, limit=1) if runs else []
        return first[0].seq - 1 if first else 0


@cache
def _template() -> Template:
    source = (FOLDER / "page.html").read_text("utf-8")
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(source)
