"""The first lines of a file, in every shape that archives have (docs/formats.md).

One grammar covers all shapes, since each is made of the same parts, every one of which may be missing:

    front matter    between two lines of dashes
    epoch           <!--1706716023000--> or <!--NaN-->
    title line      [title](address), over a line of dashes
    feed's date     日期：Mon, 22 Jun 2020 10:41:18 +0000
    body            all the rest
"""

import re
from collections.abc import Sequence
from itertools import dropwhile
from typing import Literal

import msgspec

from feedbridge.parse import frontmatter
from feedbridge.parse.frontmatter import FrontMatter
from feedbridge.standards import text

Shape = Literal["A", "B", "B-NaN", "C", "D", "E"]

_STRAY = "\ufeff\ufffd"  # byte order marks, also of other encodings, which are no UTF-8
MAX_TITLE_LINES = 40  # of one that is broken into several

_COMMENT = re.compile(r"\s{0,99}<!--(.{0,99}?)-->")
_EPOCH = re.compile(r"-?[0-9.]{1,99}|NaN")
_DASHES = re.compile(r"-{3,}[ \t]*")
_FEED_DATE = re.compile(r"日期：(.{0,99})")
_WRAPPER = re.compile(r"<div>[^\S\n]*+\n(.*)</div>", re.DOTALL)
_SIGN = re.compile(
    r"^[ \t]{0,9}<!--\s{0,9}(?:-?[0-9.]{1,99}|NaN)\s{0,9}-->"  # an epoch comment
    r"|^日期："
    # front matter that says from where
    r"|\A\s{0,9}---[ \t]{0,9}\n(?:[^\n]*\n){0,40}?[Ff][Rr][Oo][Mm][ \t]{0,9}:",
    re.MULTILINE,
)
_ABOVE_DASHES = re.compile(r"^([^\n]*)\)[ \t]{0,9}\n-{3,}", re.MULTILINE)


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What the first lines of a file say, as they say it; "" where they say nothing."""

    shape: Shape
    front: FrontMatter
    epoch: str | None  # what stands in the comment; None where there is none
    title: str
    link: str
    feed_date: str
    body: str


def has_sign(head: str) -> bool:
    """Tell whether the beginning of a file shows any sign of an article."""
    clean = text.xml_text(head).lstrip(_STRAY)
    return _SIGN.search(clean) is not None or any("](" in line for line in _ABOVE_DASHES.findall(clean))


def read(source: str) -> Header | None:
    """Read the header of a file; None if it has neither a title line nor a `from` in front matter."""
    front, lines = frontmatter.split(_after_blank(source.lstrip(_STRAY).split("\n")))
    epoch, after_epoch = _epoch(_after_blank(lines))
    title, after_title = _title_line(_after_blank(after_epoch), needs_dashes=front is not None)
    if title is None:
        return _without_title(front, epoch, after_epoch if _is_epoch(epoch) else lines)
    feed_date, rest = _feed_date(_after_blank(after_title))
    body = "\n".join(rest).strip()
    return Header(
        shape=_shape(front, epoch, feed_date),
        front=front or FrontMatter(),
        epoch=epoch,
        title=title[0],
        link=title[1] or (front.link if front else ""),
        feed_date=feed_date,
        body=_unwrapped(body) if front else body,
    )


def _without_title(front: FrontMatter | None, epoch: str | None, lines: Sequence[str]) -> Header | None:
    if front is None or not front.link:
        return None
    body = "\n".join(lines).strip()
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


def _epoch(lines: Sequence[str]) -> tuple[str | None, Sequence[str]]:
    """Take the comment off; what else stands in its line is a line of its own."""
    found = _COMMENT.match(lines[0]) if lines else None
    if found is None:
        return None, lines
    return found[1].strip(), (lines[0][found.end() :], *lines[1:])


def _is_epoch(comment: str | None) -> bool:
    return comment is not None and _EPOCH.fullmatch(comment) is not None


def _title_line(lines: Sequence[str], *, needs_dashes: bool) -> tuple[tuple[str, str] | None, Sequence[str]]:
    """Read the title line, and the dashes below it; a broken title ends above them.

    They may be missing, but not below front matter: there a link is the beginning of the body.
    """
    title = _title_and_link(lines[0]) if lines else None
    if title is not None:
        rest = _after_blank(lines[1:])
        has_dashes = bool(rest) and _DASHES.fullmatch(rest[0]) is not None
        return (None, lines) if needs_dashes and not has_dashes else (title, rest[has_dashes:])
    near = lines[:MAX_TITLE_LINES]
    dashes = next((place for place, line in enumerate(near) if _DASHES.fullmatch(line)), 0)
    return _title_and_link(" ".join(near[:dashes])), lines[dashes + 1 :]


def _title_and_link(line: str) -> tuple[str, str] | None:
    """Part the two at the last "](": addresses hold none, titles do."""
    title, middle, link = line.strip().rpartition("](")
    if not (middle and title.startswith("[") and link.endswith(")")):
        return None
    return title[1:], link[:-1].strip()


def _feed_date(lines: Sequence[str]) -> tuple[str, Sequence[str]]:
    found = _FEED_DATE.fullmatch(lines[0]) if lines else None
    return (found[1].strip(), lines[1:]) if found else ("", lines)


def _unwrapped(body: str) -> str:
    """Take off the <div> that shape B puts around every body."""
    found = _WRAPPER.fullmatch(body)
    return found[1].strip() if found else body


def _after_blank(lines: Sequence[str]) -> Sequence[str]:
    return list(dropwhile(lambda line: not line.strip(), lines))
