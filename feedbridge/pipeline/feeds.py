"""Which feeds there are, and what stands in each: wishes joined with what is known."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import tee

import msgspec

from feedbridge import selection
from feedbridge.catalogue import Catalogue
from feedbridge.config import Config
from feedbridge.model import Candidate, Document, FeedSpec, Group, Identity, KnownFile, Sizes, Value
from feedbridge.pipeline.deciding import MAIN, feed_of, keep
from feedbridge.pipeline.reader import Reader, Turn


class Selected(Value, frozen=True):
    """A feed and what stands in it."""

    spec: FeedSpec
    filled: selection.Filled
    generations: tuple[int, ...]  # of old rules by which contents were made that cannot be made anew


class Feeds:
    """The feeds of a configuration, made of what the catalogue knows. All methods raise InputError."""

    def __init__(self, catalogue: Catalogue, reader: Reader, config: Config) -> None:
        self._catalogue = catalogue
        self._reader = reader
        self._config = config
        self._turned: dict[bytes, Turn] = {}  # by path: files that are not what they were

    def groups(self) -> Mapping[str, Group]:
        """Return what each feed holds, by its name, the main one's first."""
        families = {"", *self._config.feeds.by}
        groups = (group for group in self._catalogue.entries.groups() if group.family in families)
        return {MAIN: Group(), **{feed_of(group): group for group in groups}}

    def select(self, group: Group) -> Selected:
        """Return a group's feed and its entries, in order; what was never cleaned is now, and kept.

        An entry whose file proves to be another one than it was is left out, and stands among the `turns`.
        """
        entries = self._catalogue.entries
        spec = _main(self._config)
        newest = entries.newest(group, limit=spec.limit)
        if group.family:
            first = newest[0].identity if newest else next(entries.of_group(group))
            spec = _of_group(spec, group, first.source_name)
        recent = selection.recent_since(entries.last_arrival(group))
        arrived = entries.arrived_since(group, recent)
        known = {one.identity.key: one for one in (*newest, *arrived)}
        candidates = selection.candidates(_identities(newest), _identities(arrived))
        members = [one for one in candidates if one.speaker not in self._turned]
        cleaned = self._clean(one for one in members if known[one.key].sizes is None)
        size_of = lambda identity: known[identity.key].sizes or next(cleaned)  # noqa: E731  # a line
        filled = selection.fill(members, spec=spec, recent=recent, size_of=size_of)
        aged = {known[one.key].generation for one in filled.members} - {self._catalogue.documents.generation}
        return Selected(spec=spec, filled=filled, generations=tuple(sorted(aged)))

    @property
    def has_turned(self) -> bool:
        """Whether anything was left out since `turns` was asked."""
        return bool(self._turned)

    def turns(self) -> tuple[Turn, ...]:
        """Return what turned while feeds were selected, and forget it."""
        turned = tuple(self._turned.values())
        self._turned.clear()
        return turned

    def document(self, spec: FeedSpec) -> Document:
        """Return the document of a feed whose members are known: they are its entries."""
        members = self._catalogue.entries.of_document(spec.name)
        return selection.document(spec, [selection.entry(content, identity) for identity, content in members])

    def documents(self) -> Iterator[Document]:
        """Give every document; all members are known."""
        for group in self.groups().values():
            yield self.document(self.select(group).spec)

    def _clean(self, entries: Iterable[Identity]) -> Iterator[Sizes | None]:
        """Clean entries, and keep that; give the size of each, None where its file is not what it was."""
        speaking, wanted = tee((self._speaker(one), one.digest) for one in entries)
        contents = self._reader.contents((known.stamp, digest) for known, digest in wanted)
        for (known, _), content in zip(speaking, contents, strict=True):
            if isinstance(content, Turn):
                self._turned[content.path] = content
                yield None
            else:
                assert known.version is not None  # noqa: S101  # it speaks
                yield keep(content, known.version, self._catalogue)

    def _speaker(self, identity: Identity) -> KnownFile:
        known = self._catalogue.files.at(identity.speaker)
        assert known is not None  # noqa: S101  # it speaks
        return known


def _identities(candidates: Iterable[Candidate]) -> Iterator[Identity]:
    return (one.identity for one in candidates)


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
