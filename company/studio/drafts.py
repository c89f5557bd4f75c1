"""What the studio makes: drafts, reviews of them, and proof of what was published."""

from datetime import datetime
from hashlib import sha256
from typing import Literal

from pydantic import BaseModel, ConfigDict

Channel = Literal["blog", "social", "newsletter"]
Status = Literal["drafted", "scheduled", "published", "rejected"]

LONGEST_TEXT: dict[Channel, int] = {"blog": 5_000, "social": 280, "newsletter": 8_000}
"""Characters a channel takes."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Finding(_Record):
    """One thing a review holds against a draft.

    Attributes:
        rule: Id of the rule.
        text: What is wrong, with the words in question, and what to do.
    """

    rule: str
    text: str


class Draft(_Record):
    """A text on its way to a channel.

    Attributes:
        id: `D1`, `D2`, ...
        version: 1 for the first text, one more for each change.
        channel: Where it shall appear.
        topic: What it is about, in a few words.
        text: The text itself.
        author: Role that wrote it.
        figures: Figures the text may quote, as their source gave them.
        sources: The documents of strangers that its author had read.
        status: `drafted`, `rejected` by its review, `scheduled`, or `published`.
        hash: SHA-256 of the text, hex.
        findings: What the review of this version found; None when it was not reviewed.
        publish_at: When it is due, if it is scheduled.
    """

    id: str
    version: int
    channel: Channel
    topic: str
    text: str
    author: str
    figures: tuple[str, ...]
    sources: tuple[str, ...] = ()
    status: Status
    hash: str
    findings: tuple[Finding, ...] | None = None
    publish_at: datetime | None = None

    def note(self) -> "DraftNote":
        """Return the draft without its words."""
        return DraftNote(
            id=self.id,
            version=self.version,
            channel=self.channel,
            status=self.status,
            characters=len(self.text),
            hash=self.hash,
            publish_at=self.publish_at,
        )


class DraftNote(_Record):
    """What a role is told of a draft it wrote: everything but the words, which it knows.

    Attributes:
        id: The draft.
        version: Its current version.
        channel: Where it shall appear.
        status: `drafted`, `rejected`, `scheduled` or `published`.
        characters: Length of the text.
        hash: SHA-256 of the text, hex.
        publish_at: When it is due, if it is scheduled.
    """

    id: str
    version: int
    channel: Channel
    status: Status
    characters: int
    hash: str
    publish_at: datetime | None


class Review(_Record):
    """The verdict on one version of a draft.

    Attributes:
        draft_id: The draft.
        version: The version that was read.
        ok: True when it may be published.
        findings: What has to change first.
    """

    draft_id: str
    version: int
    ok: bool
    findings: tuple[Finding, ...]


class Published(_Record):
    """Proof that a draft is out.

    Attributes:
        draft_id: The draft.
        delivery_id: The outbox's own id of the message.
        channel: Where it appeared.
        at: When the outbox took it.
        text_hash: SHA-256 of the text that went out, hex.
    """

    draft_id: str
    delivery_id: str
    channel: Channel
    at: datetime
    text_hash: str


class Scheduled(_Record):
    """A draft's place in the agenda.

    Attributes:
        draft_id: The draft.
        version: The version that was scheduled.
        channel: Where it will appear.
        topic: What it is about.
        publish_at: When it is due.
    """

    draft_id: str
    version: int
    channel: Channel
    topic: str
    publish_at: datetime


def text_hash(text: str) -> str:
    """Return the SHA-256 of a text as hex."""
    return sha256(text.encode()).hexdigest()
