"""OpenAI's interface to the company: `/v1/models`, `/v1/chat/completions`, `/v1/responses`.

Chat front ends, SDKs and command lines speak it already. A model is somebody to talk to: `ceo`, or a role. It is an
application of its own, because everything below its path answers errors in OpenAI's shape.
"""

from collections.abc import Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.responses import Response as Answered
from starlette.routing import Route

from company.engine import Engine
from company.server.doors.answers import Answer, Ready
from company.server.doors.asked import ChatRequest, Conversation, Message, ResponsesRequest, conversation, parse
from company.server.doors.completions import Completion
from company.server.doors.delivery import AnswerStream, Left, text_of, whole
from company.server.doors.openai_errors import HANDLERS, OpenAiError
from company.server.doors.reception import Asked, Reception, is_housekeeping
from company.server.doors.responses import Response, Shelf
from company.server.doors.threads import HEADER, Threads
from company.server.driving import Driver
from company.server.principal import principal_of

RETRIED = "x-stainless-retry-count"
"""Header in which OpenAI's clients count how often they repeated a request."""

_LEFT = 499  # what proxies log of a client that hung up; nobody reads it

_NO_TOOLS: Mapping[str, Callable[[Any], bool]] = {
    "tools": bool,
    "tool_choice": lambda choice: choice not in {"none", "auto"} if isinstance(choice, str) else True,
}
_CHAT: Mapping[str, Callable[[Any], bool]] = {
    **_NO_TOOLS,
    "n": lambda many: many != 1,
    "functions": bool,
    "function_call": lambda call: call not in {"none", "auto"} if isinstance(call, str) else True,
    "response_format": lambda form: form != {"type": "text"},
    "logprobs": bool,
    "audio": bool,
    "modalities": lambda kinds: kinds != ["text"],
    "web_search_options": lambda _: True,
}
_RESPONSES: Mapping[str, Callable[[Any], bool]] = {
    **_NO_TOOLS,
    "background": bool,
    "conversation": bool,
    "prompt": bool,
    "text": lambda text: not isinstance(text, dict) or text.get("format", {"type": "text"}) != {"type": "text"},
}


class OpenAiDoor:
    """The endpoints.

    Args:
        engine: Runs the company.
        driver: Does the work in the background.
    """

    def __init__(self, engine: Engine, driver: Driver) -> None:
        company = engine.company
        books = company.store.books("server")
        self._roles = company.roles
        self._chief = company.chief.id
        self._now = company.wall.now
        self._since = int(self._now().timestamp())
        self._reception, self._threads = Reception(engine, driver), Threads(books)
        self._shelf = Shelf(company.store, books)

    def app(self) -> Starlette:
        """Return the application to mount at `/v1`."""
        return Starlette(
            routes=[
                Route("/models", self.models, methods=["GET"]),
                Route("/models/{model}", self.model, methods=["GET"]),
                Route("/chat/completions", self.chat, methods=["POST"]),
                Route("/responses", self.respond, methods=["POST"]),
                Route("/responses/{id}", self.response, methods=["GET"]),
            ],
            exception_handlers=HANDLERS,
        )

    async def models(self, request: Request) -> Answered:
        """List who can be talked to."""
        _may_look(request)
        return JSONResponse({"object": "list", "data": [self._model(role) for role in self._roles]})

    async def model(self, request: Request) -> Answered:
        """Return one of those who can be talked to."""
        _may_look(request)
        self._addressee(request.path_params["model"])
        return JSONResponse(self._model(request.path_params["model"]))

    async def chat(self, request: Request) -> Answered:
        """Answer the last user message."""
        principal_of(request).require("chat")
        body = parse(ChatRequest, await request.body(), _CHAT)
        role = self._addressee(body.model)
        said = conversation(body.messages, "messages")
        answer, _ = await self._answer(request, said, role, metadata=body.metadata)
        completion = Completion.begin(body.model, self._unix())
        if body.stream:
            wanted = body.stream_options is not None and bool(body.stream_options.include_usage)
            return AnswerStream(completion.frames(answer, with_usage=wanted), answer)
        try:
            pieces = await whole(request, answer)
        except Left:
            return Answered(status_code=_LEFT)
        return JSONResponse(completion.body(pieces, answer.usage))

    async def respond(self, request: Request) -> Answered:
        """Answer the last user message of `input`."""
        principal_of(request).require("chat")
        body = parse(ResponsesRequest, await request.body(), _RESPONSES)
        role = self._addressee(body.model)
        items = [Message(role="user", content=body.input)] if isinstance(body.input, str) else body.input
        said = conversation(items, "input")
        previous = body.previous_response_id
        thread = self._shelf.thread(previous) if previous else None
        answer, thread = await self._answer(request, said, role, metadata=body.metadata, thread=thread)
        response = Response(body.model, self._unix(), previous, body.store is not False, body.metadata or {})
        if response.stored:
            text = text_of([piece async for piece in answer.pieces()]) if not answer.run else ""
            self._shelf.keep(response, thread=thread, answer=answer, text=text)
        if body.stream:
            return AnswerStream(response.frames(answer), answer)
        try:
            pieces = await whole(request, answer)
        except Left:
            return Answered(status_code=_LEFT)
        return JSONResponse(response.body("completed", text_of(pieces), answer.usage))

    async def response(self, request: Request) -> Answered:
        """Return a response that was kept."""
        principal_of(request).require("read")
        return JSONResponse(self._shelf.body(request.path_params["id"]))

    async def _answer(
        self, request: Request, said: Conversation, role: str, *, metadata: Any, thread: str | None = None
    ) -> tuple[Answer, str]:
        """Return the answer to what was said, and its conversation, which a front end's own question has none of."""
        if (ready := is_housekeeping(said)) is not None:
            return Ready(ready), thread or ""
        principal, retried = principal_of(request), request.headers.get(RETRIED, "0") != "0"
        if thread is None:
            header = request.headers.get(HEADER)
            thread = self._threads.find(
                said, person=principal.person, header=header, metadata=metadata, retried=retried
            )
        asked = Asked(said, role, thread, retried)
        return await self._reception.receive(asked, principal), thread

    def _addressee(self, model: str) -> str:
        """Return the role a model stands for, empty for the CEO."""
        if model not in self._roles:
            what = f"there is no model {model[:80]!r}; there are {', '.join(self._roles)}"
            raise OpenAiError(404, what, param="model", code="model_not_found")
        return "" if model == self._chief else model

    def _model(self, id: str) -> dict[str, Any]:
        return {"id": id, "object": "model", "created": self._since, "owned_by": "company"}

    def _unix(self) -> int:
        return int(self._now().timestamp())


def _may_look(request: Request) -> None:
    """Pass who may read or chat: a client that chats asks first whom it can chat with."""
    principal = principal_of(request)
    if "chat" not in principal.scopes:
        principal.require("read")
