"""Which feeds there are, and what stands in each: wishes joined with what was found."""

import logging
from collections.abc import Iterator, Sequence

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
    for spec, members in _specs(config, library.identities()):
        filled = selection.fill(members, spec=spec, entry_of=library.entry_of)
        if filled.recent_cut:
            detail = f"{filled.recent_cut} recent entries do not fit: raise [feeds] max_bytes"
            log.warning("feed.cut", extra={"feed": spec.name, "detail": detail})
        if spec.name == MAIN:
            library.keep(filled.entries)
        if filled.entries or spec.name == MAIN:
            yield selection.document(spec, filled.entries)


def _specs(config: Config, identities: Sequence[Identity]) -> Iterator[tuple[FeedSpec, Sequence[Identity]]]:
    """Give the main feed, then one for each source, each with its members in order."""
    main = _main(config)
    yield main, identities
    if "source" in config.feeds.by:
        for source, members in selection.by_source(identities).items():
            yield _of_source(main, source, members[0].speaker.source_name), members


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
