"""Documents that have to be looked at are made, and put in place where they changed; the others stay."""

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from feedbridge import publish
from feedbridge.catalogue import Catalogue
from feedbridge.model import FeedSpec, Identity, KnownDocument, KnownRendition, Rendition
from feedbridge.pipeline.feeds import Feeds

log = logging.getLogger(__name__)


_INTEGER_MAX = 2**63 - 1  # what the catalogue holds


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
    """Makes the documents that a catalogue marks as dirty, in the caller's transaction."""

    def __init__(self, catalogue: Catalogue, feeds: Feeds, output: publish.Site, *, rules: str) -> None:
        self._documents = catalogue.documents
        self._feeds = feeds
        self._output = output
        self._rules = rules
        self._made: list[_Made] = []
        self._gone: frozenset[str] = frozenset()
        self.rendered = 0  # documents, so far

    def offer(self, target: Target) -> None:
        """Give the target what every document is to be. Raises: reader.Turn, InputError, OutputError."""
        wanted = self._feeds.sources()
        self._gone = self._documents.names() - wanted.keys()
        self._documents.soil(wanted.keys() - self._documents.names())
        standing = self._standing()
        dirty = frozenset(self._documents.dirty())
        for name, source in wanted.items():
            if name not in dirty or not self._make(name, source, standing, target):
                target.keep({one.path: publish.Kind(one.kind) for one in standing[name]})

    def remember(self) -> None:
        """Remember what was put in place. Raises: OutputError."""
        for name in self._gone:
            self._documents.remove(name)
        for made in self._made:
            self._documents.put(made.known, made.members)
            self._documents.put_renditions(made.known.name, self._stand(made))
        if self._gone or self._made:
            self._documents.sweep_contents()

    def _standing(self) -> Mapping[str, Sequence[KnownRendition]]:
        """Return the files of each document; one of which a file is not as it was put there becomes dirty."""
        standing: dict[str, list[KnownRendition]] = {name: [] for name in self._documents.names()}
        for one in self._documents.renditions():
            standing.setdefault(one.document, []).append(one)
        touched = (name for name, files in standing.items() if not files or not all(map(self._stands, files)))
        self._documents.soil(touched)
        return standing

    def _stands(self, known: KnownRendition) -> bool:
        return self._stamp(known.path) == (known.size_bytes, known.mtime_ns, known.inode)

    def _stamp(self, path: str) -> tuple[int, int, int] | None:
        status = self._output.status(path)
        return status and (status.st_size, status.st_mtime_ns, status.st_ino & _INTEGER_MAX)

    def _make(
        self, name: str, source: str, standing: Mapping[str, Sequence[KnownRendition]], target: Target
    ) -> bool:
        """Make a document, unless it would be what stands already."""
        spec, members = self._feeds.select(name, source)
        fingerprint = self._fingerprint(spec, members)
        is_known = fingerprint == self._documents.fingerprint(name) and bool(standing[name])
        if is_known and all(map(self._stands, standing[name])):
            self._documents.clean(name)
            return False
        from feedbridge.render import render  # noqa: PLC0415  # feedgen: 50 ms that an unchanged run does not need

        document = self._feeds.document(spec, members)
        self.rendered += 1
        files: dict[str, publish.Kind] = {}
        for rendition in render(document):
            target.add(rendition)
            files |= self._output.files(rendition)
        known = KnownDocument(name=name, is_dirty=False, fingerprint=fingerprint, updated=document.updated)
        self._made.append(_Made(known=known, members=members, files=files))
        return True

    def _fingerprint(self, spec: FeedSpec, members: Iterable[Identity]) -> bytes:
        """Return what is equal for documents of the same bytes: what members say is in their digests."""
        facts = tuple(
            (one.guid, one.digest, one.published, one.updated, one.source, one.source_name) for one in members
        )
        return hashlib.blake2b(msgspec.msgpack.encode((self._rules, spec, facts)), digest_size=16).digest()

    def _stand(self, made: _Made) -> Iterable[KnownRendition]:
        for path, kind in made.files.items():
            if stamp := self._stamp(path):
                size_bytes, mtime_ns, inode = stamp
                yield KnownRendition(
                    path=path,
                    document=made.known.name,
                    kind=kind.value,
                    size_bytes=size_bytes,
                    mtime_ns=mtime_ns,
                    inode=inode,
                )
