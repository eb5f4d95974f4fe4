"""Documents that have to be looked at are made, and put in place where they changed; the others stay."""

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from feedbridge import publish
from feedbridge.catalogue import Catalogue
from feedbridge.model import FeedSpec, Group, Identity, KnownDocument, KnownRendition, Rendition
from feedbridge.pipeline.feeds import Feeds
from feedbridge.selection import Filled

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
    members: tuple[Identity, ...]
    files: publish.Files


class Publisher:
    """Makes the documents that a catalogue marks as dirty."""

    def __init__(self, catalogue: Catalogue, feeds: Feeds, output: publish.Site, *, rules: str) -> None:
        self._documents = catalogue.documents
        self._feeds = feeds
        self._output = output
        self._rules = rules
        self._groups: Mapping[str, Group] = {}  # wanted, by name
        self._standing: Mapping[str, Sequence[KnownRendition]] = {}
        self._dirty: frozenset[str] = frozenset()
        self._gone: frozenset[str] = frozenset()
        self._same: list[str] = []  # dirty, but as they stand
        self._made: list[_Made] = []
        self.rendered = 0  # documents, so far

    def plan(self) -> tuple[Group, ...]:
        """Mark what has to be looked at, in the caller's transaction; return the groups of those feeds."""
        self._groups = self._feeds.groups()
        known = self._documents.names()
        self._gone = known - self._groups.keys()
        self._documents.soil(self._groups.keys() - known)
        self._standing = self._renditions(known)
        self._dirty = frozenset(self._documents.dirty())
        return tuple(group for name, group in self._groups.items() if name in self._dirty)

    def offer(self, target: Target) -> None:
        """Give the target what every document is to be, as it was planned; all contents are at hand.

        Raises: OutputError.
        """
        for name, group in self._groups.items():
            if name not in self._dirty or not self._make(name, group, target):
                target.keep({one.path: publish.Kind(one.kind) for one in self._standing[name]})

    def remember(self) -> None:
        """Remember what was put in place, in the caller's transaction. Raises: OutputError."""
        self._documents.clean(self._same)
        for name in self._gone:
            self._documents.remove(name)
        for made in self._made:
            self._documents.put(made.known, made.members)
            self._documents.put_renditions(made.known.name, self._stand(made))
        if self._gone or self._made:
            self._documents.sweep_contents()

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

    def _make(self, name: str, group: Group, target: Target) -> bool:
        """Make a document, unless it would be what stands already."""
        spec, filled = self._feeds.select(group)
        fingerprint = self._fingerprint(spec, filled.members)
        standing = self._standing[name]
        is_known = fingerprint == self._documents.fingerprint(name) and bool(standing)
        if is_known and all(map(self._output.stands, standing)):
            self._same.append(name)
            return False
        from feedbridge.render import render  # noqa: PLC0415  # feedgen: 50 ms that an unchanged run does not need

        _warn_of_cut(name, filled)
        document = self._feeds.document(spec, filled.members)
        self.rendered += 1
        files: dict[str, publish.Kind] = {}
        for rendition in render(document):
            target.add(rendition)
            files |= self._output.files(rendition)
        known = KnownDocument(name=name, fingerprint=fingerprint, updated=document.updated)
        self._made.append(_Made(known=known, members=filled.members, files=files))
        return True

    def _fingerprint(self, spec: FeedSpec, members: Iterable[Identity]) -> bytes:
        """Return what is equal for documents of the same bytes: what members say is in their digests."""
        facts = tuple(
            (one.guid, one.digest, one.published, one.updated, one.source, one.source_name) for one in members
        )
        return hashlib.blake2b(msgspec.msgpack.encode((self._rules, spec, facts)), digest_size=16).digest()

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


def _warn_of_cut(name: str, filled: Filled) -> None:
    if filled.recent_cut:
        detail = f"{filled.recent_cut} recent entries do not fit: raise [feeds] max_bytes"
        log.warning("feed.cut", extra={"feed": name, "detail": detail})
