"""Markup read as tags and text, in time linear in its length, whatever it is (WHATWG HTML §13.2.5).

Where the standard lets something that is never closed (a comment, a quotation mark, an element whose
content is no markup) swallow all that follows, only its opening goes: a damaged article keeps its text.
"""

import html
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from feedbridge.standards.text import decode_entities, xml_text

MAX_ATTRIBUTES = 100  # of one tag: parsers need quadratic time for them
MAX_VALUE = 16_384  # characters of an attribute; what is longer is a picture as a data: address

# Nobody reads what is in these: code, fields of a form, what stands in for what the browser can do, drawings,
# the window's title, the TeX behind a formula. (What is in a <button> or a <canvas> is text like any.)
CODE = frozenset({"script", "style"})
UNSEEN = (
    CODE
    | {
        "annotation",
        "annotation-xml",
        "datalist",
        "iframe",
        "noembed",
        "noframes",
        "noscript",
        "select",
        "svg",
    }
    | {"template", "textarea", "title"}
)


class Start(NamedTuple):
    """A start tag."""

    name: str  # lower case
    attributes: dict[str, str]  # names in lower case, values decoded


class End(NamedTuple):
    """An end tag."""

    name: str  # lower case


class Text(NamedTuple):
    """Characters, decoded; never empty."""

    characters: str


Token = Start | End | Text

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")  # what XML allows, too; no name that matters is different
_OPENING = re.compile(r"<(?:(?P<tag>/?[A-Za-z])|(?P<empty>!---?>)|(?P<comment>!--)|[!?/])")
# Possessive: nothing is tried twice. A quotation mark without its partner is read as an attribute's name.
_ATTRIBUTE_NAME = r"[^ \t\n/>][^ \t\n/>=]*+"
_VALUE = r"""(?: "[^"]*+" | '[^']*+' | [^ \t\n>"'][^ \t\n>]*+ | (?=>) )"""
_EQUALS = r"[ \t\n]*+ = [ \t\n]*+"
_VALUE_PARTS = r"""(?: "([^"]*+)" | '([^']*+)' | ([^ \t\n>"'][^ \t\n>]*+) | (?=>) )"""  # the same, in groups
_ATTRIBUTE = re.compile(rf"({_ATTRIBUTE_NAME}) (?: {_EQUALS} {_VALUE_PARTS} )?", re.VERBOSE)
_TAG_NAME = r"<(?P<slash>/?)(?P<name>[A-Za-z][^ \t\n/>]*+)"
# No groups within what is possessive: Python 3.11 fails there (https://github.com/python/cpython/issues/101955).
_WHOLE_ATTRIBUTE = rf"(?: [ \t\n/]*+ {_ATTRIBUTE_NAME} (?: {_EQUALS} {_VALUE} )?+ )"
_TAG = re.compile(rf"{_TAG_NAME} (?P<attributes> {_WHOLE_ATTRIBUTE}*+ ) [ \t\n/]*+ >", re.VERBOSE)
_TEXT_AND_TAG = re.compile(rf"(?P<text>[^<]*+){_TAG.pattern}", re.VERBOSE)  # in one look: so most goes on
_TAG_WITHOUT_QUOTES = re.compile(rf"{_TAG_NAME}(?P<attributes>[^>]*+)>")
_NO_MARKUP = UNSEEN | {"xmp"}
_CLOSINGS = {
    "comment": re.compile("-->"),
    **{name: re.compile(rf"</{name}[ \t\n/>]", re.IGNORECASE | re.ASCII) for name in _NO_MARKUP},
}
_LONG_NUMBER = re.compile(r"&(?=#[0-9]{32})")  # it means no character, and int() refuses still longer ones


def tokens(source: str) -> Iterator[Token]:
    """Read markup as tags and text; comments, declarations and processing instructions go.

    Tags come as they stand, closed or not, with `MAX_ATTRIBUTES` at most. Tags and attributes whose names are
    none in XML go. Texts and values hold what XML can hold (emission rule 8). `UNSEEN` elements come empty.
    """
    return _Reader(xml_text(source)).read()


class _Reader:
    """Where reading stands, and what is known of the rest, so that no search is repeated."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.position = 0
        self.last_bracket = source.rfind(">")  # after it no tag is whole
        self.tag = _TAG
        self.closings: dict[str, int] = {}  # the next place of each

    def read(self) -> Iterator[Token]:
        while True:
            whole = self.tag is _TAG and _TEXT_AND_TAG.match(self.source, self.position)
            if whole:
                yield from _text(whole["text"])
                yield from self._read_tag(whole)
            elif opening := self._opening():
                yield from self._read_text(opening.start())
                if opening["tag"]:
                    yield from self._read_tag(self._match_tag())
                else:
                    self.position = self._end_of_comment(opening)
            else:
                break
        yield from self._read_text(len(self.source))

    def _opening(self) -> re.Match[str] | None:
        found = _OPENING.search(self.source, self.position)
        return found if found and found.start() < self.last_bracket else None

    def _read_text(self, end: int) -> Sequence[Text]:
        start, self.position = self.position, end
        return _text(self.source[start:end])

    def _read_tag(self, tag: re.Match[str]) -> Sequence[Token]:
        self.position = tag.end()
        slash, written, attributes = tag.group("slash", "name", "attributes")
        name = written.lower()
        if not _is_name(written):
            return ()
        if slash and name != "br":  # browsers, too, take </br> for a line break
            return (End(name),)
        start = Start(name, _attributes(attributes) if attributes else {})
        return (start, *self._read_no_markup(name)) if name in _NO_MARKUP else (start,)

    def _match_tag(self) -> re.Match[str]:
        found = self.tag.match(self.source, self.position)
        if found is None:
            # A quotation mark is never closed: from here on a tag ends at its first ">", quoted or not.
            self.tag = _TAG_WITHOUT_QUOTES
            return self._match_tag()
        return found

    def _read_no_markup(self, name: str) -> Iterator[Token]:
        """End the element where its end tag stands; where there is none, at once, unless it is code."""
        end = self._closing(name, self.position)
        if end < len(self.source) or name in CODE:
            if name not in UNSEEN and end > self.position:
                yield Text(self.source[self.position : end])
            self.position = end
        yield End(name)

    def _end_of_comment(self, opening: re.Match[str]) -> int:
        if opening["empty"]:
            return opening.end()
        if opening["comment"]:
            end = self._closing("comment", opening.end())
            return end + len("-->") if end < len(self.source) else opening.end()
        return self.source.index(">", opening.end()) + 1

    def _closing(self, what: str, position: int) -> int:
        """Return where something closes; the end of the source if nowhere."""
        if self.closings.get(what, -1) < position:
            found = _CLOSINGS[what].search(self.source, position)
            self.closings[what] = found.start() if found else len(self.source)
        return self.closings[what]


def _is_name(written: str) -> bool:
    return (written.isalpha() and written.isascii()) or _NAME.fullmatch(written) is not None


def _text(written: str) -> Sequence[Text]:
    if "&" in written:
        # Browsers decode some entities without their ";", too. Where one means no XML character, it goes.
        written = xml_text(html.unescape(_LONG_NUMBER.sub("&amp;", written)))
    return (Text(written),) if written else ()


def _attributes(source: str) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for found in islice(_ATTRIBUTE.finditer(source), MAX_ATTRIBUTES):
        name, double_quoted, quoted, plain = found.groups("")
        value = double_quoted or quoted or plain
        if "&" in value:
            value = xml_text(decode_entities(value))
        if _is_name(name) and len(value) <= MAX_VALUE:
            attributes.setdefault(name.lower(), value)
    return attributes
