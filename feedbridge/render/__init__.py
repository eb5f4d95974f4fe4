"""A document becomes bytes: in each format of its feed, and as a page for people."""

from feedbridge.model import Document, Rendition
from feedbridge.render.atom import render_atom
from feedbridge.render.formats import ATOM, RSS, formats_of
from feedbridge.render.page import render_page
from feedbridge.render.rss import render_rss

__all__ = ["render"]

_WRITERS = {ATOM: render_atom, RSS: render_rss}


def render(document: Document) -> tuple[Rendition, ...]:
    """Write a document in each format of its feed, then its page.

    The same document gives the same bytes. Not for several threads at once: see `render_rss`.
    """
    spec = document.spec
    feeds = (
        Rendition(path=spec.directory + form.file, kind="feed", body=_WRITERS[form](document))
        for form in formats_of(spec)
    )
    page = Rendition(path=spec.directory + "index.html", kind="page", body=render_page(document))
    return (*feeds, page)
