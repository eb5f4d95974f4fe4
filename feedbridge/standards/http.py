"""What an answer over HTTP is, decided from the request and the facts of one version of a file.

RFC 9110 (semantics: §8.8 validators, §12.5.3 codings, §13 conditions, §14 ranges) and RFC 9111
(caching). Nothing is read or sent here, and the clock comes in as an argument.

A file has one or two *variants*: its bytes as they are ("identity") and, perhaps, the same ones
packed with gzip. They are two representations of one resource, so each has a strong entity tag of
its own (§8.8.3.3): one tag for both would let a client join the first half of one to the second half
of the other. Servers that pack on the fly and append `-gzip` inside the quotes have twice got this
wrong: they sent one tag and compared against another, so that 304 was never sent again. Here a
variant is chosen first, by what the client accepts, and the tags that it names choose among the
acceptable ones: whoever holds either variant of the current version, and may be sent it, gets 304
with the very tag that it holds. A tag of a variant that the request refuses (`gzip;q=0`) does not
count: a cache that asks for somebody else would hand out what they cannot read (RFC 9111 §4.3.4).

A date is a weaker claim than a tag: two versions may share a second. It is believed only as far as
RFC 9110 does, so whoever puts files in place must give each version a later second than the last.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final, Literal
from urllib.parse import quote_from_bytes, unquote_to_bytes

from feedbridge.model import Value
from feedbridge.standards import http_dates, media
from feedbridge.standards.dates import rfc822

Coding = Literal["identity", "gzip"]
Kind = Literal["feed", "page", "file"]
Fields = tuple[tuple[str, str], ...]  # of an answer's head; names in lower case

PLAIN: Final = "text/plain; charset=utf-8"
METHODS: Final = "GET, HEAD, OPTIONS"
CACHING: Final = ("cache-control", "public, max-age=60")  # a new article may wait so long, no longer
NO_CACHING: Final = ("cache-control", "no-store")
NO_SNIFFING: Final = ("x-content-type-options", "nosniff")
NO_BODY: Final = ("content-length", "0")

# Any site's script may read a feed. What is not safelisted (Fetch §2.2.2) must be named: the tag, so
# that it can ask with If-None-Match.
_SHARED: Final[Fields] = (
    ("access-control-allow-origin", "*"),
    ("access-control-expose-headers", "ETag"),
)
_PREFLIGHT: Final[Fields] = (
    ("access-control-allow-origin", "*"),
    ("access-control-allow-methods", "GET, HEAD"),
    ("access-control-allow-headers", "If-Match, If-Modified-Since, If-None-Match, If-Range, Range"),
    ("access-control-max-age", "86400"),
)
_POLICY: Final = "default-src 'none'; {styles}base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_STYLE: Final = re.compile(rb"<style>([^<]*)</style>")  # in what CSS we write there is no <

# Types by name: of our own files exactly, of others by their last extension.
_NAMED: Final[dict[bytes, tuple[str, Kind]]] = {
    b"atom.xml": ("application/atom+xml; charset=utf-8", "feed"),
    b"rss.xml": ("application/rss+xml; charset=utf-8", "feed"),
    b"feed.json": ("application/feed+json", "feed"),  # UTF-8 by definition (RFC 8259 §8.1), as all JSON
    b"feeds.opml": ("text/x-opml; charset=utf-8", "feed"),
}
_TYPES: Final[dict[bytes, tuple[str, Kind]]] = {
    b"html": ("text/html; charset=utf-8", "page"),
    b"xml": ("application/xml; charset=utf-8", "feed"),
    b"json": ("application/json", "file"),
    b"txt": (PLAIN, "file"),
    b"css": ("text/css; charset=utf-8", "file"),
    b"gz": ("application/gzip", "file"),
}

_TAG: Final = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'  # a comma may stand within; there are no escapes
_ONE_TAG: Final = re.compile(_TAG)
_TAGS: Final = re.compile(rf"[ \t,]*{_TAG}(?:[ \t]*,[ \t,]*{_TAG})*[ \t,]*")
_CODING: Final = re.compile(
    r"[ \t]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*(?:;[ \t]*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)[ \t]*)?",
    re.IGNORECASE,
)
# One range. A number of more digits than any file's length would be refused by int() in the end.
_RANGE: Final = re.compile(
    r"bytes=[ \t,]*(?:([0-9]{1,18})-([0-9]{1,18})?|-([0-9]{1,18}))[ \t,]*", re.IGNORECASE
)
_IMPLIED: Final = 0.0001  # the weight of identity where nothing is said of it: less than any that is said

_BAD_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_INDEX: Final = b"index.html"
_NOTHING: Final = 404
_HOST: Final = re.compile(
    rb"(?:[0-9A-Za-z._~%!$&'()*+;=-]*|\[[0-9A-Za-z.:]+\])(?::[0-9]*)?"
)  # RFC 3986 §3.2.2


class Variant(Value, frozen=True):
    """A file's bytes in one coding."""

    coding: Coding
    length_bytes: int
    tag: str  # strong, with its quotes; another one for each sequence of bytes


