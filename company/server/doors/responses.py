"""`/v1/responses`: an answer as OpenAI's response, whole or as its sequence of named events, and kept for later.

A response that is stored can be asked for again and gone on from: what is kept is which run answered and in which
conversation, and the words are read from the journal, so there is one record of what was said.
"""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal

from company.events import Json
from company.server.doors.answers import Answer
from company.server.doors.delivery import frame, text_of
from company.server.doors.following import BATCH, ENDINGS
from company.server.doors.openai_errors import OpenAiError
from company.server.doors.transcript import Piece, Transcript, Usage
from company.store import SqlBooks, Store

Status = Literal["in_progress", "completed", "failed"]

_KIND = "response"


@dataclass(frozen=True, slots=True)
class Response:
    """One answer to a request of this interface.

    Attributes:
        model: Who was asked, as the client named it.
        created: Unix time.
        previous: The response it goes on from, if any.
        stored: It can be asked for again.
        metadata: As the client gave it.
        id: Of the response.
    """

    model: str
    created: int
    previous: str | None
    stored: bool
    metadata: Json
    id: str = field(default_factory=lambda: f"resp_{secrets.token_hex(12)}")

    def body(self, status: Status, text: str = "", usage: Usage | None = None, error: Json | None = None) -> Json:
        """Return the response as it stands."""
        return {
            "id": self.id,
            "object": "response",
            "created_at": self.created,
            "status": status,
            "error": error,
            "incomplete_details": None,
            "instructions": None,
            "metadata": self.metadata,
            "model": self.model,
            "output": [self._item("completed", text)] if status == "completed" else [],
            "parallel_tool_calls": False,
            "previous_response_id": self.previous,
            "store": self.stored,
            "temperature": None,
            "text": {"format": {"type": "text"}},
            "tool_choice": "auto",
            "tools": [],
            "top_p": None,
            "usage": _usage(usage) if usage else None,
        }

    def failed(self, error: OpenAiError) -> Json:
        """Return the response after it failed."""
        return self.body("failed", error={"code": error.code or "server_error", "message": error.message})

    async def frames(self, answer: Answer) -> AsyncIterator[bytes]:
        """Give the answer as named events; what roles are doing has no place in them."""
        numbers = count()

        def named(kind: str, **rest: Any) -> bytes:
            return frame({"type": kind, "sequence_number": next(numbers), **rest}, kind)

        item, place = f"msg_{self.id[5:]}", {"output_index": 0}
        at = {"item_id": item, **place, "content_index": 0}
        yield named("response.created", response=self.body("in_progress"))
        yield named("response.in_progress", response=self.body("in_progress"))
        yield named("response.output_item.added", **place, item=self._item("in_progress"))
        yield named("response.content_part.added", **at, part=_part(""))
        text = ""
        try:
            async for piece in answer.pieces():
                if piece.kind == "answer":
                    text += piece.text
                    yield named("response.output_text.delta", **at, delta=piece.text, logprobs=[])
        except OpenAiError as error:
            yield named("response.failed", response=self.failed(error))
            return
        yield named("response.output_text.done", **at, text=text, logprobs=[])
        yield named("response.content_part.done", **at, part=_part(text))
        yield named("response.output_item.done", **place, item=self._item("completed", text))
        yield named("response.completed", response=self.body("completed", text, answer.usage))

    def _item(self, status: Literal["in_progress", "completed"], text: str = "") -> Json:
        content = [_part(text)] if status == "completed" else []
        return {
            "id": f"msg_{self.id[5:]}",
            "type": "message",
            "status": status,
            "role": "assistant",
            "content": content,
        }


class Shelf:
    """Responses that were kept.

    Args:
        store: Holds the journal, from which their words come.
        books: The server's documents.
    """

    def __init__(self, store: Store, books: SqlBooks) -> None:
        self._store, self._books = store, books

    def keep(self, response: Response, *, thread: str, answer: Answer, text: str = "") -> None:
        """Keep a response; `text` is its answer if no run gives it."""
        document = {name: getattr(response, name) for name in ("model", "created", "previous", "metadata")}
        self._books.put(_KIND, response.id, {**document, "thread": thread, "run": answer.run, "text": text})

    def thread(self, id: str) -> str:
        """Return the conversation a response belongs to.

        Raises:
            OpenAiError: There is no such response.
        """
        return str(self._document(id, 400, "previous_response_id", "previous_response_not_found")["thread"])

    def body(self, id: str) -> Json:
        """Return a response as it is now.

        Raises:
            OpenAiError: There is no such response.
        """
        kept = self._document(id, 404, "response_id", "not_found")
        response = Response(kept["model"], kept["created"], kept["previous"], True, kept["metadata"], id)
        if not kept["run"]:
            return response.body("completed", kept["text"], Usage())
        return self._told(response, kept["run"])

    def _told(self, response: Response, run_id: str) -> Json:
        """Tell from the journal what a run answered, up to where it ended or parked first."""
        transcript, pieces, after = Transcript(self._store), list[Piece](), 0
        while events := self._store.journal.read(run_id=run_id, after=after, limit=BATCH):
            for event in events:
                pieces += transcript.read(event)
                if event.type in ENDINGS:
                    if event.type == "RUN_ERROR":
                        return response.failed(OpenAiError(500, event.body["message"], code="run_failed"))
                    return response.body("completed", text_of(pieces), transcript.usage)
            after = events[-1].seq
        return response.body("in_progress")

    def _document(self, id: str, status: int, param: str, code: str) -> Json:
        kept = self._books.get(_KIND, id)
        if kept is None:
            what = f"no response {id[:80]!r} is kept here; it was made elsewhere, or with `store: false`"
            raise OpenAiError(status, what, param=param, code=code)
        return kept


def _part(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _usage(usage: Usage) -> Json:
    return {
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cached},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input + usage.output,
    }
