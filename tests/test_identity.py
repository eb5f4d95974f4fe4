"""identity: one entry an article, and an id that nothing moves."""

import uuid
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedbridge.identity import guid, identify
from feedbridge.model import Identity, Measure, Version
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
    key=st.sampled_from(["dw/1", "dw/2", "url/ab"]),
    epoch=st.none() | st.integers(0, 5).map(lambda hours: EPOCH + timedelta(hours=hours)),
    published=st.integers(0, 5).map(lambda hours: EPOCH - timedelta(hours=hours)),
)
archives = st.lists(versions, max_size=8, unique_by=lambda one: one.path)


def measured(one: Version) -> Measure:
    """Measure a file by its digest."""
    return MEASURES[one.digest]


def joined(*files: Version) -> Identity:
    """Join the files of one article."""
    (found,) = identify(files, measure=measured)
    return found


def later(hours: float, **changes: object) -> Version:
    """Return a file that arrived some hours after the first one."""
    return version(epoch=EPOCH + timedelta(hours=hours), **changes)


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
    assert found.speaker == new
    assert found.versions == (b"a.txt", b"z.txt")
    assert (found.published, found.updated, found.arrived) == (old.published, new.epoch, EPOCH)


def test_of_equal_epochs_the_last_path_speaks():
    """The order of files with one epoch is that of their paths' bytes."""
    (found,) = identify(
        [version(path=b"b"), version(path="é".encode()), version(path=b"Z")], measure=unmeasured
    )
    assert found.versions == ("é".encode(), b"b", b"Z")


def test_rule_3_updated_is_the_epoch_but_never_before_published():
    """An article whose date line lies after its epoch was not updated before it was published."""
    late = version(published=EPOCH + timedelta(minutes=3))
    assert identify([late], measure=unmeasured)[0].updated == late.published


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
    found = joined(*files)
    assert found.versions[0] == found.speaker.path == speaks


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
    """Measuring is dear: one file alone, and copies of one, need none."""
    files = [version(), version(path=b"b"), version(path=b"c", key="dw/2", digest=LONG)]
    assert len(identify(files, measure=unmeasured)) == 2


@settings(max_examples=500)
@given(archives, st.randoms())
def test_order_of_files_changes_nothing(files, random):
    """What an archive says does not depend on the order in which it is read."""
    shuffled = list(files)
    random.shuffle(shuffled)
    assert identify(shuffled, measure=measured) == identify(files, measure=measured)


@given(archives)
def test_every_file_is_in_one_entry(files):
    """No version is lost, none counts twice."""
    found = identify(files, measure=measured)
    assert sorted(path for one in found for path in one.versions) == sorted(one.path for one in files)
    assert len({one.guid for one in found}) == len(found)


@given(archives)
def test_rule_3_updated_is_never_before_published(files):
    """Whatever the files say."""
    assert all(one.updated >= one.published for one in identify(files, measure=measured))
