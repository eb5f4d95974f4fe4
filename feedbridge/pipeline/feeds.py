"""Which feeds there are, and what stands in each: wishes joined with what is known."""

from collections.abc import Iterator, Mapping

import msgspec

from feedbridge import selection
from feedbridge.catalogue import Catalogue
from feedbridge.config import Config
from feedbridge.model import Document, Entry, FeedSpec, Group, Identity, Sizes
from feedbridge.pipeline.deciding import MAIN, feed_of
from feedbridge.pipeline.reader import Reader


class Feeds:
    """The feeds of a configuration, made of what the catalogue knows.

    All methods raise reader.Turn if a file is not what it was, so that it has to be decided anew; InputError.
    """

    def __init__(self, catalogue: Catalogue, reader: Reader, config: Config) -> None:
        self._catalogue = catalogue
        self._reader = reader
        self._config = config

    def groups(self) -> Mapping[str, Group]:
        """Return what each feed holds, by its name, the main one's first."""
        families = {"", *self._config.feeds.by}
        groups = (group for group in self._catalogue.entries.groups() if group.family in families)
        return {MAIN: Group(), **{feed_of(group): group for group in groups}}

    def select(self, group: Group) -> tuple[FeedSpec, selection.Filled]:
        """Return a group's feed and its entries, in order; what was never cleaned is now, and kept."""
        entries = self._catalogue.entries
        spec = _main(self._config)
        newest = tuple(entries.newest(group, limit=spec.limit))
        if group.family:
            spec = _of_group(spec, group, newest[0].source_name)
        recent = selection.recent_since(entries.last_arrival(group))
        members = tuple(selection.candidates(newest, entries.arrived_since(group, recent)))
        known = self._catalogue.documents.sizes([one.digest for one in members])
        size_of = lambda one: known.get(one.digest) or self._clean(one)  # noqa: E731  # a line
        return spec, selection.fill(members, spec=spec, recent=recent, size_of=size_of)

    def document(self, spec: FeedSpec, members: tuple[Identity, ...]) -> Document:
        """Return the document of selected entries."""
        return selection.document(spec, tuple(map(self._entry, members)))

    def documents(self) -> Iterator[Document]:
        """Give every document."""
        for group in self.groups().values():
            spec, filled = self.select(group)
            yield self.document(spec, filled.members)

    def _clean(self, identity: Identity) -> Sizes:
        """Clean an entry, and keep that; return its size."""
        known = self._catalogue.files.at(identity.speaker)
        assert known is not None  # noqa: S101  # it speaks
        content = self._reader.content(self._reader.article(known.stamp, identity.digest))
        sizes = selection.sizes_of(content)
        self._catalogue.documents.put_content(identity.digest, content, sizes)
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


def _of_group(main: FeedSpec, group: Group, title: str) -> FeedSpec:
    """Titled with its own name and the site's (emission rule 19)."""
    name = feed_of(group)
    directory = f"{name}/"
    full_title = f"{title} · {main.title}"
    return msgspec.structs.replace(
        main,
        name=name,
        directory=directory,
        url=main.url + directory,
        title=full_title,
        description=full_title,
        source=group.name,
    )
