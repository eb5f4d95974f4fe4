"""Bodies of bare text: lines become paragraphs, addresses become links (emission rule 11)."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from lxml.html import HtmlElement, builder

from feedbridge.model import Decision
from feedbridge.standards import urls
from feedbridge.standards.elements import is_blank

# All characters that a URI has (RFC 3986 §2), to where another address begins that is no part of this one.
_ADDRESS = re.compile(
    r"https?://(?:(?!(?<![=/])https?://)[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-])+", re.IGNORECASE
)
_CLOSING = ".,;:!?'*#(["  # an address may end in one of these, but a text that goes on is far likelier
_OPENING = {")": "(", "]": "["}
_RULERS = "-=_~+"  # signs of which people draw lines, right after an address
_RULER = 3  # of them in a row


def arrange(root: HtmlElement) -> tuple[Decision, ...]:
    """Make paragraphs of a body that has no elements, or only line breaks; any other stays as it is.

    Blank lines part paragraphs; a single line break stays one. A <div> around all does not count.
    """
    holder = _holder(root)
    paragraphs = _paragraphs(_lines(holder)) if all(child.tag == "br" for child in holder) else ()
    if not paragraphs:
        return ()
    holder[:] = [_paragraph(lines) for lines in paragraphs]
    holder.text = None
    links = sum(1 for _ in holder.iter("a"))
    outcome = f"paragraphs: {len(paragraphs)}, links: {links}"
    return (Decision(rule="bare text", outcome=outcome, reason="the body has no markup"),)


def _holder(root: HtmlElement) -> HtmlElement:
    holder = root
    while len(holder) == 1 and holder[0].tag == "div" and is_blank(holder.text, holder[0].tail):
        holder = holder[0]
    return holder


def _lines(holder: HtmlElement) -> Sequence[str]:
    """Part a text into lines: at its line breaks in HTML if it has such, else at those of the file."""
    if len(holder):
        return (holder.text or "", *(child.tail or "" for child in holder))
    return (holder.text or "").split("\n")


def _paragraphs(lines: Sequence[str]) -> Sequence[Sequence[str]]:
    groups = groupby((line.strip() for line in lines), key=bool)
    return [list(group) for has_text, group in groups if has_text]


def _paragraph(lines: Sequence[str]) -> HtmlElement:
    paragraph = builder.P()
    last: HtmlElement | None = None
    for piece in _joined(lines):
        if not isinstance(piece, str):
            paragraph.append(piece)
            last = piece
        elif last is None:
            paragraph.text = piece
        else:
            last.tail = piece
    return paragraph


def _joined(lines: Sequence[str]) -> Iterator[str | HtmlElement]:
    for number, line in enumerate(lines):
        if number:
            yield builder.BR()
        yield from _pieces(line)


def _pieces(line: str) -> Iterator[str | HtmlElement]:
    """Part a line into texts and links, by turns."""
    end = 0
    for found in _ADDRESS.finditer(line):
        address = _without_closing(found[0])
        if urls.is_web(address):
            yield line[end : found.start()]
            yield builder.A(address, href=urls.absolute(address, ""))
            end = found.start() + len(address)
    yield line[end:]


def _without_closing(address: str) -> str:
    """Return an address without the punctuation that belongs to the text around it."""
    end = len(address)
    counts = {bracket: address.count(bracket) for bracket in "()[]"}
    while end and (length := _closing_length(address, end, counts)):
        if length == 1 and address[end - 1] in counts:
            counts[address[end - 1]] -= 1
        end -= length
    return address[:end]


def _closing_length(address: str, end: int, counts: dict[str, int]) -> int:
    """Return how many characters before a place are closing punctuation."""
    last = address[end - 1]
    if last in _CLOSING:
        return 1
    if last in _OPENING:
        return int(counts[last] > counts[_OPENING[last]])
    if last not in _RULERS:
        return 0
    start = end
    while start and address[start - 1] == last:
        start -= 1
    return end - start if end - start >= _RULER else 0
