"""Write beside, then put in place: what a run of the publisher does to the disk, in its order."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from typing import Literal

from feedbridge.errors import OutputError
from feedbridge.model import Rendition
from feedbridge.publish import manifest
from feedbridge.publish.comparison import Changes, Comparison
from feedbridge.publish.manifest import MANIFEST, Files
from feedbridge.publish.tree import Temporary, Tree, directories_above


class Stage:
    """Renditions on their way into their places.

    Everything that takes space is written before the first file is replaced, so a full
    disk changes nothing. `undo` takes back, when it is closed, what was not committed.
    """

    def __init__(self, tree: Tree, listed: Files, comparison: Comparison, undo: ExitStack) -> None:
        self._tree = tree
        self._listed = listed
        self._comparison = comparison
        self._undo = undo
        self._swept: set[str] = set()
        self._waiting: dict[Literal["feed", "page"], list[Temporary]] = {"feed": [], "page": []}

    def sweep(self, paths: Iterable[str]) -> None:
        """Remove the temporary files that a crash left in the directories above `paths`."""
        for directory in sorted({above for path in paths for above in directories_above(path)} - self._swept):
            for path in self._tree.temporaries(directory):
                self._tree.remove(path)
            self._swept.add(directory)

    def add(self, rendition: Rendition) -> None:
        """Write what `rendition` changes beside its place; nothing where its bytes stand already.

        Raises: OutputError if a foreign file is in the way or the file cannot be written.
        """
        stale = self._comparison.add(rendition)
        self.sweep([rendition.path])
        for file in stale:
            self._waiting[rendition.kind].append(self._write(file.path, file.body()))

    def keep(self, files: Files) -> None:
        """Leave files as they stand: their document did not change, and neither did they."""
        self._comparison.keep(files)

    def commit(self) -> Changes:
        """Put in place what was added: feeds, then pages; then remove our files that were not added.

        A path is listed before its file is put there and struck after its removal, so a
        crash at any moment leaves whole files that the next run knows as its own.

        Raises: OutputError if the disk fails; the next run finishes what was begun.
        """
        changes = self._comparison.changes()
        wanted = self._comparison.wanted
        both = {**self._listed, **wanted}
        # Somebody may have taken the list away since it was read, and the whole directory with it.
        listed = self._listed if self._tree.file_id(MANIFEST) else {}
        lists_both = self._write_list(both, standing=listed)
        lists_wanted = self._write_list(wanted, standing=both)
        waiting = [*self._waiting["feed"], *self._waiting["page"]]
        self._tree.secure([*lists_both, *waiting, *lists_wanted])
        self._put_in_place(lists_both)
        self._put_in_place(waiting)
        self._remove(changes.removed)
        self._put_in_place(lists_wanted)
        self._undo.pop_all()
        return changes

    def _write(self, place: str, body: bytes) -> Temporary:
        temporary = self._tree.temporary(place)
        self._undo.callback(_take_back, self._tree.remove, temporary.path)
        self._tree.write(temporary, body)
        return temporary

    def _write_list(self, files: Files, *, standing: Files) -> list[Temporary]:
        return [] if files == standing else [self._write(MANIFEST, manifest.encode(files))]

    def _make_directory(self, directory: str) -> None:
        if self._tree.nearest(directory) == directory:
            return
        self._make_directory(next(directories_above(directory)))
        self._undo.callback(_take_back, self._tree.remove_directory, directory)
        self._tree.make_directory(directory)

    def _put_in_place(self, temporaries: Sequence[Temporary]) -> None:
        directories = sorted({next(directories_above(temporary.place)) for temporary in temporaries})
        for directory in directories:
            self._make_directory(directory)
        for temporary in temporaries:
            self._tree.replace(temporary)
        for directory in directories:
            self._tree.sync(directory)

    def _remove(self, paths: Iterable[str]) -> None:
        for path in paths:
            self._tree.remove(path)
        # Those of all superfluous files: a crash may have left a directory when its last file had gone.
        superfluous = self._listed.keys() - self._comparison.wanted.keys()
        directories = {above for path in superfluous for above in directories_above(path)}
        for directory in sorted(directories - {""}, reverse=True):  # what lies within before what holds it
            self._tree.remove_directory(directory)
        for directory in sorted({self._tree.nearest(above) for above in directories}):
            self._tree.sync(directory)


def _take_back(remove: Callable[[str], None], path: str) -> None:
    with suppress(OutputError):  # the failure that led here matters more; the next run sweeps
        remove(path)
