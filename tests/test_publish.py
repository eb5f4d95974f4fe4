"""Publishing: what is put in place, what is left alone, what is removed."""

import errno
import gzip
import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from feedbridge import publish
from feedbridge.errors import LockedError, OutputError
from feedbridge.model import FeedCounts, Rendition

ATOM = Rendition(path="atom.xml", kind="feed", body=b"<feed>main</feed>\n")
RSS = Rendition(path="rss.xml", kind="feed", body=b"<rss>main</rss>\n")
PAGE = Rendition(path="index.html", kind="page", body=b"<!doctype html>main\n")
DW_ATOM = Rendition(path="source/dw/atom.xml", kind="feed", body=b"<feed>dw</feed>\n")
DW_PAGE = Rendition(path="source/dw/index.html", kind="page", body=b"<!doctype html>dw\n")
MAIN = (ATOM, RSS, PAGE)
ALL = (*MAIN, DW_ATOM, DW_PAGE)

NEWER = Rendition(path="atom.xml", kind="feed", body=b"<feed>main, longer than before</feed>\n")


REAL_FSYNC = os.fsync


def fsync(_: int) -> None:
    """Do not wait for the disk: only a power cut would show the difference."""


# All tests but the one of durability.
pytestmark = pytest.mark.usefixtures("without_waiting")


def put(directory: Path, renditions: Iterable[Rendition], *, gzip: bool = False) -> publish.Changes:
    """Publish as a run does."""
    with publish.locked(directory), publish.Site(directory, gzip=gzip).stage() as stage:
        for rendition in renditions:
            stage.add(rendition)
        return stage.commit()


def compare(directory: Path, renditions: Iterable[Rendition], *, gzip: bool = False) -> publish.Changes:
    """Compare as a dry run does."""
    comparison = publish.Site(directory, gzip=gzip).comparison()
    for rendition in renditions:
        comparison.add(rendition)
    return comparison.changes()


def standing(directory: Path) -> dict[str, bytes]:
    """Return what stands for readers: all files but our list and lock."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and path.name not in {".feedbridge.json", ".feedbridge.lock"}
    }


def state(directory: Path) -> dict[str, tuple[int, ...]]:
    """Return all that an untouched file or directory keeps."""
    found = {path: path.lstat() for path in (directory, *directory.rglob("*"))}
    return {
        str(path): (status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        for path, status in found.items()
    }


def bodies(renditions: Iterable[Rendition]) -> dict[str, bytes]:
    """Return what stands after publishing renditions without gzip."""
    return {rendition.path: rendition.body for rendition in renditions}


def listed(directory: Path) -> set[str]:
    """Return what our list says is ours."""
    return set(json.loads((directory / ".feedbridge.json").read_bytes())["files"])


def one_line(caught: pytest.ExceptionInfo[Exception]) -> str:
    """Return the text of an error, which must be a single line."""
    text = str(caught.value)
    assert "\n" not in text
    return text


# --- putting in place ------------------------------------------------------------------


def test_renditions_stand_where_they_belong(tmp_path):
    """Each rendition stands at its path with its bytes, in directories made for it."""
    changes = put(tmp_path / "deep" / "public", ALL)
    assert standing(tmp_path / "deep" / "public") == bodies(ALL)
    assert changes == publish.Changes(feeds=FeedCounts(written=3), written=tuple(bodies(ALL)), removed=())


def test_the_same_again_touches_nothing(tmp_path):
    """Equal bytes keep inode and times, the list, the lock and the directories too."""
    put(tmp_path, ALL, gzip=True)
    before = state(tmp_path)
    changes = put(tmp_path, ALL, gzip=True)
    assert state(tmp_path) == before
    assert changes == publish.Changes(feeds=FeedCounts(unchanged=3), written=(), removed=())


def test_only_what_differs_is_replaced(tmp_path):
    """One feed that changed is replaced by a new file; everything else keeps inode and times."""
    put(tmp_path, ALL)
    before = state(tmp_path)
    changes = put(tmp_path, (NEWER, *ALL[1:]))
    after = state(tmp_path)
    assert {path for path in before if before[path] != after[path]} == {
        str(tmp_path),
        str(tmp_path / "atom.xml"),
    }
    assert changes.feeds == FeedCounts(written=1, unchanged=2)
    assert changes.written == ("atom.xml",)


def test_a_reader_of_the_old_file_keeps_it_whole(tmp_path):
    """A replaced file is a new one: who has the old one open reads it to its end."""
    put(tmp_path, MAIN)
    with (tmp_path / "atom.xml").open("rb") as old:
        put(tmp_path, (NEWER, RSS, PAGE))
        assert old.read() == ATOM.body


def test_superfluous_files_are_removed(tmp_path):
    """Our files that are wanted no more go, and the directories that they leave empty."""
    put(tmp_path, ALL)
    changes = put(tmp_path, MAIN)
    assert standing(tmp_path) == bodies(MAIN)
    assert not (tmp_path / "source").exists()
    assert listed(tmp_path) == set(bodies(MAIN))
    assert changes == publish.Changes(
        feeds=FeedCounts(unchanged=2, removed=1),
        written=(),
        removed=("source/dw/atom.xml", "source/dw/index.html"),
    )


def test_a_directory_with_foreign_files_stays(tmp_path):
    """What is not ours keeps its directory when our files in it go."""
    put(tmp_path, ALL)
    (tmp_path / "source" / "notes.txt").write_text("mine")
    put(tmp_path, MAIN)
    assert standing(tmp_path) == {**bodies(MAIN), "source/notes.txt": b"mine"}
    assert not (tmp_path / "source" / "dw").exists()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777], ids="{:03o}".format)
def test_modes_do_not_depend_on_the_umask(tmp_path, umask):
    """Files are 0644 and directories 0755, whatever the umask is."""
    before = os.umask(umask)
    try:
        put(tmp_path / "a" / "public", ALL, gzip=True)
    finally:
        os.umask(before)
    for path in (tmp_path / "a").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o755 if path.is_dir() else 0o644), path


def test_new_directories_keep_an_inherited_group(tmp_path):
    """A directory that author and web server share (setgid) hands its group on, as it does to anybody."""
    tmp_path.chmod(0o2775)
    (tmp_path / "by-hand").mkdir()
    (tmp_path / "by-hand").chmod(stat.S_IMODE((tmp_path / "by-hand").stat().st_mode) | 0o755)
    before = os.umask(0o077)
    try:
        put(tmp_path, ALL)
    finally:
        os.umask(before)
    assert (tmp_path / "source").stat().st_mode == (tmp_path / "by-hand").stat().st_mode


def test_the_output_directory_may_be_a_link(tmp_path):
    """The output directory itself may be a link; below it none is followed."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "public").symlink_to("disk")
    put(tmp_path / "public", ALL)
    assert standing(tmp_path / "disk") == bodies(ALL)
    assert (tmp_path / "public").is_symlink()


