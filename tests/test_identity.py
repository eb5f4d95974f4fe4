"""identity: one entry an article, and an id that nothing moves."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedbridge.identity import guid, join, ranked
from feedbridge.model import Group, Identity, Measure, Version
from tests.samples import EPOCH, unmeasured, version

# Texts by digest: some say the same with other bytes, one is a stub.
LONG, AGAIN, OTHER, STUB = b"long", b"again", b"other", b"stub"
MEASURES = {
    LONG: Measure(fingerprint="a", length=6778),
    AGAIN: Measure(fingerprint="a", length=6778),
    OTHER: Measure(fingerprint="b", length=3389),
    STUB: Measure(fingerprint="c", length=44),
}

versions = st.builds(
    version,
    path=st.binary(min_size=1, max_size=3),
    digest=st.sampled_from([LONG, AGAIN, OTHER, STUB]),
    epoch=st.none() | st.integers(0, 5).map(lambda hours: EPOCH + timedelta(hours=hours)),
    published=st.integers(0, 5).map(lambda hours: EPOCH - timedelta(hours=hours)),
    source=st.sampled_from(["dw", "bbc"]),
    edited=st.none() | st.integers(-9, 9).map(lambda hours: EPOCH + timedelta(hours=hours)),
)
articles = st.lists(versions, min_size=1, max_size=8, unique_by=lambda one: one.path)


def measured(one: Version) -> Measure:
    """Measure a file by its digest."""
    return MEASURES[one.digest]


def joined(*files: Version) -> Identity:
    """Join the files of one article."""
    return join(files, measure=measured)


def paths(files: Sequence[Version]) -> list[bytes]:
    """Give the paths of an article's files, the one that speaks first."""
    return [one.path for one in ranked(files, measure=measured)]


def at(hours: float) -> datetime:
    """Return the moment so many hours after the first file arrived."""
    return EPOCH + timedelta(hours=hours)


def later(hours: float, **changes: object) -> Version:
    """Return a file that arrived some hours after the first one."""
    return version(epoch=at(hours), **changes)


def test_rule_1_id_is_a_version_5_urn_of_the_key():
    """The id is urn:uuid: and the UUIDv5 of the key; released ids are frozen, so this one is."""
    found = guid("dw/68136197")
    assert found == "urn:uuid:cc1e495d-0752-5739-9a77-41a551152f49"
    assert uuid.UUID(found).version == 5


def test_two_files_with_one_key_are_one_entry_and_the_newest_epoch_speaks():
    """A rewritten article is the same entry, published when it first was, updated when it last was."""
    old = version(path=b"z.txt", digest=LONG, published=EPOCH - timedelta(hours=1))
    new = later(2, path=b"a.txt", digest=OTHER, published=EPOCH + timedelta(hours=2))
    found = joined(new, old)
    assert (found.key, found.guid) == ("dw/1", guid("dw/1"))
    assert (found.speaker, found.digest) == (b"a.txt", OTHER)
    assert paths([old, new]) == [b"a.txt", b"z.txt"]
    assert (found.published, found.updated, found.arrived) == (old.published, new.epoch, EPOCH)


def test_of_equal_epochs_the_last_path_speaks():
    """The order of files with one epoch is that of their paths' bytes."""
    files = [version(path=b"b"), version(path="é".encode()), version(path=b"Z")]
    assert [one.path for one in ranked(files, measure=unmeasured)] == ["é".encode(), b"b", b"Z"]
    assert join(files, measure=unmeasured).speaker == "é".encode()


def test_rule_3_updated_is_the_epoch_but_never_before_published():
    """An article whose date line lies after its epoch was not updated before it was published."""
    late = version(published=EPOCH + timedelta(minutes=3))
    assert join([late], measure=unmeasured).updated == late.published


@pytest.mark.parametrize(
    ("files", "speaks"),
    [
        pytest.param(
            (version(path=b"1", digest=LONG), later(1, path=b"2", digest=STUB)),
            b"1",
            id="a stub never speaks",
        ),
        pytest.param(
            (version(path=b"1", digest=LONG), later(1, path=b"2", digest=OTHER)),
            b"2",
            id="half of the longest text or more: the newest",
        ),
        pytest.param(
            (version(path=b"1", digest=LONG), version(path=b"2", digest=OTHER)),
            b"1",
            id="equal epochs: the longer text",
        ),
        pytest.param(
            (version(path=b"1", digest=LONG), version(path=b"2", digest=AGAIN)),
            b"2",
            id="equal epochs and lengths: the last path",
        ),
        pytest.param(
            (version(path=b"1", digest=LONG), version(path=b"2", digest=AGAIN, epoch=None)),
            b"1",
            id="a file without an epoch stands behind",
        ),
    ],
)
def test_which_version_speaks(files, speaks):
    """Of those with at least half of the longest text the newest epoch, the longer text, the last path."""
    assert paths(files)[0] == joined(*files).speaker == speaks


