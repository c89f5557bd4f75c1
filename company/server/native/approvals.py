"""Approvals: what waits for a person, and the person's answer."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from company.engine import Engine
from company.server.commands import Commands
from company.server.faults import found
from company.server.native.routing import ApprovalId, Key, Routes, Who
from company.server.native.views import ApprovalState, ApprovalView, Decided, Decision, RunView
from company.store import OVER, Approval

LISTED = 100
"""Approvals of a list of all."""


class ApprovalDoors:
    """Endpoints about approvals.

    Args:
        engine: Runs the company.
        commands: Carries decisions out.
    """

    def __init__(self, engine: Engine, commands: Commands) -> None:
        self._store, self._now, self._commands = engine.company.store, engine.company.wall.now, commands

    def router(self) -> APIRouter:
        """Return the routes."""
        routes = Routes("approvals")
        routes.door("GET", "/approvals", self.approvals, "read")
        routes.door("GET", "/approvals/{approval_id}", self.approval, "read", refuses=(404,))
        routes.door("POST", "/approvals/{approval_id}", self.decide, "approve", refuses=(404, 409, 503))
        return routes

    async def approvals(
        self,
        state: Annotated[Literal["open", "all"], Query(description="What waits now, or the newest of all.")] = "open",
    ) -> list[ApprovalView]:
        """List what waits for a person; or the newest hundred of any state, newest first.

        What waits comes oldest first, approvals of one bundle together, those that were passed on before all others.
        """
        found = self._store.approvals.open() if state == "open" else self._store.approvals.recent(LISTED)
        return [self._view(approval) for approval in found]

    async def approval(self, approval_id: ApprovalId) -> ApprovalView:
        """Return one approval, open or decided."""
        return self._view(self._approval(approval_id))

    async def decide(self, who: Who, approval_id: ApprovalId, decision: Decision, key: Key = None) -> Decided:
        """Approve or reject exactly one call, or a bundle up to the last one that was shown; the first decision counts.

        Where several people have to say yes, the first ones leave the approval open. The answer comes when the run has
        acted on it. 409 names who decided before, and when.
        """
        approval, run = await self._commands.decide(who, self._approval(approval_id), decision, key)
        bundle = self._store.approvals.bundle(approval.id)
        return Decided(approval=self._view(approval), run=RunView.of(run), bundle=list(map(self._view, bundle)))

    def _view(self, approval: Approval) -> ApprovalView:
        return ApprovalView.of(approval, self._state(approval))

    def _state(self, approval: Approval) -> ApprovalState | None:
        """Return what has become of an open approval; None when its row says it."""
        if approval.state != "open":
            return None
        if self._store.runs.get(approval.run_id).status in OVER:
            return "void"
        return "expired" if approval.expires_at <= self._now() else None

    def _approval(self, approval_id: str) -> Approval:
        return found(self._store.approvals.get, approval_id)
