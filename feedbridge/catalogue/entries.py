"""Articles, each of one or several files, in the orders in which feeds hold them."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from feedbridge.catalogue.database import Database
from feedbridge.catalogue.moments import from_seconds, seconds
from feedbridge.model import Identity

_COLUMNS = "key, guid, speaker, digest, versions, published, updated, arrived, source, source_name"
_ORDER = "ORDER BY published DESC, guid"  # a total order (emission rule 5)


class Entries:
    """The table of entries, and that of the sources that have some."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, entries: Iterable[Identity]) -> None:
        """Remember entries."""
        self._database.execute_many(
            "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET "
            "guid = excluded.guid, speaker = excluded.speaker, digest = excluded.digest, "
            "versions = excluded.versions, published = excluded.published, updated = excluded.updated, "
            "arrived = excluded.arrived, source = excluded.source, source_name = excluded.source_name",
            map(_row, entries),
        )

    def remove(self, keys: Iterable[str]) -> None:
        """Forget entries."""
        self._database.execute_many("DELETE FROM entries WHERE key = ?", ((key,) for key in keys))

    def get(self, key: str) -> Identity | None:
        """Return the entry with this key, None where there is none."""
        return next(self._entries("WHERE key = ?", (key,)), None)

    def by_guid(self, guid: str) -> Identity | None:
        """Return the entry with this id, None where there is none."""
        return next(self._entries("WHERE guid = ?", (guid,)), None)

    def newest(self, source: str, *, limit: int) -> Iterator[Identity]:
        """Give the first entries of a source, of all for "", in order."""
        condition, parameters = _of(source)
        yield from self._entries(f"{condition} {_ORDER} LIMIT ?", (*parameters, limit))

    def arrived_since(self, source: str, moment: datetime) -> Iterator[Identity]:
        """Give the entries of a source that arrived at a moment or later, in order."""
        condition, parameters = _of(source)
        arrived = f"{condition or 'WHERE 1'} AND arrived >= ?"
        order = _ORDER.replace(
            "published", "+published"
        )  # few have arrived: not all are to be walked in order
        yield from self._entries(f"{arrived} {order}", (*parameters, seconds(moment)))

    def last_arrival(self, source: str) -> datetime:
        """Return when the newest entry of a source arrived; 1970 where there is none."""
        condition, parameters = _of(source)
        query = f"SELECT max(arrived) FROM entries {condition}"  # noqa: S608  # constants of this module
        return from_seconds(self._database.value(query, parameters) or 0)

    def sources(self) -> tuple[str, ...]:
        """Return the sources that have entries, by name."""
        return tuple(name for (name,) in self._database.rows("SELECT name FROM sources ORDER BY name"))

    def count(self) -> int:
        """Return how many entries there are."""
        return self._database.value("SELECT sum(entries) FROM sources") or 0

    def _entries(self, condition: str, parameters: tuple[object, ...]) -> Iterator[Identity]:
        query = f"SELECT {_COLUMNS} FROM entries {condition}"  # noqa: S608  # constants of this module
        return map(_identity, self._database.rows(query, parameters))


def _of(source: str) -> tuple[str, tuple[object, ...]]:
    return ("WHERE source = ?", (source,)) if source else ("", ())


def _row(entry: Identity) -> tuple[object, ...]:
    moments = map(seconds, (entry.published, entry.updated, entry.arrived))
    facts = (entry.key, entry.guid, entry.speaker, entry.digest, entry.versions)
    return (*facts, *moments, entry.source, entry.source_name)


def _identity(row: tuple[Any, ...]) -> Identity:
    key, guid, speaker, digest, versions, published, updated, arrived, source, source_name = row
    return Identity(
        key=key,
        guid=guid,
        speaker=speaker,
        digest=digest,
        versions=versions,
        published=from_seconds(published),
        updated=from_seconds(updated),
        arrived=from_seconds(arrived),
        source=source,
        source_name=source_name,
    )
