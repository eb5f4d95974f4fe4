"""Work on many things, each for itself, done by several processes: listing, parsing, cleaning.

    with Workers(config, forked) as workers:
        for made in workers.map(work, given): …

It comes in the order in which it was given, and is what one process alone would have made of it.

Each worker has a pipe of its own, whose other end nobody holds but us: so it is noticed at once, by either
side, when the other is killed. (The pools of the standard library share pipes and locks among all; one that
is killed while it holds or fills them can leave a run of theirs waiting for ever.)
"""

import gc
import logging
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, Self, TypeVar
from weakref import WeakSet

from feedbridge.config import Config

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkContext

log = logging.getLogger(__name__)

MOST = 3  # processes beside our own: more would wait for the one that reads and remembers
AHEAD = 6  # batches on the way
AT_ONCE = 2  # batches for a worker: it works at one while the other waits

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


class Work(NamedTuple, Generic[_Given, _Made]):
    """Work of one kind. Its function stands in a module, and changes nothing: it may be done twice."""

    act: Callable[[Config, _Given], _Made]
    weight: Callable[[_Given], int]
    together: int  # so many at most go to a worker at once
    heavy: int  # or fewer that weigh so much
    alone: int  # so many are done in a run before workers are started
    prepare: Callable[[], object] = tuple  # imports what all of them need, so that it is in memory once


class Ending(Protocol):
    """A process or a thread."""

    def join(self) -> object:
        """Wait for its end."""


class _Batch:
    """What a worker is given at once, and what it made of it."""

    def __init__(self, given: Sequence[Any]) -> None:
        self.given = given
        self.is_handed_out = False
        self.made: Sequence[Any] | None = None


class Worker:
    """One who works at batches, in their order, at the other end of a pipe. Raises: OSError, EOFError."""

    def __init__(self, pipe: "Connection[Any, Any]", ending: Ending) -> None:
        self._pipe = pipe
        self._ending = ending
        self._at_work: deque[_Batch] = deque()

    @property
    def has_room(self) -> bool:
        """Whether another batch may be handed out."""
        return len(self._at_work) < AT_ONCE

    @property
    def is_ready(self) -> bool:
        """Whether a batch can be taken without waiting."""
        return bool(self._at_work) and self._pipe.poll()

    def hand_out(self, work: Work[Any, Any], batch: _Batch) -> None:
        """Have a batch worked at."""
        batch.is_handed_out = True
        self._at_work.append(batch)
        self._pipe.send((work.act, batch.given))

    def take(self) -> None:
        """Take what was made of the first batch, when it is done. Raises: what went wrong with it."""
        made = self._pipe.recv()
        if isinstance(made, Exception):
            raise made
        self._at_work.popleft().made = made

    def holds(self, batch: _Batch) -> bool:
        """Tell whether it works at a batch."""
        return batch in self._at_work

    def end(self) -> None:
        """End it; what it did not do is to be done by others."""
        for batch in self._at_work:
            batch.is_handed_out = False
        self._pipe.close()
        self._ending.join()


_ours: "WeakSet[Connection[Any, Any]]" = WeakSet()  # the ends of pipes by which workers are reached

Start = Callable[[Config], Sequence[Worker]]


def none(_: Config) -> Sequence[Worker]:
    """Start no workers."""
    return ()