def test_the_list_is_stable(tmp_path):
    """The list has a format number and sorted paths with their kinds, the same bytes in every order."""
    put(tmp_path / "a", ALL, gzip=True)
    put(tmp_path / "b", reversed(ALL), gzip=True)
    text = (tmp_path / "a" / ".feedbridge.json").read_bytes()
    assert text == (tmp_path / "b" / ".feedbridge.json").read_bytes()
    assert text.endswith(b"}\n")
    document = json.loads(text)
    assert document["format"] == 1
    assert document["files"]["atom.xml"] == "feed"
    assert document["files"]["index.html"] == "page"
    assert document["files"]["atom.xml.gz"] == "gzip"
    assert list(document["files"]) == sorted(document["files"])


# --- without a commit ------------------------------------------------------------------


def test_without_commit_nothing_remains(tmp_path):
    """Leaving a stage without a commit removes every temporary file; no directory was made."""
    put(tmp_path, MAIN)
    before = standing(tmp_path)
    with publish.locked(tmp_path), publish.Site(tmp_path, gzip=True).stage() as stage:
        for rendition in (NEWER, DW_ATOM):
            stage.add(rendition)
        assert standing(tmp_path) != before
    assert standing(tmp_path) == before
    assert not (tmp_path / "source").exists()
    assert listed(tmp_path) == set(before)


def fail_between(directory: Path) -> None:
    """Fail as another room may, with a file on its way."""
    with publish.locked(directory), publish.Site(directory, gzip=False).stage() as stage:
        stage.add(ATOM)
        raise FileNotFoundError


def test_an_error_of_the_caller_passes_through(tmp_path):
    """An exception inside the lock and the stage comes out as it is, and nothing remains."""
    with pytest.raises(FileNotFoundError):
        fail_between(tmp_path)
    assert standing(tmp_path) == {}


