"""An archive that is measured, and what happens to it before a run; afterwards it is as it was.

Every change is made as an archive should make it: a file is written beside its place and renamed. It is
undone exactly, down to the times of the directories, so that each round begins with the same archive.
"""

import heapq
import multiprocessing
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from benchmarks import archives
from feedbridge.model import Value

SEED = 1
NEWEST = datetime(2025, 6, 1, tzinfo=UTC)  # fixed, so that an archive can be kept and used again
LONG_AGO_S = 1_750_000_000  # when its files were written: young ones would be read once more by a next run
MARK = "The river rose by four centimetres on the night after the first edition."  # what an edit adds
BEFORE = "before.txt"  # beside the archive: the file that was edited
MOVED = "moved"  # in it: the directory to which files move

_NAME = re.compile(r"(?:^|-)([0-9]+_[0-9a-f]{16}\.txt)$")  # behind "HOST-" where all lie in one directory
_URL = re.compile(rb"^\[.*\]\((\S+)\)$", re.MULTILINE)


class Archive(Value, frozen=True):
    """An archive on the disk."""

    directory: Path
    is_flat: bool  # whether all files lie in one directory
    files: int
    entries: int  # articles, of which some stand in two files
    newest: tuple[Path, ...]  # the files of the newest articles, the latest first


class Change(Value, frozen=True):
    """What a run must find."""

    seen: int
    entries: int
    marks: tuple[str, ...]  # what its feeds must hold
    added: int = 0
    changed: int = 0
    removed: int = 0


def archive_in(place: Path, *, count: int, is_flat: bool, newest: int) -> Archive:
    """Return the archive of a place, made if there is none; with so many of its newest files.

    It is made by another process: what that takes must not stay with the one that measures.
    """
    directory = place / "archive"
    if not directory.exists():
        options = {"count": count, "is_flat": is_flat}
        making = multiprocessing.get_context("spawn").Process(target=make, args=(directory,), kwargs=options)
        making.start()
        making.join()
        if making.exitcode:
            raise RuntimeError(f"{directory} could not be made")
    if (directory / MOVED).exists() or (place / BEFORE).exists():
        raise RuntimeError(f"{directory} was left changed, since a round was killed: remove {place}")
    kinds = Counter(_is_twin(file, directory) for file in _files(directory))
    if kinds.total() != count:
        raise RuntimeError(f"{directory} has {kinds.total()} files, not {count}: remove it")
    return Archive(
        directory=directory,
        is_flat=is_flat,
        files=count,
        entries=kinds[False],  # a twin is the second file of an article: none has a third
        newest=tuple(heapq.nlargest(newest, _files(directory), key=_number)),
    )


def make(directory: Path, *, count: int, is_flat: bool) -> None:
    """Write an archive, which appears when it is whole."""
    beside = directory.with_name("archive.new")
    shutil.rmtree(beside, ignore_errors=True)
    archives.fill(beside, count=count, seed=SEED, newest=NEWEST, is_flat=is_flat)
    for file in _files(beside):
        os.utime(file, (LONG_AGO_S, LONG_AGO_S))
    os.sync()
    beside.rename(directory)


def address_of(file: Path) -> str:
    """Return the address that stands in an article."""
    found = _URL.search(file.read_bytes())
    if found is None:
        raise RuntimeError(f"{file} is no article")
    return found[1].decode()


@contextmanager
def unchanged(archive: Archive) -> Iterator[Change]:
    """Leave all as it is; its feeds hold the newest article."""
    mark = address_of(archive.newest[0])
    yield Change(seen=archive.files, entries=archive.entries, marks=(mark,))


@contextmanager
def fresh(archive: Archive) -> Iterator[Change]:
    """Leave all as it is, for a run that knows nothing of it."""
    with unchanged(archive) as change:
        yield msgspec.structs.replace(change, added=archive.files)


@contextmanager
def new(archive: Archive, *, count: int) -> Iterator[Change]:
    """Let so many articles come, which are newer than all others."""
    writer = archives.Writer(SEED + 1)
    urls: list[str] = []
    with ExitStack() as undone:
        for number in range(archive.files, archive.files + count):
            later = archives.STEP * (number - archive.files + 1)
            sample = writer.write(number, epoch=NEWEST + later)
            _add(archive.directory / archives.place_of(sample, is_flat=archive.is_flat), sample.raw, undone)
            urls.append(sample.url)
        seen, entries = archive.files + count, archive.entries + count
        yield Change(seen=seen, added=count, entries=entries, marks=tuple(urls[-1:]))


@contextmanager
def edited(archive: Archive) -> Iterator[Change]:
    """Let the newest article that stands in one file only say something more."""
    names = [_name(file) for file in archive.newest]
    file = next(file for file in archive.newest if names.count(_name(file)) == 1)
    with ExitStack() as undone:
        _remember_times([file.parent], undone)
        before = archive.directory.with_name(BEFORE)
        os.link(file, before)
        undone.callback(before.replace, file)
        _write(file, file.read_bytes().rstrip(b"\n") + f"<p>{MARK}</p>\n".encode())
        yield Change(seen=archive.files, changed=1, entries=archive.entries, marks=(MARK,))


@contextmanager
def one_of_each(archive: Archive) -> Iterator[Change]:
    """Let one article come, and another one change."""
    with new(archive, count=1) as first, edited(archive) as second:
        yield msgspec.structs.replace(first, changed=1, marks=first.marks + second.marks)


@contextmanager
def moved(archive: Archive, *, count: int) -> Iterator[Change]:
    """Let the newest files go into another directory, as they are."""
    files = archive.newest[:count]
    directory = archive.directory / MOVED
    with unchanged(archive) as change, ExitStack() as undone:
        _remember_times([directory.parent, *{file.parent for file in files}], undone)
        directory.mkdir()
        undone.callback(directory.rmdir)
        for number, file in enumerate(files):
            place = directory / f"{number}_{file.name}"  # an article and its twin have the same name
            undone.callback(place.rename, file)
            file.rename(place)
        yield msgspec.structs.replace(change, added=len(files), removed=len(files))


def _add(file: Path, raw: bytes, undone: ExitStack) -> None:
    """Write a new file; undoing removes it, and its directory if there was none."""
    if not file.parent.exists():
        _remember_times([file.parent.parent], undone)
        file.parent.mkdir()
        undone.callback(file.parent.rmdir)
    _remember_times([file.parent], undone)
    undone.callback(file.unlink)
    _write(file, raw)


def _write(file: Path, raw: bytes) -> None:
    beside = file.with_name(f".{file.name}.new")
    beside.write_bytes(raw)
    beside.replace(file)


def _remember_times(directories: Iterable[Path], undone: ExitStack) -> None:
    for directory in directories:
        status = directory.stat()
        undone.callback(os.utime, directory, ns=(status.st_atime_ns, status.st_mtime_ns))


def _files(directory: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(directory):
        yield from (Path(folder, name) for name in names)


def _is_twin(file: Path, directory: Path) -> bool:
    return str(file.relative_to(directory)).startswith("archived")


def _name(file: Path) -> str:
    """Return the name of a file, which it shares with the other file of its article."""
    found = _NAME.search(file.name)
    if found is None:
        raise RuntimeError(f"{file} does not belong here")
    return found[1]


def _number(file: Path) -> int:
    return int(_name(file).partition("_")[0])
