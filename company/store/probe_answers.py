"""What versions of personas answered to the probes, kept so that a later version can be held to it."""

from collections.abc import Callable, Mapping
from datetime import datetime

import sqlalchemy as sa

from company.events import Json
from company.store.connection import Connection
from company.store.schema import probe_answers


class ProbeAnswers:
    """Recorded answers by persona version and setting.

    The setting is a fingerprint of everything else that decides an answer: only what was asked under the same one is
    held against each other.

    Args:
        connection: The store's database.
        now: Wall-clock time.
    """

    def __init__(self, connection: Connection, *, now: Callable[[], datetime]) -> None:
        self._connection, self._now = connection, now

    def keep(self, version: str, setting: str, answers: Mapping[str, Json]) -> None:
        """Keep answers by probe, instead of earlier ones to the same probes."""
        key = {"version": version, "setting": setting}
        with self._connection.transaction():
            self._connection.change(sa.delete(probe_answers).where(_of(version, setting)))
            for probe, answer in answers.items():
                row = {**key, "probe": probe, "answer": answer, "at": self._now()}
                self._connection.change(sa.insert(probe_answers), row)

    def of(self, version: str, setting: str) -> dict[str, Json]:
        """Return the answers of a version by probe; empty when it was never asked."""
        query = sa.select(probe_answers.c.probe, probe_answers.c.answer).where(_of(version, setting))
        return {row.probe: row.answer for row in self._connection.rows(query.order_by(probe_answers.c.probe))}


def _of(version: str, setting: str) -> sa.ColumnElement[bool]:
    return sa.and_(probe_answers.c.version == version, probe_answers.c.setting == setting)