class Representation(Value, frozen=True):
    """One version of a file."""

    type: str  # media type, with its charset
    kind: Kind
    modified: datetime  # in UTC, whole seconds
    identity: Variant
    gzip: Variant | None = None
    address: str = ""  # a feed's own public URL
    policy: str = ""  # a page's Content-Security-Policy


class Request(Value, frozen=True):
    """What of a request counts; None where a field is missing, repeated ones are joined by commas."""

    method: str
    accept_encoding: str | None = None
    if_match: str | None = None
    if_unmodified_since: str | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None
    if_range: str | None = None
    range: str | None = None


class Answer(Value, frozen=True):
    """The head of an answer, and which bytes follow: those from `start` to `stop` of a variant."""

    status: int
    fields: Fields
    coding: Coding = "identity"
    start: int = 0
    stop: int = 0  # not one of them; equal to `start` where nothing follows


class Place(Value, frozen=True):
    """Where a request's path leads below the root."""

    path: bytes  # "source/dw/atom.xml"; each step is a plain name
    is_index: bool  # a directory was asked for, by a slash at the end, so its index.html is meant

    @property
    def directories(self) -> tuple[bytes, ...]:
        """Return the directories on the way."""
        return tuple(self.path.split(b"/")[:-1])

    @property
    def name(self) -> bytes:
        """Return the name at the end."""
        return self.path.rpartition(b"/")[2]


class _Span(Value, frozen=True):
    """A part of a variant; empty if nothing of it is there."""

    start: int
    stop: int


_FIELDS: Final = {
    name.replace("_", "-").encode(): name for name in Request.__struct_fields__ if name != "method"
}


# --- what is asked ----------------------------------------------------------------------


def read_request(method: str, fields: Iterable[tuple[bytes, bytes]]) -> Request:
    """Return what counts of a request's head, its names in lower case as ASGI gives them."""
    values: dict[str, str] = {}
    for name, value in fields:
        field = _FIELDS.get(name)
        if field is not None:
            text = value.decode("latin-1").strip(" \t")
            values[field] = f"{values[field]}, {text}" if field in values else text
    return Request(method=method, **values)


def is_well_addressed(hosts: Sequence[bytes], version: str) -> bool:
    """Tell whether a request names its host as its version of HTTP demands (RFC 9112 §3.2): else 400."""
    if not hosts:
        return version == "1.0"
    return len(hosts) == 1 and _HOST.fullmatch(hosts[0]) is not None


def read_path(path: bytes) -> Place | None:
    """Return where a request's path leads, None where nothing may be: it is decoded once.

    Nothing hidden, no dot segment, no empty one and no NUL leads anywhere, nor a slash that was escaped.
    A directory's own page is its index.html.
    """
    if not path.startswith(b"/") or _BAD_ESCAPE.search(path):
        return None
    *directories, name = [unquote_to_bytes(step) for step in path[1:].split(b"/")]
    steps = [*directories, name] if name else directories
    if not all(map(_is_name, steps)):
        return None
    return Place(path=b"/".join((*directories, name or _INDEX)), is_index=not name)


def _is_name(step: bytes) -> bool:
    return bool(step) and not step.startswith(b".") and b"/" not in step and b"\0" not in step


# --- what is there ----------------------------------------------------------------------


def type_of(name: bytes) -> tuple[str, Kind]:
    """Return the media type of a file, with its charset, and what it is, by its name."""
    extension = name.rpartition(b".")[2].lower()
    known = _NAMED.get(name) or _TYPES.get(extension)
    if known:
        return known
    picture = media.media_type(f"https://host/x.{extension.decode()}") if extension.isalnum() else ""
    return picture or "application/octet-stream", "file"


def strong_tag(body: bytes) -> str:
    """Return the entity tag of these very bytes: half of their SHA-256."""
    return f'"{sha256(body).hexdigest()[:32]}"'


def page_policy(page: bytes) -> str:
    """Return the Content-Security-Policy under which a page may do nothing but look as it does.

    It names the styles that the page holds by their hashes, so that no other can be put into it.
    """
    hashes = [b64encode(sha256(style).digest()).decode() for style in _STYLE.findall(page)]
    sources = " ".join(f"'sha256-{each}'" for each in hashes)
    return _POLICY.format(styles=f"style-src {sources}; " if sources else "")


