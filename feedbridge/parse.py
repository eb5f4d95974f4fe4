"""From the bytes of a file to an `Article`, one function a shape.

Only the header and the date line are read here: cheap, and without a markup parser.
What a body says is the business of `normalise`.
"""

import hashlib
import re
from datetime import datetime, timedelta
from itertools import dropwhile

import msgspec

from feedbridge.model import Article, Decision, Ignored, Rejected, SiteRule, Sites, Version
from feedbridge.sites import apply
from feedbridge.standards import dates, text, urls

SIGN_BYTES = 4096  # every measured header lies within the first 2.3 kB
EARLIEST_BEFORE_EPOCH = timedelta(hours=48)  # a feed carries what is at most two days old …
LATEST_AFTER_EPOCH = timedelta(minutes=5)  # … and nothing that is still to come, clocks apart
AHEAD_OF_CLOCK = timedelta(days=1)

_EPOCH_COMMENT = re.compile(r"<!--\s{0,9}(-?[0-9.]{1,99}|NaN)\s{0,9}-->")
_ANY_COMMENT = re.compile(r"<!--.{0,99}?-->")
_DASHES = re.compile(r"-{3,}\s*")
_SIGN = re.compile(
    r"^[ \t]{0,9}<!--\s{0,9}(?:-?[0-9.]{1,99}|NaN)\s{0,9}-->"  # an epoch comment
    r"|^\[[^\n]*\]\([^\n]*\)[ \t]{0,9}\r?\n-{3,}"  # a title line with a rule under it
    r"|^日期："
    r"|\A\ufeff?---[ \t]{0,9}\r?\n(?:[^\n]*\n){0,40}?from:",  # front matter that says from where
    re.MULTILINE,
)


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What the first lines of a file say, as they say it."""

    epoch: str | None  # what stands in the comment; None where there is none
    title: str
    link: str
    body: str


def has_sign(head: bytes) -> bool:
    """Tell whether the first `SIGN_BYTES` of a file show any sign of an article."""
    return _SIGN.search(head[:SIGN_BYTES].decode("utf-8", "replace")) is not None


def parse(path: bytes, raw: bytes, *, sites: Sites) -> Article | Ignored | Rejected:
    """Read one file; whatever it holds, the answer is a value."""
    if not raw.strip():
        return Rejected(path=path, code="empty", detail="the file is empty")
    if not has_sign(raw):
        return Ignored(path=path, reason="no sign of an article in its first 4 KiB")
    source, bad = _decode(raw)
    header = _read_header(source)
    if header is None:
        return Rejected(path=path, code="no-link", detail="there is no title line: [title](address)")
    if not urls.is_web(header.link):
        detail = f"the title line has no usable http(s) address: {text.shorten(header.link, 80)!r}"
        return Rejected(path=path, code="no-link", detail=detail)
    return _article(path, raw, header, bad=bad, sites=sites)


def dated_ahead(article: Article, *, now: datetime) -> Rejected | None:
    """Withhold an article that is dated more than a day ahead of the clock (emission rule 2).

    The only place where the clock decides about an article.
    """
    version = article.version
    dated = max(version.published, version.epoch or version.published)
    if dated <= now + AHEAD_OF_CLOCK:
        return None
    detail = (
        f"it is dated {dates.rfc3339(dated)}, over a day ahead; it is looked at again when its time has come"
    )
    return Rejected(path=version.path, code="future-date", detail=detail, decisions=article.decisions)


def _read_header(source: str) -> Header | None:
    """Shape A: an epoch comment, a title line, a rule, the body; blank lines may stand between."""
    lines = source.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    rest = _after_blank(lines)
    epoch = None
    if rest and _ANY_COMMENT.fullmatch(rest[0].strip()):
        epoch = rest[0].strip()[4:-3].strip()
        rest = _after_blank(rest[1:])
    # The title is greedy: addresses hold no "](", titles do.
    title, middle, link = rest[0].strip().rpartition("](") if rest else ("", "", "")
    if not (middle and title.startswith("[") and link.endswith(")")):
        return None
    rest = _after_blank(rest[1:])
    if rest and _DASHES.fullmatch(rest[0]):
        rest = _after_blank(rest[1:])
    return Header(epoch=epoch, title=title[1:], link=link[:-1].strip(), body="\n".join(rest).strip())


def _after_blank(lines: list[str]) -> list[str]:
    return list(dropwhile(lambda line: not line.strip(), lines))


def _article(path: bytes, raw: bytes, header: Header, *, bad: int, sites: Sites) -> Article | Rejected:
    rule = apply.rule_for(header.link, sites)
    line = apply.date_line(header.body, rule)
    epoch = dates.parse_epoch(header.epoch) if header.epoch else None
    published, why = _published(epoch, _moment(line, rule))
    decisions = (
        Decision(rule="shape", outcome="A", reason="a title line, then the body"),
        *_encoding(bad),
        Decision(rule="site rule", outcome=rule.slug or "the general one"),
        Decision(rule="epoch", outcome=_when(epoch), reason=_epoch_reason(header, epoch)),
        Decision(rule="date line", outcome=line.date if line else "none", reason=_zone(line, rule)),
    )
    if published is None:
        detail = f"{_epoch_reason(header, epoch)}; {why}"
        return Rejected(path=path, code="no-date", detail=detail, decisions=decisions)
    source, source_name = apply.source_of(header.link, sites)
    version = Version(
        path=path,
        digest=hashlib.blake2b(raw, digest_size=16).digest(),
        key=apply.key_of(header.link, sites),
        epoch=epoch,
        published=published,
        source=source,
        source_name=source_name,
    )
    return Article(
        version=version,
        shape="A",
        title=text.fold(text.decode_entities(text.xml_text(header.title))),
        link=header.link,
        author=line.author if line else "",
        body=header.body[line.length :] if line else header.body,
        decisions=(
            *decisions,
            Decision(rule="published (this file)", outcome=dates.rfc3339(published), reason=why),
            Decision(rule="source", outcome=source, reason=source_name),
            Decision(rule="key", outcome=version.key, reason=_key_reason(version.key)),
        ),
    )


def _moment(line: apply.DateLine | None, rule: SiteRule) -> datetime | None:
    return dates.parse_moment(line.date, zone=rule.zone) if line else None


def _published(epoch: datetime | None, body: datetime | None) -> tuple[datetime | None, str]:
    """Emission rule 2: the date line where it fits the epoch, else the epoch."""
    if body is None:
        reason = (
            "the epoch: the body has no date line that gives a time" if epoch else "no date line gives a time"
        )
        return epoch, reason
    if epoch is None:
        return body, "the date line: there is no epoch"
    if epoch - EARLIEST_BEFORE_EPOCH <= body <= epoch + LATEST_AFTER_EPOCH:
        return body, "the date line: it lies within 48 h before and 5 min after the epoch"
    return epoch, f"the epoch: the date line says {dates.rfc3339(body)}, too far from it"


def _epoch_reason(header: Header, epoch: datetime | None) -> str:
    if header.epoch is None:
        return "there is no epoch comment"
    if epoch is None:
        return f"the epoch comment says {text.shorten(header.epoch, 40)!r}: no time from 1990 to 2100"
    return f"the epoch comment says {header.epoch}"


def _decode(raw: bytes) -> tuple[str, int]:
    """Never fail: bytes that are no UTF-8 become U+FFFD and are counted."""
    try:
        return raw.decode(), 0
    except UnicodeDecodeError:
        source = raw.decode("utf-8", "replace")
        return source, source.count("\ufffd") - raw.count("\ufffd".encode())


def _encoding(bad: int) -> tuple[Decision, ...]:
    if not bad:
        return ()
    return (Decision(rule="encoding", outcome=f"{bad} × U+FFFD", reason="bytes that are no UTF-8"),)


def _when(moment: datetime | None) -> str:
    return dates.rfc3339(moment) if moment else "none"


def _zone(line: apply.DateLine | None, rule: SiteRule) -> str:
    return f"read in {rule.zone} where it names no zone" if line else ""


def _key_reason(key: str) -> str:
    return (
        "a hash of the canonical address"
        if key.startswith("url/")
        else "the site's own number of the article"
    )
