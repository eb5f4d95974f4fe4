"""Entries as elements: those of the main document are kept, for most of them stand in the next one, too."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from feedgen.feed import FeedGenerator
from lxml.etree import _Element

from feedbridge.model import Document, Entry, FeedSpec


class Writer:
    """Writes the entries of documents in one format.

    Of the last document of all sources it keeps the elements: when an article comes, all others stand in the
    next one again. So what is kept is bounded as that document is. Not for several threads.
    """

    def __init__(self, write: Callable[[Entry, FeedSpec], _Element]) -> None:
        self._write = write
        self._spec: FeedSpec | None = None  # of what is kept
        self._kept: dict[Entry, _Element] = {}

    def add(self, feed: FeedGenerator, document: Document) -> None:
        """Append the entries of a document, no two of which are the same, to what feedgen writes."""
        for element in self._elements(document):
            feed.add_entry(_Written(element), order="append")

    def _elements(self, document: Document) -> Iterable[_Element]:
        """Return elements that may be taken: one that is put into a tree leaves the one in which it was."""
        spec, entries = document.spec, document.entries
        if spec.source:
            return [self._write(entry, spec) for entry in entries]
        kept = self._kept if spec == self._spec else {}
        self._spec = spec
        self._kept = {entry: kept[entry] if entry in kept else self._write(entry, spec) for entry in entries}
        return self._kept.values()


class _Written(NamedTuple):
    """An entry that is written, as feedgen asks for it."""

    element: _Element

    def register_extension(self, *_: object) -> None:
        """Take none: what extensions add is there."""

    def atom_entry(self) -> _Element:
        return self.element

    def rss_entry(self) -> _Element:
        return self.element
