"""How fast a run is, as a whole program, beside a walk in C over the same files and the obvious script.

python -m benchmarks.speed                                     archives of 10,000 and of 100,000 articles
python -m benchmarks.speed --articles 1000000 --place DIR      keeps the archive below DIR for another time
python -m benchmarks.speed --growth                            how time and memory grow with the archive
python -m benchmarks.speed --cold-disk --place DIR             a first run from a disk that was not read yet

benchmarks/README.md says how to read the tables. It needs a C compiler, and Linux; it ends with 1 if a goal
is missed, and with 2 without a compiler.
"""

import argparse
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks import disk, peers, results, situations, tables
from benchmarks.results import Goal
from benchmarks.situations import MOVED, SITUATIONS, WALK, Stage
from benchmarks.tables import Cell, Line
from feedbridge.model import Value

SIZES = (10_000, 100_000)
GROWING = (10_000, 20_000, 50_000, 100_000)
ROUNDS, FEW_ROUNDS = 5, 3
NEW = 1_000
TOO_MANY = 1_000_000  # articles for the script, which holds all of them in memory
GROWTH = 1.1  # time grows at most with this power of the size
COMPARED, GROWN, COLD_DISK = "speed", "growth", "cold disk"  # what can be asked for


class Asked(Value, frozen=True):
    """What is measured, and how often."""

    mode: str
    rounds: int
    new: int
    is_flat: bool
    is_scripted: bool
    has_peers: bool


class Measured(Value, frozen=True):
    """What was found with one archive."""

    articles: int
    entries: int
    cells: tuple[Cell, ...]
    goals: tuple[Goal, ...]


def main(arguments: list[str]) -> int:
    """Measure, and print it; return 1 if a goal is missed, 2 without a C compiler."""
    words = _words(arguments)
    asked = _asked(words)
    if shutil.which("cc") is None:
        results.say("this needs a C compiler by the name of cc, such as by: apt install gcc")
        return 2
    on = results.machine()
    with _home(words.place) as home:
        found = [measure(home, count, asked) for count in words.articles]
    goals = [goal for one in found for goal in one.goals]
    if asked.mode == GROWN:
        goals += show_growth(found, new=asked.new)
    results.keep(words.json, benchmark=asked.mode, on=on, results={"asked": asked, "found": found})
    return int(not all(goal.is_met for goal in goals))


def _words(arguments: list[str]) -> argparse.Namespace:
    parser = _parser()
    words = parser.parse_args(arguments)
    is_grown = words.mode == GROWN
    words.articles = sorted(set(words.articles or (GROWING if is_grown else SIZES)))
    words.rounds = words.rounds or (FEW_ROUNDS if is_grown else ROUNDS)
    if is_grown and len(words.articles) == 1:
        parser.error("--growth needs two sizes at least")
    return words


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--articles", type=int, nargs="+", metavar="N")
    parser.add_argument("--rounds", type=int, metavar="N", help=f"default: {ROUNDS}; growth: {FEW_ROUNDS}")
    parser.add_argument("--new", type=int, default=NEW, metavar="N", help=f"at once; goals: {NEW}")
    parser.add_argument("--place", type=Path, metavar="DIR", help="where archives are kept, and used again")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the results, with machine and date")
    parser.add_argument("--flat", action="store_true", help="all articles in one directory")
    parser.add_argument("--without-script", action="store_true", help="the script takes longest by far")
    parser.add_argument("--peers", action="store_true", help="also hugo and npm's feed, where installed")
    modes = parser.add_mutually_exclusive_group()
    modes.set_defaults(mode=COMPARED)
    modes.add_argument("--growth", dest="mode", action="store_const", const=GROWN, help="see above")
    modes.add_argument("--cold-disk", dest="mode", action="store_const", const=COLD_DISK, help="see above")
    return parser


def _asked(words: argparse.Namespace) -> Asked:
    return Asked(
        mode=words.mode,
        rounds=words.rounds,
        new=words.new,
        is_flat=words.flat,
        is_scripted=words.mode == COMPARED and not words.without_script,
        has_peers=words.peers,
    )


@contextmanager
def _home(place: Path | None) -> Iterator[Path]:
    if place is not None:
        yield place.resolve()
        return
    with TemporaryDirectory(prefix="feedbridge-") as directory:
        yield Path(directory)


def measure(home: Path, count: int, asked: Asked) -> Measured:
    """Measure what is asked for with an archive of so many files; print it."""
    with situations.staged(home, count=count, is_flat=asked.is_flat, new=asked.new) as stage:
        if asked.mode == COLD_DISK:
            cells, goals = disk.measure(stage, rounds=asked.rounds)
        else:
            cells, goals = compare(stage, asked)
    entries = stage.archive.entries
    return Measured(articles=count, entries=entries, cells=tuple(cells), goals=tuple(goals))


def compare(stage: Stage, asked: Asked) -> tuple[list[Cell], list[Goal]]:
    """Measure the situations beside the walk, the script and peers; print the table."""
    size = stage.archive.files
    wanted = SITUATIONS if asked.mode == GROWN else (*SITUATIONS, MOVED)
    beside = situations.walking(stage)
    if asked.is_scripted and size < TOO_MANY:
        beside |= situations.scripts(stage)
    others = peers.installed(stage.work, stage.archive) if asked.has_peers else {}
    runners = {**beside, **others, **situations.situations(stage, wanted)}
    cells = situations.take_turns(runners, asked.rounds)
    lines = [Line(what=what) for what in (*beside, *others)]
    lines += [one.line(size=size, new=stage.new) for one in wanted]
    title = f"{size} files, {stage.archive.entries} articles, {asked.rounds} rounds; the middle of each"
    results.table(title, [tables.HEAD, *(tables.row_of(cells, line, floor=WALK) for line in lines)])
    show_peers(cells, list(others))
    return cells, [goal for line in lines for goal in tables.goals_of(cells, line, floor=WALK)]


def show_peers(cells: Sequence[Cell], others: Sequence[str]) -> None:
    """Print how long a first run takes, compared with peers, which write the main feed only."""
    cold = SITUATIONS[0].name
    compared = {other: median(tables.ratios(cells, cold, other)) for other in others}
    goals = [Goal(what=cold, value=ratio, unit=f"x {other}") for other, ratio in compared.items()]
    if goals:
        results.show("beside others", goals)


def show_growth(found: Sequence[Measured], *, new: int) -> list[Goal]:
    """Print how time and memory grow with the number of articles; return the goals."""
    sizes = [one.articles for one in found]
    goals: list[Goal] = []
    named = [f"MiB, {size}" for size in sizes]
    rows = [("", "power of time", "goal", "verdict", "at the end", "power of memory", *named)]
    for what in (situation.what(new) for situation in SITUATIONS):
        times = [median(tables.seconds(one.cells, what)) for one in found]
        peaks = [tables.peak(one.cells, what) for one in found]
        goals.append(Goal(what=what, value=tables.exponent(sizes, times), unit="", below=GROWTH))
        end, memory = tables.exponent(sizes[-2:], times[-2:]), tables.exponent(sizes, peaks)
        more = (f"{end:.3g}", f"{memory:.3g}", *(f"{peak:.0f}" for peak in peaks))
        rows.append((*goals[-1].cells(), *more))
    results.table("growth with the number of files; at the end: from the last size but one to the last", rows)
    return goals


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
