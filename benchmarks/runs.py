"""Whole programs, run and measured from outside, and looked at: none that failed is taken for a fast one."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from benchmarks.changes import Archive, Change, fresh, unchanged
from feedbridge.model import Value

HERE = Path(__file__).parent
CHECKOUT = HERE.parent  # where they run, so that Python finds these modules and no others

MAIN, SOURCES = "main", "sources"  # the feeds of a configuration: the main feed only, or what is the default
CONFIGURATION = """
[input]
directory = "../../archive"
[output]
directory = "public"
[state]
file = "state.sqlite3"
"""
MORE = {MAIN: "[feeds]\nby = []\n", SOURCES: ""}


class Took(Value, frozen=True):
    """What a program took; `timed.py` says what of it is exact."""

    exit: int
    seconds: float
    cpu_s: float
    largest_mib: float  # of the largest process
    together_mib: float  # of all its processes; 0 where there was one

    @property
    def peak_mib(self) -> float:
        """The most that it held."""
        return max(self.largest_mib, self.together_mib)


class Told(Value, frozen=True):
    """What is asked of the report of a run."""

    articles: dict[str, int]
    entries: int
    feeds: dict[str, int]


def measured(command: Sequence[str]) -> tuple[Took, str]:
    """Run a program; return what it took, and what it printed.

    Raises: RuntimeError if it fails.
    """
    os.sync()  # what was written before must not delay who waits for the disk now
    ended = subprocess.run(  # noqa: S603  # our own programs, and those that the user asks for
        [sys.executable, "-I", "-S", str(HERE / "timed.py"), *command],
        cwd=CHECKOUT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    *printed, told = ended.stdout.splitlines() or [""]
    if ended.returncode:
        raise RuntimeError(f"{' '.join(command)} was not run:\n{ended.stderr}")
    took = msgspec.json.decode(told, type=Took)
    if took.exit:
        raise RuntimeError(f"{' '.join(command)} ended with {took.exit}:\n{ended.stderr}")
    return took, "\n".join(printed)


def environment() -> dict[str, str]:
    """Return what programs are started with: as installed ones they find their modules compiled."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "FEEDBRIDGE_CONFIG": ""}


def compiled(source: str, place: Path) -> Path:
    """Return the program of a source in C. Raises: RuntimeError where there is no compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise RuntimeError("this needs a C compiler by the name of cc, such as by: apt install gcc")
    program = place / source.removesuffix(".c")
    command = [compiler, "-O2", "-pthread", "-o", str(program), str(HERE / source)]
    subprocess.run(command, check=True)  # noqa: S603  # our own source
    return program


def run_walk(program: Path, archive: Archive) -> Took:
    """Measure the floor. Raises: RuntimeError if the archive is not as it should be."""
    took, printed = measured([str(program), str(archive.directory)])
    _require(printed.startswith(f"{archive.files} files, "), f"there are {printed} in {archive.directory}")
    return took


def run_script(archive: Archive, output: Path, *, feeds: str, mark: str) -> Took:
    """Measure the obvious script. Raises: RuntimeError if its feeds are wrong."""
    command = [sys.executable, "-m", "benchmarks.script", str(archive.directory), str(output)]
    took, _ = measured(command + ["--sources"] * (feeds == SOURCES))
    check_feeds(output, feeds=feeds, marks=(mark,))
    shutil.rmtree(output)
    return took


def run_feedbridge(place: Path, change: Change, *, feeds: str) -> Took:
    """Measure a run in a place. Raises: RuntimeError if it does not find the change, or publish it."""
    config = str(place / "config.toml")
    took, printed = measured(
        [sys.executable, "-m", "feedbridge", "--config", config, "--quiet", "run", "--json"]
    )
    check_report(msgspec.json.decode(printed, type=Told), change)
    check_feeds(place / "public", feeds=feeds, marks=change.marks)
    return took


def check_report(told: Told, change: Change) -> None:
    """Raise RuntimeError if a run did not find what it should."""
    expected = {
        "seen": change.seen,
        "added": change.added,
        "changed": change.changed,
        "removed": change.removed,
        "ignored": 0,
        "rejected": 0,
        "held": 0,
    }
    _require(told.articles == expected, f"a run found {told.articles}, not {expected}")
    _require(told.entries == change.entries, f"{told.entries} entries, not {change.entries}")
    is_written = bool(change.added or change.changed) and not change.removed
    _require(bool(told.feeds["written"]) == is_written, f"a run wrote {told.feeds['written']} files")


def check_feeds(output: Path, *, feeds: str, marks: Sequence[str]) -> None:
    """Raise RuntimeError if the main feed, or any feed of a source, does not hold what it should."""
    main = (output / "atom.xml").read_text(encoding="utf-8")
    others = [file.read_text(encoding="utf-8") for file in output.glob("source/*/atom.xml")]
    _require(bool(others) == (feeds == SOURCES), f"{output} has {len(others)} sources")
    for mark in marks:
        _require(mark in main, f"{output}/atom.xml does not hold {mark!r}")
        _require(not others or any(mark in other for other in others), f"no source holds {mark!r}")


def prepare(place: Path, archive: Archive, *, feeds: str) -> None:
    """Make the feeds of a configuration in a place, and have them settled: an unchanged run follows."""
    set_up(place, feeds=feeds)
    for change in (fresh(archive), unchanged(archive)):
        with change as expected:
            run_feedbridge(place, expected, feeds=feeds)


def set_up(place: Path, *, feeds: str) -> None:
    """Make a place with a configuration and nothing else."""
    place.mkdir()
    (place / "config.toml").write_text(CONFIGURATION + MORE[feeds], encoding="utf-8")


@contextmanager
def nothing_yet(work: Path, *, feeds: str) -> Iterator[Path]:
    """Give a place where nothing was ever run; it vanishes afterwards."""
    place = work / "run"
    set_up(place, feeds=feeds)
    yield place
    shutil.rmtree(place)


@contextmanager
def copy_of(kept: Path) -> Iterator[Path]:
    """Give a place that is as a prepared one, which stays as it is; it vanishes afterwards.

    Feeds are linked: a run replaces them, and sees by their inodes that nobody else did.
    """
    place = kept.with_name("run")
    place.mkdir()
    for file in kept.iterdir():
        if file.is_file():
            shutil.copy2(file, place)
    shutil.copytree(kept / "public", place / "public", copy_function=os.link)
    yield place
    shutil.rmtree(place)


def _require(holds: bool, otherwise: str) -> None:  # noqa: FBT001  # as assert, also under -O
    if not holds:
        raise RuntimeError(otherwise)
