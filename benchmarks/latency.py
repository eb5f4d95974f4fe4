"""How soon a new article is in its feeds, and what a daemon costs that waits.

python -m benchmarks.latency                                   archives of 10,000 and of 100,000 articles
python -m benchmarks.latency --articles 1000 --samples 20 --idle 10 --json result.json

Measured is the time from just before the `rename` that puts an article into the archive until `atom.xml` on
the disk is another file that names it: by a look each millisecond, so that it is never less than the true
time, and more by at most one look. The longest of these looks is printed, too. Only Linux tells the rest.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

from benchmarks import archives, results
from benchmarks.results import Goal
from feedbridge.model import Value

LOOK_S = 0.001  # between two looks at the feed
PATIENCE_S = 600.0  # for the first run over a large archive
LOST_S = 30.0  # an article that takes longer is lost
PAUSE_S = (0.3, 1.0)  # between two articles, drawn: nothing keeps step with them
QUIET_S = 4.0  # after a run: young files have been looked at once more, and all is still
SEED = 1
SCHEDULED = 2  # of the clocks of a process, as Linux numbers them: what the scheduler gave it

CONFIGURATION = '[input]\ndirectory = "archive"\n[output]\ndirectory = "public"\n'


class Arrival(Value, frozen=True):
    """How an article came into its feed."""

    seconds: float
    look_s: float  # the longest time between two looks


class Cost(Value, frozen=True):
    """What a daemon takes."""

    idle_percent: float  # of a core
    look_s: float  # of processor time, for a look at all where nothing has changed
    resident_mib: float
    peak_mib: float


class Measured(Value, frozen=True):
    """What was found with one archive."""

    articles: int
    entries: int  # of the main feed
    arrivals: tuple[Arrival, ...]
    idle_s: float
    cost: Cost


class Daemon:
    """A daemon that is at work in a directory."""

    def __init__(self, place: Path, child: "subprocess.Popen[bytes]") -> None:
        self.feed = place / "public" / "atom.xml"
        self.archive = place / "archive"
        self._log = place / "log"
        self._child = child

    def runs(self) -> int:
        """Return how many runs have come to their end."""
        return self._log.read_bytes().count(b"run.finished")

    def entries(self) -> int:
        """Return how many entries the feed has: it takes as long as there are many."""
        return self.feed.read_bytes().count(b"</entry>")

    def wait_until(self, holds: Callable[[], bool]) -> None:
        """Wait for something that must come. Raises: RuntimeError if the daemon ends before."""
        ends = time.monotonic() + PATIENCE_S
        while not holds():
            if self._child.poll() is not None or time.monotonic() > ends:
                raise RuntimeError(f"the daemon did not do it:\n{self._log.read_text(encoding='utf-8')}")
            time.sleep(0.05)

    def look_at_all(self) -> None:
        """Have it look at the whole archive, and wait for the end of that."""
        before = self.runs()
        self._child.send_signal(signal.SIGHUP)
        self.wait_until(lambda: self.runs() > before)

    def processor_s(self) -> float:
        """Return the processor time of all its threads, also of those that have ended; in steps of 1 ns."""
        return time.clock_gettime(~self._child.pid << 3 | SCHEDULED)

    def memory_mib(self, name: str) -> float:
        """Return what the system knows of its memory: VmRSS or VmHWM."""
        lines = Path(f"/proc/{self._child.pid}/status").read_text(encoding="ascii").splitlines()
        (size_kib,) = (int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
        return size_kib / 1024


def main(arguments: list[str]) -> int:
    """Measure, and print it; return 1 if a goal is missed."""
    asked = _parser().parse_args(arguments)
    on = results.machine()
    found = []
    is_met = True
    for count in asked.articles:
        found.append(measure(count, samples=asked.samples, idle_s=asked.idle))
        goals = goals_of(found[-1])
        results.show(f"{count} articles, {asked.samples} arrivals, idle for {asked.idle:g} s", goals)
        is_met = is_met and all(goal.is_met for goal in goals)
    results.keep(asked.json, benchmark="latency", on=on, results=found)
    return int(not is_met)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.latency",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--articles", type=int, nargs="+", default=[10_000, 100_000], metavar="N")
    parser.add_argument("--samples", type=int, default=60, metavar="N", help="new articles; default: 60")
    parser.add_argument("--idle", type=float, default=60, metavar="S", help="seconds of rest; default: 60")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the results, with machine and date")
    return parser


def measure(count: int, *, samples: int, idle_s: float) -> Measured:
    """Return what is found with an archive of so many articles."""
    with tempfile.TemporaryDirectory(prefix="feedbridge-") as directory:
        place = Path(directory)
        (place / "config.toml").write_text(CONFIGURATION)
        archives.fill(place / "archive", count=count, seed=SEED, newest=_now())
        with running(place) as daemon:
            daemon.wait_until(lambda: daemon.feed.exists() and daemon.runs() > 0)
            daemon.look_at_all()
            time.sleep(QUIET_S)
            arrivals = tuple(arrive(daemon, first=count, count=samples))
            cost = rest(daemon, idle_s)
            entries = daemon.entries()
        return Measured(articles=count, entries=entries, arrivals=arrivals, idle_s=idle_s, cost=cost)


@contextmanager
def running(place: Path) -> Iterator[Daemon]:
    """Start a daemon; end it whatever happens."""
    environment = {**os.environ, "FEEDBRIDGE_CONFIG": ""}
    command = [sys.executable, "-m", "feedbridge", "--config", str(place / "config.toml"), "daemon"]
    with (place / "log").open("wb") as log:
        child = subprocess.Popen(command, stderr=log, env=environment)  # noqa: S603  # our own program
    try:
        yield Daemon(place, child)
    finally:
        child.terminate()
        child.wait()


def arrive(daemon: Daemon, *, first: int, count: int) -> Iterator[Arrival]:
    """Let articles come one by one; tell of each how it came into its feed."""
    writer = archives.Writer(SEED + 1)
    rng = random.Random(SEED)  # noqa: S311  # to be repeated, not to be secret
    for number in range(first, first + count):
        sample = writer.write(number, epoch=_now())
        place = daemon.archive / sample.path
        place.parent.mkdir(exist_ok=True)
        hidden = place.parent / f".{place.name}"
        hidden.write_bytes(sample.raw)
        time.sleep(rng.uniform(*PAUSE_S))
        yield _arrival(hidden, place, daemon.feed, sample.url.encode())


def _arrival(hidden: Path, place: Path, feed: Path, url: bytes) -> Arrival:
    """Rename an article into its place, and look at the feed until it is there."""
    seen = feed.stat().st_ino, feed.stat().st_mtime_ns
    began_s = looked_s = time.perf_counter()
    longest_s = 0.0
    hidden.rename(place)
    while True:
        status = feed.stat()
        now_s = time.perf_counter()
        longest_s, looked_s = max(longest_s, now_s - looked_s), now_s
        if seen != (seen := (status.st_ino, status.st_mtime_ns)) and url in feed.read_bytes():
            return Arrival(seconds=now_s - began_s, look_s=longest_s)
        if now_s - began_s > LOST_S:
            raise RuntimeError(f"{place} did not come into {feed} within {LOST_S:.0f} s")
        time.sleep(LOOK_S)


def rest(daemon: Daemon, idle_s: float) -> Cost:
    """Leave a daemon alone for a while; return what it took."""
    time.sleep(QUIET_S)
    begun_s = daemon.processor_s()
    daemon.look_at_all()  # from here on the schedule has none for five minutes
    look_s = daemon.processor_s() - begun_s
    time.sleep(QUIET_S)
    begun_s, began_s, runs = daemon.processor_s(), time.monotonic(), daemon.runs()
    time.sleep(idle_s)
    used_s, passed_s = daemon.processor_s() - begun_s, time.monotonic() - began_s
    if daemon.runs() != runs:
        raise RuntimeError("the daemon ran meanwhile: it was not idle; is --idle longer than its schedule?")
    return Cost(
        idle_percent=100 * used_s / passed_s,
        look_s=look_s,
        resident_mib=daemon.memory_mib("VmRSS"),
        peak_mib=daemon.memory_mib("VmHWM"),
    )


def goals_of(found: Measured) -> list[Goal]:
    """Return the numbers of an archive with their goals."""
    times = sorted(one.seconds for one in found.arrivals)
    look_s = max(one.look_s for one in found.arrivals)
    cost = found.cost
    return [
        Goal(what="arrival, median", value=median(times), unit="s", below=0.1),
        Goal(what="arrival, p95", value=_p95(times), unit="s", below=0.3),
        Goal(what="arrival, longest", value=times[-1], unit="s"),
        Goal(what="entries of the main feed", value=found.entries, unit=""),
        Goal(what="longest time between two looks", value=look_s, unit="s"),
        Goal(what="idle", value=cost.idle_percent, unit="% of a core", below=0.2),
        Goal(what="a look at all, every 5 min", value=cost.look_s, unit="s of processor time"),
        Goal(what="memory (VmRSS)", value=cost.resident_mib, unit="MiB", below=100),
        Goal(what="memory at its most (VmHWM)", value=cost.peak_mib, unit="MiB"),
    ]


def _p95(times: list[float]) -> float:
    return quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else times[0]


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
