"""identity: one entry an article, and an id that nothing moves."""

import uuid
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from feedbridge.identity import guid, identify
from tests.samples import EPOCH, version

versions = st.builds(
    version,
    path=st.binary(min_size=1, max_size=3),
    key=st.sampled_from(["dw/1", "dw/2", "url/ab"]),
    epoch=st.none() | st.integers(0, 5).map(lambda hours: EPOCH + timedelta(hours=hours)),
    published=st.integers(0, 5).map(lambda hours: EPOCH - timedelta(hours=hours)),
)


def test_rule_1_id_is_a_version_5_urn_of_the_key():
    """The id is urn:uuid: and the UUIDv5 of the key; released ids are frozen, so this one is."""
    found = guid("dw/68136197")
    assert found == "urn:uuid:cc1e495d-0752-5739-9a77-41a551152f49"
    assert uuid.UUID(found).version == 5


def test_two_files_with_one_key_are_one_entry_and_the_newest_epoch_speaks():
    """A rewritten article is the same entry, published when it first was, updated when it last was."""
    old = version(path=b"z.txt", published=EPOCH - timedelta(hours=1))
    new = version(path=b"a.txt", epoch=EPOCH + timedelta(hours=2), published=EPOCH + timedelta(hours=2))
    (found,) = identify([new, old])
    assert found.speaker == new
    assert found.versions == (b"a.txt", b"z.txt")
    assert (found.published, found.updated, found.arrived) == (old.published, new.epoch, EPOCH)


def test_of_equal_epochs_the_last_path_speaks():
    """The order of files with one epoch is that of their paths' bytes."""
    (found,) = identify([version(path=b"b"), version(path="é".encode()), version(path=b"Z")])
    assert found.versions == ("é".encode(), b"b", b"Z")


def test_rule_3_updated_is_the_epoch_but_never_before_published():
    """An article whose date line lies after its epoch was not updated before it was published."""
    late = version(published=EPOCH + timedelta(minutes=3))
    assert identify([late])[0].updated == late.published


@given(st.lists(versions, max_size=8, unique_by=lambda one: one.path), st.randoms())
def test_order_of_files_changes_nothing(files, random):
    """What an archive says does not depend on the order in which it is read."""
    shuffled = list(files)
    random.shuffle(shuffled)
    assert identify(shuffled) == identify(files)


@given(st.lists(versions, max_size=8, unique_by=lambda one: one.path))
def test_every_file_is_in_one_entry(files):
    """No version is lost, none counts twice."""
    found = identify(files)
    assert sorted(path for one in found for path in one.versions) == sorted(one.path for one in files)
    assert len({one.guid for one in found}) == len(found)
