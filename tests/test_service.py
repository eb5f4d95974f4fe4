"""service: a daemon within this program, so that its clock can be set."""

import functools
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Self

import pytest

from feedbridge import config
from feedbridge.catalogue import present
from feedbridge.daemon import Alone, Daemon
from feedbridge.daemon.systemd import Notifier
from tests.daemons import configure, entries, put, until, wait_for
from tests.faults import lose_from_index
from tests.samples import archive

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Clock(datetime):
    """The clock of the system, but that it can be set."""

    is_ahead_by = timedelta(0)

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        """Return what it shows."""
        return super().now(tz) + cls.is_ahead_by


@pytest.fixture
def set_clock(monkeypatch) -> Iterator[Callable[[timedelta], None]]:
    """Give what sets the clock; APScheduler knows no other one either, and no signal is left to a daemon."""
    monkeypatch.setattr("apscheduler.schedulers.base.datetime", Clock)
    monkeypatch.setattr("apscheduler.triggers.interval.datetime", Clock)
    monkeypatch.setattr("feedbridge.daemon.service.TICK_S", 0.05)  # how soon it is noticed
    before = [signal.getsignal(number) for number in SIGNALS]
    yield functools.partial(monkeypatch.setattr, Clock, "is_ahead_by")
    for number, handler in zip(SIGNALS, before, strict=True):
        signal.signal(number, handler)


def run_beside(place: Path, act: Callable[[], None]) -> None:
    """Run a daemon; when it has published, act beside it in a thread, then end it."""

    def acting() -> None:
        try:
            until((place / "out" / "atom.xml").exists)
            act()
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    load = functools.partial(config.load, place / "config.toml")
    clock = functools.partial(Clock.now, UTC)
    daemon = Daemon(load, clock=clock, notifier=Notifier({}), beside=Alone())
    with ThreadPoolExecutor(1) as beside:
        acted = beside.submit(acting)
        daemon.run()
        acted.result()


STEPS = [
    pytest.param(HOUR, id="an hour ahead"),
    pytest.param(-HOUR, id="an hour back"),
    pytest.param(DAY, id="a day ahead"),
    pytest.param(-DAY, id="a day back"),
]


@pytest.mark.parametrize("step", STEPS)
def test_a_clock_that_is_set(tmp_path, set_clock, caplog, step):
    """It is told, all is looked at, and the next look comes in its time; no entry is another one."""
    archive(tmp_path / "in", count=10)
    configure(tmp_path, every="30 min", watch="false")

    def act() -> None:
        before = entries(tmp_path)
        put(tmp_path, "new")  # nobody tells of it
        set_clock(step)
        wait_for(tmp_path, "new")
        assert entries(tmp_path).items() > before.items()
        until(lambda: timedelta(0) < next_in(tmp_path) <= timedelta(minutes=30))

    run_beside(tmp_path, act)
    (told,) = (record for record in caplog.records if record.message == "clock.set")
    assert vars(told)["seconds"] == pytest.approx(step.total_seconds(), abs=2)
    assert "run.failed" not in caplog.messages


def next_in(place: Path) -> timedelta:
    """Return how long it is until the daemon looks at all, by its own clock; none while it is not told."""
    told = present(place / "state.sqlite3")
    return told.next_run - Clock.now(UTC) if told and told.next_run else timedelta(0)


def test_a_clock_that_is_set_again_and_again(tmp_path, set_clock, caplog):
    """After each time what nobody tells of is found by the schedule."""
    archive(tmp_path / "in", count=10)
    configure(tmp_path, every="1 s", watch="false")

    def act() -> None:
        before = entries(tmp_path)
        for number, ahead_by in enumerate((-DAY, HOUR)):
            set_clock(ahead_by)
            for name in (f"{number}-a", f"{number}-b"):  # the second one no look finds but a timed one
                put(tmp_path, name)
                wait_for(tmp_path, name)
        assert entries(tmp_path).items() > before.items()

    run_beside(tmp_path, act)
    assert caplog.messages.count("clock.set") == 2
    assert "run.failed" not in caplog.messages


def test_a_signal_that_comes_while_it_starts_is_heard(tmp_path, set_clock, caplog):
    """The configuration is read again by it, and nothing ends."""
    set_clock(timedelta(0))
    archive(tmp_path / "in", count=1)
    configure(tmp_path)
    caplog.set_level("INFO")
    loaded: list[config.Config] = []

    def load() -> config.Config:
        os.kill(os.getpid(), signal.SIGTERM if loaded else signal.SIGHUP)
        loaded.append(config.load(tmp_path / "config.toml"))
        return loaded[-1]

    Daemon(load, clock=functools.partial(Clock.now, UTC), notifier=Notifier({}), beside=Alone()).run()
    assert (len(loaded), caplog.messages.count("configuration.read")) == (2, 1)


def test_a_catalogue_is_looked_through_when_a_daemon_starts(tmp_path, set_clock, caplog):
    """What no run notices would last as long as it lives; entries and ids stay."""
    set_clock(timedelta(0))
    archive(tmp_path / "in", count=3)
    configure(tmp_path)
    run_beside(tmp_path, lambda: None)
    before = entries(tmp_path)
    (tmp_path / "out" / "atom.xml").unlink()
    lose_from_index(tmp_path / "state.sqlite3")
    run_beside(tmp_path, lambda: None)
    assert caplog.messages.count("catalogue.damaged") == 1
    assert entries(tmp_path) == before
