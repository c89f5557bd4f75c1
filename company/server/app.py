"""Puts the doors together behind the gate. A new door is a router of its own and one line here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.routing import Route

from company import __version__
from company.engine import Engine
from company.server.access.gate import Answer, Gate, Openings
from company.server.access.keys import Keys
from company.server.access.rates import Rates
from company.server.access.sessions import PATH as SESSION_PATH
from company.server.access.sessions import Sessions
from company.server.access.site import Site
from company.server.doors.agui import AgUi
from company.server.doors.notifiers import open_notifiers
from company.server.doors.openai_door import OpenAiDoor
from company.server.doors.openai_errors import openai_refusal
from company.server.doors.webhooks import open_webhooks
from company.server.driving import Driver
from company.server.faults import report_faults
from company.server.front.forms import FORM_PATHS
from company.server.front.front import OPEN_PATHS, OPEN_PREFIXES, Front, load_built
from company.server.front.push import Push, installed_post
from company.server.mcp.door import PATH as MCP_PATH
from company.server.mcp.door import McpDoor, mcp_refusal
from company.server.native.api import Api
from company.server.native.dealing import Dealing
from company.server.native.market import Market
from company.server.native.money import Money
from company.server.native.reference import Reference
from company.server.native.system import STATUS, System
from company.server.native.world import World
from company.server.streams.direct import Direct
from company.server.streams.metrics import Counted, Metrics
from company.server.streams.streams import Streams
from company.server.streams.tail import Tail

OPENINGS = Openings(frozenset({*OPEN_PATHS, "/healthz", "/readyz", SESSION_PATH}), prefixes=OPEN_PREFIXES)
"""What answers without token or session: the page's shell and its files, the door to log in, and whether the server
lives. Nothing of it may say anything about the company."""

REFUSALS: dict[str, Answer] = {"/v1/": openai_refusal, MCP_PATH: mcp_refusal}
"""How the gate refuses where clients expect another shape than `faults` gives, by beginning of the path."""


def create_app(engine: Engine, *, site: Site, person: str) -> FastAPI:
    """Return the server's ASGI application; it must run in the thread that opened the engine.

    When it starts it finishes in the background what earlier processes left; when it ends it cancels its work, which
    stays resumable. `app.state.driver` is that background work.

    Args:
        engine: Runs the company; closed by who opened it.
        site: Names and addresses the server is reached at.
        person: The server's owner: who logs in with the password and says no name.
    """
    driver = Driver(engine)
    store, settings = engine.company.store, engine.company.settings.server
    metrics = Metrics()
    tail = Tail(store, now=engine.company.wall.now, is_closing=lambda: driver.closing, on_event=metrics.lag.observe)
    driver.listen(tail.wake)
    webhooks = open_webhooks(engine.company)
    notifiers = open_notifiers(engine.company, f"{site.public}/")
    mcp = McpDoor(engine, driver)
    keys, rates = Keys(store.access, now=engine.company.wall.now), Rates(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        driver.tend()
        webhooks.start()
        notifiers.start()
        yield
        await notifiers.close()
        await webhooks.close()
        await driver.close()
        await mcp.close()

    app = FastAPI(
        title=engine.company.settings.company.name,
        version=__version__,
        lifespan=lifespan,
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
        openapi_url=None,  # the reference serves it, completed
    )
    app.state.driver = driver
    system = System(engine, driver, tail, metrics, webhooks, notifiers)
    app.add_middleware(Direct, paths={STATUS: system.answer_status})
    app.add_middleware(
        Gate,
        site=site,
        keys=keys,
        rates=rates,
        body_bytes=settings.body_bytes,
        openings=OPENINGS,
        forms=FORM_PATHS,
        answers=REFUSALS,
    )
    app.add_middleware(Counted, metrics=metrics)
    report_faults(app)
    app.include_router(system.router())
    app.include_router(Streams(tail, store.runs, metrics).router())
    app.include_router(Sessions(store, keys, rates, site, owner=person).router())
    app.include_router(Api(engine, driver).router())
    app.include_router(Reference(app, site).router())
    dealing = Dealing(engine)
    app.include_router(Money(dealing).router())
    app.include_router(Market(dealing).router())
    app.include_router(World(engine).router())
    app.include_router(Push(engine, installed_post(engine)).router())
    app.include_router(Front(engine, driver, load_built()).router())
    app.include_router(AgUi(engine, driver).router())
    app.router.routes.append(Route(MCP_PATH, endpoint=mcp, include_in_schema=False))
    app.mount("/v1", OpenAiDoor(engine, driver).app())
    return app
