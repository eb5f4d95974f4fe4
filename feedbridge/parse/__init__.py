"""From the bytes of a file to an `Article`.

    headers      the first lines, in every shape
    frontmatter  the keys between two lines of dashes
    dating       every date that a file holds, and which of them counts

Only the header and what a site's rule finds in a body, date line and author, are read here: cheap,
and without a markup parser. What a body says is the business of `normalise`.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from feedbridge.model import Article, Decision, Ignored, Rejected, SiteRule, Sites, Version
from feedbridge.parse import dating, headers
from feedbridge.parse.headers import Header
from feedbridge.sites import apply
from feedbridge.standards import dates, text, urls

SIGN_BYTES = 4096  # every measured header lies within the first 2.3 kB
AHEAD_OF_CLOCK = timedelta(days=1)

_NO_LINK = "there is neither a title line, [title](address), nor front matter that says `from:` where"


def has_sign(head: bytes) -> bool:
    """Tell whether the first `SIGN_BYTES` of a file show any sign of an article."""
    return headers.has_sign(head[:SIGN_BYTES])


def parse(path: bytes, raw: bytes, *, sites: Sites) -> Article | Ignored | Rejected:
    """Read one file; whatever it holds, the answer is a value, without the decisions that `explain` gives."""
    header = _header(path, raw)
    return _article(path, raw, header, sites) if isinstance(header, Header) else header


def explain(path: bytes, raw: bytes, *, sites: Sites) -> Article | Ignored | Rejected:
    """Read one file as `parse` does, and give every decision with it: to word them takes as long again."""
    header = _header(path, raw)
    if not isinstance(header, Header):
        return header
    found = _article(path, raw, header, sites)
    rule = apply.rule_for(header.link, sites)
    line = apply.date_line(header.body, rule)
    decisions = (
        Decision(rule="shape", outcome=header.shape),
        *_encoding(_decode(raw)[1]),
        Decision(rule="site rule", outcome=rule.slug or "the general one"),
        *dating.decisions(header, line, rule=rule, name=_name(path)),
        *(_facts(found, sites) if isinstance(found, Article) else ()),
    )
    return msgspec.structs.replace(found, decisions=decisions)


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
    return Rejected(
        path=version.path,
        code="future-date",
        detail=detail,
        decisions=article.decisions,
        due=dated - AHEAD_OF_CLOCK,
    )


def _header(path: bytes, raw: bytes) -> Header | Ignored | Rejected:
    if not raw or raw.isspace():
        return Rejected(path=path, code="empty", detail="the file is empty")
    if not has_sign(raw):
        return Ignored(path=path, reason="no sign of an article in its first 4 KiB")
    header = headers.read(text.xml_text(_decode(raw)[0]))
    if header is None:
        return Rejected(path=path, code="no-link", detail=_NO_LINK)
    if not urls.is_web(header.link):
        detail = f"its address is no usable http(s) one: {text.shorten(header.link, 80)!r}"
        return Rejected(path=path, code="no-link", detail=detail)
    return header


def _article(path: bytes, raw: bytes, header: Header, sites: Sites) -> Article | Rejected:
    rule = apply.rule_for(header.link, sites)
    line = apply.date_line(header.body, rule)
    dated = dating.settle(header, line, rule=rule, name=_name(path))
    if dated.published is None:
        epoch = dating.epoch_reason(header.epoch, dated.epoch)
        detail = f"{epoch}, and neither body, front matter, feed's date nor file name gives one"
        return Rejected(path=path, code="no-date", detail=detail)
    title = text.fold(text.decode_entities(header.title or header.front.title))
    named, tags = _lines(header.front.categories), _lines(header.front.tags)
    source, source_name = apply.source_of(header.link, next(iter(named), ""), sites)
    version = Version(
        path=path,
        digest=hashlib.blake2b(raw, digest_size=16).digest(),
        key=apply.key_of(header.link, sites, title=title if header.shape == "E" else ""),
        epoch=dated.epoch,
        published=dated.published,
        source=source,
        source_name=source_name,
    )
    return Article(
        version=version,
        shape=header.shape,
        title=title,
        link=header.link,
        author=_author(header, line, rule),
        categories=tuple(dict.fromkeys((*named, *tags))),
        body=header.body[: line.start] + header.body[line.end :] if line else header.body,
        decisions=(),
    )


def _facts(article: Article, sites: Sites) -> Iterator[Decision]:
    version = article.version
    yield Decision(rule="author", outcome=article.author or "none")
    yield Decision(rule="categories", outcome=", ".join(article.categories) or "none")
    yield Decision(rule="source", outcome=version.source, reason=version.source_name)
    yield Decision(rule="canonical address", outcome=apply.canonical_of(article.link, sites))
    yield Decision(rule="key", outcome=version.key, reason=_key_reason(version.key))


def _name(path: bytes) -> str:
    return path.rpartition(b"/")[2].decode("utf-8", "replace")


def _author(header: Header, line: apply.DateLine | None, rule: SiteRule) -> str:
    """Front matter, else the date line, else what the site's rule finds in the body."""
    in_front = apply.plain(header.front.author)
    return in_front or (line.author if line else "") or apply.author_of(header.body, rule)


def _lines(listed: tuple[str, ...]) -> tuple[str, ...]:
    """Return texts of a list as plain texts; what is empty or stands there twice is nothing more."""
    folded = [text.fold(text.decode_entities(one)) for one in listed]
    return tuple(dict.fromkeys(filter(None, folded)))


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


def _key_reason(key: str) -> str:
    if key.startswith("url/"):
        return "a hash of the canonical address"
    return "what its site's rule finds in the address"
