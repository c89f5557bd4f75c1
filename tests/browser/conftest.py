"""Companies behind real servers, and a browser that looks at them.

Two servers serve the whole session: `company`, the default company with the offline autopilot after some cycles, and
`stage`, the default company whose models are a scripted server (`mind.py`), for answers that take their time. What a
test does there stays in conversations of its own. Tests that take a server down share `spare` and leave it running.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from company.home import bundled_directory
from company.server.principal import SCOPES
from tests.browser.chromium import DESKTOP, NARROW, launched, obstacle
from tests.browser.mind import Mind
from tests.browser.served import Served
from tests.browser.trap import Trap
from tests.browser.watching import Watch
from tests.providers.companies import PROVIDERS, settings, write_default
from tests.wire import WireServer

HERE = Path(__file__).parent
CYCLES = 3

expect.set_options(timeout=10_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)


def unhurried(text: str) -> str:
    """Return settings under which no test meets a limit on requests by accident."""
    return re.sub(r"^((?:reads|commands|logins)_per_minute = )\d+", r"\g<1>100000", text, flags=re.MULTILINE)


@pytest.fixture(scope="session")
def trap() -> Iterator[Trap]:
    with Trap() as trap:
        yield trap


@pytest.fixture(scope="session")
def chromium(trap: Trap) -> Iterator[Browser]:
    """The browser; without one, or without the web UI, every test fails and says what to install."""
    if said := obstacle():
        pytest.fail(said, pytrace=False)
    with launched(trap.url) as browser:
        yield browser


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Served]:
    """The default company as it ships, after some cycles; an approval is open from the first one on."""
    served = _default(tmp_path_factory.mktemp("company"))
    served.run("run", "--cycles", str(CYCLES))
    served.start()
    yield served
    served.end()


@pytest.fixture
def started() -> Iterator[list[Served]]:
    """The test's own servers; they end after its pages are closed."""
    servers: list[Served] = []
    yield servers
    for served in servers:
        served.end()


@pytest.fixture
def own_company(tmp_path: Path, chromium: Browser, started: list[Served]) -> Served:
    """The same for one test alone, before its first cycle."""
    started.append(_default(tmp_path))
    started[-1].start()
    return started[-1]


def _default(place: Path) -> Served:
    environment = {"HOME": str(place)}
    text = unhurried((bundled_directory() / "company.toml").read_text("utf-8"))
    return Served(place / "home", write_default(place / "acme", text, environment), environment)


@pytest.fixture(scope="session")
def mind() -> Mind:
    return Mind()


@pytest.fixture(scope="session")
def thinking(mind: Mind) -> Iterator[WireServer]:
    with WireServer(mind) as server:
        yield server


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory, thinking: WireServer, chromium: Browser) -> Iterator[Served]:
    """The default company whose models are scripted."""
    served = _stage(tmp_path_factory.mktemp("stage"), thinking)
    served.start()
    yield served
    served.end()


@pytest.fixture(scope="session")
def spare(tmp_path_factory: pytest.TempPathFactory, thinking: WireServer, chromium: Browser) -> Iterator[Served]:
    """Another one, for tests that take it down and start it again."""
    served = _stage(tmp_path_factory.mktemp("spare"), thinking)
    served.start()
    yield served
    served.end()


@pytest.fixture
def own_stage(tmp_path: Path, thinking: WireServer, chromium: Browser, started: list[Served]) -> Served:
    """The same for one test alone: a cycle is seen in every conversation."""
    started.append(_stage(tmp_path, thinking))
    started[-1].start()
    return started[-1]


def _stage(place: Path, thinking: WireServer) -> Served:
    provider = PROVIDERS["local"]
    environment = {"HOME": str(place), provider.key_variable: "sk-of-the-stage"}
    text = unhurried(settings(provider, thinking.url)).replace("run_tokens = 400000", "run_tokens = 40000000")
    text = re.sub(r"^answer_tokens = \d+", "answer_tokens = 8192", text, flags=re.MULTILINE)
    text = text.replace("[memory]\nenabled = true", "[memory]\nenabled = false")
    return Served(place / "home", write_default(place / "acme", text, environment), environment)


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser context that is logged in: all its pages are tabs of one browser.

    Attributes:
        served: Where it is logged in.
        context: The context.
        watch: What its pages should not have done.
    """

    served: Served
    context: BrowserContext
    watch: Watch

    def tab(self, path: str = "/") -> Page:
        """Open a tab, and wait until the conversation is there."""
        page = self.context.new_page()
        page.goto(self.served.url + path)
        ready(page)
        return page


def ready(page: Page) -> None:
    """Wait until a page shows the conversation and follows it."""
    expect(page.get_by_label("Message to the CEO")).to_be_visible()
    expect(page.locator(".connection")).to_have_attribute("data-state", "live")
    expect(page.get_by_text("loading the journal…")).to_have_count(0)


Browse = Callable[..., Visit]


@pytest.fixture
def browse(chromium: Browser, trap: Trap, started: list[Served]) -> Iterator[Browse]:
    """Log a browser of the test's own in: `browse(company)`.

    `device` is its window, `login=False` makes a stranger of it. The dashboard is beside the terminal only on DESKTOP.
    After the test nothing may have gone wrong in any of its pages, and nothing may have been asked of another host.
    """
    visits: list[Visit] = []
    before = len(trap.asked)

    def _browse(
        served: Served,
        device: Mapping[str, Any] = NARROW,
        *,
        login: bool = True,
        scopes: Sequence[str] = SCOPES,
        **options: Any,
    ) -> Visit:
        context = chromium.new_context(reduced_motion="reduce", **device, **options)
        visit = Visit(served, context, Watch(context, served.url))
        visits.append(visit)
        if login:
            log_in(context, served, scopes)
        return visit

    yield _browse
    for visit in visits:
        visit.context.close()
    faults = [fault for visit in visits for fault in visit.watch.unexpected]
    assert not faults
    assert trap.asked[before:] == []


@pytest.fixture
def page(browse: Browse, company: Served, request: pytest.FixtureRequest) -> Page:
    """Terminal and dashboard of the default company, in a conversation of the test's own."""
    return browse(company, DESKTOP).tab(f"/?thread={thread_of(request)}")


def log_in(context: BrowserContext, served: Served, scopes: Sequence[str]) -> None:
    """Exchange a one-time code for the cookie, without a page."""
    code = served.login(scopes).partition("#t=")[2]
    answer = context.request.post(f"{served.url}/api/v1/session", data={"code": code}, headers={"origin": served.url})
    assert answer.status == 204, answer.text()


def thread_of(request: pytest.FixtureRequest) -> str:
    """Return a conversation's name for a test."""
    return re.sub(r"\W+", "-", request.node.name)[:60]


def say(page: Page, text: str) -> None:
    """Type a message and send it."""
    prompt = page.get_by_label("Message to the CEO")
    prompt.fill(text)
    prompt.press("Enter")
