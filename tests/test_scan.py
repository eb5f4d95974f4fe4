"""scan: what is looked at, what is read, and what a broken environment does."""

import errno
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from feedbridge import scan
from feedbridge.errors import InputError
from feedbridge.model import INTEGER_MAX, FileId, Gone, Ignored, Rejected, Stamp
from tests.samples import raw

LIMIT = 100_000


class Collected(NamedTuple):
    """What stands in all directories of an archive, by path."""

    stamps: tuple[Stamp, ...]
    ignored: tuple[Ignored, ...]


def walk(archive: scan.Archive, *, own: frozenset[FileId] = frozenset()) -> Iterator[scan.Listing]:
    """List every directory, each before those in it."""
    waiting = [*archive.tree.tops()]
    while waiting:
        listing = archive.tree.listing(waiting.pop(0), own=own)
        waiting += listing.below
        yield listing


def collected(archive: scan.Archive, *, own: frozenset[FileId] = frozenset()) -> Collected:
    """Walk an archive to its end."""
    listings = list(walk(archive, own=own))
    stamps = (stamp for listing in listings for stamp in listing.stamps)
    ignored = (one for listing in listings for one in listing.ignored)
    return Collected(
        stamps=tuple(sorted(stamps, key=lambda stamp: stamp.path)),
        ignored=tuple(sorted(ignored, key=lambda one: one.path)),
    )


def opened(*directories: Path, **scope: object) -> scan.Archive:
    """Give an archive of these directories, not yet entered."""
    roots = [
        scan.Root(directory=one, prefix=b"" if len(directories) == 1 else one.name.encode() + b"/")
        for one in directories
    ]
    return scan.Archive(roots, scan.Scope(**{"max_bytes": LIMIT, **scope}))  # type: ignore[arg-type]  # a test's own


def walked(*directories: Path, **scope: object) -> tuple[list[bytes], dict[bytes, str]]:
    """Return the paths found, and the reasons of the ignored ones."""
    with opened(*directories, **scope) as archive:
        found = collected(archive)
    return [stamp.path for stamp in found.stamps], {one.path: one.reason for one in found.ignored}


def read(directory: Path, name: str = "a.txt", **scope: object) -> bytes | Ignored | Rejected | Gone:
    """Walk, then read the file of this name."""
    with opened(directory, **scope) as archive:
        stamps = {stamp.path: stamp for stamp in collected(archive).stamps}
        return archive.read(stamps[name.encode()])[1]


def test_every_regular_file_is_found(tmp_path):
    """Names of any kind, in any depth; extension and name say nothing."""
    names = [
        "b.txt",
        "a/z/deep.md",
        "a/no extension",
        "a.json",
        'e\u0301 # ? % | \\ "é\u0008.txt',
        " spaces ",
    ]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(raw())
    assert walked(tmp_path) == (sorted(name.encode() for name in names), {})


