"""Where a picture's caption stands, and the figure that joins the two (emission rule 18)."""

from collections.abc import Callable, Iterator, Sequence

from lxml.html import HtmlElement, builder

from feedbridge.model import SiteRule
from feedbridge.normalise import places
from feedbridge.sites import apply
from feedbridge.standards import elements

MAX_CAPTION = 1000  # characters; a longer text is of the article, in an element that was never closed

_REPEATING = ("p", "div", "span", "small", "em", "i", "figcaption")  # of these one may repeat the alt
_PARTS = 3  # elements of one caption: what is seen, by whom, whose
_COLONS = ("：", ":")


class Captions:
    """The captions of one body, by the forms and marks of its site's rule.

    What they leave empty stands until `finish`, so that no removal joins the same text again and again.
    """

    def __init__(self, root: HtmlElement, *, site: SiteRule) -> None:
        self._root = root
        self._site = site
        captions = tuple(root.iter("figcaption"))
        self._standing = {
            figure: caption for caption in captions if (figure := places.near(caption, "figure")) is not None
        }
        self._words = _texts_in(captions)
        self._emptied: list[HtmlElement] = []

    def settle(self, picture: HtmlElement, *, alt: str) -> str:
        """Find a picture's caption, join both in a figure, and return the caption as plain text.

        Without a caption nothing moves; an empty line of small print goes. An element after the picture that
        says the same as its alternative text is a caption, too.
        """
        standing = self._in_figure(picture)
        if standing:
            return standing
        parts = sorted(self._parts(places.outermost(picture), alt), key=lambda part: self._read(part) != alt)
        if not parts:
            return ""
        self.make_figure(picture).append(_joined(parts))
        self._emptied += parts
        return " ".join(self._words[part] or "" for part in parts)

    def make_figure(self, picture: HtmlElement) -> HtmlElement:
        """Put a picture into a figure of its own, at its place among the blocks; return the figure."""
        standing = places.near(picture, "figure")
        if standing is not None:
            return standing
        core, unit = places.outermost(picture, holders=places.HOLDERS), places.outermost(picture)
        figure, stay = builder.E.figure(), builder.E.span()
        places.block_place(unit).addprevious(figure)
        core.addprevious(stay)
        stay.tail, core.tail = core.tail, None
        figure.append(core)
        self._emptied.append(stay if core is unit else unit)
        return figure

    def finish(self) -> None:
        """Take out what has become empty."""
        elements.remove_all(self._root, self._emptied)

    def _in_figure(self, picture: HtmlElement) -> str:
        figure = places.near(picture, "figure")
        if "figcaption" not in self._site.captions or figure not in self._standing:
            return ""
        return self._words.get(self._standing[figure]) or ""

    def _parts(self, unit: HtmlElement, alt: str) -> Iterator[HtmlElement]:
        """Find the elements whose content is the caption of a picture, held by a unit."""
        forms: dict[str, Callable[[HtmlElement], HtmlElement | None]]
        forms = {"small-print": self._small_print, "bold-lead": self._bold_lead}
        for form in self._site.captions:
            found = forms[form](unit) if form in forms else None
            if found is not None:
                yield found
                return
        yield from self._marked(unit, alt)

    def _small_print(self, unit: HtmlElement) -> HtmlElement | None:
        line = small_print(unit)
        if line is None or (words := self._read(line)) is None:
            return None
        self._emptied.append(line)
        self._words[line[0]] = words  # nothing else is in the line
        return line[0] if words else None

    def _bold_lead(self, unit: HtmlElement) -> HtmlElement | None:
        """Find a gallery's caption: bold words right after the picture, with a colon after them."""
        bold = places.following(unit)
        if bold is None or bold.tag not in ("b", "strong") or places.shows(bold) or not self._read(bold):
            return None
        rest = (bold.tail or "").lstrip()
        if not rest.startswith(_COLONS):
            return None
        bold.tail = rest[1:].lstrip()
        self._take_break(bold)
        return bold

    def _marked(self, unit: HtmlElement, alt: str) -> Iterator[HtmlElement]:
        """Find what follows a picture, or what holds only the picture and its caption so far, with a mark."""
        place = unit
        for _ in range(_PARTS):
            following = places.following(place)
            holder = place.getparent()
            if following is None and holder is not None and places.holds_only(holder, unit, place):
                unit, following = holder, places.following(holder)
            if following is None or not self._is_caption(following, alt):
                return
            self._take_break(following)
            yield following
            place = following

    def _is_caption(self, element: HtmlElement, alt: str) -> bool:
        return not places.shows(element) and self._is_named(element, alt) and bool(self._read(element))

    def _is_named(self, element: HtmlElement, alt: str) -> bool:
        if element.tag == "figcaption" and "figcaption" in self._site.captions:
            return True
        if alt and element.tag in _REPEATING and self._read(element) == alt:
            return True
        name, attributes = str(element.tag), dict(element.items())
        return any(
            apply.is_marked(mark, name=name, attributes=attributes, text_of=lambda: self._read(element))
            for mark in self._site.caption
        )

    def _read(self, element: HtmlElement) -> str | None:
        """Return an element's text as it was when first asked for, None if it is longer than a caption.

        Only what shows nothing is asked for, right behind a picture: so hardly any two stand in one another,
        and all take linear time together. Captions in figures may, and are read before.
        """
        if element not in self._words:
            words = elements.beginning_of(element, limit=MAX_CAPTION)
            self._words[element] = words if len(words) <= MAX_CAPTION else None
        return self._words[element]

    def _take_break(self, caption: HtmlElement) -> None:
        before = caption.getprevious()
        if before is not None and before.tag == "br":
            self._emptied.append(before)


def around(picture: HtmlElement) -> Iterator[HtmlElement]:
    """Find what goes with a picture: all that holds only it, and the empty caption below it."""
    unit = places.outermost(picture)
    yield unit
    line = small_print(unit)
    if line is not None and not any(words.strip() for words in line.itertext()):
        yield line


def small_print(unit: HtmlElement) -> HtmlElement | None:
    """Return the block after a picture that holds nothing but small print, None if there is none."""
    line = places.following(unit)
    small = line[0] if line is not None and line.tag in ("div", "p") and len(line) else None
    if small is None or small.tag != "small" or not places.is_alone(small):
        return None
    return None if places.shows(small) else line


def _texts_in(captions: Sequence[HtmlElement]) -> dict[HtmlElement, str | None]:
    """Return the short texts of captions and of what stands in them."""
    outer = (one for one in captions if next(one.iterancestors("figcaption"), None) is None)
    found: dict[HtmlElement, str | None] = {}
    for caption in outer:
        found |= elements.short_texts(caption, limit=MAX_CAPTION)
    return found


def _joined(parts: Sequence[HtmlElement]) -> HtmlElement:
    """Make a caption of the content of elements, a line each."""
    caption = builder.E.figcaption()
    for number, part in enumerate(parts):
        if number:
            caption.append(builder.BR())
            caption[-1].tail = part.text
        else:
            caption.text = part.text
        caption.extend(list(part))
        part.text = None
    for element in tuple(caption.iterdescendants("figure", "figcaption")):
        element.tag = "div"
    return caption
