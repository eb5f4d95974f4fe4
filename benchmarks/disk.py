"""A first run from a disk that was not read yet, beside programs that do nothing but read all files."""

import os
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks import results, runs, situations, tables
from benchmarks.results import Goal
from benchmarks.runs import Took
from benchmarks.situations import SITUATIONS, Runner, Situation, Stage
from benchmarks.tables import Cell, Line

ONE_BY_ONE, AT_ONCE = "reads all, one by one", "reads all, 16 at once"
THREADS = {ONE_BY_ONE: 1, AT_ONCE: 16}
BOUND = 1.25  # times as long as the disk or the work itself, whichever takes longer
CACHES = Path("/proc/sys/vm/drop_caches")
ALL_CACHES = "3"  # of pages, and of names and inodes


def measure(stage: Stage, *, rounds: int) -> tuple[list[Cell], list[Goal]]:
    """Measure first runs, and programs that only read, each from the disk; print the table."""
    forget, how = forgetting(stage.archive.directory)
    results.say(f"made to be forgotten before each one from the disk: {how}")
    reading = runs.compiled("read.c", stage.work)
    runners: dict[str, Runner] = {
        what: partial(_read, reading, stage, forget, threads=threads) for what, threads in THREADS.items()
    }
    for one in (one for one in SITUATIONS if one.is_cold):
        runners[_from_disk(one)] = partial(_run, stage, forget, one)
        runners[one.name] = partial(situations.run, stage, one)
    cells = situations.take_turns(runners, rounds)
    lines = [tables.row_of(cells, Line(what=what), floor=ONE_BY_ONE)[:4] for what in runners]
    results.table(f"{stage.archive.files} files, {rounds} rounds", [tables.HEAD[:4], *lines])
    goals = [goal_of(cells, one) for one in SITUATIONS if one.is_cold]
    results.show("from the disk, beside reading all at once or its work alone, whichever is longer", goals)
    return cells, goals


def goal_of(cells: list[Cell], situation: Situation) -> Goal:
    """Return how a first run from the disk compares with the longer of what it must wait for."""
    rounds = zip(
        tables.seconds(cells, _from_disk(situation)),
        tables.seconds(cells, AT_ONCE),
        tables.seconds(cells, situation.name),
        strict=True,
    )
    ratio = median(cold / max(disk, warm) for cold, disk, warm in rounds)
    return Goal(what=f"{situation.name}: bound by the disk", value=ratio, unit="x", below=BOUND)


def forgetting(archive: Path) -> tuple[Callable[[], None], str]:
    """Return what has the system forget what it read of an archive, and how it does so."""
    try:
        CACHES.write_text(ALL_CACHES, encoding="ascii")
    except OSError:
        return partial(_drop_files, archive), "the files' content only (posix_fadvise): names and sizes stay"
    return _drop_all, f"all files, names and sizes ({CACHES})"


def _drop_all() -> None:
    os.sync()
    CACHES.write_text(ALL_CACHES, encoding="ascii")


def _drop_files(archive: Path) -> None:
    os.sync()
    for folder, _, names in os.walk(archive):
        for name in names:
            with Path(folder, name).open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _read(reading: Path, stage: Stage, forget: Callable[[], None], *, threads: int) -> Took:
    """Measure a program that reads all files."""
    small = _one_article(stage)
    forget()
    runs.measured([str(reading), str(small), "1"])  # so that the programs themselves are in memory
    took, _ = runs.measured([str(reading), str(stage.archive.directory), str(threads)])
    return took


def _run(stage: Stage, forget: Callable[[], None], situation: Situation) -> Took:
    """Measure a first run, for which the articles come from the disk; Python and its modules do not."""
    small = _one_article(stage)
    forget()
    directories = ["--input", str(small / "archive"), "--output", str(small / "public")]
    runs.measured([sys.executable, "-m", "feedbridge", "--quiet", "run", "--stateless", *directories])
    return situations.run(stage, situation)


def _one_article(stage: Stage) -> Path:
    """Return a place with an archive of one article, by which a program is brought into memory."""
    place = stage.work / "small"
    (place / "archive").mkdir(parents=True, exist_ok=True)
    shutil.copy(stage.archive.newest[0], place / "archive")
    return place


def _from_disk(situation: Situation) -> str:
    return f"{situation.name}, from the disk"
