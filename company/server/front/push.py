"""Web push as the native API has it: the server's key, and subscriptions of browsers. It needs the extra `push`."""

import base64
import binascii
from datetime import datetime
from importlib.util import find_spec
from typing import Annotated

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from company.engine import Engine
from company.errors import UsageError
from company.server.faults import Refusal
from company.server.front.notifying import Notifying
from company.server.front.post import LONGEST, BadEndpoint, Post
from company.server.front.subscriptions import Subscription, Subscriptions
from company.server.native.routing import Routes, Who
from company.store import Access


def _bytes_of(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("this is no base64url") from error


def _point(text: str) -> str:
    point = _bytes_of(text)
    if len(point) != 65 or point[0] != 4:
        raise ValueError("this is no uncompressed point of P-256")
    return text


def _secret(text: str) -> str:
    if len(_bytes_of(text)) != 16:
        raise ValueError("this is no secret of 16 bytes")
    return text


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PushKey(_View):
    """The key a browser subscribes with, base64url; null when the server was installed without push."""

    key: str | None


class BrowserKeys(_View):
    """Keys that seal a message for one browser, base64url."""

    p256dh: Annotated[str, StringConstraints(max_length=100), AfterValidator(_point)]
    auth: Annotated[str, StringConstraints(max_length=100), AfterValidator(_secret)]


class BrowserSubscription(_View):
    """What a browser's push manager gives."""

    endpoint: Annotated[str, StringConstraints(max_length=LONGEST)]
    keys: BrowserKeys


class Endpoint(_View):
    """Which subscription."""

    endpoint: Annotated[str, StringConstraints(max_length=LONGEST)]


class Push:
    """The endpoints, and the follower that tells.

    Args:
        engine: Its journal, approvals and credentials.
        post: Sends; None when the server was installed without push.
    """

    def __init__(self, engine: Engine, post: Post | None) -> None:
        self._store, self._now, self._post = engine.company.store, engine.company.wall.now, post
        self._subscriptions = Subscriptions(self._store.books("server"))

    def router(self) -> APIRouter:
        """Return the routes; while they are served, what waits is told."""
        routes = Routes("push")
        routes.door("GET", "/push/key", self.key, "read")
        routes.door("POST", "/push", self.subscribe, "approve", status=204, refuses=(503,))
        routes.door("DELETE", "/push", self.unsubscribe, "approve", status=204)
        router = APIRouter(lifespan=self._notifying(self._post).lifespan if self._post else None)
        router.include_router(routes)
        return router

    async def key(self) -> PushKey:
        """Return the key that a browser subscribes with."""
        return PushKey(key=self._post.public_key() if self._post else None)

    async def subscribe(self, who: Who, subscription: BrowserSubscription) -> None:
        """Tell this browser from now on when an approval waits."""
        post = self._required()
        try:
            post.check(subscription.endpoint)
        except BadEndpoint as error:
            raise Refusal(422, f"endpoint: {error}") from error
        keys = subscription.keys.model_dump()
        self._subscriptions.add(
            Subscription(endpoint=subscription.endpoint, **keys, person=who.person, credential=who.id)
        )

    async def unsubscribe(self, who: Who, endpoint: Endpoint) -> None:
        """Tell this browser no more; one that is not subscribed stays so."""
        self._subscriptions.remove(endpoint.endpoint, who)

    def _required(self) -> Post:
        if self._post is None:
            raise Refusal(503, "this server was installed without push: pip install 'the-ai-company[push]'")
        return self._post

    def _notifying(self, post: Post) -> Notifying:
        store, now = self._store, self._now

        def may(credential: str) -> bool:
            return may_approve(store.access, credential, now())

        return Notifying(store, self._subscriptions, post, may_approve=may, now=now)


def may_approve(access: Access, credential: str, now: datetime) -> bool:
    """Tell whether a credential still opens anything at `now`, and may approve; one that is forgotten had run out."""
    try:
        found = access.get(credential)
    except UsageError:
        return False
    return found.holds(now) and "approve" in found.scopes


def installed_post(engine: Engine) -> Post | None:
    """Return what sends, None when the extra `push` is not installed."""
    return Post(engine.company.state) if find_spec("pywebpush") else None