def test_bytes_wait_beside_their_place(tmp_path):
    """A temporary file waits in its own directory, hidden, under a name that says whose it is."""
    put(tmp_path, ALL)
    changed = Rendition(path=DW_ATOM.path, kind="feed", body=b"changed")
    with publish.locked(tmp_path), publish.Site(tmp_path, gzip=False).stage() as stage:
        stage.add(changed)
        (waiting,) = (tmp_path / "source" / "dw").glob(".*")
        assert waiting.name.startswith(".atom.xml.")
        assert waiting.name.endswith(".fbtmp")
        assert waiting.read_bytes() == b"changed"


def test_what_a_crash_left_is_swept(tmp_path):
    """Temporary files go from directories of ours and of new renditions; foreign ones stay."""
    put(tmp_path, ALL)
    left = ".atom.xml.0123456789abcdef.fbtmp"
    for directory in ("", "source", "source/dw", "source/new"):
        (tmp_path / directory).mkdir(exist_ok=True)
        (tmp_path / directory / left).write_bytes(b"half")
    (tmp_path / "foreign").mkdir()
    kept = {f"foreign/{left}", "notes.fbtmp", ".atom.xml.swp", f"{left}~"}
    for name in kept:
        (tmp_path / name).write_bytes(b"mine")
    (tmp_path / "source" / ".d.0123456789abcdef.fbtmp").mkdir()
    new = Rendition(path="source/new/atom.xml", kind="feed", body=b"new")
    put(tmp_path, (*ALL, new))
    assert set(standing(tmp_path)) == {*bodies(ALL), new.path, *kept}


def test_what_a_crash_left_is_swept_where_nothing_is_wanted_any_more(tmp_path):
    """A directory of ours that is given up is swept too, so that it can go."""
    put(tmp_path, ALL)
    (tmp_path / "source" / "dw" / ".atom.xml.0123456789abcdef.fbtmp").write_bytes(b"half")
    put(tmp_path, MAIN)
    assert not (tmp_path / "source").exists()


# --- dry run ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [((), ALL), (ALL, ALL), (ALL, MAIN), (MAIN, (NEWER, RSS, PAGE, DW_ATOM))],
    ids=["first", "same", "fewer", "changed"],
)
@pytest.mark.parametrize("packed", [False, True], ids=["raw", "gzip"])
def test_a_comparison_tells_what_publishing_does(tmp_path, before, after, packed):
    """Comparing gives the same counts and paths as publishing afterwards and touches nothing."""
    put(tmp_path, before, gzip=packed)
    untouched = state(tmp_path)
    told = compare(tmp_path, after, gzip=packed)
    assert state(tmp_path) == untouched
    assert told == put(tmp_path, after, gzip=packed)


def test_a_comparison_makes_no_directory(tmp_path):
    """Comparing with an output directory that does not exist leaves it so."""
    assert compare(tmp_path / "public", ALL).feeds == FeedCounts(written=3)
    assert list(tmp_path.iterdir()) == []


def test_a_comparison_needs_no_lock(tmp_path):
    """A dry run looks while another run is at work."""
    with publish.locked(tmp_path):
        assert compare(tmp_path, ALL).feeds == FeedCounts(written=3)


def test_a_comparison_names_foreign_files(tmp_path):
    """A dry run fails as the run would."""
    (tmp_path / "atom.xml").write_bytes(b"mine")
    with pytest.raises(OutputError, match=r"atom\.xml is in the way"):
        compare(tmp_path, ALL)


# --- what is ours ----------------------------------------------------------------------


def a_file(path: Path) -> None:
    """Make a file of somebody else."""
    path.write_bytes(b"mine")


def a_directory(path: Path) -> None:
    """Make a directory in the place of a file."""
    path.mkdir()


def a_link(path: Path) -> None:
    """Make a link to a file that holds exactly what would be written."""
    target = path.with_name("elsewhere")
    target.write_bytes(ATOM.body)
    path.symlink_to(target)


def a_dangling_link(path: Path) -> None:
    """Make a link to nothing."""
    path.symlink_to("nowhere")


def a_fifo(path: Path) -> None:
    """Make a FIFO: a careless reader waits for ever."""
    os.mkfifo(path)


def a_socket(path: Path) -> None:
    """Make a socket."""
    os.mknod(path, stat.S_IFSOCK | 0o600)


FOREIGN: tuple[Callable[[Path], None], ...] = (a_file, a_directory, a_link, a_dangling_link, a_fifo, a_socket)


IN_THE_WAY = [
    (path, make)
    for path in ("source/dw/atom.xml", "source/dw", "source")
    for make in FOREIGN
    if make is not a_directory or path == "source/dw/atom.xml"  # a directory where one belongs is fine
]