def test_each_directory_is_one_listing(tmp_path):
    """A listing names its directory, and holds what stands in it and nothing below."""
    for name in ("a.txt", "x/b.txt", "x/.hidden", "x/y/c.txt", "x/y/d.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(raw())
    (tmp_path / "empty").mkdir()
    (tmp_path / ".git").mkdir()
    with opened(tmp_path) as archive:
        listings = list(walk(archive))
    assert len(listings) == 4
    assert {one.directory.root for one in listings} == {0}
    assert {one.directory.path: {stamp.path for stamp in one.stamps} for one in listings} == {
        b"": {b"a.txt"},
        b"x": {b"x/b.txt"},
        b"x/y": {b"x/y/c.txt", b"x/y/d.txt"},
        b"empty": set(),
    }
    assert {one.directory.path: [each.path for each in one.ignored] for one in listings if one.ignored} == {
        b"x": [b"x/.hidden"]
    }


def test_a_stamp_is_what_the_system_says_of_a_file(tmp_path):
    """Size, mtime and inode, to the nanosecond and without a look into the file."""
    (tmp_path / "d").mkdir()
    file = tmp_path / "d" / "a.txt"
    file.write_bytes(b"four")
    os.utime(file, ns=(0, 1_706_716_023_123_456_789))
    file.chmod(0)
    with opened(tmp_path) as archive:
        (stamp,) = collected(archive).stamps
    assert stamp == Stamp(
        path=b"d/a.txt",
        root=0,
        size_bytes=4,
        mtime_ns=1_706_716_023_123_456_789,
        inode=file.stat().st_ino,
    )


def test_a_stamp_fits_into_a_database(tmp_path):
    """A file may claim to be of the year 2270: its time is cut to what a database holds."""
    file = tmp_path / "a.txt"
    file.write_bytes(raw())
    claimed_ns = 300 * 366 * 24 * 3600 * 10**9
    os.utime(file, ns=(0, claimed_ns))
    if file.stat().st_mtime_ns != claimed_ns:
        pytest.skip("the file system here has no such times")
    with opened(tmp_path) as archive:
        (stamp,) = collected(archive).stamps
        assert stamp.mtime_ns == INTEGER_MAX
        assert archive.read(stamp) == (stamp, raw())


def test_files_are_read_while_the_walk_goes_on(tmp_path):
    """A listing's files may be read before the next directory is listed."""
    for number in range(3):
        (tmp_path / f"d{number}").mkdir()
        (tmp_path / f"d{number}" / "a.txt").write_bytes(raw(title=f"{number}"))
    with opened(tmp_path) as archive:
        found = [archive.read(stamp) for listing in walk(archive) for stamp in listing.stamps]
    assert {stamp.path: body for stamp, body in found} == {
        f"d{number}/a.txt".encode(): raw(title=f"{number}") for number in range(3)
    }


def test_names_that_are_no_utf8_are_found_and_read(tmp_path):
    """A path is bytes."""
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.txt"))).write_bytes(raw())
    with opened(tmp_path) as archive:
        (stamp,) = collected(archive).stamps
        assert stamp.path == b"\xff\xfe.txt"
        assert archive.read(stamp) == (stamp, raw())


def test_hidden_files_links_and_devices_are_ignored(tmp_path):
    """Nothing is followed, nothing that is no regular file is opened."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_bytes(raw())
    inside = tmp_path / "in"
    (inside / ".git").mkdir(parents=True)
    (inside / ".git" / "a.txt").write_bytes(raw())
    (inside / ".hidden").write_bytes(raw())
    (inside / "file-link").symlink_to(outside / "secret.txt")
    (inside / "directory-link").symlink_to(outside)
    (inside / "loop").symlink_to(inside)
    (inside / "dangling").symlink_to("nowhere")
    os.mkfifo(inside / "fifo")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(inside / "socket"))
    paths, ignored = walked(inside)
    assert paths == []
    links = {b"file-link", b"directory-link", b"loop", b"dangling"}
    assert set(ignored) == links | {b".hidden", b"fifo", b"socket"}
    assert all("symbolic link" in ignored[path] for path in links)


def test_input_directory_itself_may_be_a_link(tmp_path):
    """Only below the input directory no link is followed."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.txt").write_bytes(raw())
    (tmp_path / "link").symlink_to("real")
    assert walked(tmp_path / "link")[0] == [b"a.txt"]
    with opened(tmp_path / "link") as archive:
        assert archive.tree.path_of(tmp_path / "real" / "a.txt") == b"a.txt"


