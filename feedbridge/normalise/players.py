"""Players in a body: no feed reader shows a frame, so a link with its still picture stands there.

Video and audio stay where their source can be fetched (emission rule 9).
"""

from collections.abc import Container, Iterator
from functools import cached_property

import msgspec
from lxml import etree
from lxml.html import HtmlElement, builder

from feedbridge.model import Decision, Sites
from feedbridge.normalise import finding, links, places
from feedbridge.sites import apply
from feedbridge.standards import elements, markup, urls
from feedbridge.standards.elements import is_blank
from feedbridge.standards.tokens import UNSEEN

MAX_PLAYERS = 100  # different ones of one article; real ones have up to 33, and each is a figure
MAX_FALLBACK = 300  # characters; more in an element that plays is of the article: it was never closed
SIGN = "▶"

FRAMES = ("iframe", "embed", "object", "amp-iframe", "amp-youtube", "lite-youtube")
_MEDIA = ("video", "audio")
_PARTS = ("source", "track")
_FOLDED = "data-iframe"  # a whole frame, as markup
_find_folded = etree.XPath(f".//@{_FOLDED}")  # two thirds of the time of looking for elements that have it
_ADDRESSES = ("src", *links.LAZY, "data")
_NUMBERS = ("data-videoid", "videoid")  # <amp-youtube>, <lite-youtube>: only the video's own name
_FRAME_OF_NUMBER = "https://www.youtube.com/embed/"
_NOT_PLAYED = "not-played"  # an element without a meaning: what is in it stays


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """What plays in an entry."""

    decisions: tuple[Decision, ...]
    marks: tuple[str, ...]  # canonical addresses of the players' pages and of what video and audio play
    placed: tuple[HtmlElement, ...]  # what stands for players: these words are ours, not the article's


def unfold(root: HtmlElement) -> None:
    """Put the frames that scripts would make of an attribute behind its element."""
    for element in [value.getparent() for value in _find_folded(root)]:
        for frame in reversed(tuple(markup.parse(element.attrib.pop(_FOLDED)).iter("iframe"))):
            frame.tail, element.tail = element.tail, None
            element.addnext(frame)


def replace(root: HtmlElement, *, sites: Sites) -> Played:
    """Put links in the place of players, each page once, and settle video and audio.

    Addresses are absolute before: `links.resolve`. The still pictures are no pictures of the entry.
    """
    elements.remove_all(root, tuple(root.iter("param")))
    found = tuple(root.iter(*FRAMES, *_MEDIA))
    if not found:
        return Played(decisions=(), marks=(), placed=())
    stage = _Stage(root, sites)
    for element in found:
        if element not in stage.skipped:
            (stage.settle if element.tag in _MEDIA else stage.replace)(element)
    elements.remove_all(root, stage.gone)
    elements.unwrap_all(root, tuple(root.iter(_NOT_PLAYED)))
    return Played(decisions=tuple(stage.decisions), marks=tuple(stage.marks), placed=tuple(stage.placed))


