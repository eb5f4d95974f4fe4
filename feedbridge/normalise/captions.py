"""Where a picture's caption stands, and the figure that joins the two (emission rule 18)."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import islice

from lxml.html import HtmlElement, builder

from feedbridge.model import SiteRule
from feedbridge.sites import apply
from feedbridge.standards import markup, text

MAX_CAPTION = 1000  # characters; a longer text is of the article, in an element that was never closed
MIN_ALT = 4  # characters of an alternative text that tells something

_HOLDERS = ("picture", "a")  # they belong to the picture
_WRAPPERS = (
    *_HOLDERS,
    *("p", "div", "span", "strong", "b", "em", "i", "center", "font", "figure", "object", "amp-img"),
)
_BLOCK_PLACES = ("div", "section", "article", "main", "td", "th", "li", "dd", "blockquote", "figure")
_REPEATING = ("p", "div", "span", "small", "em", "i", "figcaption")  # of these one may repeat the alt
_SHOWN = ("img", "iframe", "embed", "object", "video", "audio")
_NEAR = 4  # levels: img, picture, a, div, figure
_PARTS = 3  # elements of one caption: what is seen, by whom, whose
_COLONS = ("：", ":")

# What programs write where nobody wrote an alternative text.
_FILE_NAME = re.compile(r"\.(?:jpe?g|png|gif|webp|bmp|svg|avif|heic|tiff?|image)$", re.IGNORECASE)
_IDENTIFIER = re.compile(r"[A-Za-z0-9._~%+-]*")
_NUMBERED = re.compile(
    r"(?:image|img|photo|picture|pic|figure|screen ?shot|untitled|logo|thumbnail|wechat ?image|"
    r"图片|圖片|图像|圖像|照片|微信图片|微信圖片|微信截图|屏幕快照|屏幕截图|截屏|截图|QQ图片|QQ截图|图片描述|"
    r"在这里插入图片描述)[\s\d_.:()（）\-]*",
    re.IGNORECASE,
)
_UNFILLED = ("://", "{{", "{%")


class Captions:
    """The captions of one body, by the forms and marks of its site's rule.

    What they leave empty stands until `finish`, so that no removal joins the same text again and again.
    """

    def __init__(self, root: HtmlElement, *, site: SiteRule) -> None:
        self._root = root
        self._site = site
        self._words = markup.short_texts(root, limit=MAX_CAPTION)
        self._standing = {
            figure: caption for caption in root.iter("figcaption") for figure in _near(caption, "figure")
        }
        self._emptied: list[HtmlElement] = []

    def settle(self, picture: HtmlElement, *, alt: str) -> str:
        """Find a picture's caption, join both in a figure, and return the caption as plain text.

        Without a caption nothing moves; an empty line of small print goes. An element after the picture that
        says the same as its alternative text is a caption, too.
        """
        standing = self._in_figure(picture)
        if standing:
            return standing
        parts = sorted(self._parts(outermost(picture), alt), key=lambda part: self._words[part] != alt)
        if not parts:
            return ""
        self.make_figure(picture).append(_joined(parts))
        self._emptied += parts
        return " ".join(self._words[part] for part in parts)

    def make_figure(self, picture: HtmlElement) -> HtmlElement:
        """Put a picture into a figure of its own, at its place among the blocks; return the figure."""
        for standing in _near(picture, "figure"):
            return standing
        core, unit = outermost(picture, _HOLDERS), outermost(picture)
        figure, stay = builder.E.figure(), builder.E.span()
        block_place(unit).addprevious(figure)
        core.addprevious(stay)
        stay.tail, core.tail = core.tail, None
        figure.append(core)
        self._emptied.append(stay if core is unit else unit)
        return figure

    def finish(self) -> None:
        """Take out what has become empty."""
        markup.remove_all(self._root, self._emptied)

    def _in_figure(self, picture: HtmlElement) -> str:
        if "figcaption" not in self._site.captions:
            return ""
        captions = [self._standing[figure] for figure in _near(picture, "figure") if figure in self._standing]
        return self._words.get(captions[0], "") if captions else ""

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
        if line is None or line not in self._words:
            return None
        self._emptied.append(line)
        return line[0] if self._words[line] else None

    def _bold_lead(self, unit: HtmlElement) -> HtmlElement | None:
        """Find a gallery's caption: bold words right after the picture, with a colon after them."""
        bold = _next(unit)
        if bold is None or bold.tag not in ("b", "strong") or not self._words.get(bold) or _shows(bold):
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
            following = _next(place)
            holder = place.getparent()
            if following is None and holder is not None and _holds_only(holder, unit, place):
                unit, following = holder, _next(holder)
            if following is None or not self._is_caption(following, alt):
                return
            self._take_break(following)
            yield following
            place = following

    def _is_caption(self, element: HtmlElement, alt: str) -> bool:
        words = self._words.get(element, "")
        if not words or _shows(element):
            return False
        if element.tag == "figcaption" and "figcaption" in self._site.captions:
            return True
        if words == alt and element.tag in _REPEATING:
            return True
        name, attributes = str(element.tag), dict(element.items())
        return any(
            apply.is_marked(mark, name=name, attributes=attributes, text_of=lambda: words)
            for mark in self._site.caption
        )

    def _take_break(self, caption: HtmlElement) -> None:
        before = caption.getprevious()
        if before is not None and before.tag == "br":
            self._emptied.append(before)