def test_include_and_exclude(tmp_path):
    """Patterns without a slash are for names, those with one for paths; directories are left out whole."""
    for name in ("a.txt", "a.md", "drafts/b.txt", "x/c.txt", "x/d.bak.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(raw())
    paths, ignored = walked(tmp_path, include=("*.txt",), exclude=("drafts", "x/d*"))
    assert paths == [b"a.txt", b"x/c.txt"]
    assert ignored == {
        b"a.md": "not included by [input] include",
        b"x/d.bak.txt": "excluded by [input] exclude",
    }


def test_own_output_is_never_input(tmp_path):
    """Files and directories that are known as our own are passed over, whatever they are called."""
    (tmp_path / "public").mkdir()
    for name in ("a.txt", "mine.txt", "public/b.txt"):
        (tmp_path / name).write_bytes(raw())
    own = frozenset(
        (one.stat().st_dev, one.stat().st_ino) for one in (tmp_path / "public", tmp_path / "mine.txt")
    )
    with opened(tmp_path) as archive:
        found = collected(archive, own=own)
    assert [stamp.path for stamp in found.stamps] == [b"a.txt"]
    assert [one.path for one in found.ignored] == [b"mine.txt"]


def test_several_directories_keep_their_files_apart(tmp_path):
    """Where there are several input directories, each file's path begins with its own."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_bytes(raw(title=name))
    with opened(tmp_path / "one", tmp_path / "two") as archive:
        stamps = collected(archive).stamps
        assert [(stamp.root, stamp.path) for stamp in stamps] == [(0, b"one/a.txt"), (1, b"two/a.txt")]
        assert [one.directory for one in walk(archive)] == [(0, b""), (1, b"")]
        assert [archive.read(stamp)[1] for stamp in stamps] == [raw(title="one"), raw(title="two")]
        assert archive.tree.path_of(tmp_path / "two" / "a.txt") == b"two/a.txt"
        assert archive.tree.path_of(tmp_path / "three.txt") is None
        assert archive.tree.path_of(tmp_path / "one" / ".." / "two" / "a.txt") == b"two/a.txt"


@pytest.mark.parametrize(
    ("size", "is_read"),
    [pytest.param(LIMIT, True, id="at the limit"), pytest.param(LIMIT + 1, False, id="over it")],
)
def test_a_file_over_the_limit_is_rejected(tmp_path, size, is_read):
    """max_bytes is the largest size that is read."""
    (tmp_path / "a.txt").write_bytes(raw().ljust(size))
    found = read(tmp_path)
    assert isinstance(found, bytes) == is_read
    assert is_read or (isinstance(found, Rejected) and found.code == "too-large")


def test_a_large_file_without_any_sign_is_ignored(tmp_path):
    """A film beside the articles is no rejected article, whatever its size; only its head is read."""
    with (tmp_path / "a.txt").open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    assert isinstance(read(tmp_path), Ignored)


def test_an_empty_file_is_read_as_empty(tmp_path):
    """Whether emptiness is a mistake is not for the reader to say."""
    for nothing in (b"", b" \n\n"):
        (tmp_path / "a.txt").write_bytes(nothing)
        assert read(tmp_path) == nothing


def test_a_file_that_grows_while_it_is_read_ends_at_the_limit(tmp_path):
    """However fast a file grows, reading it ends."""
    file = tmp_path / "a.txt"
    file.write_bytes(raw())
    is_over = threading.Event()

    def grow() -> None:
        with file.open("ab") as growing:
            while not is_over.is_set():
                growing.write(b"x" * 65536)

    thread = threading.Thread(target=grow)
    thread.start()
    try:
        found = read(tmp_path)
        while isinstance(found, bytes):
            found = read(tmp_path)
    finally:
        is_over.set()
        thread.join()
    assert isinstance(found, Rejected)
    assert found.code == "too-large"


def by_nothing(path: Path) -> None:
    """Leave nothing there."""


def by_a_link(path: Path) -> None:
    """Put a link to another article, or to a directory with one, there."""
    (outside,) = (above / "outside" for above in path.parents if (above / "outside").exists())
    path.symlink_to(outside / path.name if path.suffix else outside)
    assert path.exists()


def by_a_directory(path: Path) -> None:
    """Make a directory there."""
    path.mkdir()


def by_a_fifo(path: Path) -> None:
    """Put there what would make a reader wait."""
    os.mkfifo(path)


def by_a_file(path: Path) -> None:
    """Put a file there."""
    path.write_bytes(raw())


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    """Give an archive with two articles, beside a directory with secret ones of the same names."""
    for directory in (tmp_path / "in" / "d", tmp_path / "outside"):
        directory.mkdir(parents=True)
        for name in ("a.txt", "b.txt"):
            (directory / name).write_bytes(raw(title=directory.name))
    return tmp_path / "in"


@pytest.mark.parametrize(
    ("replace", "found"),
    [
        (by_nothing, Gone(path=b"d/a.txt")),
        (by_a_link, Gone(path=b"d/a.txt")),
        (by_a_directory, Ignored(path=b"d/a.txt", reason="no regular file")),
        (by_a_fifo, Ignored(path=b"d/a.txt", reason="no regular file")),
    ],
)
def test_a_file_that_was_replaced_since_the_walk_is_not_followed(inside, replace, found):
    """What a path has become is looked at again, without following or waiting."""
    with opened(inside) as archive:
        stamp, other = collected(archive).stamps
        (inside / "d" / "a.txt").unlink()
        replace(inside / "d" / "a.txt")
        assert archive.read(stamp) == (stamp, found)
        assert archive.read(other) == (other, raw(title="d"))


@pytest.mark.parametrize("replace", [by_nothing, by_a_link, by_a_file, by_a_fifo])
def test_a_directory_that_was_replaced_since_the_walk_is_not_followed(inside, replace):
    """Each step of a path is opened without following: all files in it are gone."""
    with opened(inside) as archive:
        stamps = collected(archive).stamps
        (inside / "d").rename(inside.parent / "moved away")
        replace(inside / "d")
        assert [archive.read(stamp) for stamp in stamps] == [(one, Gone(path=one.path)) for one in stamps]


def test_a_file_that_has_changed_since_the_walk_is_read_with_its_own_stamp(inside):
    """What is read belongs to the stamp that the file has then: the next walk finds it as it was read."""
    with opened(inside) as archive:
        stamp, _ = collected(archive).stamps
        (inside / "d" / "b.txt").rename(inside / "d" / "a.txt")
        (inside / "d" / "a.txt").write_bytes(raw(title="another, and longer"))
        now, found = archive.read(stamp)
        assert found == raw(title="another, and longer")
        assert now != stamp
        assert (now,) == collected(archive).stamps


@pytest.mark.parametrize("replacement", ["nothing", "link", "file"])
def test_a_directory_that_was_replaced_during_the_walk_is_empty(tmp_path, replacement):
    """What a directory has become since it was named is looked at again; nothing in it is followed."""
    inside, outside = tmp_path / "in", tmp_path / "out"
    for directory in (inside / "d", outside):
        directory.mkdir(parents=True)
        (directory / "secret.txt").write_bytes(raw())
    with opened(inside) as archive:
        walking = walk(archive)
        assert next(walking).directory.path == b""
        (inside / "d" / "secret.txt").unlink()
        (inside / "d").rmdir()
        if replacement == "link":
            (inside / "d").symlink_to(outside)
        elif replacement == "file":
            (inside / "d").write_bytes(raw())
        directory = scan.Directory(0, b"d")
        assert list(walking) == [scan.Listing(directory=directory, stamps=(), ignored=(), below=())]


def test_one_file_is_looked_at_as_a_walk_finds_it(tmp_path):
    """Its stamp, or why it is none; its directory is that of its listing."""
    names = ["a.txt", "x/b.txt", "x/y/c.txt", "x/.hidden", "x/d.bak", "e.md", "mine.txt"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(raw())
    (tmp_path / "x" / "link.txt").symlink_to("b.txt")
    os.mkfifo(tmp_path / "x" / "fifo.txt")
    mine = (tmp_path / "mine.txt").stat()
    own = frozenset({(mine.st_dev, mine.st_ino)})
    with opened(tmp_path, include=("*.txt", "*.bak"), exclude=("*.bak",)) as archive:
        listings = list(walk(archive, own=own))
        stamps = [(listing.directory, stamp) for listing in listings for stamp in listing.stamps]
        ignored = [one for listing in listings for one in listing.ignored]
        assert len(stamps) + len(ignored) == len(names) + 2
        for directory, stamp in stamps:
            assert archive.tree.look_at(stamp.path, own=own) == stamp
            assert archive.tree.parts(stamp.root, stamp.path)[0] == directory
        assert [archive.tree.look_at(one.path, own=own) for one in ignored] == ignored


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        pytest.param(b"d", Ignored, id="a directory"),
        pytest.param(b"..", Ignored, id="the directory above"),
        pytest.param(b"drafts/a.txt", Ignored, id="in an excluded directory"),
        pytest.param(b"d/drafts/deep/a.txt", Ignored, id="below an excluded directory"),
        pytest.param(b"d/left/out/deep/a.txt", Ignored, id="below a directory excluded by its path"),
        pytest.param(b".git/a.txt", Ignored, id="in a hidden directory"),
        pytest.param(b"nothing", Gone, id="nothing"),
        pytest.param(b"no/such/file", Gone, id="in no directory"),
        pytest.param(b"d/a.txt/b", Gone, id="below a file"),
        pytest.param(b"link/a.txt", Gone, id="behind a link"),
        pytest.param(b"", Gone, id="no name"),
        pytest.param(b"\xff", Gone, id="no UTF-8"),
    ],
)
def test_what_a_walk_does_not_come_to_is_none(inside, path, kind):
    """Whatever is asked for, no link is followed and nothing that is left out is found."""
    for directory in ("drafts", "d/drafts/deep", "d/left/out/deep", ".git"):
        (inside / directory).mkdir(parents=True)
        (inside / directory / "a.txt").write_bytes(raw())
    (inside / "link").symlink_to(inside.parent / "outside")
    with opened(inside, exclude=("drafts", "d/left/out")) as archive:
        found = archive.tree.look_at(path)
    assert isinstance(found, Ignored | Gone)
    assert found.path == path
    assert isinstance(found, kind)


def test_what_is_outside_is_never_looked_at(inside):
    """No step leads above the input directory, and no name begins anew."""
    with opened(inside) as archive:
        for path in (b"../outside/a.txt", b"d/../../outside/a.txt", os.fsencode(inside / "d" / "a.txt")):
            assert not isinstance(archive.tree.look_at(path), Stamp)


def test_one_file_of_several_directories_is_looked_at(tmp_path):
    """A path begins with its input directory's name, and so does what is found."""
    for name in ("one", "two"):
        (tmp_path / name / "d").mkdir(parents=True)
        (tmp_path / name / "d" / "a.txt").write_bytes(raw(title=name))
    with opened(tmp_path / "one", tmp_path / "two") as archive:
        for stamp in collected(archive).stamps:
            assert archive.tree.look_at(stamp.path) == stamp
            assert archive.tree.parts(stamp.root, stamp.path) == ((stamp.root, b"d"), b"a.txt")


def test_a_file_that_is_looked_at_leaves_no_descriptor_open(inside):
    """Nor does one that is not there."""
    with opened(inside) as archive:
        before = len(list(Path("/proc/self/fd").iterdir()))
        for path in (b"d/a.txt", b"d", b"nothing", b"no/such/file", b"d/a.txt/b"):
            archive.tree.look_at(path)
        assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_missing_input_directory_says_what_to_do(tmp_path):
    """The message names the directory and both ways out."""
    with pytest.raises(InputError, match=r"nowhere does not exist; make it, or name another") as caught:
        walked(tmp_path / "nowhere")
    assert caught.value.exit_code == 1


def test_an_input_that_is_a_file_is_an_error(tmp_path):
    """A file is no archive."""
    (tmp_path / "file").write_bytes(raw())
    with pytest.raises(InputError, match="cannot read the input directory"):
        walked(tmp_path / "file")


def test_a_directory_that_cannot_be_listed_is_an_error(tmp_path):
    """A directory whose path has grown past the system's limit stands for any that cannot be listed."""
    (tmp_path / "d").mkdir()
    with opened(tmp_path) as archive:
        original = os.scandir
        os.scandir = _failing(original, OSError(errno.EACCES, "Permission denied"))  # a fault of the system
        try:
            with pytest.raises(InputError, match=r"cannot list .*: Permission denied"):
                collected(archive)
        finally:
            os.scandir = original


def _failing(original, error):
    def scandir(descriptor):
        original(descriptor).close()
        raise error

    return scandir


@pytest.mark.parametrize(
    ("number", "ends_the_run"),
    [
        pytest.param(errno.EACCES, False, id="EACCES: this file"),
        pytest.param(errno.EIO, True, id="EIO: the disk"),
        pytest.param(errno.ESTALE, True, id="ESTALE: the network"),
        pytest.param(errno.EMFILE, True, id="EMFILE: this program"),
    ],
)
def test_reading_fails(tmp_path, monkeypatch, number, ends_the_run):
    """One file's own fault rejects it; a failing disk ends the run, since articles would seem to be gone."""
    (tmp_path / "a.txt").write_bytes(raw())

    def fail(*_: object) -> bytes:
        raise OSError(number, os.strerror(number))

    with opened(tmp_path) as archive:
        (stamp,) = collected(archive).stamps
        monkeypatch.setattr(os, "read", fail)
        if ends_the_run:
            with pytest.raises(InputError, match=r"cannot read a\.txt"):
                archive.read(stamp)
        else:
            now, found = archive.read(stamp)
            assert now == stamp
            assert isinstance(found, Rejected)
            assert found.code == "unreadable"


def test_no_descriptor_stays_open(tmp_path):
    """A run that goes on for years must not leak."""
    for number in range(5):
        (tmp_path / f"d{number}").mkdir()
        (tmp_path / f"d{number}" / "a.txt").write_bytes(raw())
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        with opened(tmp_path) as archive:
            for stamp in collected(archive).stamps:
                archive.read(stamp)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_walk_that_is_not_gone_to_its_end_holds_no_descriptor(tmp_path):
    """Between two listings no directory is open but the input directory."""
    for number in range(3):
        (tmp_path / f"d{number}").mkdir()
    with opened(tmp_path) as archive:
        before = len(list(Path("/proc/self/fd").iterdir()))
        walking = walk(archive)
        for _ in range(2):
            next(walking)
            assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_very_deep_tree_is_walked(tmp_path):
    """Depth costs no descriptors: two are open at a time, however deep."""
    deep = tmp_path.joinpath(*["d"] * 400)
    deep.mkdir(parents=True)
    (deep / "a.txt").write_bytes(raw())
    assert len(walked(tmp_path)[0]) == 1