@pytest.mark.parametrize(
    ("path", "make"), IN_THE_WAY, ids=[f"{make.__name__}-{path}" for path, make in IN_THE_WAY]
)
def test_a_foreign_thing_in_the_way_is_named_and_left_alone(tmp_path, make, path):
    """What is not ours is named with the remedy, keeps its bytes, and nothing else is replaced."""
    public = tmp_path / "public"
    put(public, MAIN)
    (public / path).parent.mkdir(parents=True, exist_ok=True)
    make(public / path)
    before = state(tmp_path)
    with pytest.raises(OutputError) as caught:
        put(public, (NEWER, RSS, PAGE, DW_ATOM, DW_PAGE))
    text = one_line(caught)
    assert text.startswith(f"{public / path} is in the way: ")
    assert text.endswith("; move it away, or choose another output directory")
    after = state(tmp_path)
    del before[str(public)], after[str(public)]  # the temporary file came and went
    for directory in {str(public / "source"), str(public / "source" / "dw")} & before.keys():
        assert before.pop(directory)[:2] == after.pop(directory)[:2]
    assert after == before


@pytest.mark.parametrize("make", FOREIGN[1:], ids=lambda make: make.__name__)
def test_our_place_taken_by_something_else_is_foreign(tmp_path, make):
    """A listed path where now something stands that is no regular file is not replaced."""
    put(tmp_path, MAIN)
    (tmp_path / "atom.xml").unlink()
    make(tmp_path / "atom.xml")
    with pytest.raises(OutputError, match=r"atom\.xml is in the way: it is no regular file"):
        put(tmp_path, (NEWER, RSS, PAGE))


@pytest.mark.parametrize("make", FOREIGN[1:], ids=lambda make: make.__name__)
def test_superfluous_but_not_ours_any_more_stays(tmp_path, make):
    """Where something else took the place of a superfluous file it is left alone and struck."""
    put(tmp_path, ALL)
    place = tmp_path / "source" / "dw" / "atom.xml"
    place.unlink()
    make(place)
    before = place.lstat()
    changes = put(tmp_path, MAIN)
    assert place.lstat().st_ino == before.st_ino
    assert changes.removed == ("source/dw/index.html",)
    assert changes.feeds.removed == 0
    assert listed(tmp_path) == set(bodies(MAIN))


def test_an_equal_foreign_file_is_adopted(tmp_path):
    """A file that holds what would be written becomes ours as it is; then it may be replaced."""
    (tmp_path / "atom.xml").write_bytes(ATOM.body)
    before = (tmp_path / "atom.xml").stat()
    changes = put(tmp_path, MAIN)
    after = (tmp_path / "atom.xml").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert changes.feeds == FeedCounts(written=1, unchanged=1)
    put(tmp_path, (NEWER, RSS, PAGE))
    assert (tmp_path / "atom.xml").read_bytes() == NEWER.body


def test_a_listed_file_that_was_changed_or_removed_by_hand_is_put_right(tmp_path):
    """A file of ours is written again whatever became of its bytes."""
    put(tmp_path, MAIN)
    (tmp_path / "atom.xml").write_bytes(b"")
    (tmp_path / "rss.xml").write_bytes(b"x" * 100_000)
    (tmp_path / "index.html").unlink()
    put(tmp_path, MAIN)
    assert standing(tmp_path) == bodies(MAIN)


