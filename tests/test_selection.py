"""selection: which entries stand in a feed, in what order, within what limits."""

from collections.abc import Callable, Iterable
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedbridge import selection
from feedbridge.model import Content, Identity, Sizes
from feedbridge.standards import dates
from tests.samples import EPOCH, entry, identity, spec


def articles(count, *, every=timedelta(hours=1), **changes):
    """Return so many articles in order, the newest first."""
    moments = [EPOCH - number * every for number in range(count)]
    return tuple(
        identity(key=f"dw/{number}", published=moment, epoch=moment, **changes)
        for number, moment in enumerate(moments)
    )


def in_order(found: Iterable[Identity]) -> tuple[Identity, ...]:
    """Return articles in the order of a feed: newest first by published, then id ascending (rule 5)."""
    return tuple(sorted(found, key=lambda one: (-one.published.timestamp(), one.guid)))


def filled(
    found: Iterable[Identity], *, size_of: Callable[[Identity], Sizes], **limits: object
) -> selection.Filled:
    """Fill a feed of all that was found: the newest ones, and those that arrived lately."""
    ordered, limited = in_order(found), spec(**limits)
    recent = selection.recent_since(max((one.arrived for one in ordered), default=dates.EPOCH))
    members = selection.candidates(
        ordered[: limited.limit], (one for one in ordered if one.arrived >= recent)
    )
    return selection.fill(members, spec=limited, recent=recent, size_of=size_of)


def fill(
    found: Iterable[Identity], *, content_bytes: int = 100, summary_bytes: int = 0, **limits: object
) -> selection.Filled:
    """Fill a feed with entries of one size."""
    sizes = Sizes(content_bytes=content_bytes, summary_bytes=summary_bytes)
    return filled(found, size_of=lambda _: sizes, **limits)


