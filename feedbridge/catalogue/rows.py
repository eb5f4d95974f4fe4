"""Files as rows of their table, and rows as files."""

from typing import Any

import msgspec

from feedbridge.catalogue.moments import from_seconds, maybe, seconds
from feedbridge.model import Gone, Header, Ignored, KnownFile, Measure, Rejected, Stamp, Version

_OF_STAMP = ("path", "root", "size", "mtime_ns", "inode")
_OF_FOUND = ("state", "code", "detail", "again", "due", "held")
_OF_VERSION = ("digest", "key", "epoch", "published", "source", "source_name", "edited")
_OF_HEADER = ("title", "link", "author", "categories")
_OF_MEASURE = ("fingerprint", "length")
COLUMNS = (*_OF_STAMP, *_OF_FOUND, *_OF_VERSION, *_OF_HEADER, *_OF_MEASURE)

Found = Version | Ignored | Rejected | Gone

_categories = msgspec.json.Decoder(tuple[str, ...]).decode


def to_row(known: KnownFile) -> tuple[object, ...]:
    """Return the values of `COLUMNS`."""
    stamp = known.stamp
    return (
        *(stamp.path, stamp.root, stamp.size_bytes, stamp.mtime_ns, stamp.inode),
        *_found_row(known.found),
        *(known.is_read_again, maybe(seconds, known.due), maybe(seconds, known.held_since)),
        *_version_row(known.version),
        *_header_row(known.header),
        *((known.measure.fingerprint, known.measure.length) if known.measure else (None, None)),
    )


def from_row(row: tuple[Any, ...]) -> KnownFile:
    """Return the file whose values of `COLUMNS` these are."""
    path, root, size, mtime_ns, inode, state, code, detail, again, due, held, *rest = row
    version = _version(path, *rest[:7])
    return KnownFile(
        stamp=Stamp(path=path, root=root, size_bytes=size, mtime_ns=mtime_ns, inode=inode),
        found=_found(path, state, code, detail, version),
        version=version,
        header=_header(*rest[7:11]),
        measure=_measure(*rest[11:]),
        is_read_again=bool(again),
        due=maybe(from_seconds, due),
        held_since=maybe(from_seconds, held),
    )


def _found_row(found: Found) -> tuple[str, str, str]:
    match found:
        case Version():
            return ("article", "", "")
        case Ignored():
            return ("ignored", "", found.reason)
        case Rejected():
            return ("rejected", found.code, found.detail)
        case Gone():
            return ("gone", "", "")


def _found(path: bytes, state: str, code: str, detail: str, version: Version | None) -> Found:
    match state:
        case "article":
            assert version is not None  # noqa: S101  # as it was put
            return version
        case "ignored":
            return Ignored(path=path, reason=detail)
        case "gone":
            return Gone(path=path)
    return Rejected(path=path, code=code, detail=detail)


def _version_row(version: Version | None) -> tuple[object, ...]:
    if version is None:
        return (None,) * len(_OF_VERSION)
    epoch, published = maybe(seconds, version.epoch), seconds(version.published)
    edited = maybe(seconds, version.edited)
    return (version.digest, version.key, epoch, published, version.source, version.source_name, edited)


def _version(path: bytes, digest: bytes | None, key: str, *facts: Any) -> Version | None:  # noqa: ANN401  # SQLite's
    if digest is None:
        return None
    epoch, published, source, source_name, edited = facts
    return Version(
        path=path,
        digest=digest,
        key=key,
        epoch=maybe(from_seconds, epoch),
        published=from_seconds(published),
        source=source,
        source_name=source_name,
        edited=maybe(from_seconds, edited),
    )


def _header_row(header: Header | None) -> tuple[object, ...]:
    if header is None:
        return (None,) * len(_OF_HEADER)
    return (header.title, header.link, header.author, msgspec.json.encode(header.categories).decode())


def _header(title: str | None, link: str, author: str, categories: str) -> Header | None:
    if title is None:
        return None
    return Header(title=title, link=link, author=author, categories=_categories(categories))


def _measure(fingerprint: str | None, length: int) -> Measure | None:
    return None if fingerprint is None else Measure(fingerprint=fingerprint, length=length)