class Workers:
    """Those of one run; they are started once there is enough to do."""

    def __init__(self, config: Config, start: Start) -> None:
        self._config = config
        self._start = start
        self._is_started = False
        self._workers: list[Worker] = []
        self._done: dict[object, int] = {}  # alone, by function

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Let all of them go; what is given from now on is done by this process."""
        self._is_started = True
        while self._workers:
            self._workers.pop().end()

    def map(self, work: Work[_Given, _Made], given: Iterable[_Given]) -> Generator[_Made, None, None]:
        """Give what is made of each, in order; without workers one at a time, as it is asked for.

        With workers some of what is given is taken ahead, and worked at whether it is asked for or not.
        """
        waiting = iter(given)
        for one in waiting:
            if self._start_for(work):
                yield from self._map_together(work, chain((one,), waiting))
                return
            self._done[work.act] = self._done.get(work.act, 0) + 1
            yield work.act(self._config, one)

    def others(self) -> "Workers":
        """Return some for other work, who begin and end at another time."""
        return Workers(self._config, self._start)

    def nobody(self) -> "Workers":
        """Return none: all is done by this process."""
        return Workers(self._config, none)

    @property
    def are_at_hand(self) -> bool:
        """Whether any were started, and are not lost."""
        return bool(self._workers)

    def _start_for(self, work: Work[Any, Any]) -> bool:
        """Start those who are to help if there is much to do; tell whether they do."""
        if not self._is_started and self._done.get(work.act, 0) >= work.alone:
            self._is_started = True
            work.prepare()
            self._workers.extend(self._start(self._config))
        return self.are_at_hand

    def _map_together(self, work: Work[_Given, _Made], given: Iterable[_Given]) -> Iterator[_Made]:
        waiting: deque[_Batch] = deque()
        for batch in _batches(work, given):
            waiting.append(batch)
            self._hand_out(work, waiting)
            if len(waiting) > AHEAD:
                yield from self._next(work, waiting)
        while waiting:
            yield from self._next(work, waiting)

    def _hand_out(self, work: Work[Any, Any], waiting: Iterable[_Batch]) -> None:
        """Give batches to all who have room."""
        for worker in tuple(self._workers):
            with self._watching(worker):
                while worker.is_ready:
                    worker.take()
                while worker.has_room and (batch := _not_handed_out(waiting)):
                    worker.hand_out(work, batch)

    def _next(self, work: Work[Any, Any], waiting: deque[_Batch]) -> Sequence[Any]:
        """Return what was made of the first batch; until it is there, work at others ourselves."""
        first = waiting[0]
        while first.made is None:
            self._hand_out(work, waiting)
            if batch := _not_handed_out(waiting):
                batch.is_handed_out = True
                batch.made = [work.act(self._config, one) for one in batch.given]
            else:
                self._wait_for(first)
        waiting.popleft()
        return first.made

    def _wait_for(self, batch: _Batch) -> None:
        for worker in tuple(self._workers):
            with self._watching(worker):
                while worker.holds(batch):
                    worker.take()

    @contextmanager
    def _watching(self, worker: Worker) -> Iterator[None]:
        """Go on without a worker that was killed, most likely since memory ran out."""
        try:
            yield
        except (EOFError, OSError):
            self._workers.remove(worker)
            worker.end()
            log.warning("worker.lost", extra={"detail": "it was killed; what it was at is done by others"})


def forked(config: Config) -> Sequence[Worker]:
    """Start a worker for each processor but our own, up to `MOST`; none where that is not safe.

    They are forked: so they are there at once, and what is imported stands in memory once only. That is safe
    as long as this process has one thread, which one that also serves or waits for signals has not.
    """
    if sys.platform != "linux" or threading.active_count() > 1:
        return ()
    count = min(MOST, len(os.sched_getaffinity(0)) - 1)
    return _fork(config, count) if count else ()


def _fork(config: Config, count: int) -> Sequence[Worker]:
    import signal  # noqa: PLC0415  # 20 ms that few runs need
    from multiprocessing import get_context  # noqa: PLC0415  # the same

    gc.freeze()  # what is shared is copied by whoever looks at it
    fork = get_context("fork")
    workers: list[Worker] = []
    # An interrupt at the terminal comes to all processes: it is ours alone, and must not come amid a fork.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        workers.extend(_one(fork, config) for _ in range(count))  # those who are there stay, if one fails
    except OSError as exc:
        log.warning("worker.missing", extra={"detail": f"{exc.strerror}: what it would do is done by others"})
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return workers


def _one(fork: "ForkContext", config: Config) -> Worker:
    """Start one. Raises: OSError."""
    mine, theirs = fork.Pipe()
    _ours.add(mine)
    process = fork.Process(target=_begin, args=(theirs, config), daemon=True)
    try:
        process.start()
    except OSError:
        mine.close()
        raise
    finally:
        theirs.close()
    return Worker(mine, process)


def _begin(pipe: "Connection[Any, Any]", config: Config) -> None:
    for one in _ours:  # of the process that began us: else nobody would notice that it closes one, or is gone
        one.close()
    # Not when its batch is done: it holds the lock of a run that is no more, or that waits for its end.
    serve(pipe, config, at_end=partial(os._exit, 0))


def serve(pipe: "Connection[Any, Any]", config: Config, *, at_end: Callable[[], object] = tuple) -> None:
    """Work at what comes by a pipe, until its other end is closed; `at_end` is called at once then.

    What comes is taken at once: whoever gives it does not wait for us, so that we may wait for him.
    """
    taken: SimpleQueue[tuple[Callable[[Config, Any], Any], Sequence[Any]] | None] = SimpleQueue()
    receiving = threading.Thread(target=_receive, args=(pipe, taken, at_end), daemon=True)
    receiving.start()
    with pipe:
        with suppress(OSError):
            while job := taken.get():
                pipe.send(_made(config, *job))
        receiving.join()  # it sees that the other end is closed, too: not under its hands


def _made(
    config: Config, act: Callable[[Config, Any], Any], given: Sequence[Any]
) -> Sequence[Any] | Exception:
    try:
        return [act(config, one) for one in given]
    except Exception as exc:  # noqa: BLE001  # whoever asked for it is to see it
        return exc


def _receive(pipe: "Connection[Any, Any]", taken: SimpleQueue[Any], at_end: Callable[[], object]) -> None:
    with suppress(EOFError, OSError):
        while True:
            taken.put(pipe.recv())
    at_end()
    taken.put(None)


def _not_handed_out(batches: Iterable[_Batch]) -> _Batch | None:
    return next((one for one in batches if not one.is_handed_out), None)


def _batches(work: Work[_Given, _Made], given: Iterable[_Given]) -> Iterator[_Batch]:
    batch: list[_Given] = []
    weight = 0
    for one in given:
        batch.append(one)
        weight += work.weight(one)
        if len(batch) == work.together or weight >= work.heavy:
            yield _Batch(batch)
            batch, weight = [], 0
    if batch:
        yield _Batch(batch)
