"""Which entries stand in which document, in what order, within what limits."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from feedbridge.model import Content, Document, Entry, FeedSpec, Identity, Sizes

# So that nobody who polls once a day misses an entry, even when a weekend comes between.
RECENT = timedelta(hours=48)
OVERHEAD_BYTES = 1024  # of an entry beside its content, in every format


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """What a document holds, and what had to stay out of it."""

    members: tuple[Identity, ...]
    recent_cut: int  # recent arrivals that only the byte limit kept out


def candidates(newest: Iterable[Identity], recent: Iterable[Identity]) -> Iterator[Identity]:
    """Give the entries that may stand in a feed, in order: the newest ones and the recent arrivals.

    Both are in order, and no other entry is newer than the last of the newest.
    """
    first = tuple(newest)
    known = {identity.key for identity in first}
    yield from first
    yield from (identity for identity in recent if identity.key not in known)


def recent_since(newest: datetime) -> datetime:
    """Return since when an arrival is recent: measured from the newest one, never from the clock."""
    return newest - RECENT


def fill(
    members: Iterable[Identity],
    *,
    spec: FeedSpec,
    recent: datetime,
    size_of: Callable[[Identity], Sizes | None],
) -> Filled:
    """Take of `candidates` until the feed is full (emission rule 5); `recent` is since when an arrival is so.

    `size_of` is asked for one entry at a time, newest first, and never for one beyond the limits, so that
    only what is needed is normalised; whoever has none is left out. The newest entry always stands, whatever
    its size.
    """
    taken: list[Identity] = []
    room = spec.max_bytes
    waiting = iter(members)
    for identity in waiting:
        sizes = size_of(identity)
        if sizes is None:
            continue
        room -= size_bytes(sizes, spec)
        if room < 0 and taken:
            cut = (identity, *waiting)
            return Filled(members=tuple(taken), recent_cut=sum(one.arrived >= recent for one in cut))
        taken.append(identity)
    return Filled(members=tuple(taken), recent_cut=0)


def size_bytes(sizes: Sizes, spec: FeedSpec) -> int:
    """Return what an entry counts against the byte limit: the same in every format."""
    shown = sizes.content_bytes if spec.content == "full" else sizes.summary_bytes
    return shown + OVERHEAD_BYTES


def sizes_of(content: Content) -> Sizes:
    """Return how long what an entry says is."""
    return Sizes(content_bytes=len(content.content.encode()), summary_bytes=len(content.summary.encode()))


def entry(content: Content, identity: Identity) -> Entry:
    """Join what an entry says with its id and dates."""
    return Entry(
        **{name: getattr(content, name) for name in content.__struct_fields__},
        guid=identity.guid,
        published=identity.published,
        updated=identity.updated,
        source=identity.source,
        source_name=identity.source_name,
    )


def document(spec: FeedSpec, entries: Sequence[Entry]) -> Document:
    """Return the document of these entries; its moment is its newest entry's, never the build's."""
    from feedbridge.standards.dates import EPOCH  # noqa: PLC0415  # 2 ms that an unchanged run does not need

    return Document(
        spec=spec,
        language=spec.language or commonest_language(entries),
        updated=max((entry.updated for entry in entries), default=EPOCH),
        entries=tuple(entries),
    )


def commonest_language(entries: Iterable[Entry]) -> str:
    """Return the commonest primary language, "und" where most are of an unknown one.

    Of several equally common ones a known one counts, and of those the first by the alphabet.
    """
    from feedbridge.standards import language  # noqa: PLC0415  # 4 ms, as above

    counts = Counter(language.primary(entry.language) for entry in entries)
    return min(counts, key=lambda tag: (-counts[tag], tag == "und", tag), default="und")
