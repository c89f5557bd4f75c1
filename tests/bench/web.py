"""The web terminal in a real browser: what it loads, how soon it can be used, how long answers take to draw.

The server is `company serve` on the default company; the browser is the one of tests/browser. Nothing in the page knows
that it is measured: what is fed goes through the journal, the event stream, the reducer and the transcript as always.
"""

import gzip
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext

from company import events
from company.events import Draft
from company.server.front.built import STATIC
from tests.browser.chromium import DESKTOP, launched
from tests.browser.mind import prose
from tests.browser.served import Served

TRIES = 5
CHARACTERS, DELTAS, BATCH = 40_000, 5_000, 500
END = "That is all there is."

_USABLE = """
const look = () => {
    const prompt = document.querySelector(".prompt textarea");
    if (!prompt?.checkVisibility() || prompt.disabled || !document.querySelector(".run .outcome")) return;
    window.usable ??= performance.now();
    watch.disconnect();
};
const watch = new MutationObserver(look);
watch.observe(document, {subtree: true, childList: true});
"""
"""Writes down when a person can type and sees what was said before, in milliseconds since the navigation began."""

_DRAWN = """([run, end]) => new Promise(done => {
    let first = 0, last = 0, before = 0, worst = 0, busy = 0;
    new PerformanceObserver(list => {
        for (const task of list.getEntries()) busy = Math.max(busy, task.duration);
    }).observe({type: "longtask"});
    const frame = now => {
        const answer = document.querySelector(`[aria-label="Run ${run}"] .answer .md`);
        if (!first && answer?.firstChild) first = before;
        if (first) worst = Math.max(worst, now - before);
        if (first && !last && answer.lastElementChild?.textContent.includes(end)) last = now;
        before = now;
        if (last && now - last > 300) done({taken: last - first, worst, busy});
        else requestAnimationFrame(frame);
    };
    requestAnimationFrame(now => { before = now; requestAnimationFrame(frame); });
})"""
"""Follows every frame until an answer's end is drawn, and some more; times in milliseconds."""


def figures() -> Iterator[tuple[str, float, float, bool]]:
    """Yield each figure with its bar, and whether more is better."""
    with _serving() as served, launched() as browser:
        session = _session(browser, served)
        yield "web.first_load_gzip_kb", _first_load(browser, served, session), 180, False
        yield "web.usable_ms", statistics.median(_usable(browser, served) for _ in range(TRIES)), 1000, False
        # Whatever else runs on the machine only makes a try slower, so the best one counts.
        drawn = [_drawn(browser, served, session, f"R{900 + number}") for number in range(TRIES)]
        print("40,000 characters:", drawn, file=sys.stderr)
        yield "web.render_40k_ms", min(one["taken"] for one in drawn), 1500, False
        yield "web.render_40k_worst_frame_ms", min(one["worst"] for one in drawn), 50, False


@contextmanager
def _serving() -> Iterator[Served]:
    """Serve the default company after a cycle."""
    with tempfile.TemporaryDirectory() as place:
        served = Served(Path(place, "home"), None, {"HOME": place})
        served.run("run", "--cycles", "1")
        served.start()
        try:
            yield served
        finally:
            served.end()


@contextmanager
def _visitor(browser: Browser, **options: Any) -> Iterator[BrowserContext]:
    """Open a fresh profile."""
    context = browser.new_context(**{**DESKTOP, **options})
    try:
        yield context
    finally:
        context.close()


def _session(browser: Browser, served: Served) -> Any:
    """Log in without a page; return the cookie for further profiles."""
    with _visitor(browser) as context:
        code = served.login().partition("#t=")[2]
        headers = {"origin": served.url}
        assert context.request.post(f"{served.url}/api/v1/session", data={"code": code}, headers=headers).status == 204
        return context.storage_state()


def _first_load(browser: Browser, served: Served, session: Any) -> float:
    """Return the kilobytes of files, compressed with gzip, that a first visit to terminal and dashboard asks for.

    Files of the shared worker and of the charts are among them. Printed beside it is what of that comes when the page
    stands already, and what the service worker asks for besides, to keep it for a visit without network.
    """
    with _visitor(browser, storage_state=session) as context:
        page = context.new_page()
        asked: list[tuple[str, bool]] = []
        context.on(
            "request", lambda one: asked.append((one.url.removeprefix(served.url), one.service_worker is not None))
        )
        page.goto(served.url)
        page.locator("#prices canvas").first.wait_for()
        page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
        page.wait_for_timeout(500)
    files = {path for path, _ in asked if (STATIC / (path[1:] or "index.html")).is_file()}
    own = {path for path, by_worker in asked if path in files and not by_worker}
    charts = {path for path in own if "/draw-" in path}
    for name, some in (("page", own), ("of it the charts", charts), ("service worker, besides", files - own)):
        print(f"{name}: {_kilobytes(some):.1f} KB in {len(some)} files", file=sys.stderr)
    return _kilobytes(own)


def _kilobytes(paths: set[str]) -> float:
    contents = [(STATIC / (path[1:] or "index.html")).read_bytes() for path in paths]
    return sum(min(len(content), len(gzip.compress(content))) for content in contents) / 1024


def _usable(browser: Browser, served: Served) -> float:
    """Return the milliseconds from the navigation to a page that can be used, in a new profile."""
    with _visitor(browser) as context:
        context.add_init_script(_USABLE)
        page = context.new_page()
        page.goto(served.login())
        page.locator(".run .outcome").first.wait_for()
        page.keyboard.type("x")
        assert page.locator(".prompt textarea").input_value() == "x"
        return float(page.evaluate("window.usable"))


def _drawn(browser: Browser, served: Served, session: Any, run: str) -> dict[str, float]:
    """Return how long a burst of words takes from its first to its last on the screen, and the longest frame."""
    with _visitor(browser, storage_state=session) as context, served.store() as store:
        page = context.new_page()
        page.goto(f"{served.url}/?thread={run}")
        page.locator(".connection[data-state=live]").wait_for()
        page.locator("#prices canvas").first.wait_for()
        page.wait_for_timeout(1_500)
        page.evaluate(f"() => {{ window.drawn = ({_DRAWN})({[run, END]}) }}")
        words = _deltas()
        opening = [events.run_started(run, run), events.text_start(f"{run}/ceo/1", "ceo")]
        deltas = [events.text_delta(f"{run}/ceo/1", piece, "ceo") for piece in words]
        bodies = [*opening, *deltas, events.text_end(f"{run}/ceo/1", "ceo")]
        for begin in range(0, len(bodies), BATCH):
            store.journal.append([Draft(run, run, "ceo", "user", body) for body in bodies[begin : begin + BATCH]])
        drawn: dict[str, float] = page.evaluate("window.drawn")
        assert page.locator(".answer table").count() > 50
        return {name: round(value, 1) for name, value in drawn.items()}


def _deltas() -> list[str]:
    text = prose(10_000)[: CHARACTERS - len(END) - 2] + f"\n\n{END}"
    size = CHARACTERS // DELTAS
    return [text[begin : begin + size] for begin in range(0, len(text), size)]


def main() -> None:
    """Print the figures of this file."""
    from tests.bench.__main__ import show

    for name, value, bar, least in figures():
        show(name, value, bar, least=least)


if __name__ == "__main__":
    main()
