"""Entries that stand in the next document again are written once; nobody sees it by the bytes."""

import msgspec
import pytest
from feedgen.feed import FeedGenerator
from lxml.etree import Element

from feedbridge.render import render
from feedbridge.render.writing import Writer
from tests.render_samples import HARBOUR, OF_ONE_SOURCE, document

FIRST, SECOND, THIRD = (msgspec.structs.replace(HARBOUR, guid=f"urn:uuid:{number}") for number in range(3))
OTHER = {"content": "summary"}  # another manner of writing


class Noting:
    """Writes entries, and notes which."""

    def __init__(self) -> None:
        self.wrote: list[object] = []

    def __call__(self, entry, _spec):
        """Write one."""
        self.wrote.append(entry)
        return Element("entry")


def wrote(*documents):
    """Return the entries that were written for the last of several documents, one after the other."""
    noting = Noting()
    writer = Writer(noting)
    for one in documents:
        noting.wrote.clear()
        writer.add(FeedGenerator(), one)
    return noting.wrote


def test_entries_of_the_last_main_document_are_not_written_again():
    """What is new is written, and what says something else than it did."""
    edited = msgspec.structs.replace(FIRST, title="Edited")
    before = document(SECOND, FIRST)
    assert wrote(before) == [SECOND, FIRST]
    assert wrote(before, document(THIRD, SECOND, FIRST)) == [THIRD]
    assert wrote(before, document(SECOND, edited)) == [edited]


def test_documents_of_one_source_are_neither_kept_nor_in_the_way():
    """There are many of them: all together they have no bound."""
    main, of_source = document(SECOND, FIRST), document(SECOND, FIRST, **OF_ONE_SOURCE)
    assert wrote(of_source, of_source) == [SECOND, FIRST]
    assert wrote(main, of_source, main) == []


def test_nothing_is_kept_but_the_last_document():
    """What left it is written anew when it is back; so is all that is written in another manner."""
    main = document(SECOND, FIRST)
    assert wrote(main, document(SECOND), main) == [FIRST]
    assert wrote(main, document(SECOND, FIRST, **OTHER)) == [SECOND, FIRST]
    assert wrote(main, document(SECOND, FIRST, **OTHER), main) == [SECOND, FIRST]


@pytest.mark.parametrize(
    "before",
    [(SECOND, FIRST), (FIRST, THIRD), (THIRD, SECOND, FIRST), ()],
    ids=["one comes", "one comes between", "the same", "all come"],
)
def test_what_was_written_before_does_not_show(before):
    """An element that stood in another document is written as one that is new."""
    render(document(**OTHER))
    anew = render(document(THIRD, SECOND, FIRST))
    render(document(**OTHER))
    render(document(*before))
    assert render(document(THIRD, SECOND, FIRST)) == anew
