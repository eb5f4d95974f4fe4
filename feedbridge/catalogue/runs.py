"""What runs did, and the few facts that hold for the whole catalogue."""

from typing import Any

from feedbridge.catalogue.database import Database
from feedbridge.catalogue.moments import from_seconds, seconds
from feedbridge.model import Ran

KEPT = 100  # runs


class Runs:
    """The tables of runs and facts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def fact(self, name: str) -> str:
        """Return a fact, "" where it was never set."""
        return self._database.value("SELECT value FROM facts WHERE name = ?", (name,)) or ""

    def facts(self, *names: str) -> tuple[str, ...]:
        """Return several facts, in the order of their names; "" for each that was never set."""
        known = dict(self._database.rows("SELECT name, value FROM facts"))
        return tuple(known.get(name, "") for name in names)

    def set_fact(self, name: str, value: str) -> None:
        """Remember a fact."""
        self._database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def put(self, ran: Ran) -> None:
        """Remember a run; the oldest ones are forgotten."""
        row = (seconds(ran.started), ran.failure, ran.report)
        self._database.execute("INSERT INTO runs (started, failure, report) VALUES (?, ?, ?)", row)
        self._database.execute(
            "DELETE FROM runs WHERE id <= (SELECT max(id) FROM runs) - ? AND id NOT IN "
            "(SELECT max(id) FROM runs GROUP BY failure IS NULL)",
            (KEPT,),
        )

    def last(self, *, failed: bool) -> Ran | None:
        """Return the last run that failed, or the last one that did not; None if there is none."""
        query = (
            "SELECT started, failure, report FROM runs "
            "WHERE (failure IS NOT NULL) = ? ORDER BY id DESC LIMIT 1"
        )
        row = next(self._database.rows(query, (failed,)), None)
        return _ran(row) if row else None

    def has_failed(self) -> bool:
        """Tell whether the very last run failed."""
        query = "SELECT failure IS NOT NULL FROM runs ORDER BY id DESC LIMIT 1"
        return bool(self._database.value(query))


def _ran(row: tuple[Any, ...]) -> Ran:
    started, failure, report = row
    return Ran(started=from_seconds(started), failure=failure, report=report)
