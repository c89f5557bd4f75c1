"""Puts the doors together behind the gate. A new door is a router of its own and one line here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from company import __version__
from company.engine import Engine
from company.server.access.gate import Gate
from company.server.access.keys import Sessions
from company.server.driving import Driver
from company.server.faults import report_faults
from company.server.front.front import FILES, Front
from company.server.native.api import SESSION_PATH, Api, health

OPEN_PATHS = frozenset({"/", *FILES, "/healthz", SESSION_PATH})
"""What answers without token or session: the page's shell, the door to log in, and whether the server lives."""


def create_app(engine: Engine, *, token: str, port: int, person: str) -> FastAPI:
    """Return the server's ASGI application; it must run in the thread that opened the engine.

    When it starts it finishes in the background what earlier processes left; when it ends it cancels its work, which
    stays resumable. `app.state.driver` is that background work.

    Args:
        engine: Runs the company; closed by who opened it.
        token: What a client must show.
        port: The port the server is reached at.
        person: The server's owner: decides about approvals, and speaks when a message does not say who does.
    """
    driver = Driver(engine)
    sessions = Sessions(token, now=engine.company.wall.now)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        driver.tend()
        yield
        await driver.close()

    app = FastAPI(
        title=engine.company.settings.company.name,
        version=__version__,
        lifespan=lifespan,
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
    )
    app.state.driver = driver
    app.add_middleware(Gate, sessions=sessions, port=port, person=person, open_paths=OPEN_PATHS)
    report_faults(app)
    app.include_router(Api(engine, driver, sessions, port=port, person=person).router())
    app.include_router(Front(engine, driver).router())
    app.add_route("/healthz", health)
    return app
