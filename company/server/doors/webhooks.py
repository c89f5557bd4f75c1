"""Webhooks: the company posts what happens to addresses of the settings, signed, in order, at least once.

Each hook follows the journal at its own pace and is tried again when it fails (`followers`).
"""

import os
import random
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlsplit

from company.config import WebhookSettings
from company.errors import UsageError
from company.events import Event
from company.home import Company
from company.ports import Secrets
from company.server.doors.addresses import Target
from company.server.doors.followers import FIRST_PAUSE, Follower, Followers, FollowerState
from company.server.doors.posting import Post, payload
from company.server.streams.cursor import epoch_of
from company.store import SecretStore

KIND = "webhook"
"""Kind of these followers."""


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
    """Return what may be shown of a hook's address: scheme, host and port.

    With some services the rest of the address is the secret.
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


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
        self._post = post or Post(now=company.wall.now)
        self._epoch = epoch_of(company.store.home_id)
        hooks = company.settings.webhooks
        opened = [self._opened(place, hook, secrets, hooks) for place, hook in enumerate(hooks)]
        self._followers = Followers(
            KIND, opened, company.store, company.state / "locks", chance=chance, first_pause=first_pause
        )

    @property
    def state(self) -> list[FollowerState]:
        """How each hook is doing, in the order of the settings; its name is the host it posts to."""
        return self._followers.state

    def start(self) -> None:
        """Begin to post, if there is anywhere to post to."""
        self._followers.start()

    async def close(self) -> None:
        """End; what was not taken is posted after the next start."""
        await self._followers.close()
        await self._post.close()

    def _opened(
        self, place: int, hook: WebhookSettings, secrets: Secrets, every: Sequence[WebhookSettings]
    ) -> Follower:
        where = f"company.toml webhooks[{place}]"
        target = Target.read(hook.url, where=f"{where}.url")
        secret = secrets.get(secret_name(hook.secret))
        if secret is None:
            cure = f"keep one in the secret store as {secret_name(hook.secret)!r}; docs/doors.md says how"
            raise UsageError(f"there is no secret {hook.secret!r}", where=f"{where}.secret", cure=cure)
        return Follower(
            key=hook_key(place, every),
            events=frozenset(hook.events),
            tell=self._teller(target, secret),
            state=FollowerState(host_of(hook.url)),
        )

    def _teller(self, target: Target, secret: str) -> Callable[[Event], Awaitable[None]]:
        async def tell(event: Event) -> None:
            await self._post.send(target, secret, event.seq, payload(event, self._epoch))

        return tell


def hook_key(place: int, every: Sequence[WebhookSettings]) -> str:
    """Return the name of a hook's cursor: its address, with a number when the settings name it again."""
    url = every[place].url
    before = sum(other.url == url for other in every[:place])
    return f"{url}#{before + 1}" if before else url
