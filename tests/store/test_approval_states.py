"""Whatever people and roles do, in whatever order: nothing is approved without all it takes, twice, or too late."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from company.errors import CompanyError, IntegrityError, UsageError
from company.store import Store

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
PEOPLE = ("ada", "Grace", "ann")
SPELLINGS = {"ada": (" Ada", "ADA ", "ada"), "Grace": ("grace",), "ann": ("Ann",)}
ROLES = ("role:ceo", " Role:trading", "", "  ")
LASTS, AFTER = 100.0, timedelta(seconds=60)


class Inbox(RuleBasedStateMachine):
    """Two processes over one database, and beside them what should be true."""

    pristine: Path

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory()
        self.now = START

    @initialize()
    def open(self) -> None:
        home = Path(shutil.copytree(self.pristine, Path(self._folder.name) / "home"))
        self.stores = [Store.open(home / "state.db", now=lambda: self.now) for _ in range(2)]
        self.said_yes: dict[str, set[str]] = {}
        self.said_no: set[str] = set()
        self.approved_at: dict[str, datetime] = {}
        self.settled: set[str] = set()
        self.calls = 0

    def teardown(self) -> None:
        for store in getattr(self, "stores", []):
            store.close()
        self._folder.cleanup()

    @rule(
        run=st.sampled_from(["R1", "R2"]),
        needed=st.sampled_from([1, 1, 2, 3]),
        same=st.sampled_from(["h1", "h2", ""]),
        at=st.sampled_from([0, 1]),
    )
    def ask(self, run: str, needed: int, same: str, at: int) -> None:
        self.calls += 1
        asked = self.stores[at].approvals.ask(
            run_id=run,
            thread_id="",
            role="trading",
            path="ceo/trading",
            call_id=f"c{self.calls}",
            tool="place_order",
            arguments={},
            arguments_hash=same or f"h of {self.calls}",
            reason="",
            rule="x.y",
            sources=[],
            expires_seconds=LASTS,
            needed=needed,
        )
        assert asked.state == "open"
        self.said_yes[asked.id] = set()

    @precondition(lambda self: self.said_yes)
    @rule(
        data=st.data(), who=st.sampled_from(PEOPLE), yes=st.booleans(), bundle=st.booleans(), at=st.sampled_from([0, 1])
    )
    def answer(self, data: st.DataObject, who: str, yes: bool, bundle: bool, at: int) -> None:
        name = data.draw(st.sampled_from(sorted(self.said_yes)))
        by = data.draw(st.sampled_from(SPELLINGS[who]))
        approvals = self.stores[at].approvals
        before = {each: approvals.get(each) for each in self.said_yes}
        with self.nothing_changes_when_refused(before):
            decided = approvals.decide_bundle(name, yes, by) if bundle else [approvals.decide(name, yes, by)]
            for approval in decided:
                earlier = before[approval.id]
                assert earlier.state == "open"
                assert self.now < earlier.expires_at
                assert approval.bundle == before[name].bundle
                assert approval.number <= before[name].number
                assert not (bundle and yes and earlier.repeats)
                self.said_yes[approval.id] |= {who} if yes else set()
                self.said_no |= set() if yes else {approval.id}
                if approval.state == "approved":
                    self.approved_at[approval.id] = self.now

    @precondition(lambda self: self.said_yes)
    @rule(data=st.data(), by=st.sampled_from(ROLES), yes=st.booleans(), bundle=st.booleans())
    def sign_as_a_role(self, data: st.DataObject, by: str, yes: bool, bundle: bool) -> None:
        name = data.draw(st.sampled_from(sorted(self.said_yes)))
        approvals = self.stores[0].approvals
        before = approvals.bundle(name)
        with pytest.raises(UsageError, match="a person must"):
            (approvals.decide_bundle if bundle else approvals.decide)(name, yes, by)
        assert approvals.bundle(name) == before

    @precondition(lambda self: self.said_yes)
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.said_yes)))
        if name in self.approved_at and name not in self.settled:
            self.stores[0].approvals.settle(name, "ok")
            self.settled.add(name)
        else:
            with pytest.raises(IntegrityError):
                self.stores[0].approvals.settle(name, "ok")

    @rule(seconds=st.sampled_from([1, 30, 59, 100]))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(at=st.sampled_from([0, 1]))
    def expire(self, at: int) -> None:
        for approval in self.stores[at].approvals.expire(self.now):
            assert approval.expires_at <= self.now

    @rule(at=st.sampled_from([0, 1]))
    def escalate(self, at: int) -> None:
        marked = self.stores[at].approvals.escalate(self.now, AFTER)
        assert all(each.state == "open" and each.asked_at + AFTER <= self.now < each.expires_at for each in marked)
        assert self.stores[at].approvals.escalate(self.now, AFTER) == []

    @invariant()
    def nothing_is_approved_without_everybody_it_takes_or_too_late_or_twice(self) -> None:
        if not hasattr(self, "stores"):
            return
        for name, yes in self.said_yes.items():
            approval = self.stores[0].approvals.get(name)
            if approval.state in {"approved", "done"}:
                assert len(yes) >= approval.needed
                assert name not in self.said_no
                assert self.approved_at[name] < approval.expires_at
            assert (approval.state == "rejected") == (name in self.said_no)
            assert (approval.state == "done") == (name in self.settled)
            assert len(approval.votes) == (len(yes) if approval.needed > 1 else 0)

    @invariant()
    def no_bundle_grows_beyond_ten_and_none_is_empty_of_its_first(self) -> None:
        for name in getattr(self, "said_yes", {}):
            bundle = self.stores[0].approvals.bundle(name)
            assert len(bundle) <= 10
            assert bundle[0].id == bundle[0].bundle

    @contextmanager
    def nothing_changes_when_refused(self, before: dict[str, object]) -> Iterator[None]:
        try:
            yield
        except CompanyError:
            assert {each: self.stores[1].approvals.get(each) for each in self.said_yes} == before


@pytest.fixture(autouse=True)
def _machine(pristine: Path) -> None:
    Inbox.pristine = pristine


def test_only_people_approve_all_it_takes_once_and_in_time() -> None:
    run_state_machine_as_test(
        Inbox,
        settings=settings(
            max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