def test_all_that_an_entry_says_comes_from_the_version_that_speaks():
    """Its source is that of the file that speaks, also where another file says another one."""
    old = version(path=b"1", digest=OTHER, source="bbc", source_name="BBC")
    new = later(1, path=b"2", digest=LONG, source="dw", source_name="Deutsche Welle")
    found = joined(old, new)
    assert (found.speaker, found.digest) == (b"2", LONG)
    assert (found.source, found.source_name) == ("dw", "Deutsche Welle")


def test_versions_are_known_by_what_all_files_hold():
    """`versions` changes when any file's content does, and not when a file is moved, copied or dated anew."""
    one, other = version(path=b"1", digest=LONG), version(path=b"2", digest=STUB)
    found = joined(one, other)
    moved = version(path=b"3", digest=STUB, epoch=EPOCH - timedelta(days=3))
    assert found.versions == joined(moved, one).versions == joined(one, other, moved).versions
    different = [[one], [other], [one, version(path=b"2", digest=OTHER)]]
    assert len({found.versions, *(joined(*files).versions for files in different)}) == 4


@pytest.mark.parametrize(
    ("files", "hours"),
    [
        pytest.param((version(digest=LONG), later(5, path=b"b", digest=AGAIN)), 0, id="scraped again"),
        pytest.param((version(digest=LONG), later(5, path=b"b", digest=OTHER)), 5, id="rewritten"),
        pytest.param(
            (
                version(digest=LONG),
                later(5, path=b"b", digest=OTHER),
                later(6, path=b"c", digest=OTHER),
            ),
            5,
            id="rewritten, then moved",
        ),
        pytest.param(
            (version(digest=LONG), later(5, path=b"b", digest=OTHER), later(9, path=b"c", digest=AGAIN)),
            0,
            id="rewritten, then as it was",
        ),
        pytest.param((version(digest=LONG), later(5, path=b"b", digest=STUB)), 0, id="a stub is no update"),
        pytest.param((later(3), later(3, path=b"b")), 3, id="a copy"),
        pytest.param(
            (
                later(2, digest=LONG),
                version(path=b"b", digest=AGAIN, epoch=None, published=EPOCH + timedelta(hours=9)),
            ),
            2,
            id="a copy without an epoch",
        ),
    ],
)
def test_rule_3_updated_of_several_files(files, hours):
    """The epoch of the oldest version that says what the speaking one says."""
    assert joined(*files).updated == EPOCH + timedelta(hours=hours)


def test_an_edit_counts_from_its_own_time_and_else_the_epoch_does():
    """`since` is since when a file says what it says: an edit that we remember, else its epoch."""
    assert version().since == EPOCH
    assert version(edited=at(3)).since == at(3)
    assert version(epoch=None, edited=at(3)).since == at(3)
    assert version(epoch=None).since is None


@pytest.mark.parametrize(
    ("files", "updated"),
    [
        pytest.param((version(edited=at(3)),), at(3), id="one file, edited"),
        pytest.param((version(epoch=None, edited=at(3)),), at(3), id="one file without an epoch"),
        pytest.param((version(published=at(4), edited=at(3)),), at(4), id="never before it was published"),
        pytest.param((version(edited=at(3)), version(path=b"b")), EPOCH, id="a copy that was not edited"),
        pytest.param(
            (version(digest=LONG, edited=at(3)), version(path=b"b", digest=AGAIN)),
            EPOCH,
            id="a twin of an older epoch said it before",
        ),
        pytest.param(
            (version(digest=LONG, edited=at(3)), later(5, path=b"b", digest=AGAIN)),
            at(3),
            id="a twin of a later epoch only says it again",
        ),
        pytest.param(
            (version(digest=LONG, edited=at(3)), version(path=b"b", digest=AGAIN, edited=at(2))),
            at(2),
            id="of two edits to the same the first",
        ),
        pytest.param(
            (version(digest=LONG, edited=at(3)), version(path=b"b", digest=OTHER)),
            at(3),
            id="another version said something else before",
        ),
        pytest.param(
            (version(digest=LONG), version(path=b"b", digest=OTHER, edited=at(3))),
            EPOCH,
            id="an edit of a version that does not speak",
        ),
        pytest.param(
            (version(digest=LONG, edited=at(3)), version(path=b"b", digest=AGAIN, epoch=None)),
            at(3),
            id="a twin without an epoch knows nothing",
        ),
    ],
)
def test_rule_3_updated_of_an_edited_file(files, updated):
    """A file that was edited in place says what it says since then, unless another file said it before."""
    assert joined(*files).updated == updated


