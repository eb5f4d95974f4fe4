"""What a value of the configuration may be.

A kind says in words what it allows and has one function that reads TOML's value. That
function answers with the value that we go on with, or refuses, with a reason where the
value alone does not show it.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from ipaddress import IPv6Address

import msgspec

from feedbridge.config.words import listed, nearest, shown
from feedbridge.model import Address
from feedbridge.standards import crontab, urls
from feedbridge.standards.crontab import Crontab
from feedbridge.standards.text import close_bidi, fold, xml_text

UTC = "UTC"  # the zone that is always there
DEFAULT_PORT = 8000
DEFAULT_URL = f"http://127.0.0.1:{DEFAULT_PORT}/"  # where `feedbridge serve` answers

_UNITS_BYTES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_LARGEST_BYTES = 2**30  # articles and feeds are held in memory whole
_UNITS_S = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_LONGEST_S = 10 * 366 * 86400
_DURATION = re.compile(r"([0-9]{1,9}) *([A-Za-z]*)")
_SIZE = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?) *([A-Za-z]*)")
# Of a host (RFC 1123 §2.1); an IPv4 address looks like one.
_NAME = re.compile(
    r"(?=.{1,253}\Z)(?:[0-9A-Za-z_](?:[0-9A-Za-z_-]{0,62})\.)*[0-9A-Za-z_][0-9A-Za-z_-]{0,62}\.?"
)
_LAST_PORT = 2**16 - 1
_INVISIBLE = {"Cf", "Zl", "Zp", "Zs"}  # Unicode's categories of formats and white space


class Refused(Exception):  # noqa: N818  # no error of the program: an answer about a value
    """A value is not what its kind allows; the text is the reason, or empty."""


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """What a key may hold."""

    allowed: str  # before "is needed", and in docs/configuration.md
    read: Callable[[object], object]  # raises Refused


def checked(kind: Kind, value: object) -> object:
    """Return the value that we go on with.

    Raises: Refused, with what is allowed before the reason.
    """
    try:
        return kind.read(value)
    except Refused as refused:
        raise Refused(needed(kind, str(refused))) from None


def needed(kind: Kind, reason: str) -> str:
    """Say what is needed, and the reason where there is one."""
    return "; ".join(filter(None, (f"{kind.allowed} is needed", reason)))


def one_of(*names: str) -> Kind:
    """Return the kind that allows one of these names."""
    return Kind(allowed=f"one of {listed(names)}", read=lambda value: _choice(value, names))


def some_of(*names: str) -> Kind:
    """Return the kind that allows a list of at least one of these names, each once."""
    return Kind(
        allowed=f"a list without doubles of at least one of {listed(names)}",
        read=lambda value: _at_least_one(_choices(value, names)),
    )


def any_of(*names: str) -> Kind:
    """Return the kind that allows a list of these names, each once, or an empty one."""
    return Kind(
        allowed=f"an empty list or one without doubles of {listed(names)}",
        read=lambda value: _choices(value, names),
    )


def list_of(read: Callable[[object], object], items: str) -> Kind:
    """Return the kind that allows a list of at least one value of a kind, each once."""
    return Kind(
        allowed=f"a list without doubles of {items}",
        read=lambda value: _at_least_one(_unique(tuple(_item(part, read) for part in _list(value)))),
    )


def _item(value: object, read: Callable[[object], object]) -> str:
    try:
        return str(read(value))
    except Refused as refused:
        raise Refused(": ".join(filter(None, (f"not {shown(value)}", str(refused))))) from None


def _choice(value: object, names: Sequence[str]) -> str:
    if not isinstance(value, str):
        raise Refused
    if value not in names:
        raise Refused(nearest(value, names))
    return value


def _choices(value: object, names: Sequence[str]) -> tuple[str, ...]:
    return _unique(tuple(_choice(item, names) for item in _list(value)))


def _list(value: object) -> Sequence[object]:
    if not isinstance(value, list):
        raise Refused
    return value


def _unique(items: tuple[str, ...]) -> tuple[str, ...]:
    doubles = [item for item, count in Counter(items).items() if count > 1]
    if doubles:
        raise Refused(f"{listed(doubles)} stands there more than once")
    return items


def _at_least_one(items: tuple[str, ...]) -> tuple[str, ...]:
    if not items:
        raise Refused("it is empty")
    return items


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise Refused
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise Refused
    return value


def _size(value: object) -> int:
    """Read a size to whole bytes, rounded down."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise Refused("it has no unit")
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise Refused
    size_bytes = Decimal(match[1]) * _unit_bytes(match[2])
    if size_bytes < 1:
        raise Refused("it must be at least 1 B")
    if size_bytes > _LARGEST_BYTES:
        raise Refused("it is too large")
    return int(size_bytes)


def _unit_bytes(unit: str) -> int:
    if not unit:
        raise Refused("it has no unit")
    if unit not in _UNITS_BYTES:
        raise Refused(nearest(unit, _UNITS_BYTES))
    return _UNITS_BYTES[unit]


def line(text: str) -> str:
    """Return the text as one line without control characters, "" if nothing in it is to be seen."""
    clean = close_bidi("".join(filter(_is_writable, xml_text(fold(text)))))
    return clean if any(unicodedata.category(character) not in _INVISIBLE for character in clean) else ""