@given(st.permutations(range(6)), st.integers(0, 6), st.integers(0, 6))
def test_rule_5_newest_first_then_id_ascending(order, newest, recent):
    """The order is total, by published, then by id, and that of what is newest and what arrived lately."""
    found = [identity(key=f"dw/{n}", published=EPOCH + timedelta(days=n // 2)) for n in range(6)]
    ordered = in_order(found[n] for n in order)
    assert ordered == in_order(found)
    lately = {found[n].key for n in order[:recent]}
    members = tuple(selection.candidates(ordered[:newest], [one for one in ordered if one.key in lately]))
    expected = {one.key for one in ordered[:newest]} | lately
    assert members == tuple(one for one in ordered if one.key in expected)


def test_rule_5_limit_counts_entries():
    """A feed holds the newest entries up to its limit."""
    ordered = articles(10, every=timedelta(days=3))
    assert fill(ordered, limit=4).members == ordered[:4]


def test_rule_5_recent_is_what_arrived_within_48_hours_before_the_newest_arrival():
    """The moment itself counts, and the clock says nothing."""
    assert selection.recent_since(EPOCH) == EPOCH - timedelta(hours=48)


def test_rule_5_recent_arrivals_stay_in_regardless_of_the_count():
    """What arrived within 48 h before the newest arrival stays, so that a daily reader misses nothing."""
    ordered = articles(60)
    found = fill(ordered, limit=10)
    assert found.members == ordered[:49]  # 0 h to 48 h before
    assert found.recent_cut == 0


def test_rule_5_an_old_article_that_arrived_late_stays():
    """Recent is what arrived recently, whatever its date says."""
    late = identity(key="dw/late", published=EPOCH - timedelta(days=90), epoch=EPOCH)
    ordered = (*articles(5, every=timedelta(days=3)), late)
    assert fill(ordered, limit=2).members == (ordered[0], ordered[1], late)


def test_rule_5_an_old_article_that_arrived_last_moves_the_window():
    """The newest arrival is not the newest article: before it nothing else may be recent."""
    ordered = articles(20)
    late = identity(
        key="dw/late", published=EPOCH - timedelta(days=90), epoch=EPOCH + timedelta(hours=45, minutes=30)
    )
    assert fill((*ordered, late), limit=2).members == (*ordered[:3], late)  # 0 h to 2 h before


def test_rule_5_bytes_win_over_recency_and_it_is_said():
    """The byte limit cuts at the first entry that does not fit, and counts what it cut of the recent ones."""
    found = fill(articles(60), content_bytes=1024, limit=100, max_bytes=10 * 2048)
    assert found.members == articles(60)[:10]
    assert found.recent_cut == 39


def test_rule_5_what_is_old_is_no_recent_entry_that_was_cut():
    """Where the byte limit cuts old entries only, nobody misses anything and nothing is said."""
    found = fill(articles(60, every=timedelta(days=3)), content_bytes=1024, max_bytes=10 * 2048)
    assert len(found.members) == 10
    assert found.recent_cut == 0


def test_rule_5_a_smaller_entry_never_takes_the_place_of_one_that_is_cut():
    """The byte limit ends a feed: what follows the first entry that does not fit is cut with it."""
    ordered = articles(3)
    size_bytes = {ordered[0].key: 0, ordered[1].key: 5000, ordered[2].key: 0}
    found = filled(
        ordered,
        size_of=lambda one: Sizes(content_bytes=size_bytes[one.key], summary_bytes=0),
        max_bytes=2 * 1024,
    )
    assert found.members == ordered[:1]
    assert found.recent_cut == 2


def test_rule_5_the_newest_entry_stands_whatever_its_size():
    """A feed is never empty because its newest entry is large."""
    assert fill(articles(3), content_bytes=5000, max_bytes=1000).members == articles(3)[:1]


@pytest.mark.parametrize(
    ("content", "count"), [pytest.param("full", 2, id="full"), pytest.param("summary", 4, id="summary")]
)
def test_rule_5_a_feed_of_summaries_holds_more(content, count):
    """Only what a feed shows counts against its bytes."""
    found = fill(articles(9), content_bytes=3 * 1024, summary_bytes=1024, content=content, max_bytes=8 * 1024)
    assert len(found.members) == count


def test_rule_5_an_entry_counts_its_utf8_bytes_and_1_kib():
    """Bytes are those of the content as UTF-8; with summaries, those of the summary."""
    sizes = selection.sizes_of(entry(content="中", summary="中中"))
    assert sizes == Sizes(content_bytes=3, summary_bytes=6)
    assert selection.size_bytes(sizes, spec()) == 3 + 1024
    assert selection.size_bytes(sizes, spec(content="summary")) == 6 + 1024


@pytest.mark.parametrize(
    ("limits", "count"),
    [
        pytest.param({"limit": 5}, 5, id="full by count"),
        pytest.param({"max_bytes": 5 * 2048}, 6, id="full by bytes: one shows that it is full"),
    ],
)
def test_nothing_beyond_the_limit_is_asked_for(limits, count):
    """Only what a feed holds is normalised, and the one entry that shows that it is full, newest first."""
    asked = []

    def size_of(one):
        asked.append(one)
        return Sizes(content_bytes=1024, summary_bytes=0)

    ordered = articles(500, every=timedelta(days=3))
    assert filled(ordered, size_of=size_of, **limits).members == ordered[:5]
    assert tuple(asked) == ordered[:count]


def test_a_feed_without_members_is_empty():
    """Nothing makes nothing."""
    assert fill(()) == selection.Filled(members=(), recent_cut=0)


def test_an_entry_is_what_a_file_says_with_the_id_and_dates_of_its_article():
    """Neither of the two knows what the other one has."""
    made = entry(title="What a file says", content="<div>中</div>", categories=("a", "b"))
    content = Content(**{name: getattr(made, name) for name in Content.__struct_fields__})
    article = identity(
        key="url/ab",
        published=EPOCH - timedelta(hours=1),
        epoch=EPOCH,
        source="example-org",
        source_name="example.org",
    )
    assert selection.entry(content, article) == msgspec.structs.replace(
        made,
        guid=article.guid,
        published=EPOCH - timedelta(hours=1),
        updated=EPOCH,
        source="example-org",
        source_name="example.org",
    )


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
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200), st.integers(0, 3000)), max_size=12),
    st.integers(1, 5),
    st.integers(1, 8000),
)
def test_rule_5_holds_for_any_archive(facts, limit, max_bytes):
    """Order is kept, bytes are never exceeded but by a lone entry, and the count only by recent arrivals."""
    found = {
        identity(
            key=f"dw/{n}",
            published=EPOCH - timedelta(hours=published),
            epoch=EPOCH - timedelta(hours=arrived),
        ): Sizes(content_bytes=size, summary_bytes=0)
        for n, (published, arrived, size) in enumerate(facts)
    }
    limits = spec(limit=limit, max_bytes=max_bytes)
    made = filled(found, size_of=found.__getitem__, limit=limit, max_bytes=max_bytes)
    ordered = in_order(found)
    assert made.members == tuple(one for one in ordered if one in made.members)
    assert bool(made.members) == bool(found)
    total = sum(selection.size_bytes(found[one], limits) for one in made.members)
    assert total <= max_bytes or len(made.members) == 1
    recent = max((one.arrived for one in found), default=EPOCH) - timedelta(hours=48)
    assert all(one.arrived >= recent for one in made.members[limit:])
    wanted = [*ordered[:limit], *(one for one in ordered[limit:] if one.arrived >= recent)]
    cut = wanted[len(made.members) :]
    assert list(made.members) == wanted[: len(made.members)]
    assert made.recent_cut == sum(one.arrived >= recent for one in cut)
    assert not cut or total + selection.size_bytes(found[cut[0]], limits) > max_bytes


def test_filling_leaves_its_arguments_alone():
    """Values are frozen: an entry in two feeds is the same entry."""
    with pytest.raises(AttributeError):
        spec().limit = 3  # type: ignore[misc]  # that is what must fail
    assert msgspec.structs.replace(spec(), limit=3).limit == 3
