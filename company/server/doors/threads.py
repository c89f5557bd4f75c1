"""Which conversation a request belongs to, for clients that keep their conversations to themselves.

A client that names its conversation (`X-Session-Id`, `metadata.thread_id`) is believed. For all others a conversation
is known by how it opened: the person and their first message. The first message alone begins a new one each time, so
that two that open with "hello" stay apart; a resent history goes on with the newest that opened like it.
"""

import hashlib
import json
import re
from typing import Any

from company.server.doors.asked import Conversation
from company.server.doors.openai_errors import OpenAiError
from company.store import SqlBooks

HEADER = "x-session-id"

_KIND = "opening"
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,100}")


class Threads:
    """Finds conversations.

    Args:
        books: The server's documents.
    """

    def __init__(self, books: SqlBooks) -> None:
        self._books = books

    def find(self, conversation: Conversation, *, person: str, header: str | None, metadata: Any, retried: bool) -> str:
        """Return the thread of a request.

        Args:
            conversation: Its messages.
            person: Who speaks.
            header: Its `X-Session-Id`.
            metadata: Its `metadata`.
            retried: The client sends it again because it heard no answer.

        Raises:
            OpenAiError: A name cannot be one.
        """
        if header is not None:
            return _checked(header, HEADER)
        if metadata and (named := metadata.get("thread_id")) is not None:
            return _checked(named, "metadata.thread_id")
        return self._opened(conversation, person, goes_on=retried or not conversation.begins)

    def _opened(self, conversation: Conversation, person: str, *, goes_on: bool) -> str:
        mark = hashlib.sha256(json.dumps([person, conversation.opening]).encode()).hexdigest()[:16]
        with self._books.transaction():
            count = (self._books.get(_KIND, mark) or {"count": 0})["count"]
            if count == 0 or not goes_on:
                count += 1
                self._books.put(_KIND, mark, {"count": count})
        return f"chat-{mark}" + (f"-{count}" if count > 1 else "")


def is_name(name: Any) -> bool:
    """Tell whether a client may call a thread so: 1 to 100 characters on one line."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def _checked(name: Any, param: str) -> str:
    if not is_name(name):
        raise OpenAiError(400, f"{name!r} is no name of a thread: 1 to 100 characters on one line", param=param)
    return str(name)
