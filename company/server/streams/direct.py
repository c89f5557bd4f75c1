"""Paths that are asked so often that the framework's way to them would cost more than the answer.

They stand behind the gate like every other path. FastAPI takes two thirds of the time of a small answer, for parameters
and dependencies that these have not; they are routes of it too, so that the API's document describes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from company.server.faults import Refusal


class Plain(Response):
    """What a route returns whose answer is plain ASGI.

    Args:
        answers: Answers.
    """

    def __init__(self, answers: ASGIApp) -> None:
        self._answers, self.background = answers, None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await self._answers(scope, receive, send)


@dataclass(frozen=True, slots=True)
class _Route:
    path: str
    app: ASGIApp


class Direct:
    """Answers GET requests for a few paths itself.

    Args:
        app: Answers the rest.
        paths: Applications by exact path; they may raise `Refusal` before they answer.
    """

    def __init__(self, app: ASGIApp, *, paths: Mapping[str, ASGIApp]) -> None:
        self._app = app
        self._routes = {path: _Route(path, answers) for path, answers in paths.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        route = self._routes.get(scope["path"]) if scope.get("method") == "GET" else None
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route
        try:
            await route.app(scope, receive, send)
        except Refusal as refusal:
            await refusal.response()(scope, receive, send)