def test_rule_3_an_edit_makes_a_version_no_newer():
    """Which version speaks, and when the article arrived and was published, are the epochs' to say."""
    edited = version(path=b"1", digest=OTHER, edited=at(9))
    newest = later(1, path=b"2", digest=LONG)
    found = joined(edited, newest)
    assert (found.speaker, found.updated, found.arrived) == (b"2", at(1), EPOCH)
    alone = joined(version(epoch=None, published=at(-1), edited=at(9)))
    assert (alone.arrived, alone.published, alone.updated) == (at(-1), at(-1), at(9))


@settings(max_examples=300)
@given(articles)
def test_rule_3_an_edit_moves_nothing_but_updated(files):
    """Without what the catalogue remembers all but `updated` is the same."""
    forgotten = [msgspec.structs.replace(one, edited=None) for one in files]
    found = msgspec.structs.replace(joined(*files), updated=EPOCH)
    assert found == msgspec.structs.replace(joined(*forgotten), updated=EPOCH)
    assert paths(files) == paths(forgotten)


def test_published_is_the_earliest_and_arrived_the_earliest_epoch():
    """Neither depends on which version speaks."""
    first = version(path=b"1", digest=STUB, published=EPOCH - timedelta(hours=9))
    second = later(-3, path=b"2", digest=LONG, published=EPOCH)
    undated = version(path=b"3", digest=OTHER, epoch=None, published=EPOCH - timedelta(hours=8))
    found = joined(first, second, undated)
    assert found.published == EPOCH - timedelta(hours=9)
    assert found.arrived == EPOCH - timedelta(hours=3)


def test_without_any_epoch_arrived_is_published():
    """A file without an epoch has arrived when it was published."""
    found = joined(version(epoch=None), version(path=b"b", epoch=None, published=EPOCH - timedelta(days=1)))
    assert found.arrived == found.published == EPOCH - timedelta(days=1)


def test_only_different_files_are_measured():
    """Measuring is dear: one file alone, and copies of one, need none; else each content needs one."""
    copies = [version(), version(path=b"b"), version(path=b"c")]
    for files in (copies[:1], copies):
        assert join(files, measure=unmeasured).speaker == files[-1].path
        speaker, *_ = ranked(files, measure=unmeasured)
        assert speaker.path == files[-1].path
    asked: list[bytes] = []

    def noted(one: Version) -> Measure:
        asked.append(one.digest)
        return measured(one)

    several = [version(path=bytes([65 + n]), digest=digest) for n, digest in enumerate([LONG, OTHER, LONG])]
    join(several, measure=noted)
    assert sorted(asked) == [LONG, OTHER]


@settings(max_examples=500)
@given(articles, st.randoms())
def test_order_of_files_changes_nothing(files, random):
    """What an archive says does not depend on the order in which it is read."""
    shuffled = list(files)
    random.shuffle(shuffled)
    assert joined(*shuffled) == joined(*files)
    assert paths(shuffled) == paths(files)


@given(articles)
def test_every_file_of_an_article_is_one_of_its_versions(files):
    """No version is lost, none counts twice, and the first of them speaks."""
    assert sorted(paths(files)) == sorted(one.path for one in files)
    assert joined(*files).speaker == paths(files)[0]


@given(articles, articles)
def test_versions_are_equal_for_equal_contents_only(files, others):
    """Two sets of files have equal `versions` if they hold the same contents, and only then."""
    are_equal = {one.digest for one in files} == {one.digest for one in others}
    assert (joined(*files).versions == joined(*others).versions) == are_equal


def test_an_entry_belongs_to_all_and_to_its_source():
    """The groups of which feeds are made: that of all entries first, and that of the version that speaks."""
    old = version(path=b"1", digest=LONG, source="bbc", source_name="BBC")
    new = later(1, path=b"2", digest=OTHER, source="dw", source_name="Deutsche Welle")
    assert joined(old, new).groups == (Group(), Group("source", "dw")) == (("", ""), ("source", "dw"))


@given(st.sets(st.text(st.characters(codec="ascii"), min_size=1, max_size=8), max_size=8))
def test_rule_1_articles_of_different_keys_have_different_ids(keys):
    """One key is one id: that of the entry, whatever else its files say."""
    found = [join([version(key=key)], measure=unmeasured) for key in sorted(keys)]
    assert [one.key for one in found] == sorted(keys)
    assert len({one.guid for one in found}) == len(keys)


@given(articles)
def test_rule_3_updated_is_never_before_published(files):
    """Whatever the files say."""
    found = joined(*files)
    assert found.updated >= found.published
