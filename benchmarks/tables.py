"""What was measured, made comparable: ratios within each round, growth over sizes, goals and verdicts."""

import math
from collections.abc import Iterable, Sequence
from statistics import linear_regression, median

from benchmarks.results import Goal
from benchmarks.runs import Took
from feedbridge.model import Value

HEAD = (
    *("", "s (min–max)", "CPU s", "MiB", "x walk (min–max)", "x script (min–max)"),
    *("goals", "verdict"),
)
SHORT = 1_000  # from here on three digits are not enough


class Cell(Value, frozen=True):
    """One program, once."""

    what: str
    round: int
    took: Took


class Aims(Value, frozen=True):
    """What a median must stay below; None: no such goal."""

    walk: float | None = None  # times as long as the walk in C
    script: float | None = None  # times as long as the script that writes the same feeds
    peak_mib: float | None = None


class Line(Value, frozen=True):
    """A line of the table: what was measured, and what it is compared with."""

    what: str
    script: str | None = None  # the name of the script, if it is compared with one
    aims: Aims = Aims()


def seconds(cells: Iterable[Cell], what: str) -> list[float]:
    """Return how long something took in each round."""
    return [cell.took.seconds for cell in cells if cell.what == what]


def peak(cells: Iterable[Cell], what: str) -> float:
    """Return how many MiB something held at its most, in the middle of all rounds."""
    return median(cell.took.peak_mib for cell in cells if cell.what == what)


def ratios(cells: Sequence[Cell], what: str, to: str | None) -> list[float]:
    """Return how many times as long something took as something else in the same round; none without it."""
    others = seconds(cells, to) if to else []
    return [mine / other for mine, other in zip(seconds(cells, what), others, strict=False)]


def goals_of(cells: Sequence[Cell], line: Line, *, floor: str) -> list[Goal]:
    """Return the goals that a line has, where it was compared at all."""
    walk, script = ratios(cells, line.what, floor), ratios(cells, line.what, line.script)
    peaks = [cell.took.peak_mib for cell in cells if cell.what == line.what]
    found = (("x walk", walk, line.aims.walk), ("x script", script, line.aims.script))
    wanted = (*found, ("MiB", peaks, line.aims.peak_mib))
    return [
        Goal(what=line.what, value=median(values), unit=unit, below=below)
        for unit, values, below in wanted
        if values and below is not None
    ]


def row_of(cells: Sequence[Cell], line: Line, *, floor: str) -> tuple[str, ...]:
    """Return a line of the table, as `HEAD` names its cells."""
    mine = [cell.took for cell in cells if cell.what == line.what]
    goals = goals_of(cells, line, floor=floor)
    missed = [goal.unit for goal in goals if not goal.is_met]
    verdict = f"MISSED: {', '.join(missed)}" if missed else "met"
    return (
        line.what,
        spread([took.seconds for took in mine]),
        _short(median(took.cpu_s for took in mine)),
        f"{peak(cells, line.what):.0f}",
        spread(ratios(cells, line.what, floor)),
        spread(ratios(cells, line.what, line.script)),
        ", ".join(goal.cells()[2] for goal in goals),
        verdict if goals else "",
    )


def spread(values: Sequence[float]) -> str:
    """Return the median of some numbers, and the least and the most."""
    if not values:
        return ""
    return f"{_short(median(values))} ({_short(min(values))}–{_short(max(values))})"


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Return how numbers grow with a size: 1 if in step with it, 2 if with its square, 0 if not at all.

    It is the slope of the straight line that is nearest (least squares) where both axes are logarithmic.
    """
    return linear_regression([math.log(size) for size in sizes], [math.log(value) for value in values]).slope


def _short(value: float) -> str:
    return f"{value:.3g}" if value < SHORT else f"{value:.0f}"
