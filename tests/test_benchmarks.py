"""What measures is right itself: the drawn archives, the sums, and one run over a tiny archive."""

import json
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from benchmarks import archives, changes, runs, situations, speed, tables
from benchmarks.runs import Took
from benchmarks.tables import Aims, Cell, Line
from tests.programs import require

NEWEST = datetime(2025, 6, 1, tzinfo=UTC)

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process took")


@pytest.fixture(scope="module")
def drawn() -> list[archives.Sample]:
    """Give 10,000 articles."""
    return list(archives.samples(count=10_000, seed=1, newest=NEWEST))


def test_same_seed_same_archive(drawn):
    """A seed tells every byte and every name; another one tells others."""
    again = list(archives.samples(count=500, seed=1, newest=NEWEST - archives.STEP * 9_500))
    other = list(archives.samples(count=500, seed=2, newest=NEWEST - archives.STEP * 9_500))
    assert again == drawn[:500]
    assert not {sample.raw for sample in other} & {sample.raw for sample in again}


def test_sizes(drawn):
    """The middle file has some 2 kB, that of each host 1.2 to 4 kB; one of a hundred has over 56 kB."""
    sizes = sorted(len(sample.raw) for sample in drawn)
    assert 1_200 <= sizes[5_000] <= 4_000
    assert sizes[9_900] == pytest.approx(56_000, rel=0.1)
    for host in archives.HOSTS:
        mine = sorted(len(sample.raw) for sample in drawn if f"//{host.name}/" in sample.url)
        assert mine[len(mine) // 2] == pytest.approx(host.median_bytes, rel=0.2)


def test_hosts_and_twins(drawn):
    """One host has a fifth of all; 2 of 100 files are an article's second one, and none is its third."""
    hosts = Counter(sample.url.split("/")[2] for sample in drawn)
    files = Counter(sample.url for sample in drawn)
    assert hosts["www.dw.com"] == pytest.approx(2_000, rel=0.1)
    assert Counter(files.values())[2] == pytest.approx(200, rel=0.25)
    assert max(files.values()) == 2
    assert len({sample.path for sample in drawn}) == 10_000


def test_flat_archive(tmp_path):
    """All files can lie in one directory: as many, with the same content."""
    for is_flat in (False, True):
        archives.fill(tmp_path / str(is_flat), count=200, seed=1, newest=NEWEST, is_flat=is_flat)
    apart, flat = ([file.read_bytes() for file in _files(tmp_path / name)] for name in ("False", "True"))
    assert sorted(apart) == sorted(flat)
    assert {file.parent for file in _files(tmp_path / "True")} == {tmp_path / "True"}


@pytest.mark.parametrize("power", [0, 0.5, 1, 2])
def test_exponent(power):
    """What grows with a power of the size has that power, whatever it takes at all."""
    sizes = [10_000, 20_000, 50_000, 100_000]
    assert tables.exponent(sizes, [3 * size**power for size in sizes]) == pytest.approx(power)


def test_ratios_are_taken_within_a_round():
    """A round in which the machine was slow does not change how many times as long something takes."""
    cells = [
        Cell(what=what, round=number, took=_took(seconds * slow))
        for number, slow in enumerate((1, 10, 2))
        for what, seconds in (("walk", 0.5), ("ours", 2.0))
    ]
    assert tables.ratios(cells, "ours", "walk") == [4, 4, 4]
    assert tables.ratios(cells, "ours", "no script") == tables.ratios(cells, "ours", None) == []
    line = Line(what="ours", aims=Aims(walk=3.9, script=1, peak_mib=21))
    assert [goal.is_met for goal in tables.goals_of(cells, line, floor="walk")] == [False, True]
    assert tables.row_of(cells, line, floor="walk")[-2:] == ("< 3.9 x walk, < 21 MiB", "MISSED: x walk")


@on_linux
def test_timed_counts_all_of_a_tree():
    """Time and memory of children count, also where no process is large by itself; so does an exit code."""
    child = "held = b'x' * 30_000_000; import time; time.sleep(0.3)"
    parent = f"import os, sys; os.fork(); {child}; sys.exit(3)"
    told = subprocess.run(
        [sys.executable, "-I", "-S", runs.HERE / "timed.py", sys.executable, "-I", "-S", "-c", parent],
        capture_output=True,
        check=True,
    )
    took = json.loads(told.stdout)
    assert took["exit"] == 3
    assert 0.3 <= took["seconds"] < 30
    assert 30 < took["largest_mib"] < 55 < took["together_mib"] < 110


def test_every_change_is_undone(tmp_path):
    """After each change the archive is as it was: names, inodes, content and times, also of directories."""
    archives.fill(tmp_path / "archive", count=60, seed=1, newest=NEWEST)
    archive = changes.archive_in(tmp_path, count=60, is_flat=False, newest=10)
    before = _standing(archive.directory)
    for one in (*situations.SITUATIONS, situations.MOVED):
        with one.change(archive, 10) as change:
            assert (_standing(archive.directory) != before) == (change.added not in {0, 60})
        assert _standing(archive.directory) == before


@on_linux
def test_failed_program_is_not_measured():
    """A program that fails has no time: what it said is told instead."""
    with pytest.raises(RuntimeError, match="ended with 3:\nno disk"):
        runs.measured(["sh", "-c", "echo no disk >&2; exit 3"])


def test_wrong_feeds_are_not_measured(tmp_path):
    """A run that found something else, or that did not publish what it found, has no time."""
    change = changes.Change(seen=61, entries=60, marks=("a new title",), added=1)
    counts = {"changed": 0, "removed": 0, "ignored": 0, "rejected": 0, "held": 0}
    found = runs.Told(articles={"seen": 61, "added": 1, **counts}, entries=60, feeds={"written": 2})
    runs.check_report(found, change)
    for wrong in (
        {"articles": {"seen": 60, "added": 0, **counts}},
        {"entries": 59},
        {"feeds": {"written": 0}},
    ):
        with pytest.raises(RuntimeError):
            runs.check_report(msgspec.structs.replace(found, **wrong), change)
    (tmp_path / "atom.xml").write_text("<feed>an old title</feed>", encoding="utf-8")
    runs.check_feeds(tmp_path, feeds=runs.MAIN, marks=("an old title",))
    with pytest.raises(RuntimeError, match="does not hold 'a new title'"):
        runs.check_feeds(tmp_path, feeds=runs.MAIN, marks=change.marks)
    with pytest.raises(RuntimeError, match="0 sources"):
        runs.check_feeds(tmp_path, feeds=runs.SOURCES, marks=())


@on_linux
def test_tiny_archive_is_measured(tmp_path, capsys):
    """The runner measures each situation, finds each as it should be, and leaves nothing but the archive."""
    require("cc")
    words = ["--articles", "60", "--rounds", "1", "--new", "10", "--without-script"]
    words += ["--place", str(tmp_path / "place"), "--json", str(tmp_path / "kept.json")]
    assert speed.main(words) == 0
    (found,) = json.loads((tmp_path / "kept.json").read_text())["results"]["found"]
    measured = [cell["what"] for cell in found["cells"]]
    assert measured[0] == situations.WALK
    assert measured[1:] == [one.what(10) for one in (*situations.SITUATIONS, situations.MOVED)]
    said = capsys.readouterr().out
    assert all(what in said for what in measured)
    assert [path.name for path in (tmp_path / "place" / "60").iterdir()] == ["archive"]


def _took(seconds: float) -> Took:
    return Took(exit=0, seconds=seconds, cpu_s=seconds, largest_mib=20, together_mib=0)


def _files(directory: Path) -> list[Path]:
    return [file for file in directory.rglob("*") if file.is_file()]


def _standing(directory: Path) -> dict[Path, tuple[int, int, int]]:
    found = {path: path.stat() for path in (directory, *directory.rglob("*"))}
    return {path: (status.st_ino, status.st_size, status.st_mtime_ns) for path, status in found.items()}
