"""A thread that starts worker processes for others and looks after those that nobody uses.

The kernel ends a worker with the thread that started it (PR_SET_PDEATHSIG), so that thread has to outlive every call.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future

from company.toolkit.worker.process import Process, WorkerFailure
from company.toolkit.worker.terms import Start


class Keeper:
    """The thread; it is there from the first start to `close`.

    Args:
        tend: Ends what is idle too long, and returns seconds until it has to look again; None when nothing is idle.
    """

    def __init__(self, tend: Callable[[], float | None]) -> None:
        self._tend = tend
        self._orders: queue.SimpleQueue[tuple[Start | None, Future[Process]]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._lock = threading.Lock()

    def start(self, start: Start) -> Process:
        """Start a process and return it.

        Raises:
            OSError: The system refuses.
            WorkerFailure: It is closed.
        """
        done: Future[Process] = Future()
        with self._lock:
            if self._closed:
                raise WorkerFailure("the company is closed")
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="keeper of workers", daemon=True)
                self._thread.start()
            self._orders.put((start, done))
        return done.result()

    def close(self) -> None:
        """End the thread, and with it what it started."""
        with self._lock:
            self._closed = True
            self._orders.put((None, Future()))
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        while True:
            try:
                start, done = self._orders.get(timeout=self._tend())
            except queue.Empty:
                continue
            if start is None:
                return
            try:
                done.set_result(Process(start))
            except BaseException as error:  # noqa: BLE001 - raised again by who asked
                done.set_exception(error)
