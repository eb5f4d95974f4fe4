"""Addresses: what is usable on the web, made absolute and valid, and when two of them mean the same.

The generic syntax is read by the expression of RFC 3986, appendix B, and not by
`urllib.parse.urlsplit`: that one raises on some input, drops characters silently and changes
from one Python to the next, but ids depend on what is read here.
"""

import hashlib
import ipaddress
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote

MAX_SLUG = 80  # characters; a file system gives a name 255 bytes, and a name lies within a longer path
MAX_HOST = 253  # characters (RFC 1035 §2.3.4, written with dots)
MAX_PORT = 65535
DEFAULT_PORTS = ("", "80", "443")
_WEB = ("http:", "https:")

_URI = "A-Za-z0-9._~!$&'()*+,;=:@/-"  # what path, query and fragment may hold, beside escapes
_PATH = rf"/[{_URI}]*+(?:%[0-9A-Fa-f]{{2}}[{_URI}]*+)*+"
_TAIL = rf"[?{_URI}]*+(?:%[0-9A-Fa-f]{{2}}[?{_URI}]*+)*+"
# Nearly all addresses are as they have to be, which one look tells, in a quarter of the time of all others.
_EVERYDAY = re.compile(
    rf"(https?:)(//(?:[A-Za-z0-9_-]{{1,40}}\.){{1,5}}[A-Za-z0-9_-]{{1,40}})({_PATH})(\?{_TAIL})?(#{_TAIL})?"
)
_REFERENCE = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:)?(//[^/?#]*)?([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)
_BEFORE_QUERY = re.compile(r"[^?#]*")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")  # lone surrogates too: no encoding has them
_NOT_URI = re.compile(rf"%(?![0-9A-Fa-f]{{2}})|[^?%{_URI}]+")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?")
_ADDRESS_V6 = re.compile(r"\[[0-9A-Fa-f:.]*\]")
_PORT = re.compile(r":([0-9]{0,5})$")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
_SLASHES = re.compile(r"/{2,}")
_EXTENSION = re.compile(r"\.([A-Za-z0-9]+)$")
_SLUG = re.compile(r"[a-z0-9-]+")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_MARKS = re.compile("[\u0300-\u036f]+")  # what NFKD takes off a letter: é is e and U+0301


class _Parts(NamedTuple):
    """The five components of a reference, each with its delimiter: joined they are the reference."""

    scheme: str
    authority: str
    path: str
    query: str
    fragment: str


_NOTHING = _Parts("", "", "", "", "")


def is_web(url: str) -> bool:
    """Tell whether an address is absolute, http or https, and has a usable host."""
    return _read(url, "").scheme.lower() in _WEB


def scheme(url: str) -> str:
    """Return an address's scheme in lower case, "" for a relative reference."""
    return _split(url).scheme[:-1].lower()


def absolute(url: str, base: str) -> str:
    """Return an address absolute and valid as a URI (RFC 3986), "" if it cannot be used.

    Usable are http, https and mailto. Only what must be is mended: a relative reference is joined to
    `base` (an http or https address), what no URI may hold is percent-encoded, a host in another
    script gets its ASCII form, an empty path becomes "/", control characters go, a backslash in a
    path is the slash that browsers see. Anything else that is valid stays byte for byte.

    Not usable are hosts that no name system can hold, and addresses with a user's name before the
    host: RFC 9110 §4.2.4 asks to treat them as errors where others wrote them, for they deceive.
    """
    return url if _EVERYDAY.fullmatch(url) else "".join(_read(url, base))


def host(url: str) -> str:
    """Return the host of a web address in lower case, without "www." and port; "" if there is none."""
    return _host_and_port(_read(url, "").authority)[0]


def canonical(url: str, *, aliases: Mapping[str, str], tracking_keys: Sequence[str]) -> str:
    """Return what is the same for all addresses of one page; ids are made from it, nobody follows it.

    It has no scheme, no "www.", no port 80 or 443 (either, since the scheme does not count), no
    fragment, no last slash, no doubled slash in the path, and no query keys that only track readers
    (a trailing "*" in `tracking_keys` stands for any ending). Escapes are in upper case; those of
    unreserved characters are decoded, once. `aliases` leads from hosts to their canonical ones.
    """
    parts = _read(url, "")
    name, port = _host_and_port(parts.authority)
    where = aliases.get(name, name) + ("" if port in DEFAULT_PORTS else f":{port}")
    path = _SLASHES.sub("/", _with_normal_escapes(parts.path)).removesuffix("/")
    query = _with_normal_escapes(parts.query)
    return where + path + _without_tracking(query, tuple(tracking_keys))


def slug(name: str) -> str:
    """Return a name's form for paths: itself if it is `[a-z0-9-]+`, else folded and with a hash.

    It depends on the name alone, has 1 to `MAX_SLUG` characters and never a dot. A longer or another
    name is its ASCII folding and six hexadecimal digits of its SHA-256, which keep names of equal
    foldings apart. That one name is written like the slug of another has to be contrived; no
    function of a single name can rule it out.
    """
    if len(name) <= MAX_SLUG and _SLUG.fullmatch(name):
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", name[:MAX_SLUG])).lower()
    folding = _NOT_SLUG.sub("-", plain)[: MAX_SLUG - len(digest) - 1].strip("-")
    return f"{folding}-{digest}" if folding else digest


def extension(url: str) -> str:
    """Return what stands after the last dot of the path's last segment, in lower case; "" if nothing does."""
    found = _EXTENSION.search(_split(url).path)
    return found[1].lower() if found else ""


@lru_cache(maxsize=16)  # an article's own address is asked for its host and the like in turn, a picture's too
def _read(url: str, base: str) -> _Parts:
    """Return the parts of an address, absolute and mended; without one that can be used all are empty."""
    everyday = _EVERYDAY.fullmatch(url)
    if everyday:
        return _Parts(*everyday.groups(""))
    reference = _split(url)
    if reference.scheme.lower() == "mailto:":
        return _NOTHING if reference.authority or not reference.path else _mended(reference)
    if not any(reference):
        return _NOTHING
    target = reference if reference.scheme else _resolve(reference, _split_base(base))
    if target.scheme.lower() not in _WEB:
        return _NOTHING
    authority = _usable_authority(target.authority)
    if not authority:
        return _NOTHING
    return _mended(target._replace(authority=authority, path=target.path or "/"))


def _split(reference: str) -> _Parts:
    """Read as browsers do: no controls, no outer white space, a backslash before a query is a slash."""
    everyday = _EVERYDAY.fullmatch(reference)
    if everyday:
        return _Parts(*everyday.groups(""))
    tidy = _CONTROL.sub("", reference).strip()
    if "\\" in tidy:
        tidy = _BEFORE_QUERY.sub(lambda head: head[0].replace("\\", "/"), tidy, count=1)
    return _Parts(*_REFERENCE.findall(tidy)[0])


@lru_cache(maxsize=1)  # all addresses of one article have the same
def _split_base(base: str) -> _Parts:
    return _split(base)


def _resolve(reference: _Parts, base: _Parts) -> _Parts:
    """RFC 3986 §5.2.2, for references without a scheme."""
    if reference.authority:
        return reference._replace(scheme=base.scheme)
    if not reference.path:
        return base._replace(query=reference.query or base.query, fragment=reference.fragment)
    folder = "" if reference.path.startswith("/") else base.path.rpartition("/")[0] + "/"
    path = _without_dots(folder + reference.path)
    return base._replace(path=path, query=reference.query, fragment=reference.fragment)


def _without_dots(path: str) -> str:
    """RFC 3986 §5.2.4, for paths that begin with a slash."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            kept[-1:] = []
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def _mended(parts: _Parts) -> _Parts:
    return parts._replace(
        path=_mend(parts.path),
        query=_mend(parts.query),
        fragment=parts.fragment[:1] + _mend(parts.fragment[1:]),
    )


def _mend(component: str) -> str:
    return _NOT_URI.sub(lambda found: quote(found[0], safe=""), component)


def _usable_authority(authority: str) -> str:
    """Return "//", a host that can be looked up and the port as written; "" if it cannot be used."""
    name, *port = _PORT.split(authority[2:])[:2]
    if port and int(port[0] or 0) > MAX_PORT:
        return ""
    usable = _usable_host(name)
    return "//" + ":".join((usable, *port)) if usable else ""


def _usable_host(name: str) -> str:
    if _ADDRESS_V6.fullmatch(name):
        return name if _is_address_v6(name[1:-1]) else ""
    if not _NAME.fullmatch(name):
        name = _ascii_host(name)
    return name if len(name.rstrip(".")) <= MAX_HOST else ""


def _is_address_v6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _ascii_host(name: str) -> str:
    """Return the ASCII form (RFC 3490) of a host in another script, which may be percent-encoded."""
    try:
        plain = unquote(name, errors="strict")
        # The codec is not linear, and what is too long for it does not become shorter.
        ascii_form = plain.encode("idna").decode("ascii") if len(plain) <= MAX_HOST else ""
    except UnicodeError:
        return ""
    return ascii_form if _NAME.fullmatch(ascii_form) else ""


@lru_cache(maxsize=1024)
def _host_and_port(authority: str) -> tuple[str, str]:
    name, *port = _PORT.split(authority[2:])[:2]
    return name.lower().rstrip(".").removeprefix("www."), "".join(port).lstrip("0")


def _with_normal_escapes(component: str) -> str:
    return _ESCAPE.sub(lambda escape: _normal_escape(escape[0]), component)


@cache  # of the 484 that there are
def _normal_escape(escape: str) -> str:
    character = chr(int(escape[1:], 16))
    return character if _UNRESERVED.fullmatch(character) else escape.upper()


def _without_tracking(query: str, tracking_keys: tuple[str, ...]) -> str:
    if not query:
        return ""
    names, beginnings = _tracking(tracking_keys)
    keyed = ((pair, pair.partition("=")[0]) for pair in query[1:].split("&"))
    kept = "&".join(pair for pair, key in keyed if key not in names and not key.startswith(beginnings))
    return f"?{kept}" if kept else ""


@lru_cache(maxsize=4)
def _tracking(keys: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the keys that are whole ones, and how the others begin."""
    beginnings = tuple(key[:-1] for key in keys if key.endswith("*"))
    return frozenset(key for key in keys if not key.endswith("*")), beginnings