def test_a_lost_list_makes_equal_files_ours_again(tmp_path):
    """Without the list only files that hold what would be written are ours; others are foreign."""
    put(tmp_path, ALL, gzip=True)
    (tmp_path / ".feedbridge.json").unlink()
    before = standing(tmp_path)
    with pytest.raises(OutputError, match=r"atom\.xml is in the way: feedbridge did not put it there"):
        put(tmp_path, (NEWER, *ALL[1:]))
    assert standing(tmp_path) == before
    assert put(tmp_path, ALL, gzip=True).written == ()
    assert listed(tmp_path) == set(before)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b'{"format": 1, "files": {"atom.xml"',
        b"\xff\xfe",
        b"[" * 100_000,
        b"[]",
        b"null",
        b'{"files": {}}',
        b'{"format": 2, "files": {}}',
        b'{"format": 1, "files": ["atom.xml"]}',
        b'{"format": 1, "files": {"atom.xml": "else"}}',
        b'{"format": 1, "files": {"atom.xml": []}}',
        b'{"format": 1, "files": {"../atom.xml": "feed"}}',
        b'{"format": 1, "files": {"source/../../atom.xml": "feed"}}',
        b'{"format": 1, "files": {"/etc/passwd": "feed"}}',
        b'{"format": 1, "files": {"source//atom.xml": "feed"}}',
        b'{"format": 1, "files": {"./atom.xml": "feed"}}',
        b'{"format": 1, "files": {"": "feed"}}',
        b'{"format": 1, "files": {".feedbridge.lock": "feed"}}',
        b'{"format": 1, "files": {"a\\u0000b": "feed"}}',
        b'{"format": 1, "files": {"a\\nb": "feed"}}',
        b'{"format": 1, "files": {"atom.xml\\n": "feed"}}',
        b'{"format": 1, "files": {"\\ud800": "feed"}}',
    ],
    ids=lambda text: repr(text[:60]),
)
def test_a_damaged_list_is_named_and_nothing_is_touched(tmp_path, text):
    """A list that is torn, of another format, or leads out of the directory stops the run."""
    put(tmp_path, MAIN)
    (tmp_path / ".feedbridge.json").write_bytes(text)
    before = state(tmp_path)
    with pytest.raises(OutputError) as caught:
        put(tmp_path, (NEWER,))
    assert state(tmp_path) == before
    assert str(tmp_path / ".feedbridge.json") in one_line(caught)
    assert "delete it" in one_line(caught)


@pytest.mark.parametrize("name", [".feedbridge.json", ".feedbridge.lock"])
@pytest.mark.parametrize("make", FOREIGN[1:], ids=lambda make: make.__name__)
def test_list_and_lock_must_be_regular_files(tmp_path, name, make):
    """A link, a FIFO or the like in the place of the list or the lock is named and left alone."""
    make(tmp_path / name)
    with pytest.raises(OutputError) as caught:
        put(tmp_path, MAIN)
    assert f"{tmp_path / name} is in the way" in one_line(caught)
    assert not (tmp_path / "atom.xml").exists()


@pytest.mark.parametrize("path", ["../atom.xml", "/atom.xml", "a/../b", ".feedbridge.json", "", "a b"])
def test_a_rendition_cannot_leave_the_output(tmp_path, path):
    """A path that leads out of the output directory, or to a hidden file, is a fault of the program."""
    beside = tmp_path / ".atom.xml.0123456789abcdef.fbtmp"
    beside.write_bytes(b"of another output directory")
    with pytest.raises(ValueError, match="is no path of a feed"):
        put(tmp_path / "public", [Rendition(path=path, kind="feed", body=b"")])
    assert set(tmp_path.iterdir()) == {beside, tmp_path / "public"}


# --- gzip ------------------------------------------------------------------------------


def test_gzip_stands_beside_each_file(tmp_path):
    """With gzip each file has a .gz that unpacks to it and names no time; it is no feed of its own."""
    changes = put(tmp_path, ALL, gzip=True)
    assert changes.feeds == FeedCounts(written=3)
    for rendition in ALL:
        packed = (tmp_path / f"{rendition.path}.gz").read_bytes()
        assert gzip.decompress(packed) == rendition.body
        assert packed[3:8] == b"\0\0\0\0\0"  # no name, mtime 0 (RFC 1952 section 2.3)


def test_gzip_is_remade_with_its_raw_file_only(tmp_path):
    """A .gz is written when its raw file changes or when it is missing, else it is not touched."""
    put(tmp_path, ALL, gzip=True)
    (tmp_path / "rss.xml.gz").unlink()
    before = state(tmp_path)
    changes = put(tmp_path, (NEWER, *ALL[1:]), gzip=True)
    after = state(tmp_path)
    assert changes.written == ("atom.xml.gz", "atom.xml", "rss.xml.gz")
    assert changes.feeds == FeedCounts(written=1, unchanged=2)
    changed = {path for path in after if before.get(path) != after[path]}
    assert changed == {str(tmp_path), *(str(tmp_path / path) for path in changes.written)}


