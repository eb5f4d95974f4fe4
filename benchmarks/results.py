"""How results are shown and kept: always with the machine and the date."""

import json
import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import msgspec

from feedbridge.model import Value


class Goal(Value, frozen=True):
    """One number that was measured, and what it should be."""

    what: str
    value: float
    unit: str
    below: float | None = None  # what it must be less than; None: no such goal
    least: float | None = None  # what it must reach; likewise

    @property
    def is_met(self) -> bool:
        """Whether the number is as it should be."""
        is_below = self.below is None or self.value < self.below
        return is_below and (self.least is None or self.value >= self.least)

    def cells(self) -> tuple[str, str, str, str]:
        """Return what it is, its number, its goal and the verdict."""
        goal = f"< {self.below:g}" if self.below is not None else ""
        goal = f">= {self.least:g}" if self.least is not None else goal
        verdict = ("met" if self.is_met else "MISSED") if goal else ""
        return (
            self.what,
            f"{self.value:.4g} {self.unit}".rstrip(),
            f"{goal} {self.unit}" if goal else "",
            verdict,
        )


class Machine(Value, frozen=True):
    """Where something was measured."""

    processor: str
    cores: int
    memory_gib: float
    system: str
    python: str
    load: float  # of the last minute, when it began


def machine() -> Machine:
    """Return this machine."""
    pages, page_bytes = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return Machine(
        processor=_processor(),
        cores=os.cpu_count() or 1,
        memory_gib=round(pages * page_bytes / 2**30, 1),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        load=round(os.getloadavg()[0], 2),
    )


def show(title: str, goals: Sequence[Goal]) -> None:
    """Print a table of numbers with their goals."""
    table(title, [goal.cells() for goal in goals])


def table(title: str, rows: Sequence[Sequence[str]]) -> None:
    """Print rows, of which each has as many cells, in columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    say(title)
    for row in rows:
        say("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def keep(file: Path | None, *, benchmark: str, on: Machine, results: object) -> None:
    """Write results as JSON, if a file is named."""
    if file is None:
        return
    document = {
        "benchmark": benchmark,
        "date": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "feedbridge": version("feedbridge"),
        "machine": msgspec.to_builtins(on),
        "results": msgspec.to_builtins(results),
    }
    file.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
