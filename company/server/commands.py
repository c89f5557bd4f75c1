"""Starts runs on request, each request once.

A client that did not hear the answer repeats its request with the same `Idempotency-Key` and gets the run it began the
first time, also after a restart: the key is written in the transaction that writes the run.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from company.engine import Engine
from company.errors import UsageError
from company.server.driving import Driver
from company.server.faults import Refusal
from company.server.native.views import Message
from company.store import Run

_KIND = "request"


class Commands:
    """Turns requests into runs that the server drives.

    Args:
        engine: Starts runs.
        driver: Drives them.
        person: Who speaks when a request does not say.
    """

    def __init__(self, engine: Engine, driver: Driver, *, person: str) -> None:
        self._engine, self._driver, self._person = engine, driver, person
        self._books = engine.company.store.books("server")

    def say(self, message: Message, key: str | None) -> Run:
        """Begin a chat turn, or return the one that `key` began.

        Raises:
            Refusal: The company is stopped, or the key belongs to another request.
        """
        asked = {"request": message.text, "thread_id": message.thread, "person": message.person or self._person}
        return self._once(key, kind="chat", **asked)

    def cycle(self, key: str | None) -> Run:
        """Begin a cycle, or return the one that `key` began.

        Raises:
            Refusal: The company is stopped, or the key belongs to another request.
        """
        return self._once(key, kind="cycle")

    def _once(self, key: str | None, **asked: str) -> Run:
        with self._books.transaction():
            run, is_new = self._begun(key, asked) if key else (self._begin(asked), True)
        if is_new:
            self._driver.drive(run.id)
        return run

    def _begun(self, key: str, asked: Mapping[str, Any]) -> tuple[Run, bool]:
        """Return the run of a key, and whether it is new."""
        mark = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
        known = self._books.get(_KIND, key)
        if known is None:
            run = self._begin(asked)
            self._books.put(_KIND, key, {"run": run.id, "request": mark})
            return run, True
        if known["request"] != mark:
            raise Refusal(422, f"Idempotency-Key {key!r} was used for another request; give each request its own")
        return self._engine.company.store.runs.get(known["run"]), False

    def _begin(self, asked: Mapping[str, Any]) -> Run:
        try:
            return self._engine.start(**asked)
        except UsageError as error:
            raise Refusal(409, str(error)) from error
