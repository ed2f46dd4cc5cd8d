"""Waits for Odoo no longer than somebody else waits for us."""

from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore, Lock
from typing import Any, TypeVar

Answer = TypeVar("Answer")


class Late(Exception):
    """No answer within the time. The question may still be under way."""


class Busy(Late):
    """Too many wait already: this question was not asked."""


class Patience:
    """Asks in threads of its own, a few at a time; nobody waits longer than he said.

    A question that is asked again while it is under way is not asked twice, and an answer that came too late serves
    whoever asks next: a page that is loaded again finds what the first look began.
    """

    def __init__(self, most: int, name: str = "odoo") -> None:
        self._threads = ThreadPoolExecutor(most, thread_name_prefix=name)
        self._free = BoundedSemaphore(most)
        self._open: dict[Hashable, Future[Any]] = {}
        self._lock = Lock()

    def ask(self, key: Hashable, question: Callable[[], Answer], seconds: float, *, in_line: bool = True) -> Answer:
        """What the question returns or raises; `key` says which question it is. Raises Late.

        Without `in_line` nobody waits for a free thread: Busy is raised at once.
        """
        future = self._asked(key, question, in_line)
        try:
            answer: Answer = future.result(max(0.0, seconds))
        except TimeoutError:
            if future.cancel():
                self._forget(key, future)
            raise Late from None
        except BaseException:
            self._forget(key, future)
            raise
        self._forget(key, future)
        return answer

    def _asked(self, key: Hashable, question: Callable[[], Answer], in_line: bool) -> Future[Any]:
        with self._lock:
            if key in self._open:
                return self._open[key]
            counted = self._free.acquire(blocking=False)
            if not counted and not in_line:
                raise Busy
            future = self._threads.submit(question)
            self._open[key] = future
        if counted:
            future.add_done_callback(lambda _: self._free.release())
        return future

    def _forget(self, key: Hashable, future: Future[Any]) -> None:
        with self._lock:
            if self._open.get(key) is future:
                del self._open[key]
