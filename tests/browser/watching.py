"""Watches a browser context: every test fails on what a page should not have done, whatever the test was about."""

import re
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Page, Request, WebError

_OWN = ("data:", "blob:", "about:")


@dataclass
class Watch:
    """What went wrong in a context.

    Args:
        context: Watched from now on.
        origin: The only one that may be asked for anything.

    Attributes:
        faults: What went wrong, in words, in order.
        requests: Every request, as method and path.
    """

    context: BrowserContext
    origin: str
    faults: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    _allowed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.on("console", self._said)
        self.context.on("weberror", self._failed)
        self.context.on("request", self._asked)
        self.context.on("dialog", self._dialog)
        self.context.on("page", self._opened)

    def allow(self, pattern: str) -> None:
        """Expect faults that match a pattern: the test brings them about."""
        self._allowed.append(pattern)

    @property
    def unexpected(self) -> list[str]:
        """Faults that the test did not bring about."""
        return [fault for fault in self.faults if not any(re.search(pattern, fault) for pattern in self._allowed)]

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning", "assert"}:
            self.faults.append(f"console {message.type}: {message.text} ({message.location.get('url', '')})")

    def _failed(self, error: WebError) -> None:
        self.faults.append(f"error: {error.error}")

    def _asked(self, request: Request) -> None:
        url = request.url
        if url.startswith(f"{self.origin}/"):
            self.requests.append(f"{request.method} {url.removeprefix(self.origin)}")
        elif not url.startswith(_OWN):
            self.faults.append(f"request: {url}")

    def _dialog(self, dialog: Dialog) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _opened(self, page: Page) -> None:
        page.on("framenavigated", lambda frame: self._moved(frame.url))
        page.on("crash", lambda _: self.faults.append("the page crashed"))

    def _moved(self, url: str) -> None:
        if not url.startswith((f"{self.origin}/", *_OWN)):
            self.faults.append(f"navigation: {url}")
