"""Webhooks: the company posts what happens to addresses of the settings, signed, in order, at least once.

Each hook has a cursor over the journal, kept in the store: it moves when a receiver has taken an event, and a restart
goes on there. A hook begins at the journal's end of the day it was set up. One that fails is tried again with growing
pauses; after the last try it is parked, which `state` shows and the log says, and the next start tries again. A hook
never holds up another, and none holds up a run.
"""

import asyncio
import logging
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from company.config import WebhookSettings
from company.engine.locks import Busy, RunLocks
from company.errors import ProviderError, UsageError
from company.events import Event
from company.home import Company
from company.ports import Secrets
from company.server.doors.addresses import Target
from company.server.doors.posting import Post, payload
from company.server.streams.cursor import epoch_of
from company.store import SecretStore

TRIES = 10
"""Posts of one event before its hook is parked; with the pauses between them some quarter of an hour."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
"""Seconds before the second try, and at most before any; each is twice as long as the one before, give or take."""

LOOK_EVERY = 0.25
"""Seconds between two looks at the journal."""

BATCH = 200
"""Events read in one go."""

LOCK = "webhooks"
"""One process of a home posts; another waits until it is gone."""

_KIND = "webhook"
_log = logging.getLogger(__name__)


def open_webhooks(company: Company) -> "Webhooks":
    """Return the webhooks of a company, with the secrets of its home.

    Raises:
        UsageError: An address is not allowed, or a secret is missing.
    """
    secrets = SecretStore(company.state, home_id=company.store.home_id, environment=os.environ, now=company.wall.now)
    return Webhooks(company, secrets)


def secret_name(name: str) -> str:
    """Return the name that a webhook's secret has in the secret store."""
    return f"webhook:{name}"


def host_of(url: str) -> str:
    """Return what may be shown of a hook's address: scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


@dataclass(slots=True)
class HookState:
    """How a hook is doing.

    Attributes:
        url: Host it posts to; with some services the rest of the address is the secret.
        cursor: Number of the last event that is done with.
        failures: Tries of the present event that failed.
        error: Why the last one failed; empty when none did.
        parked: It gave up until the next start.
    """

    url: str
    cursor: int
    failures: int = 0
    error: str = ""
    parked: bool = False


@dataclass(frozen=True, slots=True)
class _Hook:
    key: str
    target: Target
    events: frozenset[str]
    secret: str
    state: HookState


class Webhooks:
    """Posts events in the background of the server.

    Args:
        company: Its journal is followed, its settings say where to.
        secrets: Holds the hooks' secrets.
        post: Sends.
        chance: Spreads the pauses, so that many hooks do not come back at once.
        first_pause: Seconds before the second try.

    Raises:
        UsageError: An address is not allowed, or a secret is missing.
    """

    def __init__(
        self,
        company: Company,
        secrets: Secrets,
        *,
        post: Post | None = None,
        chance: random.Random | None = None,
        first_pause: float = FIRST_PAUSE,
    ) -> None:
        self._store = company.store
        self._books = self._store.books("server")
        self._post = post or Post(now=company.wall.now)
        self._chance, self._first_pause = chance or random.Random(), first_pause
        self._epoch = epoch_of(self._store.home_id)
        self._locks = RunLocks(company.state / "locks")
        self._hooks = [
            self._opened(place, hook, secrets, company.settings.webhooks)
            for place, hook in enumerate(company.settings.webhooks)
        ]
        self._task: asyncio.Task[None] | None = None

    @property
    def state(self) -> list[HookState]:
        """How each hook is doing, in the order of the settings."""
        return [hook.state for hook in self._hooks]

    def start(self) -> None:
        """Begin to post, if there is anywhere to post to."""
        if self._hooks:
            self._task = asyncio.create_task(self._run(), name="webhooks")
            self._task.add_done_callback(_report)

    async def close(self) -> None:
        """End; what was not taken is posted after the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        await self._post.close()

    def _opened(self, place: int, hook: WebhookSettings, secrets: Secrets, every: Sequence[WebhookSettings]) -> _Hook:
        where = f"company.toml webhooks[{place}]"
        target = Target.read(hook.url, where=f"{where}.url")
        secret = secrets.get(secret_name(hook.secret))
        if secret is None:
            cure = f"keep one in the secret store as {secret_name(hook.secret)!r}; docs/doors.md says how"
            raise UsageError(f"there is no secret {hook.secret!r}", where=f"{where}.secret", cure=cure)
        before = sum(other.url == hook.url for other in every[:place])
        key = f"{hook.url}#{before + 1}" if before else hook.url
        state = HookState(host_of(hook.url), self._cursor(key))
        return _Hook(key, target, frozenset(hook.events), secret, state)

    def _cursor(self, key: str) -> int:
        kept = self._books.get(_KIND, key)
        if kept is None:
            kept = {"cursor": self._store.journal.last_seq()}
            self._books.put(_KIND, key, kept)
        return int(kept["cursor"])

    async def _run(self) -> None:
        while True:
            try:
                with self._locks.hold(LOCK):
                    async with asyncio.TaskGroup() as group:
                        for hook in self._hooks:
                            hook.state.cursor = self._cursor(hook.key)
                            group.create_task(self._follow(hook))
                    return
            except Busy:
                await asyncio.sleep(LOOK_EVERY)

    async def _follow(self, hook: _Hook) -> None:
        while not hook.state.parked:
            for event in self._next(hook):
                await self._deliver(hook, event)
                if hook.state.parked:
                    return
                self._move(hook, event.seq)
            await asyncio.sleep(LOOK_EVERY)

    def _next(self, hook: _Hook) -> list[Event]:
        """Return what is to be posted next, and pass over what nobody wants."""
        end = self._store.journal.last_seq()
        if end == hook.state.cursor:
            return []
        events = self._store.journal.read(after=hook.state.cursor, types=hook.events or None, limit=BATCH)
        if not events:
            self._move(hook, end)
        return events

    async def _deliver(self, hook: _Hook, event: Event) -> None:
        """Post an event until it is taken, or until the last try has failed."""
        body, state = payload(event, self._epoch), hook.state
        state.failures = 0
        while True:
            try:
                await self._post.send(hook.target, hook.secret, event.seq, body)
            except ProviderError as error:
                state.failures, state.error = state.failures + 1, str(error)
                if state.failures == TRIES:
                    state.parked = True
                    _log.error("webhook %s is parked at event %d: %s", state.url, event.seq, error)
                    return
                _log.warning("webhook %s, event %d, try %d: %s", state.url, event.seq, state.failures, error)
                await asyncio.sleep(self._pause(state.failures))
            else:
                state.failures, state.error = 0, ""
                return

    def _pause(self, failures: int) -> float:
        pause: float = min(self._first_pause * 2 ** (failures - 1), LONGEST_PAUSE)
        return pause * self._chance.uniform(0.75, 1.25)

    def _move(self, hook: _Hook, seq: int) -> None:
        hook.state.cursor = seq
        self._books.put(_KIND, hook.key, {"cursor": seq})


def _report(task: asyncio.Task[None]) -> None:
    """Say in the log what ended the posting."""
    if not task.cancelled() and (error := task.exception()):
        _log.error("webhooks are not posted any more: %s", error, exc_info=error)
