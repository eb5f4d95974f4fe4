"""The page of a feed for people: what it is, how to subscribe, what is new."""

from collections.abc import Iterable
from functools import cache
from html import escape
from importlib import resources
from string import Template
from typing import Final

from feedbridge.model import Document, Entry, FeedSpec
from feedbridge.render.formats import address, formats_of
from feedbridge.standards.dates import rfc3339
from feedbridge.standards.language import direction
from feedbridge.standards.urls import slug

_NEWEST: Final = 20  # titles on the page

# The parts of page.html that stand there several times, or not always.
_ALTERNATE: Final = Template('<link rel="alternate" type="$type" title="$title ($label)" href="$address">')
_DESCRIPTION: Final = Template("<p>$description</p>")
_FEED: Final = Template('<li><b>$label</b> <a href="$address" type="$type">$address</a></li>')
_ARTICLE: Final = Template(
    '<li><a href="$link" rel="noopener noreferrer"$language>$title</a>\n'
    '<small><time datetime="$published">$day</time> · <bdi>$source</bdi></small></li>'
)
_LANGUAGE: Final = Template(' lang="$language" dir="$direction"')
_NOTHING: Final = Template('<li lang="en" dir="ltr">Nothing yet.</li>')
_SOURCES: Final = Template(
    '<section class="sources">\n<h2 lang="en">By source</h2>\n<ul>\n$sources\n</ul>\n</section>'
)
_SOURCE: Final = Template('<li><a href="$address"><bdi>$name</bdi></a></li>')


class _Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def render_page(document: Document) -> bytes:
    """Write the page that a feed's alternate link leads to: whole in itself, without scripts."""
    spec = document.spec
    page = _fill(
        _page(),
        language=document.language,
        direction=direction(document.language),
        title=spec.title,
        description=_description(spec),
        alternates=_formats(_ALTERNATE, spec),
        feeds=_formats(_FEED, spec),
        articles=_articles(document),
        sources=_sources(document),
    )
    return page.encode()


@cache
def _page() -> Template:
    return Template(resources.files(__package__).joinpath("page.html").read_text(encoding="utf-8"))


def _fill(template: Template, **values: str) -> _Html:
    """Fill a template: whatever is not HTML already is escaped here, and nowhere else."""
    return _Html(
        template.substitute(
            {name: value if isinstance(value, _Html) else escape(value) for name, value in values.items()}
        )
    )


def _lines(parts: Iterable[_Html]) -> _Html:
    return _Html("\n".join(parts))


def _description(spec: FeedSpec) -> _Html:
    if spec.description == spec.title:
        return _Html()
    return _fill(_DESCRIPTION, description=spec.description)


def _formats(template: Template, spec: FeedSpec) -> _Html:
    return _lines(
        _fill(template, address=address(spec, form), type=form.type, label=form.label, title=spec.title)
        for form in formats_of(spec)
    )


def _articles(document: Document) -> _Html:
    if not document.entries:
        return _fill(_NOTHING)
    return _lines(_article(entry, document.language) for entry in document.entries[:_NEWEST])


def _article(entry: Entry, page_language: str) -> _Html:
    return _fill(
        _ARTICLE,
        link=entry.link,
        language=_language(entry, page_language),
        title=entry.title,
        published=rfc3339(entry.published),
        day=entry.published.date().isoformat(),
        source=entry.source_name,
    )


def _language(entry: Entry, page_language: str) -> _Html:
    if entry.language == page_language:
        return _Html()
    return _fill(_LANGUAGE, language=entry.language, direction=entry.direction)


def _sources(document: Document) -> _Html:
    """List the sources that the document holds, where each has a feed and the page is not itself one's."""
    spec = document.spec
    if spec.source or not spec.source_feeds_url or not document.entries:
        return _Html()
    names = {entry.source: entry.source_name for entry in reversed(document.entries)}
    ordered = sorted(names.items(), key=lambda item: (item[1], item[0]))
    return _fill(_SOURCES, sources=_lines(_source(spec, source, name) for source, name in ordered))


def _source(spec: FeedSpec, source: str, name: str) -> _Html:
    return _fill(_SOURCE, address=f"{spec.source_feeds_url}{slug(source)}/", name=name)
