"""The local memory of what was seen and published: a SQLite file, and the only place with SQL.

    with Catalogue(file) as catalogue, catalogue.transaction():
        catalogue.files …        what was seen and read
        catalogue.entries …      articles, in the orders of feeds
        catalogue.documents …    what stands where
        catalogue.runs …         what runs did

Whoever loses the file loses no entry and no id: all but `updated` of articles that were edited in place, and
entries that are held, comes from the archive again.
"""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

from feedbridge.catalogue.database import DamagedError, Database, companions, put_aside, stands, was_left
from feedbridge.catalogue.documents import Documents
from feedbridge.catalogue.entries import Entries
from feedbridge.catalogue.files import PART_INODES, Files, Parts, Place, part_of
from feedbridge.catalogue.presence import Presence, present
from feedbridge.catalogue.runs import Runs

__all__ = [
    "PART_INODES",
    "Catalogue",
    "DamagedError",
    "Parts",
    "Place",
    "Presence",
    "companions",
    "part_of",
    "present",
    "put_aside",
    "stands",
    "was_left",
]

_SEEN = (
    "directories",
    "parts",
    "files",
    "entries",
    "grouped",
    "contents",
    "documents",
    "members",
    "renditions",
)


class Catalogue:
    """An open catalogue; without a file a private one that forgets everything when it is closed.

    With a source the private one begins as a copy of that file, which stays as it is.

    Raises: what `database.Database` raises; so do all methods.
    """

    def __init__(self, file: Path | None, *, source: Path | None = None) -> None:
        self._database = Database(file, source=source)
        self.is_lasting = bool(file or source)  # it knows what earlier runs saw
        try:
            self._open()
        except BaseException:
            self._database.__exit__()
            raise

    def _open(self) -> None:
        self.files = Files(self._database)
        self.documents = Documents(self._database)
        self.entries = Entries(self._database, self.documents)
        self.runs = Runs(self._database)

    def __enter__(self) -> Self:
        self._database.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._database.__exit__()

    def transaction(self) -> AbstractContextManager[None]:
        """Do all that happens within, or nothing of it."""
        return self._database.transaction()

    def forget(self) -> None:
        """Forget all that was seen and published; what runs did stays, and the facts."""
        self._database.forget_rows(_SEEN)

    def is_sound(self) -> bool:
        """Tell whether SQLite finds the file to be whole; a private one always is."""
        return not self.is_lasting or self._database.is_sound()

    def demand_sound(self) -> None:
        """Have SQLite look at everything. Raises: DamagedError."""
        if not self.is_sound():
            raise DamagedError("a run that was killed left it so")

    @property
    def statements(self) -> int:
        """How many statements were executed so far, each row that was written counted."""
        return self._database.statements
