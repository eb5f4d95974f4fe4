"""walking: what is as it was seen last is not given; who helps changes nothing."""

import errno
import os

import msgspec
import pytest

from feedbridge import scan
from feedbridge.catalogue import Parts, part_of
from feedbridge.config import load
from feedbridge.errors import InputError
from feedbridge.pipeline.walking import UNSETTLED, walk
from feedbridge.pipeline.workers import Workers, forked, none
from tests.samples import CHECKOUT
from tests.threads import die, threads, worker

CONFIG = load(CHECKOUT / "config.toml")
SCOPE = scan.Scope(max_bytes=1000)
NAMES = ("a.txt", "x/b.txt", "x/c.txt", "x/.hidden", "y/d.txt", "y/z/e.txt", "y/z/f.txt", "empty/g/h.txt")


class Broken(scan.Tree, frozen=True):
    """A tree of which one directory is on a disk that fails."""

    broken: bytes

    def open(self, directory):
        """Open a directory."""
        if directory.path == self.broken:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return super().open(directory)


@pytest.fixture
def place(tmp_path):
    """Give a directory with files in directories."""
    for name in NAMES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def seen(*places, known=None, start=none, own=frozenset()):
    """Return what is seen of each directory, in order."""
    roots = [scan.Root(directory=place, prefix=b"%d/" % number) for number, place in enumerate(places)]
    with (
        scan.Archive(roots if len(places) > 1 else [scan.Root(directory=places[0])], SCOPE) as archive,
        Workers(CONFIG, start) as workers,
    ):
        return list(walk(archive.tree, known or {}, workers, own=own))


def known_of(found):
    """Return what is remembered of what was seen."""
    return {
        one.directory: Parts(number, {part: stood.digest for part, stood in one.changed.items()})
        for number, one in enumerate(found, start=1)
    }


def changed(found):
    """Return the paths of the files that are given."""
    return {stamp.path for one in found for part in one.changed.values() for stamp in part.stamps}


def emptied(found):
    """Return the directories with parts in which nothing stands any more."""
    return {one.directory.path for one in found if one.emptied}


def test_all_is_given_of_what_was_never_seen(place):
    """Each directory once, with its files in parts, and what is ignored."""
    found = seen(place)
    paths = [one.directory.path for one in found]
    assert sorted(paths) == [b"", b"empty", b"empty/g", b"x", b"y", b"y/z"]
    assert changed(found) == {name.encode() for name in NAMES} - {b"x/.hidden"}
    assert {one.directory.path: one.files for one in found if one.files} == {
        b"": 1,
        b"x": 2,
        b"y": 1,
        b"y/z": 2,
        b"empty/g": 1,
    }
    assert [one.path for seen_one in found for one in seen_one.ignored] == [b"x/.hidden"]
    for one in found:
        for number, part in one.changed.items():
            assert {part_of(stamp) for stamp in part.stamps} == {number}


@pytest.mark.parametrize("start", [none, threads, forked])
def test_what_is_as_it_was_is_not_given(place, start):
    """Its files are counted, and no more."""
    first = seen(place)
    found = seen(place, known=known_of(first), start=start)
    assert (changed(found), emptied(found)) == (set(), set())
    assert sum(one.files for one in found) == 7


@pytest.mark.parametrize("start", [none, threads, forked])
def test_what_differs_is_given_with_its_part(place, start):
    """An edited file, a new one, and what a moved or deleted one leaves."""
    known = known_of(seen(place))
    (place / "x" / "b.txt").write_text("longer than it was")
    (place / "y" / "d.txt").rename(place / "empty" / "d.txt")
    (place / "new").mkdir()
    (place / "new" / "i.txt").write_text("new")
    found = seen(place, known=known, start=start)
    assert changed(found) >= {b"x/b.txt", b"empty/d.txt", b"new/i.txt"}
    assert changed(found) <= {b"x/b.txt", b"x/c.txt", b"empty/d.txt", b"new/i.txt"}
    assert emptied(found) == {b"y"}


def test_another_inode_of_the_same_name_size_and_time_differs(place):
    """As `cp -p` and a rename leave it."""
    known = known_of(seen(place))
    file = place / "a.txt"
    status = file.stat()
    (place / "other").write_text(file.read_text())
    (place / "other").rename(file)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert changed(seen(place, known=known)) == {b"a.txt"}


def test_what_a_lost_worker_was_to_list_is_listed_by_others(place):
    """Whether it had begun or not."""
    known = known_of(seen(place))
    (place / "x" / "b.txt").write_text("longer than it was")
    expected = seen(place, known=known)
    for batches in (0, 1):
        assert seen(place, known=known, start=lambda config, n=batches: [worker(die, config, n)]) == expected


@pytest.mark.parametrize("start", [none, threads])
def test_a_part_that_is_unsettled_is_given(place, start):
    """Also if it is as it was; one in which nothing stands any more is told all the same."""
    known = known_of(seen(place))
    for _, digests in known.values():
        digests.update(dict.fromkeys(digests, UNSETTLED))
    (place / "y" / "d.txt").unlink()
    found = seen(place, known=known, start=start)
    assert changed(found) == {name.encode() for name in NAMES} - {b"x/.hidden", b"y/d.txt"}
    assert emptied(found) == {b"y"}


def test_several_input_directories_are_one_archive(place, tmp_path_factory):
    """Each with its own name before those of its files."""
    other = tmp_path_factory.mktemp("other")
    (other / "x").mkdir()
    (other / "x" / "b.txt").write_text("another")
    known = known_of(seen(place, other))
    (other / "x" / "b.txt").write_text("edited")
    found = seen(place, other, known=known, start=threads)
    assert changed(found) == {b"1/x/b.txt"}
    assert sum(one.files for one in found) == 8


def test_of_what_is_new_nothing_is_sent(place):
    """It is listed here, one directory at a time: there may be much, and all of it is given."""
    assert changed(seen(place, start=pytest.fail)) != set()


def test_our_own_is_not_seen(place):
    """Neither a directory of ours nor what is in it."""
    status = (place / "y").stat()
    found = seen(place, own=frozenset({(status.st_dev, status.st_ino)}), start=threads)
    assert {one.directory.path for one in found} == {b"", b"empty", b"empty/g", b"x"}


def test_the_largest_directories_are_looked_at_first(place):
    """So that nobody is left at work at one when all others are done; new ones come last."""
    known = {
        (0, b""): Parts(3, {0: b"0"}),
        (0, b"y"): Parts(1, dict.fromkeys(range(5), b"0")),
        (0, b"x"): Parts(2, dict.fromkeys(range(9), b"0")),
    }
    for start in (none, threads):
        paths = [one.directory.path for one in seen(place, known=known, start=start)]
        assert paths[:4] == [b"", b"x", b"y", b"empty"]


@pytest.mark.parametrize("start", [none, threads, forked])
@pytest.mark.parametrize("name", [b"", b"x"])
def test_what_cannot_be_listed_ends_the_walk(place, start, name):
    """Whoever looked: what is not seen must not be taken for gone."""
    known = known_of(seen(place))
    with (
        scan.Archive([scan.Root(directory=place)], SCOPE) as archive,
        Workers(CONFIG, start) as workers,
    ):
        broken = Broken(**msgspec.structs.asdict(archive.tree), broken=name)
        with pytest.raises(InputError, match="cannot list"):
            list(walk(broken, known, workers, own=frozenset()))