# --- what is answered -------------------------------------------------------------------


def answer(request: Request, representation: Representation, *, now: datetime) -> Answer:
    """Decide what a request for a file that stands gets; conditions in the order of RFC 9110 §13.2.2."""
    if request.method == "OPTIONS":
        return options(representation.kind)
    if request.method not in {"GET", "HEAD"}:
        return refused(METHODS)
    modified = _believable(representation, now)
    variants = _acceptable(representation, request.accept_encoding)
    wanted = _wanted(request, variants, modified, now)
    if not wanted:
        return Answer(status=412, fields=(*_sharing(representation), NO_BODY))
    if held := _held(request, wanted, modified, now):
        return Answer(status=304, fields=_validators(representation, held[0]))
    if request.range is None or request.method == "HEAD":  # other methods have no ranges (§14.2)
        return _whole(request, representation, wanted[0], modified)
    return _partial(request, representation, wanted, modified, now)


def options(kind: Kind) -> Answer:
    """Say what can be asked of a file (§9.3.7), and of a feed by whose scripts (Fetch §3.3.5)."""
    fields = _PREFLIGHT if kind == "feed" else ()
    return Answer(status=204, fields=(("allow", METHODS), *fields))


def to_directory(place: Place, query: bytes) -> Answer:
    """Send a request for a directory without its slash to the same path with it.

    The address is relative, so that it holds behind a proxy that serves us below a path of its own; the
    dot before it keeps a name with a colon, or one that begins with a slash, from being an address elsewhere.
    """
    location = f"./{quote_from_bytes(place.name, safe='')}/"
    if query:
        location += "?" + quote_from_bytes(query, safe="%/?:@!$&'()*+,;=-._~")
    return Answer(status=301, fields=(("location", location), CACHING, NO_BODY))


def refused(allowed: str) -> Answer:
    """Refuse a method where others are allowed (§15.5.6)."""
    return Answer(status=405, fields=(("allow", allowed), NO_CACHING, NO_BODY))


def written(status: int, length_bytes: int, *, type: str = PLAIN) -> Answer:  # noqa: A002  # HTTP's name
    """Return the head of an answer that is no file's: a cache may keep only that nothing is there."""
    fields = (
        ("content-type", type),
        ("content-length", str(length_bytes)),
        ("content-security-policy", _POLICY.format(styles="")),
        CACHING if status == _NOTHING else NO_CACHING,
        NO_SNIFFING,
    )
    return Answer(status=status, fields=fields, stop=length_bytes)


def _believable(representation: Representation, now: datetime) -> datetime | None:
    """Return the last modification, None where it is yet to come (§8.8.2.1): a clock was wrong."""
    return representation.modified if representation.modified <= now else None


def _acceptable(representation: Representation, accepted: str | None) -> tuple[Variant, ...]:
    """Return the variants that may be sent, the best first; never none (§12.5.3 leaves that to us)."""
    identity, packed = representation.identity, representation.gzip
    if packed is None:
        return (identity,)
    if accepted is None:  # any coding would do; but programs that say nothing often know none
        return identity, packed
    weights = _weights(accepted)
    others = weights.get("*")
    packed_weight = weights.get("gzip", others or 0)
    identity_weight = weights.get("identity", _IMPLIED if others is None else others)
    both = (packed, identity) if packed_weight >= identity_weight else (identity, packed)
    if packed_weight and identity_weight:
        return both
    return both[:1] if packed_weight or identity_weight else (identity,)


def _weights(accepted: str) -> dict[str, float]:
    """Return how much each coding is wanted, at its least; what is malformed is passed over."""
    weights: dict[str, float] = {}
    for element in accepted.split(","):
        if match := _CODING.fullmatch(element):
            name = match[1].lower().removeprefix("x-")
            weights[name] = min(weights.get(name, 1.0), float(match[2] or 1))
    return weights


def _wanted(
    request: Request, variants: tuple[Variant, ...], modified: datetime | None, now: datetime
) -> tuple[Variant, ...]:
    """Return the variants that If-Match, or else If-Unmodified-Since, leaves; none: 412."""
    if request.if_match == "*":
        return variants
    if request.if_match is not None:
        tags = _strong_tags(request.if_match)
        return tuple(variant for variant in variants if variant.tag in tags)
    since = _date(request.if_unmodified_since, now)
    is_newer = since is not None and modified is not None and modified > since
    return () if is_newer else variants


def _held(
    request: Request, variants: tuple[Variant, ...], modified: datetime | None, now: datetime
) -> tuple[Variant, ...]:
    """Return the variants that the client holds already, by If-None-Match or else If-Modified-Since."""
    if request.if_none_match == "*":
        return variants
    if request.if_none_match is not None:
        tags = _weak_tags(request.if_none_match)
        return tuple(variant for variant in variants if variant.tag in tags)
    since = _date(request.if_modified_since, now)
    return variants if since is not None and modified is not None and modified <= since else ()


