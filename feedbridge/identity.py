"""The versions of one article: which of them speaks, and the entry's id and dates.

A pure function of the files that stand: nothing here depends on when or in which order
they arrived.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID, uuid5

from feedbridge.model import Identity, Version

# One constant for every installation: nothing to configure, nothing to get wrong. It may
# never change, or every entry of every feed comes back as new.
NAMESPACE = UUID("7d4b2445-9bd9-4707-8e4f-f9f75481c621")


def guid(key: str) -> str:
    """Return the id of the entry with this key: a UUIDv5 as URN (RFC 9562 §5.5, emission rule 1)."""
    return f"urn:uuid:{uuid5(NAMESPACE, key)}"


def identify(versions: Iterable[Version]) -> tuple[Identity, ...]:
    """Join the versions of each article, in any order; the result is in the order of the keys."""
    by_key: dict[str, list[Version]] = defaultdict(list)
    for version in versions:
        by_key[version.key].append(version)
    return tuple(_join(by_key[key]) for key in sorted(by_key))


def _join(versions: Sequence[Version]) -> Identity:
    """Newest epoch first, then the last path in byte order: the first one speaks."""
    ranked = sorted(versions, key=lambda version: (_arrived(version), version.path), reverse=True)
    speaker = ranked[0]
    published = min(version.published for version in ranked)
    return Identity(
        key=speaker.key,
        guid=guid(speaker.key),
        speaker=speaker,
        versions=tuple(version.path for version in ranked),
        published=published,
        updated=max(published, _arrived(speaker)),
        arrived=min(_arrived(version) for version in ranked),
    )


def _arrived(version: Version) -> datetime:
    return version.epoch or version.published
