"""Documents that have to be looked at are made, and put in place where they changed; the others stay."""

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from feedbridge import publish
from feedbridge.catalogue import Catalogue
from feedbridge.model import FeedSpec, FeedWritten, Group, KnownDocument, KnownRendition, Rendition
from feedbridge.pipeline.feeds import Feeds, Selected
from feedbridge.pipeline.reader import Turn

log = logging.getLogger(__name__)


class Target(Protocol):
    """What takes renditions: one writes them, the other compares them only."""

    def add(self, rendition: Rendition) -> object:
        """Take a rendition."""

    def keep(self, files: publish.Files) -> None:
        """Take files as they stand."""


class _Made(msgspec.Struct, frozen=True, kw_only=True):
    """A document that was made anew."""

    known: KnownDocument
    files: publish.Files
    written: FeedWritten  # if any of them is


class _Due(msgspec.Struct, frozen=True, kw_only=True):
    """A document that is dirty, whose members are known."""

    spec: FeedSpec
    fingerprint: bytes
    entries: int
    recent_cut: int


class Publisher:
    """Makes the documents that a catalogue marks as dirty."""

    def __init__(self, catalogue: Catalogue, feeds: Feeds, output: publish.Site, *, rules: str) -> None:
        self._documents = catalogue.documents
        self._feeds = feeds
        self._output = output
        self._rules = rules
        self._groups: Mapping[str, Group] = {}  # wanted, by name
        self._standing: Mapping[str, Sequence[KnownRendition]] = {}
        self._due: dict[str, _Due] = {}  # by name
        self._gone: frozenset[str] = frozenset()
        self._same: list[str] = []  # dirty, but as they stand
        self._made: list[_Made] = []
        self.rendered = 0  # documents, so far

    def prepare(self) -> tuple[Turn, ...]:
        """Mark what has to be looked at, and clean what it needs, in the caller's transaction.

        Returns the files that proved to be others than they were: when these are decided, it is to be done
        again. Raises: InputError.
        """
        self._groups = self._feeds.groups()
        known = self._documents.names()
        self._gone = known - self._groups.keys()
        self._documents.soil(self._groups.keys() - known)
        self._standing = self._renditions(known)
        dirty = frozenset(self._documents.dirty())
        self._due.clear()
        for name in (name for name in self._groups if name in dirty):
            selected = self._feeds.select(self._groups[name])
            if not self._feeds.has_turned:  # else the guards would take what is left out for unpublished
                self._documents.put_members(name, selected.filled.members)
                self._due[name] = self._due_of(selected)
        return self._feeds.turns()

    def offer(self, target: Target) -> None:
        """Give the target what every document is to be; it was prepared, so that all contents are at hand.

        Raises: OutputError.
        """
        for name in self._groups:
            if name not in self._due or not self._make(self._due[name], target):
                target.keep({one.path: publish.Kind(one.kind) for one in self._standing[name]})

    def remember(self) -> None:
        """Remember what was put in place, in the caller's transaction. Raises: OutputError."""
        self._documents.clean(self._same)
        for name in self._gone:
            self._documents.remove(name)
        for made in self._made:
            self._documents.put(made.known)
            self._documents.put_renditions(made.known.name, self._stand(made))
        if self._gone or self._made:
            self._documents.sweep_contents()

    def written(self, paths: Iterable[str]) -> tuple[FeedWritten, ...]:
        """Return the feeds to which some of these files belong."""
        wanted = frozenset(paths)
        return tuple(made.written for made in self._made if not wanted.isdisjoint(made.files))

    def removed(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Return the feeds to which these files belonged that are no more, known or not."""
        names = {path.rpartition("/")[0] for path in paths}
        return tuple(sorted(filter(None, names - self._groups.keys())))

    def _renditions(self, known: Iterable[str]) -> Mapping[str, Sequence[KnownRendition]]:
        """Return the files of each document; one of which a file is not as it was put there becomes dirty."""
        standing: dict[str, list[KnownRendition]] = {name: [] for name in (*known, *self._groups)}
        for one in self._documents.renditions():
            standing.setdefault(one.document, []).append(one)
        touched = (
            name for name in known if not standing[name] or not all(map(self._output.stands, standing[name]))
        )
        self._documents.soil(touched)
        return standing

    def _make(self, due: _Due, target: Target) -> bool:
        """Make a document, unless it would be what stands already."""
        name = due.spec.name
        standing = self._standing[name]
        is_known = due.fingerprint == self._documents.fingerprint(name) and bool(standing)
        if is_known and all(map(self._output.stands, standing)):
            self._same.append(name)
            return False
        from feedbridge.render import render  # noqa: PLC0415  # feedgen: 50 ms that an unchanged run does not need

        _warn_of_cut(due)
        document = self._feeds.document(due.spec)
        assert len(document.entries) == due.entries  # noqa: S101  # nothing was changed meanwhile
        self.rendered += 1
        files: dict[str, publish.Kind] = {}
        size_bytes = 0
        for rendition in render(document):
            target.add(rendition)
            files |= self._output.files(rendition)
            size_bytes += len(rendition.body) * (rendition.kind == "feed")
        known = KnownDocument(name=name, fingerprint=due.fingerprint, updated=document.updated)
        written = FeedWritten(name=name, entries=due.entries, size_bytes=size_bytes)
        self._made.append(_Made(known=known, files=files, written=written))
        return True

    def _due_of(self, selected: Selected) -> _Due:
        """Return what is to be made; its fingerprint is equal for documents of the same bytes.

        What members say is in their digests.
        """
        facts = tuple(
            (one.guid, one.digest, one.published, one.updated, one.source, one.source_name)
            for one in selected.filled.members
        )
        made_by = (self._rules, selected.spec, selected.generations)
        return _Due(
            spec=selected.spec,
            fingerprint=hashlib.blake2b(msgspec.msgpack.encode((made_by, facts)), digest_size=16).digest(),
            entries=len(facts),
            recent_cut=selected.filled.recent_cut,
        )

    def _stand(self, made: _Made) -> Iterable[KnownRendition]:
        for path, kind in made.files.items():
            if stamp := self._output.stamp(path):
                size_bytes, mtime_ns, inode = stamp
                yield KnownRendition(
                    path=path,
                    document=made.known.name,
                    kind=kind.value,
                    size_bytes=size_bytes,
                    mtime_ns=mtime_ns,
                    inode=inode,
                )


def _warn_of_cut(due: _Due) -> None:
    if due.recent_cut:
        detail = f"{due.recent_cut} recent entries do not fit: raise [feeds] max_bytes"
        log.warning("feed.cut", extra={"feed": due.spec.name, "detail": detail})
