"""The stage on which a run is played: the real engine, graph, prompts and governor over a store in memory.

Only what comes from outside is other than in a real run: memory, world, models, tools and people are on the tape.
Budgets do not limit what is played: whether a call fitted under them is on the tape too.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from company.engine.engine import Engine, opening
from company.engine.replay.player import Parted, Player
from company.engine.replay.reel import Reel, draft_of, is_input
from company.engine.taped import TapedCompany, parts_of
from company.errors import Stopped
from company.events import Event
from company.governor import tape
from company.graph import FencedSaver
from company.home import Company
from company.store import Approval, Run
from company.store.scratch import MEMORY, ScratchStore


class Stage(Engine):
    """Plays runs, one after the other.

    Args:
        company: The company whose runs are played; it is only read.
        directory: An empty directory for the locks of the engine.

    Attributes:
        produced: What the run that was played last has written, in order.
    """

    durability = "exit"  # nobody resumes it from a file

    def __init__(self, company: Company, directory: Path) -> None:
        self.produced: list[Event] = []
        self._player: Player | None = None
        self._journal = company.store.journal
        self._scratch = ScratchStore(company.store.home_id, self)
        clock = _Clock(self)
        played = {"store": self._scratch, "state": directory, "clock": clock, "wall": clock}
        played["redactor"] = company.redactor.settled()
        super().__init__(_Played(**parts_of(company) | played))

    @property
    def decisions(self) -> int:
        """Answers of models and calls of tools that were played in the last run."""
        return self._now_playing.decisions

    async def play(self, reel: Reel) -> Player:
        """Play a run to where it is now; `produced` is what it wrote, also when it went another way.

        Raises:
            Parted: It asked for something that it was not given then.
        """
        self.produced = []
        self._player = player = Player(reel, journal=self._store.journal, allowance=self._allowance)
        run = self._scratch.begin(reel.run)
        self._note(run, *opening(run))
        while player.next(tape.BEGUN):
            await self._play_on(run, player)
        if stop := player.next(tape.STOPPED):
            await self._stopped(run, Stopped(stop.data["reason"]))
        return player

    def close(self) -> None:
        """Forget everything."""
        super().close()
        self._scratch.close()

    async def _play_on(self, run: Run, player: Player) -> None:
        """Drive a run once more."""
        begun = player.next(tape.BEGUN)
        try:
            await self.advance(run.id)
        except Parted:
            raise
        except Exception:  # noqa: BLE001 - it is in the events of the run, as that of the original is
            return
        if player.next(tape.BEGUN) is begun:
            raise Parted(f"the run is {self._store.runs.get(run.id).status} where it went on then")

    def _open_saver(self) -> FencedSaver:
        return FencedSaver(MEMORY, token=self._store.runs.token)

    def _take(self, run: Run) -> int:
        token = super()._take(run)
        begun = self._now_playing.next(tape.BEGUN)
        return self._scratch.set_token(run.id, begun.data["attempt"]) if begun else token

    def _tape(self, run: Run, attempt: int) -> tape.Tape:
        self._now_playing.take(tape.BEGUN, "")
        return self._now_playing

    async def _stopped(self, run: Run, stop: Stopped) -> Run:
        if self._now_playing.next(tape.STOPPED):
            self._now_playing.take(tape.STOPPED, "")
        return await super()._stopped(run, stop)

    async def _fail(self, run: Run, error: Exception) -> None:
        if not isinstance(error, Parted):
            await super()._fail(run, error)

    @property
    def _now_playing(self) -> Player:
        assert self._player is not None
        return self._player

    def wall_time(self) -> datetime:
        """Return the time at which the next event was written then."""
        events = self._now_playing.reel.events
        return events[min(self._now_playing.written, len(events) - 1)].at

    def company_time(self) -> datetime:
        """Return company time as the recording tells it."""
        return self._now_playing.moment

    def asked(self, path: str, call_id: str) -> Approval | None:
        """Return the question that was asked about a call then."""
        return self._now_playing.reel.asked.get((path, call_id))

    def seq(self, place: int) -> int:
        """Return the number of the event at a place; one that was not written then gets one after all of them."""
        events = self._now_playing.reel.events
        return events[place].seq if place < len(events) else events[-1].seq + 1 + place - len(events)

    def earlier(self, thread_id: str, types: Collection[str] | None, limit: int) -> list[Event]:
        """Return what other runs of a conversation had written when the run was here."""
        run, here = self._now_playing.reel.run, self._store.journal.last_seq()
        found = self._journal.read(thread_id=thread_id, types=types, limit=limit)
        return [event for event in found if event.seq < here and event.run_id != run.id]

    def wrote(self, events: Sequence[Event]) -> None:
        """Take note of what was written; what was done to the run right after it then, is done now."""
        player = self._now_playing
        self.produced += events
        player.written += len(events)
        for event in filter(is_input, player.reel.events[player.written :][:1]):
            self._let_act(player, event.body["value"])
            self._store.journal.append([draft_of(event)])

    def _let_act(self, player: Player, act: Mapping[str, Any]) -> None:
        """Let people answer a question as they did."""
        if "approval" in act:
            asked = {approval.id: approval for approval in player.reel.asked.values()}
            self._scratch.follow(asked[act["approval"]], act)


class _Played(TapedCompany):
    """A company whose world is left alone."""

    def advance_to(self, at: datetime) -> None:
        """The world is where it is; what it showed is on the tape."""

    async def reconcile(self) -> None:
        """The venues are not asked; what they said is on the tape."""


class _Clock:
    """Company time as the recording tells it."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def now(self) -> datetime:
        return self._stage.company_time()

    def monotonic(self) -> float:
        return 0.0