def telling(alt: str, *, title: str) -> str:
    """Return an alternative text if it says what a picture shows, else "".

    A third of those in archives are names of files, words such as "image", or the article's title again.
    """
    alt = text.fold(alt)
    if not MIN_ALT <= len(alt) <= MAX_CAPTION or alt == text.fold(title):
        return ""
    if any(sign in alt for sign in _UNFILLED) or _FILE_NAME.search(alt) or _NUMBERED.fullmatch(alt):
        return ""
    if _IDENTIFIER.fullmatch(alt) and not alt.isalpha():
        return ""
    return alt


def around(picture: HtmlElement) -> Iterator[HtmlElement]:
    """Find what goes with a picture: all that holds only it, and the empty caption below it."""
    unit = outermost(picture)
    yield unit
    line = small_print(unit)
    if line is not None and not any(words.strip() for words in line.itertext()):
        yield line


def small_print(unit: HtmlElement) -> HtmlElement | None:
    """Return the block after a picture that holds nothing but small print, None if there is none."""
    line = _next(unit)
    small = line[0] if line is not None and line.tag in ("div", "p") and len(line) else None
    if small is None or small.tag != "small" or not _is_alone(small):
        return None
    return None if _shows(small) else line


def outermost(core: HtmlElement, holders: Collection[str] = _WRAPPERS) -> HtmlElement:
    """Return the outermost element that holds nothing but this one; never the root."""
    unit = core
    parent = unit.getparent()
    while parent is not None and parent.tag in holders and _is_alone(unit) and not _is_root(parent):
        unit, parent = parent, parent.getparent()
    return unit


def is_wrapper(element: HtmlElement) -> bool:
    """Tell whether an element may be one that only holds another, or is itself the one."""
    return element.tag in _WRAPPERS


def block_place(unit: HtmlElement) -> HtmlElement:
    """Return the unit or its nearest ancestor that stands among blocks, where a figure may stand."""
    place = unit
    parent = place.getparent()
    while parent is not None and parent.tag not in _BLOCK_PLACES and not _is_root(parent):
        place, parent = parent, parent.getparent()
    return place


def _near(element: HtmlElement, tag: str) -> Iterator[HtmlElement]:
    """Find the element of a name around another, a near one: an unclosed tag may hold half an article."""
    yield from islice((one for one in islice(element.iterancestors(), _NEAR) if one.tag == tag), 1)


def _is_alone(child: HtmlElement) -> bool:
    """Tell whether nothing else that people see stands in the element around it."""
    parent = child.getparent()
    if parent is None or parent.tag == "picture":
        return True
    has_siblings = child.getprevious() is not None or child.getnext() is not None
    return not has_siblings and _is_blank(parent.text) and _is_blank(child.tail)


def _holds_only(parent: HtmlElement, unit: HtmlElement, last: HtmlElement) -> bool:
    """Tell whether an element below the root holds a unit, what follows it to the last, and nothing more."""
    if _is_root(parent) or parent.tag not in _WRAPPERS:
        return False
    is_first = unit.getprevious() is None and _is_blank(parent.text)
    return is_first and last.getnext() is None and _is_blank(last.tail)


def _shows(element: HtmlElement) -> bool:
    """Tell whether more than words stands in an element."""
    return next(element.iter(*_SHOWN), None) is not None


def _is_root(element: HtmlElement) -> bool:
    return element.getparent() is None


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


def _next(unit: HtmlElement) -> HtmlElement | None:
    """Return what follows with no words between; one line break does not count."""
    following = unit.getnext() if _is_blank(unit.tail) else None
    if following is not None and following.tag == "br":
        following = following.getnext() if _is_blank(following.tail) else None
    return following


def _is_blank(words: str | None) -> bool:
    return not (words or "").strip()