def test_gzip_of_another_zlib_is_not_touched(tmp_path):
    """A .gz that unpacks to its raw file stays, however it was packed."""
    put(tmp_path, MAIN, gzip=True)
    (tmp_path / "atom.xml.gz").write_bytes(gzip.compress(ATOM.body, compresslevel=1, mtime=5))
    assert put(tmp_path, MAIN, gzip=True).written == ()


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"no gzip",
        gzip.compress(b"<feed>an older one</feed>"),
        gzip.compress(ATOM.body)[:-1],
        gzip.compress(ATOM.body) + b"\0",
        gzip.compress(ATOM.body + b" "),
        gzip.compress(bytes(50_000_000), compresslevel=1),
    ],
    ids=["empty", "no-gzip", "older", "torn", "longer", "more", "bomb"],
)
def test_gzip_that_does_not_hold_its_raw_file_is_remade(tmp_path, packed):
    """A .gz of ours that is stale or damaged is written again, though its raw file stands."""
    put(tmp_path, MAIN, gzip=True)
    (tmp_path / "atom.xml.gz").write_bytes(packed)
    assert put(tmp_path, MAIN, gzip=True).written == ("atom.xml.gz",)
    assert gzip.decompress((tmp_path / "atom.xml.gz").read_bytes()) == ATOM.body


def test_gzip_turned_off_removes_the_packed_files(tmp_path):
    """Without gzip our .gz files are superfluous; somebody else's stay."""
    put(tmp_path, ALL, gzip=True)
    (tmp_path / "notes.txt.gz").write_bytes(b"mine")
    changes = put(tmp_path, ALL)
    assert standing(tmp_path) == {**bodies(ALL), "notes.txt.gz": b"mine"}
    assert changes.feeds == FeedCounts(unchanged=3)
    assert changes.removed == tuple(sorted(f"{path}.gz" for path in bodies(ALL)))


def test_a_foreign_gzip_in_the_way_is_named(tmp_path):
    """A .gz that somebody else put beside a feed of ours is not replaced."""
    put(tmp_path, MAIN)
    (tmp_path / "rss.xml.gz").write_bytes(gzip.compress(b"mine"))
    with pytest.raises(OutputError, match=r"rss\.xml\.gz is in the way"):
        put(tmp_path, MAIN, gzip=True)
    assert set(standing(tmp_path)) == {*bodies(MAIN), "rss.xml.gz"}


# --- what others ask -------------------------------------------------------------------


def test_a_site_that_does_not_exist_has_nothing(tmp_path):
    """Before the first run there is no directory, no feed, no file."""
    site = publish.Site(tmp_path / "public", gzip=False)
    assert not site.has_feeds()
    assert site.own_files() == frozenset()
    assert list(tmp_path.iterdir()) == []


def test_a_site_knows_its_own_files(tmp_path):
    """Our files, the list and the lock are known by device and inode; foreign ones are not ours."""
    put(tmp_path, ALL, gzip=True)
    (tmp_path / "article.txt").write_bytes(b"mine")
    (tmp_path / "rss.xml").unlink()
    site = publish.Site(tmp_path, gzip=True)
    ours = {path for path in tmp_path.rglob("*") if path.is_file()} - {tmp_path / "article.txt"}
    assert site.own_files() == {(path.stat().st_dev, path.stat().st_ino) for path in ours}


@pytest.mark.parametrize(
    ("renditions", "removed", "expected"),
    [(MAIN, (), 2), (MAIN, ("atom.xml",), 1), (MAIN, ("atom.xml", "rss.xml"), 0), ((PAGE,), (), 0)],
    ids=["feeds", "one", "feeds-removed", "page-only"],
)
def test_a_site_knows_the_feeds_that_stand(tmp_path, renditions, removed, expected):
    """Feeds that are listed and stand are counted; pages and .gz files are none."""
    put(tmp_path, renditions, gzip=True)
    for path in removed:
        (tmp_path / path).unlink()
    site = publish.Site(tmp_path, gzip=True)
    assert site.standing_feeds() == expected
    assert site.has_feeds() is (expected > 0)


def test_a_directory_that_was_exchanged_since_it_was_read_gets_its_list(tmp_path):
    """Else its files would be foreign to the next run, which could never replace them."""
    directory = tmp_path / "public"
    put(directory, MAIN)
    with publish.locked(directory):
        site = publish.Site(directory, gzip=False)
        directory.rename(tmp_path / "old")
        directory.mkdir()
        with site.stage() as stage:
            for rendition in MAIN:
                stage.add(rendition)
            stage.commit()
    assert listed(directory) == {rendition.path for rendition in MAIN}
    put(directory, (NEWER, RSS, PAGE))
    assert standing(directory) == bodies((NEWER, RSS, PAGE))


# --- the lock --------------------------------------------------------------------------