def _date(field: str | None, now: datetime) -> datetime | None:
    return None if field is None else http_dates.parse(field, now=now)


def _tags(field: str) -> list[str]:
    """Return the entity tags of a list; none if anything in it is malformed."""
    return _ONE_TAG.findall(field) if _TAGS.fullmatch(field) else []


def _strong_tags(field: str) -> set[str]:
    return {tag for tag in _tags(field) if not tag.startswith("W/")}


def _weak_tags(field: str) -> set[str]:
    return {tag.removeprefix("W/") for tag in _tags(field)}


def _whole(
    request: Request, representation: Representation, variant: Variant, modified: datetime | None
) -> Answer:
    fields = (
        *_validators(representation, variant),
        *_description(representation, variant, modified),
        ("accept-ranges", "bytes"),
        ("content-length", str(variant.length_bytes)),
    )
    stop = 0 if request.method == "HEAD" else variant.length_bytes
    return Answer(status=200, fields=fields, coding=variant.coding, stop=stop)


def _partial(
    request: Request,
    representation: Representation,
    variants: tuple[Variant, ...],
    modified: datetime | None,
    now: datetime,
) -> Answer:
    """Answer a request for a range, whole where it is not meant, or asks for what need not be done."""
    variant = _resumed(request, variants, modified, now)
    span = _span(request.range or "", variant.length_bytes) if variant else None
    if variant is None or span is None:
        return _whole(request, representation, variants[0], modified)
    if span.start == span.stop:
        extent = ("content-range", f"bytes */{variant.length_bytes}")
        return Answer(status=416, fields=(extent, *_sharing(representation), NO_BODY))
    fields = _validators(representation, variant)
    if request.if_range is None:  # else the client has the rest of the head already (§15.3.7)
        fields += _description(representation, variant, modified)
    fields += (
        ("content-range", f"bytes {span.start}-{span.stop - 1}/{variant.length_bytes}"),
        ("content-length", str(span.stop - span.start)),
    )
    return Answer(status=206, fields=fields, coding=variant.coding, start=span.start, stop=span.stop)


def _resumed(
    request: Request, variants: tuple[Variant, ...], modified: datetime | None, now: datetime
) -> Variant | None:
    """Return the variant of which a range is meant, None where If-Range says that it is gone (§13.1.5).

    A date means one only where there is one: two variants share it, so it is weak (§8.8.1).
    """
    field = request.if_range
    if field is None:
        return variants[0]
    if field.startswith(('"', "W/")):
        return next((variant for variant in variants if variant.tag == field), None)
    is_strong = len(variants) == 1 and modified is not None and modified < now
    return variants[0] if is_strong and http_dates.parse(field, now=now) == modified else None


def _span(field: str, length_bytes: int) -> _Span | None:
    """Return the range that is asked for, empty if it cannot be had; None where all shall be sent.

    Several ranges, other units and malformed ones may be ignored (§14.2), and are: no reader of feeds asks
    for several, and whoever does so gets the bytes all the same. The last bytes of none are all of them.
    """
    match = _RANGE.fullmatch(field)
    if match is None:
        return None
    first, last, suffix = match.groups()
    if suffix is not None:
        start = max(0, length_bytes - int(suffix))
        return _Span(start=start, stop=length_bytes) if length_bytes else None
    if last is not None and int(last) < int(first):
        return None
    stop = length_bytes if last is None else min(int(last) + 1, length_bytes)
    return _Span(start=min(int(first), stop), stop=stop)


def _validators(representation: Representation, variant: Variant) -> Fields:
    """Return what every answer about a variant says, also a 304 (§15.4.5)."""
    fields: Fields = (CACHING, ("etag", variant.tag))
    if representation.gzip is not None:
        fields += (("vary", "Accept-Encoding"),)
    return fields + _sharing(representation)


def _sharing(representation: Representation) -> Fields:
    return _SHARED if representation.kind == "feed" else ()


def _description(representation: Representation, variant: Variant, modified: datetime | None) -> Fields:
    """Return what a client that has nothing yet must know."""
    fields: Fields = (("content-type", representation.type), NO_SNIFFING)
    if variant.coding != "identity":
        fields += (("content-encoding", variant.coding),)
    if modified is not None:
        fields += (("last-modified", rfc822(modified)),)
    if representation.address:
        fields += (("link", f'<{representation.address}>; rel="self"'),)
    if representation.policy:
        fields += (("content-security-policy", representation.policy),)
    return fields
