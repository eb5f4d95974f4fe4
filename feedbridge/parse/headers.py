"""The first lines of a file, in every shape that archives have (docs/formats.md).

One grammar covers all shapes, since each is made of the same parts, every one of which may be missing:

    front matter    between two lines of dashes
    epoch           <!--1706716023000--> or <!--NaN-->
    title line      [title](address), over a line of dashes
    feed's date     日期：Mon, 22 Jun 2020 10:41:18 +0000
    body            all the rest
"""

import re
from typing import Literal

import msgspec

from feedbridge.parse import frontmatter
from feedbridge.parse.frontmatter import FrontMatter
from feedbridge.standards import text

Shape = Literal["A", "B", "B-NaN", "C", "D", "E"]

_STRAY = "\ufeff\ufffd"  # byte order marks, also of other encodings, which are no UTF-8
MAX_TITLE_LINES = 40  # of one that is broken into several

_NOT_BLANK = re.compile(r"\S")
_COMMENT = re.compile(r"\s{0,99}<!--(.{0,99}?)-->")
_EPOCH = re.compile(r"-?[0-9.]{1,99}|NaN")
_DASHES = re.compile(r"-{3,}[ \t]*(?:\n|\Z)")
_FEED_DATE = re.compile(r"日期：(.{0,99})(?:\n|\Z)")
_WRAPPER = re.compile(r"<div>[^\S\n]*+\n(.*)</div>", re.DOTALL)
_EPOCH_LINE = re.compile(r"^[ \t]{0,9}<!--\s{0,9}(?:-?[0-9.]{1,99}|NaN)\s{0,9}-->", re.MULTILINE)
_FROM = re.compile(r"\s{0,9}---[ \t]{0,9}\n(?:[^\n]*\n){0,40}?[Ff][Rr][Oo][Mm][ \t]{0,9}:")
# The sign with which nearly all articles begin, in the form in which programs write it.
_EVERYDAY_SIGN = re.compile(rb"<!--(?:-?[0-9.]{1,99}|NaN)-->|---\n(?:[^\n\r]*\n){0,40}?[Ff][Rr][Oo][Mm]:")
_ABOVE_DASHES = re.compile(r"^([^\n]*)\)[ \t]{0,9}\n-{3,}", re.MULTILINE)


_NO_FRONT_MATTER = FrontMatter()


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What the first lines of a file say, as they say it; "" where they say nothing."""

    shape: Shape
    front: FrontMatter
    epoch: str | None  # what stands in the comment; None where there is none
    title: str
    link: str
    feed_date: str
    body: str


def has_sign(head: bytes) -> bool:
    """Tell whether the beginning of a file shows any sign of an article."""
    if _EVERYDAY_SIGN.match(head):  # to decode and clean it takes ten times as long
        return True
    clean = text.xml_text(head.decode("utf-8", "replace")).lstrip(_STRAY)
    return (
        ("<!--" in clean and _EPOCH_LINE.search(clean) is not None)
        or "\n日期：" in f"\n{clean}"
        or _FROM.match(clean) is not None  # front matter that says from where
        or ("](" in clean and any("](" in line for line in _ABOVE_DASHES.findall(clean)))
    )


def read(source: str) -> Header | None:
    """Read the header of a file; None if it has neither a title line nor a `from` in front matter."""
    source = source.lstrip(_STRAY)
    front, source = frontmatter.split(source[_after_blank(source, 0) :])
    begin = _after_blank(source, 0)
    epoch, after_epoch = _epoch(source, begin)
    title, after_title = _title_line(
        source, _after_blank(source, after_epoch), needs_dashes=front is not None
    )
    if title is None:
        return _without_title(front, epoch, source[after_epoch if _is_epoch(epoch) else begin :].strip())
    feed_date, after_date = _feed_date(source, _after_blank(source, after_title))
    body = source[after_date:].strip()
    return Header(
        shape=_shape(front, epoch, feed_date),
        front=front or _NO_FRONT_MATTER,
        epoch=epoch,
        title=title[0],
        link=title[1] or (front.link if front else ""),
        feed_date=feed_date,
        body=_unwrapped(body) if front else body,
    )


def _without_title(front: FrontMatter | None, epoch: str | None, body: str) -> Header | None:
    if front is None or not front.link:
        return None
    return Header(
        shape="C" if body else "E",
        front=front,
        epoch=epoch if _is_epoch(epoch) else None,
        title=front.title,
        link=front.link,
        feed_date="",
        body=body,
    )


def _shape(front: FrontMatter | None, epoch: str | None, feed_date: str) -> Shape:
    if front is not None:
        return "B-NaN" if epoch == "NaN" else "B"
    return "D" if feed_date else "A"


def _epoch(source: str, at: int) -> tuple[str | None, int]:
    """Take the comment off; what else stands in its line is a line of its own."""
    found = _COMMENT.match(source, at)
    return (found[1].strip(), found.end()) if found else (None, at)


def _is_epoch(comment: str | None) -> bool:
    return comment is not None and _EPOCH.fullmatch(comment) is not None


def _title_line(source: str, at: int, *, needs_dashes: bool) -> tuple[tuple[str, str] | None, int]:
    """Read the title line, and the dashes below it; a broken title ends above them.

    They may be missing, but not below front matter: there a link is the beginning of the body.
    """
    end = source.find("\n", at) + 1 or len(source)
    title = _title_and_link(source[at:end])
    if title is not None:
        below = _after_blank(source, end)
        dashes = _DASHES.match(source, below)
        return (None, at) if needs_dashes and not dashes else (title, dashes.end() if dashes else below)
    near = source[at:].split("\n", MAX_TITLE_LINES)[:MAX_TITLE_LINES]
    dashed = (place for place, line in enumerate(near) if line.startswith("---") and _DASHES.fullmatch(line))
    last = next(dashed, 0)
    return _title_and_link(" ".join(near[:last])), at + sum(len(line) + 1 for line in near[: last + 1])


def _title_and_link(line: str) -> tuple[str, str] | None:
    """Part the two at the last "](": addresses hold none, titles do."""
    title, middle, link = line.strip().rpartition("](")
    if not (middle and title.startswith("[") and link.endswith(")")):
        return None
    return title[1:], link[:-1].strip()


def _feed_date(source: str, at: int) -> tuple[str, int]:
    found = _FEED_DATE.match(source, at)
    return (found[1].strip(), found.end()) if found else ("", at)


def _unwrapped(body: str) -> str:
    """Take off the <div> that shape B puts around every body."""
    found = _WRAPPER.fullmatch(body)
    return found[1].strip() if found else body


def _after_blank(source: str, at: int) -> int:
    """Return where the first line begins that is not blank; the body is never split into its lines."""
    if not source[at : at + 1].isspace():  # as nearly always: a third of the time of the search
        return at
    found = _NOT_BLANK.search(source, at)
    return source.rfind("\n", at, found.start()) + 1 or at if found else len(source)
