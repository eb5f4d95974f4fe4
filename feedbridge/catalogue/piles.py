"""What one run has to keep in mind, however much it is: SQLite keeps it on the disk where it grows."""

from collections.abc import Iterable, Iterator

from feedbridge.catalogue.database import Database, Parameters

TAKEN = 500  # items at once

Item = str | bytes


class Pile:
    """A set of keys or of paths, empty when the catalogue is opened; transactions take it back, too."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self.table = f"temp.{name}"
        self._put = f"INSERT OR IGNORE INTO {self.table} VALUES (?)"
        self.is_used = False  # anything was ever put on it
        database.execute(f"CREATE TEMP TABLE {name} (item PRIMARY KEY) WITHOUT ROWID")

    def add(self, items: Iterable[Item]) -> None:
        """Put items on it."""
        for item in items:
            self.is_used = True
            self._database.execute_soon(self._put, (item,))

    def add_all(self, query: str, parameters: Parameters = ()) -> None:
        """Put on it what a query gives."""
        self.is_used = True
        self._database.execute(f"INSERT OR IGNORE INTO {self.table} {query}", parameters)

    def discard(self, item: Item) -> None:
        """Take an item from it, if it is there."""
        if self.is_used:
            self._database.execute(f"DELETE FROM {self.table} WHERE item = ?", (item,))

    def take(self) -> Iterator[Item]:
        """Take all from it, in order, also what is put on it meanwhile."""
        if not self.is_used:
            return
        while items := tuple(item for (item,) in self._database.rows(self._first)):
            self._database.execute(f"DELETE FROM {self.table} WHERE item <= ?", (items[-1],))
            yield from items

    def __iter__(self) -> Iterator[Item]:
        """Give all that is on it, in order; what is put on it meanwhile may be left out."""
        last: Item | None = None
        while self.is_used:
            query = f"SELECT item FROM {self.table} WHERE ? IS NULL OR item > ? ORDER BY item LIMIT {TAKEN}"
            items = tuple(item for (item,) in self._database.rows(query, (last, last)))
            if not items:
                return
            yield from items
            last = items[-1]

    @property
    def _first(self) -> str:
        return f"SELECT item FROM {self.table} ORDER BY item LIMIT {TAKEN}"
