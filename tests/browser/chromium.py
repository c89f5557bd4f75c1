"""The browser of these tests: Debian's chromium, or the one that `COMPANY_CHROMIUM` names, without a way out.

It is started with a proxy that answers nothing (`trap.py`): whatever a page, a worker or the browser itself asks of
another host ends there and is written down. Only 127.0.0.1 is reached directly.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from company.server.web.build import complaint

_FLAGS = (
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
)
DESKTOP: Mapping[str, Any] = {"viewport": {"width": 1440, "height": 900}}
NARROW: Mapping[str, Any] = {"viewport": {"width": 880, "height": 900}}
"""A window in which the dashboard waits behind its tab."""
PHONE: Mapping[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}


class Missing(Exception):
    """Something that looking at the web UI needs is not on this machine; the message says how it gets there."""


def executable() -> str | None:
    """Return the path of the browser, None when there is none."""
    return shutil.which(os.environ.get("COMPANY_CHROMIUM", "chromium"))


def obstacle() -> str:
    """Return what is missing for a look at the web UI of these sources, in a sentence; empty when nothing is."""
    if executable() is None:
        return "there is no chromium: apt-get install chromium, or name one with COMPANY_CHROMIUM"
    return complaint()


@contextmanager
def launched(proxy: str = "") -> Iterator[Browser]:
    """Start the browser.

    Args:
        proxy: Address of what takes every request to another host than 127.0.0.1; "" for none.

    Raises:
        Missing: There is no browser, or no web UI to look at.
    """
    if said := obstacle():
        raise Missing(said)
    away = [f"--proxy-server={proxy}", "--proxy-bypass-list=<-loopback>;127.0.0.1"] if proxy else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=[*_FLAGS, *away])
        try:
            yield browser
        finally:
            browser.close()
