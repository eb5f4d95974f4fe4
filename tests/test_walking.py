"""walking: what is as it was seen last is not given; who helps changes nothing."""

import os

import msgspec
import pytest

from feedbridge import scan
from feedbridge.catalogue import Parts, part_of
from feedbridge.config import load
from feedbridge.errors import InputError
from feedbridge.pipeline.walking import Seeing, walk
from feedbridge.pipeline.workers import Workers, forked, none
from tests.samples import CHECKOUT
from tests.threads import threads

CONFIG = load(CHECKOUT / "config.toml")
NAMES = ("a.txt", "x/b.txt", "x/c.txt", "x/.hidden", "y/d.txt", "y/z/e.txt", "y/z/f.txt", "empty/g/h.txt")


@pytest.fixture
def place(tmp_path):
    """Give a directory with files in directories."""
    for name in NAMES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def seen(place, known=None, *, start=none, own=frozenset(), is_anew=False):
    """Return what is seen of each directory, in order."""
    scope = scan.Scope(max_bytes=1000)
    with (
        scan.Archive((scan.Root(directory=place),), scope) as archive,
        Workers(CONFIG, start) as workers,
    ):
        how = Seeing(tree=archive.tree, own=own, is_anew=is_anew)
        return list(walk(how, known or {}, workers))


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
    found = seen(place, known_of(first), start=start)
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
    found = seen(place, known, start=start)
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
    assert changed(seen(place, known)) == {b"a.txt"}


def test_everything_is_given_anew(place):
    """Also what is as it was; what is gone is told all the same."""
    known = known_of(seen(place))
    (place / "y" / "d.txt").unlink()
    found = seen(place, known, is_anew=True)
    assert changed(found) == {name.encode() for name in NAMES} - {b"x/.hidden", b"y/d.txt"}
    assert emptied(found) == {b"y"}


def test_our_own_is_not_seen(place):
    """Neither a directory of ours nor what is in it."""
    status = (place / "y").stat()
    found = seen(place, own=frozenset({(status.st_dev, status.st_ino)}), start=threads)
    assert {one.directory.path for one in found} == {b"", b"empty", b"empty/g", b"x"}


def test_the_largest_directories_are_looked_at_first(place):
    """So that nobody is left at work at one when all others are done."""
    known = {
        scan.Directory(0, b"y"): Parts(1, dict.fromkeys(range(5), b"")),
        scan.Directory(0, b"x"): Parts(2, dict.fromkeys(range(9), b"")),
    }
    for start in (none, threads):
        assert [one.directory.path for one in seen(place, known, start=start)][1:3] == [b"x", b"y"]


@pytest.mark.parametrize("start", [none, threads, forked])
def test_what_cannot_be_listed_ends_the_walk(place, start):
    """Whoever looked: what is not seen must not be taken for gone."""
    with (
        scan.Archive((scan.Root(directory=place),), scan.Scope(max_bytes=1000)) as archive,
        Workers(CONFIG, start) as workers,
    ):
        broken = msgspec.structs.replace(archive.tree, descriptors=(-1,))
        with pytest.raises(InputError, match="cannot list"):
            list(walk(Seeing(tree=broken, own=frozenset(), is_anew=False), {}, workers))