HOLD = """
import sys
import time
from pathlib import Path
from feedbridge import publish
with publish.locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other_run(tmp_path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock of `public`."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "public")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "held\n"
        yield run
        run.kill()


def test_one_run_at_a_time(tmp_path, other_run):
    """Two processes at once: the second gets an error that names the directory, until the first dies."""
    with pytest.raises(LockedError) as caught:
        put(tmp_path / "public", MAIN)
    assert one_line(caught).startswith(f"another run is at work on {tmp_path / 'public'}; ")
    assert caught.value.exit_code == 75
    assert [path.name for path in (tmp_path / "public").iterdir()] == [".feedbridge.lock"]
    other_run.kill()
    other_run.wait()
    put(tmp_path / "public", MAIN)
    assert standing(tmp_path / "public") == bodies(MAIN)


def test_the_lock_holds_within_one_process_too(tmp_path):
    """Two runs of one process exclude each other; the lock is free afterwards, its file stays."""
    with publish.locked(tmp_path), pytest.raises(LockedError), publish.locked(tmp_path):
        pass
    inode = (tmp_path / ".feedbridge.lock").stat().st_ino
    with publish.locked(tmp_path):
        pass
    assert (tmp_path / ".feedbridge.lock").stat().st_ino == inode


# --- when the system fails -------------------------------------------------------------


@pytest.fixture
def without_rights(tmp_path, monkeypatch) -> Iterator[None]:
    """Take the rights of root away; paths must be relative, since pytest's own folders are private."""
    tmp_path.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    yield
    os.seteuid(before)


def make_unwritable(public: Path) -> None:
    """Take the right to write."""
    put(public, MAIN)
    public.chmod(0o555)


def make_unsearchable(public: Path) -> None:
    """Take the right to look."""
    put(public, MAIN)
    public.chmod(0o000)


def make_lock_unwritable(public: Path) -> None:
    """Take the right to lock."""
    put(public, MAIN)
    (public / ".feedbridge.lock").chmod(0o444)


@pytest.fixture(
    params=[make_unwritable, make_unsearchable, make_lock_unwritable], ids=lambda make: make.__name__
)
def forbidden(request, tmp_path) -> Iterator[None]:
    """Make an output directory that may not be used."""
    request.param(tmp_path / "public")
    yield
    (tmp_path / "public").chmod(0o755)


@pytest.mark.usefixtures("forbidden", "without_rights")
def test_missing_rights_are_named_with_the_remedy():
    """A directory that may not be written to is named, and what to do."""
    with pytest.raises(OutputError) as caught:
        put(Path("public"), (NEWER, RSS, PAGE))
    assert one_line(caught).startswith("cannot ")
    assert "public" in one_line(caught)
    assert "Permission denied; give the user who runs feedbridge the right to write there" in one_line(caught)
    assert isinstance(caught.value.__cause__, OSError)


IMPOSSIBLE = ("file", "file/public", "loop", "x" * 300, "fifo")


@pytest.mark.parametrize(
    ("path", "call"),
    [("dangling", put), *((path, call) for path in IMPOSSIBLE for call in (compare, put))],
)
def test_an_impossible_output_directory_is_named(tmp_path, path, call):
    """A file, a link to nowhere, a loop or a name too long is one line, also for a dry run, and stays."""
    (tmp_path / "file").write_bytes(b"mine")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "fifo")
    before = state(tmp_path)
    with pytest.raises(OutputError) as caught:
        call(tmp_path / path, MAIN)
    assert str(tmp_path / path) in one_line(caught)
    assert state(tmp_path) == before


def test_names_for_people_are_escaped(tmp_path):
    """Control characters of the output directory's name do not reach a terminal."""
    (tmp_path / "a\x1b[31m\nb").write_bytes(b"")
    with pytest.raises(OutputError) as caught:
        put(tmp_path / "a\x1b[31m\nb", MAIN)
    assert "\x1b" not in one_line(caught)


FULL_DISK = """
import sys
import time
from pathlib import Path
sys.path[:0] = {path!r}
from test_publish import ALL, Rendition, put, standing
public = Path({public!r}, "public")
put(public, ALL, gzip=True)
before = standing(public)
big = Rendition(path="rss.xml", kind="feed", body=bytes(300_000))
try:
    put(public, [Rendition(path="atom.xml", kind="feed", body=b"new"), big, *ALL[2:]])
except Exception as exc:
    print(type(exc).__name__, exc)
print(standing(public) == before)
put(public, [Rendition(path="atom.xml", kind="feed", body=b"new"), *ALL[1:]])
print((public / "atom.xml").read_bytes())
"""


