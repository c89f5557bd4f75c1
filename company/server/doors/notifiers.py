"""Notifiers: people are told what they should know, by a program of their own or by an installed package.

Each follows the journal at its own pace and is tried again when it fails (`followers`): a notice is told at least once,
with the same id. Its code runs in a thread of its own (`apart`), so one that hangs or blocks holds up neither the
server nor another. Web push is none of them: browsers come and go by themselves, and hear a count of what waits now
rather than each event.
"""

import logging
import os
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from functools import partial

from company.config import NOTIFIER_KINDS, NotifierSettings
from company.errors import ProviderError, UsageError
from company.events import Event
from company.home import Company, open_secrets
from company.home.brought import NO_POINTS, Points, brought
from company.ports import Notice, Notifier, Secrets
from company.server.doors.apart import Apart
from company.server.doors.commanding import Command
from company.server.doors.followers import FIRST_PAUSE, Follower, Followers, FollowerState
from company.server.doors.notices import notice_of, types_of
from company.server.streams.cursor import epoch_of
from company.toolkit.packages import NOTIFIERS

KIND = "notifier"
"""Kind of these followers."""

CLOSING = 2.0
"""Seconds a notifier has to close."""

_log = logging.getLogger(__name__)


def open_notifiers(company: Company, link: str) -> "Notifiers":
    """Return the notifiers of a company, with the secrets of its home.

    Args:
        company: Its settings say who tells.
        link: Where people look and decide.

    Raises:
        UsageError: A kind is unknown, a package was not confirmed, a secret is missing, or a notifier cannot be made.
    """
    points = notifier_points(company, os.environ)
    secrets = open_secrets(company.state, company.store, os.environ)
    return Notifiers(company, secrets, points=points, link=link)


def notifier_points(company: Company, environment: Mapping[str, str]) -> Points:
    """Return the kinds of notifiers that confirmed packages bring, when the settings need one.

    Raises:
        UsageError: As `brought`.
    """
    asked = {f"notifiers.{name}.kind": section.kind for name, section in company.settings.notifiers.items()}
    return brought(NOTIFIERS, NOTIFIER_KINDS, asked, company.directory, environment)


class Notifiers:
    """Tells people in the background of the server.

    Args:
        company: Its journal is followed, its settings say who tells.
        secrets: Holds the notifiers' secrets.
        points: What confirmed packages bring.
        link: Where people look and decide.
        chance: Spreads the pauses between tries.
        first_pause: Seconds before the second try.

    Raises:
        UsageError: A secret is missing, or a notifier cannot be made.
    """

    def __init__(
        self,
        company: Company,
        secrets: Secrets,
        *,
        points: Points = NO_POINTS,
        link: str = "",
        chance: random.Random | None = None,
        first_pause: float = FIRST_PAUSE,
    ) -> None:
        self._redactor, self._link = company.redactor, link
        self._epoch = epoch_of(company.store.home_id)
        self._open: list[tuple[Notifier, Apart]] = []
        followers = []
        for name, section in company.settings.notifiers.items():
            notifier = _made(name, section, company, _secrets(name, section, secrets), points)
            apart = Apart(f"notifier-{name}", section.timeout.total_seconds())
            self._open.append((notifier, apart))
            followers.append(
                Follower(name, types_of(section.events), self._teller(notifier, apart), FollowerState(name))
            )
        self._followers = Followers(
            KIND, followers, company.store, company.state / "locks", chance=chance, first_pause=first_pause
        )

    @property
    def state(self) -> list[FollowerState]:
        """How each is doing, in the order of the settings."""
        return self._followers.state

    def start(self) -> None:
        """Begin to tell, if there is anybody to tell through."""
        self._followers.start()

    async def close(self) -> None:
        """End; what was not told is told after the next start."""
        await self._followers.close()
        for notifier, apart in self._open:
            if apart.is_open:
                try:
                    await apart.call(notifier.close, time_limit=CLOSING)
                except ProviderError as error:
                    _log.warning("a notifier could not be closed: %s", self._redactor.text(str(error)))
            await apart.close()

    def _teller(self, notifier: Notifier, apart: Apart) -> Callable[[Event], Awaitable[None]]:
        async def tell(event: Event) -> None:
            notice = notice_of(event, epoch=self._epoch, link=self._link)
            shown = Notice(**{**asdict(notice), "title": self._clean(notice.title), "text": self._clean(notice.text)})
            try:
                await apart.call(partial(notifier.notify, shown))
            except ProviderError as error:
                raise ProviderError(self._clean(str(error))[:300], retryable=True) from None

        return tell

    def _clean(self, text: str) -> str:
        return self._redactor.text(text)


def _secrets(name: str, section: NotifierSettings, secrets: Secrets) -> dict[str, str]:
    found = {}
    for secret, stored in zip(section.secrets, section.stored(name), strict=True):
        if (value := secrets.get(stored)) is None:
            where = f"company.toml notifiers.{name}.secrets"
            raise UsageError(f"there is no secret {secret!r}", where=where, cure=f"company key set {stored}")
        found[secret] = value
    return found


def _made(
    name: str, section: NotifierSettings, company: Company, secrets: Mapping[str, str], points: Points
) -> Notifier:
    where = f"company.toml notifiers.{name}"
    if section.kind == "command":
        return Command.read(section.options, company.directory.root, secrets, where=f"{where}.options")
    try:
        made = points[section.kind].load()(dict(section.options), dict(secrets))
    except UsageError as error:
        raise UsageError(company.redactor.text(error.what), where=error.where or where, cure=error.cure) from None
    except Exception as error:
        what = company.redactor.text(f"{section.kind} cannot be made: {type(error).__name__}: {error}")
        raise UsageError(what, where=where, cure="correct its options, or tell who made the package") from error
    if not all(callable(getattr(made, method, None)) for method in ("notify", "close")):
        what = f"{section.kind} makes no notifier: it needs the methods notify and close"
        raise UsageError(what, where=where, cure="tell who made the package, or use another kind")
    notifier: Notifier = made
    return notifier
