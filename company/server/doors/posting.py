"""Posts one event to a webhook, signed.

The signature covers the time and the very bytes of the body: `t=<unix>,v1=<hex>` with HMAC-SHA256 over `<unix>.<body>`.
The id of an event stays the same when it is posted again.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime

from company.errors import ProviderError
from company.events import Event
from company.server.doors.addresses import Target
from company.server.doors.sender import Sender

SIGNATURE = "X-Company-Signature"
DELIVERY = "X-Company-Delivery"


def payload(event: Event, epoch: str) -> bytes:
    """Return the body of a post.

    Args:
        event: What happened.
        epoch: Name of the home's journal.
    """
    envelope = event.line()
    body = {
        "id": f"{epoch}:{event.seq}",
        "type": event.type,
        "at": event.at.isoformat(),
        "event": {**envelope.pop("event"), "metadata": envelope},
    }
    return json.dumps(body, separators=(",", ":")).encode()


def signature(secret: str, body: bytes, at: datetime) -> str:
    """Return the signature of a post sent at `at`."""
    moment = int(at.timestamp())
    digest = hmac.digest(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hex()
    return f"t={moment},v1={digest}"


class Post:
    """Posts to webhooks.

    Args:
        now: Wall-clock time, signed with each post.
        sender: Sends.
    """

    def __init__(self, *, now: Callable[[], datetime], sender: Sender | None = None) -> None:
        self._now, self._sender = now, sender or Sender()

    async def send(self, target: Target, secret: str, seq: int, body: bytes) -> None:
        """Post one body.

        Raises:
            ProviderError: It was not taken: no answer in time, or an answer other than 2xx.
        """
        headers = {
            "content-type": "application/json",
            "user-agent": "the-ai-company",
            SIGNATURE: signature(secret, body, self._now()),
            DELIVERY: str(seq),
        }
        status = await self._sender.post(target, headers, body)
        if not 200 <= status < 300:
            raise ProviderError(f"answered {status}", retryable=True)

    async def close(self) -> None:
        """Close the connections."""
        await self._sender.close()
