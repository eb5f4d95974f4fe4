"""The linear pass before a tree is built: tags balanced as HTML says, and never nested too deep.

libxml2's parser would be no help here. It drops all that stands below 256 levels, needs quadratic time
for attributes, follows HTML 4 (`<b><p>` loses the bold), and reads some texts otherwise in each version.

Nor would html5ever (in nh3) alone. Where a block stands in a <p>, an <li> in an <li>, a picture in a
<table>, it mends the tree at a price: all inline elements between the two are opened anew in each block,
so an article becomes a hundred times as long, and what it moves out of a table takes quadratic time.
"""

from collections.abc import Iterator, Sequence

from feedbridge.standards.tokens import UNSEEN, End, Start, Token, tokens

MAX_DEPTH = 200  # elements within one another; real articles have up to 65, libxml2 may refuse more than 256

VOID = frozenset(
    {"area", "base", "br", "embed", "hr", "img", "link", "meta", "param", "source", "track", "wbr"}
)
# An article is a fragment, nobody can send it in, and these would only be in the way.
IGNORED = frozenset({"body", "col", "colgroup", "form", "head", "html", "input"})

_TABLE = frozenset({"table"})
_ROW_GROUPS = frozenset({"tbody", "tfoot", "thead"})
_CELLS = frozenset({"caption", "td", "th"})
TABLE_PARTS = _ROW_GROUPS | {"tr"} | _CELLS
_SECTIONS = frozenset(
    {
        "address",
        "article",
        "aside",
        "blockquote",
        "center",
        "details",
        "dialog",
        "div",
        "fieldset",
        "figcaption",
    }
    | {"figure", "footer", "header", "hgroup", "legend", "main", "nav", "search", "section", "summary"}
)
_LISTS = frozenset({"dd", "dir", "dl", "dt", "li", "menu", "ol", "ul"})
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_PARAGRAPHS = frozenset({"hr", "listing", "p", "pre", "xmp"})
FLOW = _SECTIONS | _LISTS | HEADINGS | _PARAGRAPHS | _TABLE
BLOCKS = FLOW | TABLE_PARTS

# What an element closes when it begins, and what must not stand between: end tags that may be left out.
_Rule = tuple[frozenset[str], frozenset[str]]
_BOUNDS = _CELLS | _TABLE
_PARAGRAPH: _Rule = (frozenset({"p"}), _BOUNDS)
_CLOSES: dict[str, tuple[_Rule, ...]] = {
    **dict.fromkeys(FLOW, (_PARAGRAPH,)),
    **dict.fromkeys(HEADINGS, ((HEADINGS, _BOUNDS), _PARAGRAPH)),
    "li": ((frozenset({"li"}), _BOUNDS | {"ol", "ul"}), _PARAGRAPH),
    **dict.fromkeys(("dd", "dt"), ((frozenset({"dd", "dt"}), _BOUNDS | {"dl"}), _PARAGRAPH)),
    "a": ((frozenset({"a"}), _BOUNDS),),
}
# What an end tag must not close: `_BOUNDS`, unless it is a table's own.
_END_BOUNDS = {"table": frozenset[str](), **dict.fromkeys(TABLE_PARTS, _TABLE)}
# In what a part of a table stands: all that is open in there is closed when it begins.
_STANDS_IN = {
    **dict.fromkeys(("td", "th"), _TABLE | _ROW_GROUPS | {"tr"}),
    "tr": _TABLE | _ROW_GROUPS,
    **dict.fromkeys((*_ROW_GROUPS, "caption"), _TABLE),
}
# What is missing between a table and words.
_MISSING = {**dict.fromkeys(_TABLE | _ROW_GROUPS, "tr"), "tr": "td"}


def tame(source: str) -> Iterator[Token]:
    """Read markup as tags and text in which each start tag has its end tag and `MAX_DEPTH` is kept.

    Where that many are open, all are closed and what follows begins at the top: blocks stay apart, in order.
    """
    open_ = _Open()
    for token in tokens(source):
        if len(open_.names) >= MAX_DEPTH:
            yield from open_.close_to(0)
        if isinstance(token, Start):
            if open_.takes(token.name):
                yield from open_.make_place(token.name)
                yield token
                yield from open_.begin(token.name)
        elif isinstance(token, End):
            yield from open_.end(token.name)
        else:
            if "table" in open_.places and token.characters.strip(" \t\n"):
                yield from open_.make_cell()
            yield token
    yield from open_.close_to(0)


class _Open:
    """The elements that are open, outermost first, and where each name stands among them."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.places: dict[str, list[int]] = {}  # no list in it is empty

    def takes(self, name: str) -> bool:
        """Tell whether an element may stand here; a part of a table may only in a table."""
        return name not in IGNORED and (name not in _STANDS_IN or self._innermost(_STANDS_IN[name]) >= 0)

    def begin(self, name: str) -> Sequence[Token]:
        if name in VOID:
            return (End(name),)
        self.places.setdefault(name, []).append(len(self.names))
        self.names.append(name)
        return ()

    def end(self, name: str) -> Sequence[Token]:
        """Close the innermost element of a name, but none around the cell or table that is open.

        The end tag of any heading closes a heading, as in browsers.
        """
        if self.names and self.names[-1] == name:  # so it is with most: no look at the others
            self._forget(self.names.pop())
            return (End(name),)
        place = self._innermost(HEADINGS if name in HEADINGS else frozenset((name,)))
        if place > self._innermost(_END_BOUNDS.get(name, _BOUNDS)):
            return self.close_to(place)
        return ()

    def make_place(self, name: str) -> Sequence[Token]:
        """Close what ends, and open what is missing, where an element of a name begins."""
        made: list[Token] = []
        for closed, between in _CLOSES.get(name, ()):
            place = self._innermost(closed)
            if place >= 0 and place > self._innermost(between):
                made += self.close_to(place)
        if name in _STANDS_IN:
            made += self.close_to(self._innermost(_STANDS_IN[name]) + 1)
        elif "table" in self.places and name not in UNSEEN:
            made += self.make_cell()
        return made

    def make_cell(self) -> Sequence[Token]:
        """Open a cell where words or pictures stand in a table but in none."""
        made: list[Token] = []
        while self.names and (missing := _MISSING.get(self.names[-1])):
            made.append(Start(missing, {}))
            self.begin(missing)
        return made

    def close_to(self, depth: int) -> Sequence[Token]:
        closed = self.names[depth:][::-1]
        del self.names[depth:]
        for name in closed:
            self._forget(name)
        return [End(name) for name in closed]

    def _forget(self, name: str) -> None:
        places = self.places[name]
        places.pop()
        if not places:
            del self.places[name]

    def _innermost(self, names: frozenset[str]) -> int:
        """Return where the innermost open element of some names stands, -1 if there is none."""
        if names.isdisjoint(self.places):  # so it is with most: eight times as fast as a look for each name
            return -1
        return max(self.places[name][-1] for name in names if name in self.places)