def _is_writable(character: str) -> bool:
    return unicodedata.category(character) != "Cc"


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Refused
    if xml_text(value) != value or not all(map(_is_writable, value)):
        raise Refused("it holds a control character")
    if not line(value):
        raise Refused("there is nothing to see in it")
    return line(value)


def _address(value: object) -> str:
    """Read the public address of a directory: as a URI, with its last slash."""
    address = urls.absolute(_text(value), "")
    if not urls.is_web(address) or set(address) & set("?#"):
        raise Refused
    return address if address.endswith("/") else f"{address}/"


def _reference(value: object) -> str:
    """Read an address that may be relative to the site's; it stays as written."""
    text = _text(value)
    if not urls.is_web(urls.absolute(text, DEFAULT_URL)):
        raise Refused
    return text


def _language(value: object) -> str:
    from feedbridge.standards import language  # noqa: PLC0415  # 4 ms that not every configuration needs

    if not isinstance(value, str) or not language.is_tag(value):
        raise Refused
    return value


def _duration_or_never(value: object) -> timedelta | None:
    return None if value == "never" else _duration(value)


def _duration(value: object) -> timedelta:
    if not isinstance(value, str):
        raise Refused
    written = _DURATION.fullmatch(value.strip())
    if written is None:
        raise Refused
    number, unit = written.groups()
    if unit not in _UNITS_S:
        raise Refused(nearest(unit, _UNITS_S) if unit else "it has no unit")
    if not 1 <= int(number) * _UNITS_S[unit] <= _LONGEST_S:
        raise Refused
    return timedelta(seconds=int(number) * _UNITS_S[unit])


def _crontab(value: object) -> Crontab:
    if not isinstance(value, str):
        raise Refused
    try:
        return crontab.parse(value)
    except ValueError as exc:
        raise Refused(str(exc)) from None


def _zone(value: object) -> str:
    if value == UTC:
        return UTC
    from feedbridge.standards.dates import is_zone  # noqa: PLC0415  # with zoneinfo 8 ms that few need

    if not isinstance(value, str) or not is_zone(value):
        raise Refused
    return value


def _host(value: object) -> str:
    if not isinstance(value, str):
        raise Refused
    host = value.removeprefix("[").removesuffix("]")
    if not (_NAME.fullmatch(value) or _is_ipv6(host)):
        raise Refused
    return host


def _is_ipv6(text: str) -> bool:
    try:
        return bool(IPv6Address(text))
    except ValueError:
        return False


def _port(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LAST_PORT:
        raise Refused
    return value


def _host_and_port(value: object) -> Address:
    host, colon, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    if not (colon and port.isascii() and port.isdigit()):
        raise Refused
    return Address(host=_host(host), port=_port(int(port[:6])))


def _directory(value: object) -> str:
    if not isinstance(value, str):
        raise Refused
    if "\0" in value:
        raise Refused("it holds U+0000")
    if not value.strip():
        raise Refused("it is empty")
    return value


def _directories(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (_directory(value),)
    return _at_least_one(tuple(_directory(item) for item in _list(value)))


def _patterns(value: object) -> tuple[str, ...]:
    return _unique(tuple(_pattern(item) for item in _list(value)))


def _pattern(value: object) -> str:
    pattern = _directory(value)
    if pattern.startswith("/") or pattern.endswith("/"):
        raise Refused(f"{shown(pattern)} can match nothing: no path begins or ends with a slash")
    return pattern


TEXT = Kind(allowed="a line of text", read=_text)
ADDRESS = Kind(
    allowed="an absolute http or https address with a host and without user name, query and fragment",
    read=_address,
)
REFERENCE = Kind(allowed="an http or https address, absolute or relative to url", read=_reference)
LANGUAGE = Kind(allowed='a language tag of BCP 47 such as "zh" or "zh-Hans"', read=_language)
FILE = Kind(allowed="the path of a file", read=_directory)
DURATION_OR_NEVER = Kind(
    allowed=f'"never" or a time of at most 10 years such as "30 d" (units: {", ".join(_UNITS_S)})',
    read=_duration_or_never,
)
DURATION = Kind(
    allowed=f'a time of at most 10 years such as "5 min" (units: {", ".join(_UNITS_S)})', read=_duration
)
CRONTAB = Kind(
    allowed='five fields of crontab(5) such as "*/5 * * * *", or a name such as "@hourly"', read=_crontab
)
ZONE = Kind(allowed='the name of a time zone such as "Europe/Paris"', read=_zone)
DIRECTORY = Kind(allowed="the path of a directory", read=_directory)
DIRECTORIES = Kind(
    allowed="the path of a directory, or a list of paths of which none lies within another",
    read=_directories,
)
PATTERNS = Kind(allowed='a list without doubles of patterns such as "*.txt"', read=_patterns)
HOST = Kind(allowed='a host name or an IP address such as "127.0.0.1" or "::1"', read=_host)
PORT = Kind(allowed=f"a whole number of at most {_LAST_PORT}", read=_port)
HOST_AND_PORT = Kind(
    allowed='a host and a port such as "127.0.0.1:9100" or "[::1]:9100"', read=_host_and_port
)
FLAG = Kind(allowed="true or false", read=_flag)
COUNT = Kind(allowed="a whole number of at least 1", read=_count)
SIZE = Kind(
    allowed=f'a size of at most 1 GiB such as "1.5 MiB" (units: {", ".join(_UNITS_BYTES)})',
    read=_size,
)