class _Stage:
    """What was found so far, and what is to go."""

    def __init__(self, root: HtmlElement, sites: Sites) -> None:
        self.sites = sites
        self.root = root
        self.gone: list[HtmlElement] = []
        self.skipped: set[HtmlElement] = set()  # they stand in place of another that plays
        self.decisions: list[Decision] = []
        self.marks: dict[str, None] = {}  # in order
        self.placed: list[HtmlElement] = []
        self.shown = 0  # players that stand there, as links or as video and audio

    def replace(self, element: HtmlElement) -> None:
        """Put a link in the place of a frame, or nothing."""
        address = _address(element)
        if not address and len(element):
            return  # an <object> around the <embed> that plays
        reason = self._why_none(element, address) or self._why_too_many()
        if reason:
            self._decide("player dropped", address, reason)
        else:
            self._show(element, address)
        self._leave(element)

    def settle(self, element: HtmlElement) -> None:
        """Make video or audio playable, or leave of it what else it holds."""
        name, source = str(element.tag), self._source(element)
        if not source:
            self._decide(f"{name} dropped", source, "it has no usable source")
            _unwrap(element)  # now people see what should stand in its place
            return
        mark = apply.canonical_of(source, self.sites)
        reason = "it stands above" if mark in self.marks else self._why_too_many()
        if reason:
            self._decide(f"{name} dropped", source, reason)
            self._leave(element)
        else:
            self._decide(name, source, "it stays")
            self._mark_shown(mark)
            element.set("controls", "controls")
            self._part(element)

    def _show(self, element: HtmlElement, address: str) -> None:
        """Put a link before a frame, unless one to its page stands there."""
        embed = apply.player_of(address, self.sites) or apply.Embed(
            name=urls.host(address), page=address, thumbnail=""
        )
        mark = apply.canonical_of(embed.page, self.sites)
        reason = self._why_again(element, mark)
        if reason:
            self._decide("player dropped", address, reason)
        else:
            self._decide("player", embed.page, f"{embed.name}: a link")
            self._mark_shown(mark)
            self.placed.append(_place(element, embed))

    def _mark_shown(self, mark: str) -> None:
        self.marks[mark] = None
        self.shown += 1

    def _decide(self, rule: str, address: str, reason: str) -> None:
        self.decisions.append(Decision(rule=rule, outcome=address or "no address", reason=reason))

    def _why_none(self, element: HtmlElement, address: str) -> str:
        if not address:
            return "it has no usable address"
        sizes = (finding.pixels(element, "width"), finding.pixels(element, "height"))
        if any(size is not None and size <= finding.PIXEL_SIZE for size in sizes):
            return "a pixel or a line: nobody sees it"
        if apply.is_no_player(address, self.sites):
            return "its address is that of an advertisement or a button"
        return ""

    def _why_too_many(self) -> str:
        return (
            ""
            if self.shown < MAX_PLAYERS
            else f"more than {MAX_PLAYERS} players: the text goes on behind them"
        )

    def _why_again(self, element: HtmlElement, mark: str) -> str:
        if mark in self.marks:
            return "it stands above"
        if any(self._mark(link) == mark for link in _links_beside(element)):
            self.marks[mark] = None
            return "a link to it stands beside it"
        return ""

    def _mark(self, address: str) -> str:
        embed = apply.player_of(address, self.sites)
        return apply.canonical_of(embed.page if embed else address, self.sites)

    def _source(self, element: HtmlElement) -> str:
        """Return what video or audio plays first; sources that cannot be fetched go."""
        source = _address(element)
        if source:
            element.set("src", source)
        else:
            element.attrib.pop("src", None)
        for child in element.iterchildren("source"):
            address = _address(child)
            if address:
                child.set("src", address)
                source = source or address
            else:
                self.gone.append(child)
        return source

    def _leave(self, element: HtmlElement) -> None:
        """Take out an element with what stands in its place where it cannot play, but no article's text."""
        if self._is_fallback(element):
            self.gone.append(element)
            self.skipped.update(element.iterdescendants(*FRAMES, *_MEDIA))
        else:
            _unwrap(element)

    def _part(self, element: HtmlElement) -> None:
        """Take what is no source out of an element that plays; an article's text goes on behind it."""
        rest = [child for child in element if child.tag not in _PARTS]
        if self._is_fallback(element):
            self.gone += rest
            self.skipped.update(element.iterdescendants(*FRAMES, *_MEDIA))
            for child in element:
                child.tail = None
        else:
            behind = element.makeelement(_NOT_PLAYED)
            behind.text = element.text
            behind.extend(_texts_apart(element))
            behind.tail, element.tail = element.tail, None
            element.addnext(behind)
        element.text = None

    def _is_fallback(self, element: HtmlElement) -> bool:
        if element.tag in UNSEEN:
            return True  # nothing is in it, and nearly all frames are such
        return element in self._short and next(element.iter("img"), None) is None

    @cached_property
    def _short(self) -> Container[HtmlElement]:
        """The elements with little text; what was done before the first is asked for changed none that is."""
        return elements.short_texts(self.root, limit=MAX_FALLBACK)


def _address(element: HtmlElement) -> str:
    number = next(filter(None, (element.get(name, "") for name in _NUMBERS)), "")
    if number:
        return urls.absolute(f"{_FRAME_OF_NUMBER}{number}", "")
    return next((value for name in _ADDRESSES if links.is_web(value := element.get(name, ""))), "")


def _place(element: HtmlElement, embed: apply.Embed) -> HtmlElement:
    """Put the link before a frame: as a figure among blocks, else in the line where the frame stands."""
    unit = places.outermost(element)
    if places.block_place(unit) is not unit:
        shown, place = builder.E.span(), element
    elif next(unit.iterancestors("figure"), None) is unit.getparent():
        shown, place = builder.E.div(), unit
    else:
        shown, place = builder.E.figure(), unit
    if embed.thumbnail:
        shown.append(builder.A(builder.IMG(src=embed.thumbnail, alt=""), href=embed.page))
        shown.append(builder.BR())
    shown.append(builder.A(f"{SIGN} {embed.name}", href=embed.page))
    place.addprevious(shown)
    return shown


def _links_beside(element: HtmlElement) -> Iterator[str]:
    """Find the links that stand right before and after a frame, alone in their line or block."""
    unit = places.outermost(element)
    before, after = unit.getprevious(), unit.getnext()
    if before is not None and is_blank(before.tail):
        yield _link_of(before)
    if after is not None and is_blank(unit.tail):
        yield _link_of(after)


def _link_of(element: HtmlElement) -> str:
    link = next(element.iter("a"), None) if element.tag in places.WRAPPERS else None
    return link.get("href", "") if link is not None and places.outermost(link) is element else ""


def _texts_apart(element: HtmlElement) -> Iterator[HtmlElement]:
    """Take out of an element all but its sources; words after one get an element of their own."""
    for child in tuple(element):
        if child.tag not in _PARTS:
            yield child
        elif not is_blank(child.tail):
            words = element.makeelement(_NOT_PLAYED)
            words.text, child.tail = child.tail, None
            yield words


def _unwrap(element: HtmlElement) -> None:
    """Make an element one that means nothing: what is in it stays."""
    element.attrib.clear()
    element.tag = _NOT_PLAYED
