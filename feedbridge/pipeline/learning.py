"""What has changed in the archive: stamps say where to look, contents decide.

All of it happens in the caller's transaction, so that what the guards refuse was never learnt.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import nullcontext
from datetime import datetime
from functools import partial
from itertools import chain
from operator import attrgetter

from feedbridge import scan
from feedbridge.catalogue import Catalogue, Parts, Place, part_of
from feedbridge.model import FileId, Gone, Ignored, KnownFile, Rejected, Stamp
from feedbridge.pipeline.reader import ArticleFailed, Due, Found, Reader, Turn
from feedbridge.pipeline.recording import Recorder
from feedbridge.pipeline.walking import MANY, UNSETTLED, Seen, walk
from feedbridge.pipeline.workers import Workers
from feedbridge.standards.text import show

log = logging.getLogger(__name__)

PATIENCE = 3  # times that a file may change under our eyes before this run gives it up

Progress = Callable[[int, int], None]  # files looked at, files in all as far as is known


def no_progress(done: int, total: int) -> None:
    """Show nothing."""


class Learner:
    """Brings the catalogue's files up to date with the archive, at a moment; with `is_anew` it reads all."""

    def __init__(  # noqa: PLR0913  # what it reads from, writes to and goes by
        self,
        catalogue: Catalogue,
        archive: scan.Archive,
        recorder: Recorder,
        reader: Reader,
        workers: Workers,
        *,
        now: datetime,
        is_anew: bool,
    ) -> None:
        self.learnt = recorder.learnt
        self._archive = archive
        self._catalogue = catalogue
        self._files = catalogue.files
        self._reader = reader
        self._recorder = recorder
        self._workers = workers
        self._is_anew = is_anew
        self._now = now
        self._again: Mapping[bytes, Place] = {}  # by path: files that are read whatever their stamps say
        self._unsettled: list[Place] = []  # parts of which a file went away while it was read
        self._reconsidered: Counter[bytes] = Counter()
        self._looked_at = 0  # files, for people who wait

    def look(self, progress: Progress, *, own: frozenset[FileId]) -> None:
        """Look at everything, but for what is our own, and read what changed. Raises: InputError."""
        with self._files.filling() if self.learnt.is_first else nullcontext():
            self._look_at_all(progress, own)
        self._files.lose_missing()
        self._look_again()

    def _look_at_all(self, progress: Progress, own: frozenset[FileId]) -> None:
        self._again = self._files.to_read_again(self._now)
        known = self._known_parts()
        is_large = self._catalogue.entries.count() >= MANY
        with self._workers.others() if is_large else self._workers.nobody() as walkers:
            for due, stamp, found in self._reader.read_all(self._due(known, walkers, own)):
                self._record(due, stamp, found)
                self._looked_at += 1
                progress(self._looked_at, self.learnt.seen)

    def _known_parts(self) -> dict[tuple[int, bytes], Parts]:
        """Return what was seen last, so that parts differ of which a file is to be read in any case."""
        known = self._files.parts()
        digests = dict(known.values()) if self._again else {}
        for number, part in self._again.values():
            if part in digests.get(number, ()):
                digests[number][part] = UNSETTLED
        if self._is_anew:
            for parts in known.values():
                parts.digests.update(dict.fromkeys(parts.digests, UNSETTLED))
        return known

    def _due(
        self, known: dict[tuple[int, bytes], Parts], walkers: Workers, own: frozenset[FileId]
    ) -> Iterator[Due]:
        """Give the files that have to be read, of one directory after the other."""
        seen = walk(self._archive.tree, known, walkers, own=own)
        yield from chain.from_iterable(map(partial(self._due_of, known), seen))  # nobody holds what was read
        walkers.end()
        for number, digests in known.values():
            self._miss(number, digests)

    def _due_of(self, known: dict[tuple[int, bytes], Parts], seen: Seen) -> Iterator[Due]:
        """Remember what stands in a directory, and give the files that have to be read."""
        number, _ = known.pop(seen.directory, (0, {}))
        self._count(seen)
        if seen.changed:
            number = number or self._files.directory(*seen.directory)
            self._files.set_parts(number, {part: found.digest for part, found in seen.changed.items()})
        self._miss(number, seen.emptied)
        for part in sorted(seen.changed):
            yield from self._due_in(Place(number, part), seen.changed[part].stamps)

    def look_at(self, paths: AbstractSet[bytes], *, own: frozenset[FileId]) -> None:
        """Look at some files, and at those that are to be read again; at directories if they are gone.

        What else has changed is for the next look at everything. Raises: InputError.
        """
        self._again = self._files.to_read_again(self._now)
        for path in sorted(self._again.keys() | paths):
            self.learnt.seen += 1
            found = self._archive.tree.look_at(path, own=own)
            if isinstance(found, Gone):
                self._files.miss_below(path)
            elif isinstance(found, Ignored):
                self._files.missing.add([path])
            else:
                directory, _ = self._archive.tree.parts(found.root, found.path)
                number = self._files.directory(*directory)
                place = Place(number, part_of(found))
                for due in self._if_due(found, None, place):
                    self._record(due, *self._reader.read(due.stamp))
                self._unsettled.append(place)
        self._files.lose_missing()
        self._look_again()

    def reconsider(self, turns: Iterable[Turn]) -> None:
        """Learn what files are that proved to be others than they were. Raises: InputError."""
        for turn in turns:
            known, place = self._files.at(turn.path), self._files.place_of(turn.path)
            assert known is not None  # noqa: S101  # whoever needed it has met it
            self._reconsidered[turn.path] += 1
            if self._reconsidered[turn.path] > PATIENCE:
                self._give_up(known, place)
            elif isinstance(turn, ArticleFailed):
                self._recorder.keep_failed(known, turn.rejected, place)
            else:
                self._read_again(known, place)
        self._files.lose_missing()
        self._look_again()
        self._recorder.inherit()

    def _read_again(self, known: KnownFile, place: Place) -> None:
        """Read a file that has changed since; the next run looks again: it may stand elsewhere by now."""
        log.debug("article.changed", extra={"path": show(known.stamp.path)})
        self._unsettled.append(place)
        stamp, found = self._reader.read(known.stamp)
        if isinstance(found, Gone):
            self._files.missing.add([stamp.path])
        else:
            self._recorder.record(stamp, known, found, place)

    def _give_up(self, known: KnownFile, place: Place) -> None:
        path, detail = known.stamp.path, "it changes faster than it can be read"
        rejected = Rejected(path=path, code="unreadable", detail=detail)
        self._recorder.record(known.stamp, known, rejected, place)
        self.learnt.removed += self._files.let_go_of(path)

    def _count(self, seen: Seen) -> None:
        files = seen.files + len(seen.ignored)
        self.learnt.seen += files
        self.learnt.ignored += len(seen.ignored)
        self._looked_at += files - sum(len(part.stamps) for part in seen.changed.values())
        for ignored in seen.ignored:
            log.debug("article.ignored", extra={"path": show(ignored.path), "reason": ignored.reason})

    def _due_in(self, place: Place, stamps: Iterable[Stamp]) -> Iterator[Due]:
        """Give the files of a part that have to be read, as they most likely lie on the disk."""
        were = {} if self.learnt.is_first else self._in_part(place)
        for stamp in sorted(stamps, key=attrgetter("inode")):
            yield from self._if_due(stamp, were.pop(stamp.path, None), place)
        self._files.missing.add(were)

    def _in_part(self, place: Place) -> dict[bytes, KnownFile]:
        return {known.stamp.path: known for known in self._files.in_part(place)}

    def _if_due(self, stamp: Stamp, known: KnownFile | None, place: Place) -> Iterator[Due]:
        """Give a file if it has to be read."""
        before = known or self._elsewhere(stamp.path)
        if before is None or not self._is_as_it_was(before, stamp):
            yield Due(stamp=stamp, before=before, place=place)
            return
        self._looked_at += 1
        if known is None:  # it was read here before, but seen elsewhere
            self._files.put(before, place)

    def _record(self, due: Due, stamp: Stamp, found: Found) -> None:
        # Where it was seen last it may have been missed since it became due.
        self._files.missing.discard(due.stamp.path)
        if isinstance(found, Gone):
            self._files.missing.add([stamp.path])
            self._unsettled.append(due.place)
        else:
            self._recorder.record(stamp, due.before, found, due.place)

    def _is_as_it_was(self, known: KnownFile, stamp: Stamp) -> bool:
        is_same = known.stamp == stamp and known.held_since is None
        return is_same and not self._is_anew and stamp.path not in self._again

    def _elsewhere(self, path: bytes) -> KnownFile | None:
        """Return what is known of a file in another part: what replaced it has an inode of its own."""
        known = None if self.learnt.is_first else self._files.at(path)
        if known is not None:
            self._files.missing.discard(path)
        return known

    def _miss(self, number: int, parts: Iterable[int]) -> None:
        """Note the files of parts in which nothing stands any more."""
        emptied = tuple(parts)
        for part in emptied:
            self._files.missing.add(known.stamp.path for known in self._files.in_part(Place(number, part)))
        self._files.set_parts(number, dict.fromkeys(emptied, b""))

    def _look_again(self) -> None:
        """Let the next run look at parts whose files may be back by then, with the same stamps."""
        for place in self._unsettled:
            self._files.set_parts(place.directory, {place.part: UNSETTLED})
        self._unsettled.clear()
