"""Which feeds there are, and what stands in each: wishes joined with what is known."""

import logging
from collections.abc import Iterator, Mapping

import msgspec

from feedbridge import selection
from feedbridge.catalogue import Catalogue
from feedbridge.config import Config
from feedbridge.model import Document, Entry, FeedSpec, Identity, Sizes
from feedbridge.pipeline.deciding import MAIN, of_source
from feedbridge.pipeline.reader import Reader

log = logging.getLogger(__name__)


class Feeds:
    """The feeds of a configuration, made of what the catalogue knows.

    All methods raise reader.Turn if a file is not what it was, so that it has to be decided anew; InputError.
    """

    def __init__(self, catalogue: Catalogue, reader: Reader, config: Config) -> None:
        self._catalogue = catalogue
        self._reader = reader
        self._config = config

    def sources(self) -> Mapping[str, str]:
        """Return what each feed holds, by its name, the main one's first: a source, or "" for all."""
        with_entries = self._catalogue.entries.sources() if "source" in self._config.feeds.by else ()
        return {MAIN: "", **{of_source(source): source for source in with_entries}}

    def select(self, name: str, source: str) -> tuple[FeedSpec, tuple[Identity, ...]]:
        """Return a feed and its entries, in order."""
        entries = self._catalogue.entries
        spec = _main(self._config)
        newest = tuple(entries.newest(source, limit=spec.limit))
        if source:
            spec = _of_source(spec, name, source, newest[0].source_name)
        recent = selection.recent_since(entries.last_arrival(source))
        members = selection.candidates(newest, entries.arrived_since(source, recent))
        filled = selection.fill(members, spec=spec, recent=recent, size_of=self._size_of)
        if filled.recent_cut:
            detail = f"{filled.recent_cut} recent entries do not fit: raise [feeds] max_bytes"
            log.warning("feed.cut", extra={"feed": name, "detail": detail})
        return spec, filled.members

    def document(self, spec: FeedSpec, members: tuple[Identity, ...]) -> Document:
        """Return the document of selected entries."""
        return selection.document(spec, tuple(map(self._entry, members)))

    def documents(self) -> Iterator[Document]:
        """Give every document."""
        for name, source in self.sources().items():
            yield self.document(*self.select(name, source))

    def _size_of(self, identity: Identity) -> Sizes:
        """Return an entry's size; what was never cleaned is now, and kept."""
        documents = self._catalogue.documents
        sizes = documents.sizes(identity.digest)
        if sizes is None:
            known, _ = self._catalogue.files.known_at(identity.speaker)
            content = self._reader.content(self._reader.article(known.stamp, identity.digest))
            sizes = selection.sizes_of(content)
            documents.put_content(identity.digest, content, sizes)
            self._catalogue.files.set_measure(identity.digest, identity.key, content.measure)
        return sizes

    def _entry(self, identity: Identity) -> Entry:
        return selection.entry(self._catalogue.documents.content(identity.digest), identity)


def _main(config: Config) -> FeedSpec:
    site, feeds = config.site, config.feeds
    return FeedSpec(
        name=MAIN,
        directory="",
        url=site.url,
        title=site.title,
        description=site.description,
        author=site.author,
        icon=site.icon,
        language=site.language,
        source="",
        source_feeds_url=f"{site.url}source/" if "source" in feeds.by else "",
        formats=feeds.formats,
        limit=feeds.limit,
        max_bytes=feeds.max_bytes,
        content=feeds.content,
        enclosures=config.images.enclosures,
    )


def _of_source(main: FeedSpec, name: str, source: str, source_name: str) -> FeedSpec:
    """Titled with its own name and the site's (emission rule 19)."""
    directory = f"{name}/"
    title = f"{source_name} · {main.title}"
    return msgspec.structs.replace(
        main,
        name=name,
        directory=directory,
        url=main.url + directory,
        title=title,
        description=title,
        source=source,
    )
