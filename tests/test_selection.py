"""selection: which entries stand in a feed, in what order, within what limits."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedbridge import selection
from feedbridge.standards import dates
from tests.samples import EPOCH, entry, identity, spec


def articles(count, *, every=timedelta(hours=1), **changes):
    """Return so many articles in order, the newest first."""
    moments = [EPOCH - number * every for number in range(count)]
    return tuple(
        identity(key=f"dw/{number}", published=moment, epoch=moment, **changes)
        for number, moment in enumerate(moments)
    )


def fill(ordered, *, content_bytes=100, **limits):
    """Fill a feed with entries of one size; an entry is known by its article's id."""
    content = "x" * content_bytes
    return selection.fill(
        ordered, spec=spec(**limits), entry_of=lambda one: entry(guid=one.guid, content=content)
    )


@given(st.permutations(range(6)))
def test_rule_5_newest_first_then_id_ascending(order):
    """The order is total: by published, then by id, however the articles come."""
    found = [identity(key=f"dw/{n}", published=EPOCH + timedelta(days=n // 2)) for n in range(6)]
    ordered = selection.order(found[n] for n in order)
    assert list(ordered) == sorted(found, key=lambda one: (-one.published.timestamp(), one.guid))


def test_rule_5_limit_counts_entries():
    """A feed holds the newest entries up to its limit."""
    ordered = articles(10, every=timedelta(days=3))
    assert [one.guid for one in fill(ordered, limit=4).entries] == [one.guid for one in ordered[:4]]


def test_rule_5_recent_arrivals_stay_in_regardless_of_the_count():
    """What arrived within 48 h before the newest arrival stays, so that a daily reader misses nothing."""
    ordered = articles(60)
    assert len(fill(ordered, limit=10).entries) == 49  # 0 h to 48 h before


def test_rule_5_an_old_article_that_arrived_late_stays():
    """Recent is what arrived recently, whatever its date says."""
    late = identity(key="dw/late", published=EPOCH - timedelta(days=90), epoch=EPOCH)
    ordered = (*articles(5, every=timedelta(days=3)), late)
    assert [one.guid for one in fill(ordered, limit=2).entries] == [
        ordered[0].guid,
        ordered[1].guid,
        late.guid,
    ]


def test_rule_5_bytes_win_over_recency_and_it_is_said():
    """The byte limit cuts at the first entry that does not fit, and counts what it cut of the recent ones."""
    found = fill(articles(60), content_bytes=1024, limit=100, max_bytes=10 * 2048)
    assert len(found.entries) == 10
    assert found.recent_cut == 39


def test_rule_5_the_newest_entry_stands_whatever_its_size():
    """A feed is never empty because its newest entry is large."""
    assert len(fill(articles(3), content_bytes=5000, max_bytes=1000).entries) == 1


def test_rule_5_an_entry_counts_its_utf8_bytes_and_1_kib():
    """Bytes are those of the content as UTF-8; with summaries, those of the summary."""
    one = entry(content="中", summary="中中")
    assert selection.size_bytes(one, spec()) == 3 + 1024
    assert selection.size_bytes(one, spec(content="summary")) == 6 + 1024


def test_nothing_beyond_the_limit_is_asked_for():
    """Only what a feed holds is normalised, and the one entry that shows that it is full."""
    asked = []

    def entry_of(one):
        asked.append(one)
        return entry(guid=one.guid, content="x" * 1024)

    selection.fill(articles(500, every=timedelta(days=3)), spec=spec(limit=5), entry_of=entry_of)
    assert len(asked) == 5


def test_an_article_without_entry_leaves_its_place_to_the_next():
    """A rejected article takes no place in the feed."""
    ordered = articles(4, every=timedelta(days=3))
    found = selection.fill(
        ordered, spec=spec(limit=2), entry_of=lambda one: None if one is ordered[0] else entry(guid=one.guid)
    )
    assert [one.guid for one in found.entries] == [one.guid for one in ordered[1:3]]


def test_articles_of_a_source_keep_their_order():
    """A source's feed is filled from that source's articles; the sources stand by name."""
    dw, other = articles(3, source="dw"), articles(2, source="a.org")
    assert selection.by_source((*dw, *other)) == {"a.org": list(other), "dw": list(dw)}
    assert list(selection.by_source((*dw, *other))) == ["a.org", "dw"]


def test_a_feed_without_members_is_empty():
    """Nothing makes nothing."""
    assert fill(()).entries == ()


def test_rule_4_a_document_is_as_new_as_its_newest_entry():
    """updated is the newest updated of the entries, 1970 for an empty feed."""
    old, new = entry(updated=EPOCH), entry(updated=EPOCH + timedelta(days=1))
    assert selection.document(spec(), (old, new)).updated == new.updated
    assert selection.document(spec(), ()).updated == dates.EPOCH


@pytest.mark.parametrize(
    ("configured", "languages", "expected"),
    [
        pytest.param("de", ["zh-Hans"], "de", id="configured"),
        pytest.param("", ["zh-Hans", "zh-Hant", "en"], "zh", id="the commonest primary language"),
        pytest.param("", ["zh-Hans", "en"], "en", id="of several the first by the alphabet"),
        pytest.param("", ["und", "und", "ar"], "und", id="most are unknown"),
        pytest.param("", ["und", "ar"], "ar", id="as many known as unknown"),
        pytest.param("", [], "und", id="none"),
    ],
)
def test_rule_12_language_of_a_feed(configured, languages, expected):
    """The configured one, else the commonest primary language of its entries, else und."""
    entries = [entry(language=tag) for tag in languages]
    assert selection.document(spec(language=configured), entries).language == expected


@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 3000)), max_size=12),
    st.integers(1, 5),
    st.integers(1, 8000),
)
def test_rule_5_holds_for_any_archive(sizes, limit, max_bytes):
    """Order is kept, bytes are never exceeded but by a lone entry, and the count only by recent arrivals."""
    found = [
        identity(
            key=f"dw/{n}", epoch=EPOCH - timedelta(hours=hours), published=EPOCH - timedelta(hours=hours)
        )
        for n, (hours, _) in enumerate(sizes)
    ]
    contents = {one.guid: "x" * size for one, (_, size) in zip(found, sizes, strict=True)}
    ordered = selection.order(found)
    limits = spec(limit=limit, max_bytes=max_bytes)
    filled = selection.fill(
        ordered, spec=limits, entry_of=lambda one: entry(guid=one.guid, content=contents[one.guid])
    )
    guids = [one.guid for one in filled.entries]
    assert guids == [one.guid for one in ordered if one.guid in guids]
    assert bool(guids) == bool(found)
    total = sum(selection.size_bytes(one, limits) for one in filled.entries)
    assert total <= max_bytes or len(guids) == 1
    by_guid = {one.guid: one for one in found}
    recent = max((one.arrived for one in found), default=EPOCH) - timedelta(hours=48)
    assert all(by_guid[guid].arrived >= recent for guid in guids[limit:])


def test_filling_leaves_its_arguments_alone():
    """Values are frozen: an entry in two feeds is the same entry."""
    with pytest.raises(AttributeError):
        spec().limit = 3  # type: ignore[misc]  # that is what must fail
    assert msgspec.structs.replace(spec(), limit=3).limit == 3
