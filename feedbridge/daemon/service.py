"""The daemon: what wakes it, what it does then, and how it ends."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from feedbridge import pipeline, scan
from feedbridge.catalogue import Presence, companions
from feedbridge.config import Config
from feedbridge.daemon.agenda import Agenda, Task
from feedbridge.daemon.systemd import Notifier
from feedbridge.daemon.timing import Timer
from feedbridge.daemon.watching import Changes, Watcher
from feedbridge.errors import FeedbridgeError, LockedError, StateError, UsageError
from feedbridge.model import DaemonState
from feedbridge.pipeline.reader import roots_of
from feedbridge.standards.text import show

log = logging.getLogger(__name__)

TICK_S = 1.0  # how often the main thread looks around
STEP_S = 5.0  # by how much the clock may differ from what has passed before it was set
CHECK_S = 86_400.0  # how often the catalogue is looked through for damage that no run notices
LONGEST_PAUSE_S = 3600.0  # after failures, where the schedule is no interval


class Beside(Protocol):
    """What lives beside the runs, such as a server."""

    def configure(self, config: Config) -> None:
        """Do what a configuration wants from now on. Raises: UsageError, having changed nothing."""

    def ran(self, seconds: float, *, has_failed: bool) -> None:
        """Note that a run was made."""

    def stop(self) -> None:
        """End."""


class Alone:
    """Nothing lives beside the runs."""

    def configure(self, config: Config) -> None:
        """Want nothing."""

    def ran(self, seconds: float, *, has_failed: bool) -> None:
        """Count nothing."""

    def stop(self) -> None:
        """Have nothing to end."""


class Daemon:
    """Keeps the feeds of a configuration up to date until a signal ends it.

    `load` reads the configuration, again on SIGHUP. Only the main thread may call `run`.

    Raises: ConfigError.
    """

    def __init__(
        self,
        load: Callable[[], Config],
        *,
        clock: Callable[[], datetime],
        notifier: Notifier,
        beside: Beside,
    ) -> None:
        self._load = load
        self._clock = clock
        self._notifier = notifier
        self._beside = beside
        self._is_stopping = False
        self._wants_configuration = False
        self._changed = threading.Condition()  # guards all that follows
        self._catch_signals()  # of one that comes now the configuration is read again at once
        self._config = load()
        self._presence = Presence(_state_of(self._config))
        self._agenda = Agenda(patience_s=_patience_s(self._config))
        self._began_s: float | None = None  # the run in hand
        self._waits_since: datetime | None = None  # for the end of another's
        self._failure = ""  # of the last run
        self._checked_s = -CHECK_S  # when the catalogue was looked through
        self._drift_s = 0.0  # between the clock and what has passed

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; the run in hand comes to its end. A second one ends all at once.

        Raises: UsageError if what is to live beside the runs cannot.
        """
        self._drift_s = self._drift()
        try:
            self._beside.configure(self._config)
            with ThreadPoolExecutor(1, "feedbridge-run") as worker:
                working = worker.submit(self._work)
                self._notifier.tell("READY=1", "STATUS=the first run is at work")
                while wait([working], TICK_S).not_done:
                    self._look_around()
                working.result()  # a fault of ours is the program's end
        finally:
            self._beside.stop()
        self._presence.close()

    # --- the main thread --------------------------------------------------------------------

    def _catch_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGHUP, self._reload)

    def _stop(self, *_: object) -> None:
        if self._is_stopping:
            os._exit(1)  # whole files stand at any moment, and the next start sweeps
        self._is_stopping = True
        self._notifier.tell("STOPPING=1")
        threading.Thread(target=self._wake, daemon=True).start()  # a handler must not wait for a lock

    def _reload(self, *_: object) -> None:
        self._wants_configuration = True
        threading.Thread(target=self._wake, daemon=True).start()

    def _look_around(self) -> None:
        """Tell the service manager that we live, unless a run hangs; notice when the clock was set."""
        began_s = self._began_s
        if began_s is None or time.monotonic() - began_s <= self._config.schedule.budget.total_seconds():
            self._notifier.tell("WATCHDOG=1")
        drift_s = self._drift()
        if abs(drift_s - self._drift_s) > STEP_S:
            log.warning("clock.set", extra={"seconds": round(drift_s - self._drift_s)})
            with suppress(LookupError):  # it is about to be made anew, for another configuration
                self._timer.restart()
            self._want_all()
        self._drift_s = drift_s

    def _drift(self) -> float:
        return self._clock().timestamp() - time.monotonic()

    # --- what wakes the worker -----------------------------------------------------------------

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify()

    def _want_all(self) -> None:
        with self._changed:
            self._agenda.want_all(time.monotonic())
            self._changed.notify()

    def _want(self, changes: Changes) -> None:
        roots = roots_of(self._config)
        named = {path: is_written for file, is_written in changes.items() if (path := _named(file, roots))}
        with self._changed:
            self._agenda.want(named, time.monotonic())
            self._changed.notify()

    # --- the worker ---------------------------------------------------------------------------

    def _work(self) -> None:
        self._begin()
        try:
            while (task := self._next()) is not None:
                self._do(task)
        finally:
            self._end()

    def _begin(self) -> None:
        """Start what wakes us, for the configuration that holds."""
        self._want_all()
        self._timer = Timer(self._config.schedule, self._want_all)
        self._timer.start()
        self._tell()
        self._watcher = self._new_watcher() if self._config.schedule.watch else None
        if self._watcher:
            self._watcher.start()

    def _end(self) -> None:
        self._timer.stop()
        if self._watcher:
            self._watcher.stop()

    def _new_watcher(self) -> Watcher:
        config = self._config
        own = (*companions(config.state.file), config.output.directory) if config.state.file else ()
        directories = config.input.directories
        passes_over = [path for path in own if path not in directories]
        return Watcher(directories, passes_over=passes_over, tell=self._want, tell_all=self._want_all)

    def _next(self) -> Task | None:
        """Wait for the next task; None when it is time to stop."""
        while not self._is_stopping:
            if self._wants_configuration:
                self._wants_configuration = False
                self._configure()  # without the lock: it waits for the end of threads that want it
            with self._changed:
                if task := self._agenda.take(time.monotonic()):
                    self._began_s = time.monotonic()
                    return task
                if not (self._is_stopping or self._wants_configuration):
                    self._changed.wait(min(self._agenda.wait_s(time.monotonic()), threading.TIMEOUT_MAX))
        return None

    def _configure(self) -> None:
        """Take another configuration, if it is one; what wakes us is started anew."""
        try:
            config = self._load()
            presence = self._presence_of(config)
            self._beside.configure(config)
        except (UsageError, StateError) as exc:
            detail = f"the one before stays: {exc}"
            log.error("configuration.refused", extra={"detail": detail})  # noqa: TRY400  # nobody needs a traceback
            return
        self._end()
        if presence is not self._presence:
            self._presence.close()
        self._config, self._presence = config, presence
        self._agenda = Agenda(patience_s=_patience_s(config))
        log.info("configuration.read")
        self._begin()

    def _presence_of(self, config: Config) -> Presence:
        file = _state_of(config)
        return self._presence if file == self._config.state.file else Presence(file)

    def _do(self, task: Task) -> None:
        """Run once; whatever happens, the next run comes."""
        started_s = time.monotonic()
        self._tell(running_since=self._waits_since or self._clock())
        asked = self._asked(task)
        try:
            outcome = pipeline.run(
                self._config, clock=self._clock, asked=asked, elapsed=lambda: time.monotonic() - started_s
            )
        except LockedError:
            self._postpone(task)
        except Exception as exc:  # noqa: BLE001  # the last line of defence
            self._fail(exc)
            self._beside.ran(time.monotonic() - started_s, has_failed=True)
        else:
            self._checked_s = started_s if asked.is_checked else self._checked_s
            self._succeed(has_read=outcome.report.work.articles_parsed > 0)
            self._beside.ran(time.monotonic() - started_s, has_failed=False)
        finally:
            self._began_s = None
            self._tell(running_since=self._waits_since)

    def _postpone(self, task: Task) -> None:
        if self._waits_since is None:
            self._waits_since = self._clock()
            log.info("run.postponed", extra={"detail": "another run is at work"})
        with self._changed:
            self._agenda.postponed(time.monotonic(), task)

    def _asked(self, task: Task) -> pipeline.Asked:
        is_due = time.monotonic() - self._checked_s >= CHECK_S
        paths = None if task.is_whole else task.paths
        return pipeline.Asked(paths=paths, is_checked=task.is_whole and is_due)

    def _succeed(self, *, has_read: bool) -> None:
        self._failure, self._waits_since = "", None
        with self._changed:
            self._agenda.succeeded(time.monotonic(), has_read=has_read)
        self._notifier.tell(f"STATUS=the feeds are up to date; next look at all: {self._timer.next()}")

    def _tell(self, *, running_since: datetime | None = None) -> None:
        with suppress(OSError, StateError):  # who asks `status` is told less
            self._presence.tell(DaemonState(next_run=self._timer.next(), running_since=running_since))

    def _fail(self, exc: Exception) -> None:
        self._waits_since = None
        self._failure = str(exc) if isinstance(exc, FeedbridgeError) else f"{type(exc).__name__}: {exc}"
        with self._changed:
            self._agenda.failed(time.monotonic())
            pause_s = self._agenda.wait_s(time.monotonic())
        detail = f"{self._failure}; the feeds that stand stay, it is tried again in {pause_s:.0f} s"
        log.error("run.failed", extra={"detail": show(detail)}, exc_info=not isinstance(exc, FeedbridgeError))
        self._notifier.tell(f"STATUS=the last run failed: {show(self._failure)}")


def _state_of(config: Config) -> Path:
    assert config.state.file is not None  # noqa: S101  # who loads has seen to it
    return config.state.file


def _patience_s(config: Config) -> float:
    schedule = config.schedule
    return LONGEST_PAUSE_S if schedule.cron else schedule.every / timedelta(seconds=1)


def _named(file: Path, roots: tuple[scan.Root, ...]) -> bytes | None:
    """Return the path by which a file of the archive goes there."""
    for root in roots:
        if file.is_relative_to(root.directory):
            return root.prefix + os.fsencode(file.relative_to(root.directory))
    return None
