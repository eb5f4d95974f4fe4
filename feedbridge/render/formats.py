"""The formats of feeds, and what a document says in each of them alike."""

from typing import Final, NamedTuple

from feedgen.feed import FeedEntry, FeedGenerator

from feedbridge.model import Document, Entry, FeedSpec


class Format(NamedTuple):
    """A format of feeds, as the configuration, addresses, links and people name it."""

    name: str
    file: str
    type: str  # media type
    label: str


ATOM: Final = Format(name="atom", file="atom.xml", type="application/atom+xml", label="Atom")
RSS: Final = Format(name="rss", file="rss.xml", type="application/rss+xml", label="RSS")


def formats_of(spec: FeedSpec) -> tuple[Format, ...]:
    """Give the formats in which a feed is written, Atom first."""
    return tuple(form for form in (ATOM, RSS) if form.name in spec.formats)


def address(spec: FeedSpec, form: Format) -> str:
    """Give the public address of a feed's document in one format."""
    return spec.url + form.file


def new_feed(document: Document, form: Format) -> FeedGenerator:
    """Start a document: all but its entries that Atom and RSS have in common."""
    spec = document.spec
    feed = FeedGenerator()
    feed.title(spec.title)
    feed.description(spec.description)
    feed.language(document.language)
    feed.generator("feedbridge")
    feed.link(rel="self", href=address(spec, form), type=form.type)
    feed.link(rel="alternate", href=spec.url, type="text/html")  # last, so it becomes RSS's <link>
    return feed


def add_categories(written: FeedEntry, entry: Entry) -> None:
    """Write an entry's categories, in words twice: some readers show the term and not the label."""
    for category in entry.categories:
        written.category(term=category, label=category)
