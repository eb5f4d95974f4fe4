"""Articles, each of one or several files, and the groups to which they belong, in the order of feeds."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from feedbridge.catalogue.database import Database, marks
from feedbridge.catalogue.documents import Documents, content_of
from feedbridge.catalogue.moments import from_seconds, seconds
from feedbridge.model import Candidate, Content, Group, Identity, Sizes

_COLUMNS = (
    "key",
    "guid",
    "speaker",
    "digest",
    "versions",
    "published",
    "updated",
    "arrived",
    "source",
    "source_name",
)
_SET = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[1:])
_PUT = f"INSERT INTO entries VALUES (?{', ?' * len(_COLUMNS[1:])}) ON CONFLICT (key) DO UPDATE SET {_SET}"
_ENTRIES = ", ".join(f"entries.{name}" for name in _COLUMNS)
_JOIN = "INSERT INTO grouped VALUES (?, ?, ?, ?, ?, ?)"
_LEAVE = "DELETE FROM grouped WHERE family = ? AND name = ? AND published = ? AND guid = ?"
# An entry that cannot be cleaned, since its file is gone or unreadable, needs its content to stand in a feed.
_CANDIDATES = (
    f"SELECT {_ENTRIES}, content_bytes, summary_bytes, generation, files.state = 'article' "
    "FROM grouped JOIN entries USING (key) LEFT JOIN files ON files.path = entries.speaker "
    "LEFT JOIN contents ON contents.digest = entries.digest "
    "WHERE family = ? AND grouped.name = ? AND (files.state = 'article' OR generation IS NOT NULL)"
)


class Entries:
    """The table of entries, and that of their groups."""

    def __init__(self, database: Database, documents: Documents) -> None:
        self._database = database
        self._documents = documents

    def filling(self) -> AbstractContextManager[None]:
        """Let the first entries come; meanwhile they are found by their keys only."""
        return self._database.filling("entries", "grouped")

    def change(self, before: Identity | None, after: Identity | None) -> None:
        """Remember what became of an entry: None before it came, None after it went."""
        here, there = set(_rows(before)), set(_rows(after))
        for row in here - there:
            self._database.execute(_LEAVE, row[:4])
        for row in there - here:
            self._database.execute_soon(_JOIN, row)
        if after is not None:
            self._database.execute_soon(_PUT, _row(after))
        elif before is not None:
            self._database.execute("DELETE FROM entries WHERE key = ?", (before.key,))

    def get(self, key: str) -> Identity | None:
        """Return the entry with this key, None where there is none."""
        return next(self.of_keys((key,)), None)

    def of_keys(self, keys: Sequence[str]) -> Iterator[Identity]:
        """Give the entries with these keys, in any order."""
        return self._entries(f"FROM entries WHERE key IN ({marks(keys)})", tuple(keys))

    def by_guid(self, guid: str) -> Identity | None:
        """Return the entry with this id, None where there is none."""
        return next(self._entries("FROM entries WHERE guid = ?", (guid,)), None)

    def of_group(self, group: Group) -> Iterator[Identity]:
        """Give the entries of a group, in order (emission rule 5)."""
        grouped = "FROM grouped JOIN entries USING (key) WHERE family = ? AND name = ?"
        order = "ORDER BY grouped.published DESC, grouped.guid"
        yield from self._entries(f"{grouped} {order}", group)

    def newest(self, group: Group, *, limit: int) -> tuple[Candidate, ...]:
        """Return the first entries of a group that can stand in a feed, in order."""
        order = "ORDER BY grouped.published DESC, grouped.guid LIMIT ?"
        return self._candidates(order, (*group, limit))

    def arrived_since(self, group: Group, moment: datetime) -> tuple[Candidate, ...]:
        """Return those that arrived at a moment or later, in order."""
        # The + has SQLite sort the few that have arrived: not all are to be walked in order.
        order = "AND grouped.arrived >= ? ORDER BY +grouped.published DESC, grouped.guid"
        return self._candidates(order, (*group, seconds(moment)))

    def of_document(self, name: str) -> Iterator[tuple[Identity, Content]]:
        """Give what a document holds, in order, with the cleaned contents, which must be at hand."""
        # One that is missing gives NULL, which is no content: none is left out in silence.
        query = (
            f"SELECT {_ENTRIES}, content FROM members CROSS JOIN entries USING (key) "
            "LEFT JOIN contents ON contents.digest = members.digest WHERE document = ? ORDER BY place"
        )
        for *facts, kept in self._database.rows(query, (name,)):
            yield _identity(tuple(facts)), content_of(kept)

    def last_arrival(self, group: Group) -> datetime:
        """Return when the newest entry of a group arrived; 1970 where there is none."""
        query = "SELECT max(arrived) FROM grouped WHERE family = ? AND name = ?"
        return from_seconds(self._database.value(query, group) or 0)

    def groups(self) -> tuple[Group, ...]:
        """Return the groups that have entries, that of all first, then by family and name."""
        query = "SELECT family, name FROM groups ORDER BY family, name"
        return tuple(Group(*row) for row in self._database.rows(query))

    def count(self) -> int:
        """Return how many entries there are."""
        query = "SELECT entries FROM groups WHERE family = '' AND name = ''"
        return self._database.value(query) or 0

    def _candidates(self, order: str, parameters: tuple[object, ...]) -> tuple[Candidate, ...]:
        rows = self._database.rows(f"{_CANDIDATES} {order}", parameters)
        return tuple(_candidate(row, generation=self._documents.generation) for row in rows)

    def _entries(self, condition: str, parameters: tuple[object, ...]) -> Iterator[Identity]:
        query = f"SELECT {_ENTRIES} {condition}"  # constants of this module
        return map(_identity, self._database.rows(query, parameters))


def _rows(entry: Identity | None) -> tuple[tuple[object, ...], ...]:
    """Return the rows of an entry's groups."""
    if entry is None:
        return ()
    facts = (seconds(entry.published), entry.guid, seconds(entry.arrived), entry.key)
    return tuple((*group, *facts) for group in entry.groups)


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


def _candidate(row: tuple[Any, ...], *, generation: int) -> Candidate:
    *facts, content_bytes, summary_bytes, made_by, is_readable = row
    serves = made_by is not None and (made_by == generation or not is_readable)
    sizes = Sizes(content_bytes=content_bytes, summary_bytes=summary_bytes) if serves else None
    return Candidate(
        identity=_identity(tuple(facts)), sizes=sizes, generation=made_by if serves else generation
    )
