"""Which feeds there are, and what stands in each: wishes joined with what was found."""

import logging
from collections.abc import Iterable, Iterator

import msgspec

from feedbridge import selection
from feedbridge.config import Config
from feedbridge.model import Document, FeedSpec, Identity
from feedbridge.pipeline.library import Library
from feedbridge.standards.urls import slug

log = logging.getLogger(__name__)

MAIN = "main"


def documents(config: Config, library: Library) -> Iterator[Document]:
    """Give every document, the main feed's first; a source's feed without entries is none.

    Raises: ArticleChanged if a file changes meanwhile: then all are to be made anew.
    """
    identities = library.identities()
    for spec in specs(config, identities):
        filled = selection.fill(identities, spec=spec, entry_of=library.entry_of)
        if filled.recent_cut:
            facts = {"feed": spec.name, "entries": filled.recent_cut, "max_bytes": spec.max_bytes}
            log.warning("feed.cut", extra=facts)
        if spec.name == MAIN:
            library.keep(filled.entries)
        if filled.entries or spec.name == MAIN:
            yield selection.document(spec, filled.entries)


def specs(config: Config, identities: Iterable[Identity]) -> tuple[FeedSpec, ...]:
    """Return the main feed, then one for each source by name."""
    main = _main(config)
    if "source" not in config.feeds.by:
        return (main,)
    names = {identity.source: identity.speaker.source_name for identity in identities}
    return (main, *(_of_source(main, source, names[source]) for source in sorted(names)))


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


def _of_source(main: FeedSpec, source: str, name: str) -> FeedSpec:
    """Titled with its own name and the site's (emission rule 19)."""
    directory = f"source/{slug(source)}/"
    title = f"{name} · {main.title}"
    return msgspec.structs.replace(
        main,
        name=directory.rstrip("/"),
        directory=directory,
        url=main.url + directory,
        title=title,
        description=title,
        source=source,
    )