def test_a_full_disk_replaces_nothing(tmp_path):
    """On a disk that is full nothing is replaced and no temporary file remains; the next run goes on."""
    mount = ["unshare", "--map-root-user", "--mount", "sh", "-ec"]
    small = f"mount -t tmpfs -o size=256k none '{tmp_path}'"
    if subprocess.run([*mount, small], check=False, capture_output=True).returncode:
        pytest.skip("this system gives no small disk of our own (unshare and mount)")
    script = FULL_DISK.format(path=[str(Path(__file__).parent)], public=str(tmp_path))
    done = subprocess.run(
        [*mount, f'{small}; exec "$@"', "sh", sys.executable, "-c", script],
        check=True,
        capture_output=True,
        text=True,
    )
    error, *rest = done.stdout.splitlines()
    reason = os.strerror(errno.ENOSPC)
    assert error == (
        f"OutputError cannot write {tmp_path}/public/rss.xml: {reason}; free some space there, then run again"
    )
    assert rest == ["True", "b'new'"]


# --- what survives a power cut ---------------------------------------------------------


def test_everything_is_durable_before_what_relies_on_it(tmp_path, monkeypatch):
    """Each file reaches the disk before its rename, each rename before the next step that relies on it."""
    put(tmp_path, ALL, gzip=True)
    events: list[tuple[str, str]] = []
    names: dict[int, str] = {}
    replace, unlink = os.replace, os.unlink

    def watch_fsync(descriptor: int) -> None:
        status = os.fstat(descriptor)
        events.append(("sync", "directory" if stat.S_ISDIR(status.st_mode) else str(status.st_ino)))
        REAL_FSYNC(descriptor)

    def watch_replace(name: str, place: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        inode = os.stat(name, dir_fd=src_dir_fd).st_ino
        assert ("sync", str(inode)) in events
        names[inode] = place
        events.append(("replace", place))
        replace(name, place, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    def watch_unlink(name: str, *, dir_fd: int) -> None:
        events.append(("unlink", name))
        unlink(name, dir_fd=dir_fd)

    monkeypatch.setattr(os, "fsync", watch_fsync)
    monkeypatch.setattr(os, "replace", watch_replace)
    monkeypatch.setattr(os, "unlink", watch_unlink)
    put(tmp_path, (NEWER, PAGE, Rendition(path="feed/new/atom.xml", kind="feed", body=b"new")), gzip=True)
    steps = [event for event in events if event[0] != "sync" or event[1] == "directory"]
    assert steps == [
        ("replace", ".feedbridge.json"),  # old and new paths
        ("sync", "directory"),
        ("sync", "directory"),  # feed/ is in the root
        ("sync", "directory"),  # feed/new/ is in feed/
        ("replace", "atom.xml.gz"),
        ("replace", "atom.xml"),
        ("replace", "atom.xml.gz"),
        ("replace", "atom.xml"),
        ("sync", "directory"),
        ("sync", "directory"),
        *(("unlink", name) for name in ("rss.xml", "rss.xml.gz", "atom.xml", "atom.xml.gz")),
        *(("unlink", name) for name in ("index.html", "index.html.gz")),
        ("sync", "directory"),  # source/ and source/dw/ are gone: the root
        ("replace", ".feedbridge.json"),  # what stands
        ("sync", "directory"),
    ]


def test_each_version_of_a_file_is_younger_by_a_second(tmp_path):
    """A web server that is asked for what is newer has no finer measure; packed ones likewise."""
    seconds = []
    for number in range(5):
        put(
            tmp_path, [Rendition(path="atom.xml", kind="feed", body=b"<feed>%d</feed>\n" % number)], gzip=True
        )
        files = (tmp_path / "atom.xml", tmp_path / "atom.xml.gz")
        seconds.append(tuple(int(file.stat().st_mtime) for file in files))
    for earlier, later in pairwise(seconds):
        assert all(before < after for before, after in zip(earlier, later, strict=True))
    put(tmp_path, [Rendition(path="atom.xml", kind="feed", body=b"<feed>4</feed>\n")], gzip=True)
    assert int((tmp_path / "atom.xml").stat().st_mtime) == seconds[-1][0]


def test_a_version_that_comes_later_has_the_time_at_which_it_came(tmp_path):
    """Only those of one second are parted."""
    put(tmp_path, [ATOM])
    os.utime(tmp_path / "atom.xml", (1, 1))
    put(tmp_path, [NEWER])
    assert abs((tmp_path / "atom.xml").stat().st_mtime - time.time()) < 60
