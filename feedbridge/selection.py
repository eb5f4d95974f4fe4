"""Which entries stand in which document, in what order, within what limits."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from feedbridge.model import Document, Entry, FeedSpec, Identity
from feedbridge.standards import dates, language

# So that nobody who polls once a day misses an entry, even when a weekend comes between.
RECENT = timedelta(hours=48)
OVERHEAD_BYTES = 1024  # of an entry beside its content, in every format


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """What a document holds, and what had to stay out of it."""

    entries: tuple[Entry, ...]
    recent_cut: int  # recent arrivals that only the byte limit kept out


def order(identities: Iterable[Identity]) -> tuple[Identity, ...]:
    """Newest first by published, then id ascending: a total order (emission rule 5)."""
    by_id = sorted(identities, key=lambda identity: identity.guid)
    return tuple(sorted(by_id, key=lambda identity: identity.published, reverse=True))


def by_source(ordered: Iterable[Identity]) -> dict[str, list[Identity]]:
    """Return the articles of each source, in their order; the sources by name."""
    members: defaultdict[str, list[Identity]] = defaultdict(list)
    for identity in ordered:
        members[identity.source].append(identity)
    return dict(sorted(members.items()))


def fill(
    members: Sequence[Identity], *, spec: FeedSpec, entry_of: Callable[[Identity], Entry | None]
) -> Filled:
    """Take entries of a feed's members, which are in order, until the feed is full (emission rule 5).

    `entry_of` is asked for one entry at a time, newest first, and never for one beyond
    the limits, so that only what is needed is normalised; None means that there is none.
    The newest entry always stands, whatever its size.
    """
    recent = _recent_since(members)
    entries: list[Entry] = []
    room = spec.max_bytes
    for place, identity in enumerate(members):
        if len(entries) >= spec.limit and identity.arrived < recent:
            continue
        entry = entry_of(identity)
        if entry is None:
            continue
        room -= size_bytes(entry, spec)
        if room < 0 and entries:
            return Filled(entries=tuple(entries), recent_cut=_count_since(recent, members[place:]))
        entries.append(entry)
    return Filled(entries=tuple(entries), recent_cut=0)


def _recent_since(members: Iterable[Identity]) -> datetime:
    """Measured from the newest arrival, never from the clock."""
    newest = max((identity.arrived for identity in members), default=dates.EPOCH)
    return newest - RECENT


def _count_since(since: datetime, members: Iterable[Identity]) -> int:
    return sum(identity.arrived >= since for identity in members)


def size_bytes(entry: Entry, spec: FeedSpec) -> int:
    """Return what an entry counts against the byte limit: the same in every format."""
    shown = entry.content if spec.content == "full" else entry.summary
    return len(shown.encode()) + OVERHEAD_BYTES


def document(spec: FeedSpec, entries: Sequence[Entry]) -> Document:
    """Return the document of these entries; its moment is its newest entry's, never the build's."""
    return Document(
        spec=spec,
        language=spec.language or commonest_language(entries),
        updated=max((entry.updated for entry in entries), default=dates.EPOCH),
        entries=tuple(entries),
    )


def commonest_language(entries: Iterable[Entry]) -> str:
    """Return the commonest primary language, "und" where most are of an unknown one.

    Of several equally common ones a known one counts, and of those the first by the alphabet.
    """
    counts = Counter(language.primary(entry.language) for entry in entries)
    return min(counts, key=lambda tag: (-counts[tag], tag == "und", tag), default="und")
