"""Front matter: what stands between two lines of dashes at the beginning of a file.

It is YAML by intention only. Its writers put titles into quotation marks without escaping what is in
them, so a strict reader would lose the file; and of YAML nothing is needed but keys with a text or a list.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import msgspec

from feedbridge.standards import text

MAX_LINES = 100  # real ones have eight keys
MAX_CATEGORIES = 50  # of each list; real ones have one or two

_FENCE = re.compile(r"---[ \t]*(?:\n|\Z)")
_END = re.compile(r"(?:---|\.\.\.)[ \t]*")
_KEY = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*)[ \t]*:(?:[ \t]+(.*))?")
_ITEM = re.compile(r"[ \t]*-[ \t]+(.*)")
_BLOCK = re.compile(r"[|>][+-]?")
_ELEMENT = re.compile(
    r"""\s*+("(?:[^"\\]|\\.)*+"(?=\s*+(?:,|$))|'[^']*+'(?=\s*+(?:,|$))|[^,]*+)\s*+(?:,|$)"""
)  # possessive: nothing is tried twice
_ESCAPE = re.compile(r'\\(?:(["\\/])|u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2}))')


class FrontMatter(msgspec.Struct, frozen=True, kw_only=True):
    """What the front matter says, as it says it; "" where it says nothing."""

    title: str = ""
    date: str = ""
    author: str = ""
    link: str = ""
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


def split(source: str) -> tuple[FrontMatter | None, str]:
    """Read the front matter with which a text begins, None if there is none, and give the rest of it.

    Where its end is missing, it ends before the first line that cannot belong to it.
    """
    if not _FENCE.match(source):
        return None, source
    lines = source.split("\n", MAX_LINES + 1)[1:]
    inner = lines[:MAX_LINES]
    end = next((place for place, line in enumerate(inner) if _END.fullmatch(line)), None)
    if end is not None:
        return _read(inner[:end]), "\n".join(lines[end + 1 :])
    end = next((place for place, line in enumerate(inner) if not _belongs(line)), len(inner))
    return (_read(inner[:end]), "\n".join(lines[end:])) if end else (None, source)


def _belongs(line: str) -> bool:
    return bool(_KEY.fullmatch(line) or _ITEM.fullmatch(line)) or line[:1] in (" ", "\t")


def _read(lines: Sequence[str]) -> FrontMatter:
    fields: dict[str, list[str]] = {}
    current: list[str] = []
    for line in lines:
        found = _KEY.fullmatch(line)
        if found:
            current = [found[2] or ""]
            fields.setdefault(found[1].lower(), current)
        elif current:
            current.append(line)
    return FrontMatter(
        title=_text(fields.get("title", [])),
        date=_text(fields.get("date", [])),
        author=_text(fields.get("author", [])),
        link=_text(fields.get("from", [])),
        categories=_list(fields.get("categories", [])),
        tags=_list(fields.get("tags", [])),
    )


def _text(lines: Sequence[str]) -> str:
    """Return a key's text on one line; how it was broken into lines means nothing here."""
    first, *more = lines or ("",)
    kept = more if _BLOCK.fullmatch(first.strip()) else lines
    return _plain(text.fold(" ".join(kept)))


def _list(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(islice(filter(None, _items(lines)), MAX_CATEGORIES))


def _items(lines: Sequence[str]) -> Iterable[str]:
    """Give the texts of a list, on one line in brackets or an item a line; a text alone is its one item."""
    written = " ".join(lines).strip()
    if written.startswith("["):
        return _elements(written[1:].rstrip().removesuffix("]"))
    items = [found[1] for line in lines if (found := _ITEM.fullmatch(line))]
    return map(_plain, items) if items else (_text(lines),)


def _elements(written: str) -> Iterator[str]:
    return (_plain(found[1]) for found in _ELEMENT.finditer(written))


def _plain(written: str) -> str:
    """Take the quotation marks off a text; one that is missing, or not escaped within, does no harm."""
    written = written.strip()
    if written.startswith('"'):
        inner = written[1:].removesuffix('"')
        return text.fold(text.xml_text(_joined(_ESCAPE.sub(_character, inner))))
    if written.startswith("'"):
        return text.fold(written[1:].removesuffix("'").replace("''", "'"))
    return written


def _joined(written: str) -> str:
    """Make one character of each pair of surrogates: escapes of four digits write most emoji so."""
    return written.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _character(escape: re.Match[str]) -> str:
    return escape[1] or chr(int(escape[2] or escape[3], 16))
