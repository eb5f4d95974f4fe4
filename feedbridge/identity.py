"""The versions of one article: which of them speaks, and the entry's id and dates.

A pure function of the files that stand: nothing here depends on when or in which order
they arrived.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from uuid import UUID, uuid5

from feedbridge.model import Identity, Measure, Version
from feedbridge.standards.dates import EPOCH

# One constant for every installation: nothing to configure, nothing to get wrong. It may
# never change, or every entry of every feed comes back as new.
NAMESPACE = UUID("7d4b2445-9bd9-4707-8e4f-f9f75481c621")


def guid(key: str) -> str:
    """Return the id of the entry with this key: a UUIDv5 as URN (RFC 9562 §5.5, emission rule 1)."""
    return f"urn:uuid:{uuid5(NAMESPACE, key)}"


def join(versions: Sequence[Version], *, measure: Callable[[Version], Measure]) -> Identity:
    """Join the versions of one article, at least one, in any order.

    `measure` is dear, and asked only about the versions of articles that stand in several different files.
    """
    speaker, *_ = same = _speaking(versions, measure)
    published = min(version.published for version in versions)
    since = min((version.since for version in same if version.since), default=published)
    epochs = (version.epoch for version in versions if version.epoch)
    return Identity(
        key=speaker.key,
        guid=guid(speaker.key),
        speaker=speaker.path,
        digest=speaker.digest,
        versions=_digest(version.digest for version in versions),
        published=published,
        updated=max(published, since),
        arrived=min(epochs, default=published),
        source=speaker.source,
        source_name=speaker.source_name,
    )


def ranked(versions: Sequence[Version], *, measure: Callable[[Version], Measure]) -> Sequence[Version]:
    """Order the versions of one article, the one that speaks first; `measure` as above."""
    return _ranked(versions, _measures(versions, measure))


def _speaking(versions: Sequence[Version], measure: Callable[[Version], Measure]) -> Sequence[Version]:
    """Return the version that speaks, and after it all others that say the same."""
    if len(versions) == 1:  # as nearly all articles: it saves a third of the time that joining takes
        return versions
    measures = _measures(versions, measure)
    speaker, *_ = ordered = _ranked(versions, measures)
    said = measures[speaker.digest].fingerprint
    return [version for version in ordered if measures[version.digest].fingerprint == said]


def _digest(digests: Iterable[bytes]) -> bytes:
    return hashlib.blake2b(b"".join(sorted(set(digests))), digest_size=16).digest()


def _measures(versions: Sequence[Version], measure: Callable[[Version], Measure]) -> dict[bytes, Measure]:
    """Measure what each file says, by its digest: copies say the same."""
    different = {version.digest: version for version in versions}
    if len(different) == 1:
        return dict.fromkeys(different, Measure(fingerprint="", length=0))
    return {digest: measure(version) for digest, version in different.items()}


def _ranked(versions: Sequence[Version], measures: dict[bytes, Measure]) -> list[Version]:
    """Order the versions, the one that speaks first.

    Newest is not always best: a later version may be a stub. So a version with less than half of the longest
    text stands behind. Then the newest epoch counts (a file without one has lost its true date, and stands
    behind), then the longer text, then the last path in byte order.
    """
    lengths = {digest: found.length for digest, found in measures.items()}
    longest = max(lengths.values())

    def rank(version: Version) -> tuple[bool, datetime, int, bytes]:
        length = lengths[version.digest]
        return (length * 2 >= longest, version.epoch or EPOCH, length, version.path)

    return sorted(versions, key=rank, reverse=True)
