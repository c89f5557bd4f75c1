"""The studio's service: from a draft to proof of publication.

A text goes out only in the very version its review passed; any change voids the review. The key under which a draft is
first sent becomes its message key for good: whoever finishes the job after a crash sends with that key, so the outbox
sees one message however often, and by whomever, `publish` is called. From that moment the text is frozen.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import get_args

from company.errors import ToolError
from company.ports import Books, Clock, Delivery, Letter, Outbox
from company.studio.drafts import Channel, Draft, Finding, Published, Review, Scheduled, text_hash
from company.studio.engagement import Engaged, Engagement
from company.studio.review import find_faults

OWN_DOMAINS = ("company.example",)

_DRAFT, _VERSION, _CALL = "studio.draft", "studio.version", "studio.call"
_AGENDA, _SENDING, _ATTEMPT, _PUBLICATION = "studio.agenda", "studio.sending", "studio.attempt", "studio.publication"


class Studio:
    """The department's service.

    Args:
        outbox: Where the company speaks in public.
        clock: The company's time.
        books: Where drafts and publications are kept.
        domains: The company's own domains; links may only lead there.
    """

    def __init__(self, *, outbox: Outbox, clock: Clock, books: Books, domains: Sequence[str] = OWN_DOMAINS) -> None:
        self._outbox = outbox
        self._clock = clock
        self._books = books
        self._domains = tuple(domains)
        self._engagement = Engagement(books, outbox)

    def draft(
        self,
        text: str,
        channel: str,
        topic: str,
        author: str,
        *,
        figures: Sequence[str] = (),
        sources: Sequence[str] = (),
        key: str,
    ) -> Draft:
        """Keep a new draft.

        Args:
            text: The text.
            channel: `blog`, `social` or `newsletter`.
            topic: What it is about, in a few words.
            author: Role that wrote it.
            figures: Figures the text may quote, as their source gave them.
            sources: The documents of strangers that the author had read; they stay with the draft.
            key: Idempotency key; a repeat returns the first draft.

        Raises:
            ToolError: The channel is unknown.
        """
        with self._books.transaction():
            if done := self._draft_of_call(key):
                return done
            draft = Draft(
                id=f"D{self._books.next_number(_DRAFT)}",
                version=1,
                channel=_channel(channel),
                topic=topic,
                text=text,
                author=author,
                figures=tuple(figures),
                sources=tuple(sources),
                status="drafted",
                hash=text_hash(text),
            )
            return self._keep(draft, key)

    def revise(
        self, draft_id: str, text: str, *, figures: Sequence[str] = (), sources: Sequence[str] = (), key: str
    ) -> Draft:
        """Replace a draft's text and figures; its review and its place in the agenda are void.

        Args:
            draft_id: The draft.
            text: The new text.
            figures: Figures the new text may quote.
            sources: The documents of strangers that the author had read, beside those of earlier versions.
            key: Idempotency key; a repeat returns the version it made.

        Raises:
            ToolError: There is no such draft, or it is out or on its way out.
        """
        with self._books.transaction():
            if done := self._draft_of_call(key):
                return done
            old = self._open(draft_id)
            self._books.put(_VERSION, f"{old.id}/{old.version}", old.model_dump(mode="json"))
            self._books.delete(_AGENDA, old.id)
            change = {"text": text, "figures": tuple(figures), "hash": text_hash(text), "version": old.version + 1}
            read = {"sources": tuple(dict.fromkeys([*old.sources, *sources]))}
            fresh = {"status": "drafted", "findings": None, "publish_at": None}
            return self._keep(old.model_copy(update=change | read | fresh), key)

    def get(self, draft_id: str) -> Draft:
        """Return a draft in its current version.

        Raises:
            ToolError: There is no such draft.
        """
        document = self._books.get(_DRAFT, draft_id)
        if document is None:
            raise ToolError(f"there is no draft {draft_id!r}; use the id that draft_post returned")
        return Draft.model_validate({"sources": [f"draft {draft_id}"], **document})  # older homes kept none

    def versions(self, draft_id: str) -> list[Draft]:
        """Return every version of a draft, the first one first."""
        current = self.get(draft_id)
        earlier = (self._books.get(_VERSION, f"{draft_id}/{number}") for number in range(1, current.version))
        return [*(Draft.model_validate(document) for document in earlier), current]

    def review(self, draft_id: str) -> Review:
        """Judge a draft by the table of rules and note the verdict on this version of it.

        Raises:
            ToolError: There is no such draft.
        """
        with self._books.transaction():
            draft = self.get(draft_id)
            findings = find_faults(draft, self._domains)
            if draft.status != "published":
                self._put(self._judged(draft, findings))
        return Review(draft_id=draft_id, version=draft.version, ok=not findings, findings=findings)

    async def publish(self, draft_id: str, key: str, *, version: int) -> Published:
        """Send a reviewed draft to its channel, once.

        Args:
            draft_id: The draft.
            key: Idempotency key; a repeat returns the first publication.
            version: The version that is meant: what was read or approved is what goes out.

        Raises:
            ToolError: There is no such draft, it has another version by now, it is out already, or its review is
                missing or not good.
            ProviderError: The outbox failed; call again with the same key.
        """
        if done := await self.find_publication(key):
            return done
        with self._books.transaction():
            draft = self._publishable(draft_id)
            if draft.version != version:
                raise ToolError(
                    f"draft {draft_id!r} has version {draft.version}, not {version}; publish what it says now"
                )
            sending = self._books.get(_SENDING, draft_id) or {"key": key}
            self._books.put(_SENDING, draft_id, sending)
            self._books.put(_ATTEMPT, key, {"draft_id": draft_id})
        delivery = await self._outbox.send(draft.channel, draft.text, sending["key"])
        return self._settle(draft, delivery, key)

    async def find_publication(self, key: str) -> Published | None:
        """Return what `publish` did under `key`, asking the outbox when the outcome is open; None for nothing."""
        if document := self._books.get(_PUBLICATION, key):
            return Published.model_validate(document)
        attempt = self._books.get(_ATTEMPT, key)
        sending = self._books.get(_SENDING, attempt["draft_id"]) if attempt else None
        if not attempt or not sending:
            return None
        delivery = await self._outbox.lookup(sending["key"])
        return self._settle(self.get(attempt["draft_id"]), delivery, key) if delivery else None

    def schedule(self, draft_id: str, at: datetime, key: str) -> Draft:
        """Put a reviewed draft into the agenda, or move it there.

        Args:
            draft_id: The draft.
            at: When it shall be published; later than now, timezone-aware.
            key: Idempotency key; a repeat returns the draft as it was scheduled.

        Raises:
            ToolError: The time is past or has no zone, the draft is out, or its review is missing or not good.
        """
        with self._books.transaction():
            if done := self._draft_of_call(key):
                return done
            draft = self._publishable(draft_id)
            if at.tzinfo is None or at <= self._clock.now():
                raise ToolError(
                    f"{at.isoformat()!r} is not a future time with a zone; now is {self._clock.now():%FT%TZ}"
                )
            self._open(draft_id)
            scheduled = draft.model_copy(update={"status": "scheduled", "publish_at": at})
            entry = Scheduled(
                draft_id=draft_id, version=draft.version, channel=draft.channel, topic=draft.topic, publish_at=at
            )
            self._books.put(_AGENDA, draft_id, entry.model_dump(mode="json"))
            return self._keep(scheduled, key)

    def agenda(self) -> list[Scheduled]:
        """Return what is scheduled and not yet out, the next first."""
        entries = [Scheduled.model_validate(document) for _, document in self._books.items(_AGENDA)]
        return sorted(entries, key=lambda entry: entry.publish_at)

    def due(self, now: datetime) -> list[Scheduled]:
        """Return what should be out by `now` and is not."""
        return [entry for entry in self.agenda() if entry.publish_at <= now]

    async def letters(self, limit: int = 10) -> list[Letter]:
        """Return the newest letters to the company first. Strangers wrote them."""
        return list(await self._outbox.inbox(limit))

    async def received(self, limit: int = 100) -> list[Engaged]:
        """Return how the newest posts were received, the last measured first; what is a day old is measured first."""
        await self._engagement.measure(self._clock.now())
        return self._engagement.newest(limit)

    def _open(self, draft_id: str) -> Draft:
        """Return a draft that can still be changed."""
        draft = self.get(draft_id)
        if draft.status == "published":
            raise ToolError(f"draft {draft_id!r} is published; write a new draft")
        if self._books.get(_SENDING, draft_id):
            raise ToolError(f"draft {draft_id!r} is on its way out and cannot change; publish it again to finish")
        return draft

    def _publishable(self, draft_id: str) -> Draft:
        draft = self.get(draft_id)
        if draft.status == "published":
            raise ToolError(f"draft {draft_id!r} is published already; do not publish it again")
        if draft.findings is None:
            raise ToolError(f"version {draft.version} of draft {draft_id!r} has no review yet; call review_draft first")
        if draft.findings:
            faults = "; ".join(f"{finding.rule}: {finding.text}" for finding in draft.findings)
            raise ToolError(f"the review of draft {draft_id!r} is not good ({faults}); revise it and review it again")
        return draft

    def _judged(self, draft: Draft, findings: tuple[Finding, ...]) -> Draft:
        if findings:
            self._books.delete(_AGENDA, draft.id)
            return draft.model_copy(update={"findings": findings, "status": "rejected", "publish_at": None})
        status = "scheduled" if draft.publish_at else "drafted"
        return draft.model_copy(update={"findings": (), "status": status})

    def _settle(self, draft: Draft, delivery: Delivery, key: str) -> Published:
        """Note that a draft is out, and that the call with `key` brought it there."""
        published = Published(
            draft_id=draft.id,
            delivery_id=delivery.id,
            channel=draft.channel,
            at=delivery.at,
            text_hash=draft.hash,
        )
        with self._books.transaction():
            self._put(draft.model_copy(update={"status": "published", "publish_at": None}))
            self._books.delete(_AGENDA, draft.id)
            self._books.put(_PUBLICATION, key, published.model_dump(mode="json"))
            self._engagement.expect(draft, delivery)
        return published

    def _draft_of_call(self, key: str) -> Draft | None:
        document = self._books.get(_CALL, key)
        return None if document is None else Draft.model_validate(document)

    def _keep(self, draft: Draft, key: str) -> Draft:
        self._books.put(_CALL, key, draft.model_dump(mode="json"))
        return self._put(draft)

    def _put(self, draft: Draft) -> Draft:
        self._books.put(_DRAFT, draft.id, draft.model_dump(mode="json"))
        return draft


def _channel(name: str) -> Channel:
    channels: tuple[Channel, ...] = get_args(Channel)
    for channel in channels:
        if channel == name:
            return channel
    raise ToolError(f"there is no channel {name!r}; choose one of {', '.join(channels)}")
