"""What feedbridge is measured at, and what it may take then."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import changes, results, runs
from benchmarks.changes import Archive, Change
from benchmarks.runs import MAIN, SOURCES, Took
from benchmarks.tables import Aims, Cell, Line
from feedbridge.model import Value

WALK = "walk and stat (C)"
SCRIPTS = {MAIN: "script, main feed only", SOURCES: "script, with a feed a source"}
FEW = 10  # of the newest files that are asked for at least

Changing = Callable[[Archive, int], AbstractContextManager[Change]]
Runner = Callable[[], Took]


class Stage(Value, frozen=True):
    """Where the runs for one archive take place."""

    work: Path  # vanishes at the end; the archive may stay
    archive: Archive
    new: int  # how many articles come at once, or move


class Situation(Value, frozen=True):
    """How things are before a run."""

    name: str
    feeds: str
    change: Changing
    is_cold: bool = False  # nothing was ever run
    aims: Mapping[int, Aims] = {}  # by the number of articles

    def what(self, new: int) -> str:
        """Return its name."""
        return self.name.format(new=f"{new:,}")

    def line(self, *, size: int, new: int) -> Line:
        """Return its line of the table."""
        aims = self.aims.get(size, Aims())
        return Line(what=self.what(new), script=SCRIPTS[self.feeds], aims=aims)


def _by_size(ten: Aims, hundred: Aims, thousand: Aims | None = None) -> dict[int, Aims]:
    found = {10_000: ten, 100_000: hundred, 1_000_000: thousand}
    return {size: aims for size, aims in found.items() if aims is not None}


SITUATIONS = (
    Situation(
        name="cold, main feed only",
        feeds=MAIN,
        change=lambda archive, _: changes.fresh(archive),
        is_cold=True,
        aims=_by_size(
            Aims(walk=30, script=0.45),
            Aims(walk=24, script=0.33, peak_mib=90),
            Aims(walk=22, peak_mib=200),
        ),
    ),
    Situation(
        name="cold, with a feed a source",
        feeds=SOURCES,
        change=lambda archive, _: changes.fresh(archive),
        is_cold=True,
        aims=_by_size(
            Aims(walk=48, script=0.75),
            Aims(walk=26, script=0.35, peak_mib=90),
            Aims(walk=22, peak_mib=200),
        ),
    ),
    Situation(
        name="unchanged",
        feeds=SOURCES,
        change=lambda archive, _: changes.unchanged(archive),
        aims=_by_size(Aims(walk=6, script=0.09), Aims(walk=3, script=0.04, peak_mib=40), Aims(walk=2.5)),
    ),
    Situation(
        name="one new, one changed",
        feeds=SOURCES,
        change=lambda archive, _: changes.one_of_each(archive),
        aims=_by_size(Aims(walk=12, script=0.18), Aims(walk=4.5, script=0.06, peak_mib=60), Aims(walk=3.2)),
    ),
    Situation(
        name="{new} new, main feed only",
        feeds=MAIN,
        change=lambda archive, new: changes.new(archive, count=new),
        aims=_by_size(Aims(walk=10, script=0.17), Aims(walk=4.5, script=0.055, peak_mib=70)),
    ),
    Situation(
        name="{new} new, with a feed a source",
        feeds=SOURCES,
        change=lambda archive, new: changes.new(archive, count=new),
        aims=_by_size(Aims(walk=32, script=0.5), Aims(walk=6.5, script=0.09, peak_mib=70)),
    ),
)
MOVED = Situation(
    name="{new} moved, with a feed a source",
    feeds=SOURCES,
    change=lambda archive, new: changes.moved(archive, count=new),
)


@contextmanager
def staged(home: Path, *, count: int, is_flat: bool, new: int) -> Iterator[Stage]:
    """Give a stage for an archive, which is used again if it is there; all else vanishes afterwards."""
    place = home / (f"{count}-flat" if is_flat else f"{count}")
    place.mkdir(parents=True, exist_ok=True)
    archive = changes.archive_in(place, count=count, is_flat=is_flat, newest=max(FEW, new))
    with TemporaryDirectory(prefix="work-", dir=place) as work:
        yield Stage(work=Path(work), archive=archive, new=new)


def take_turns(runners: Mapping[str, Runner], rounds: int) -> list[Cell]:
    """Return what each of some programs took, in each round.

    One comes after the other, and so again: what else the machine does meanwhile hits all alike.
    """
    cells: list[Cell] = []
    for number in range(1, rounds + 1):
        cells += [Cell(what=what, round=number, took=run()) for what, run in runners.items()]
        results.say(f"round {number} of {rounds}")
    return cells


def walking(stage: Stage) -> dict[str, Runner]:
    """Return the floor, ready to be run."""
    program = runs.compiled("walk.c", stage.work)
    return {WALK: partial(runs.run_walk, program, stage.archive)}


def scripts(stage: Stage) -> dict[str, Runner]:
    """Return the obvious script, ready to be run for the same feeds as feedbridge."""
    mark = changes.address_of(stage.archive.newest[0])
    return {
        what: partial(runs.run_script, stage.archive, stage.work / "script", feeds=feeds, mark=mark)
        for feeds, what in SCRIPTS.items()
    }


def situations(stage: Stage, wanted: Iterable[Situation]) -> dict[str, Runner]:
    """Return the situations, ready to be run; what they begin with is prepared."""
    chosen: Sequence[Situation] = tuple(wanted)
    for feeds in {one.feeds for one in chosen if not one.is_cold}:
        runs.prepare(stage.work / feeds, stage.archive, feeds=feeds)
    return {one.what(stage.new): partial(run, stage, one) for one in chosen}


def run(stage: Stage, situation: Situation) -> Took:
    """Measure feedbridge in a situation; archive and feeds are as before afterwards."""
    with _place(stage, situation) as place, situation.change(stage.archive, stage.new) as change:
        return runs.run_feedbridge(place, change, feeds=situation.feeds)


def _place(stage: Stage, situation: Situation) -> AbstractContextManager[Path]:
    if situation.is_cold:
        return runs.nothing_yet(stage.work, feeds=situation.feeds)
    return runs.copy_of(stage.work / situation.feeds)
