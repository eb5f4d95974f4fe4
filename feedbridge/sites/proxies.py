"""The address behind an image proxy: a picture's type, and whether two are the same, is judged by it."""

import re
from collections.abc import Sequence

from feedbridge.model import ImageProxy
from feedbridge.standards import urls

MAX_NESTED = 5  # proxies in one address; real ones have two

_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_ENCODED = re.compile(r"https?%3A%2F%2F|[a-z0-9.-]+%2F", re.IGNORECASE)  # a scheme, or a host with its slash
_ASCII_ESCAPE = re.compile(r"%([2-7][0-9A-Fa-f])")
_AMPERSAND = "038;"  # Jetpack takes what follows an escaped "&" (&#038;ssl=1) for a fragment


def inner_address(url: str, proxies: Sequence[ImageProxy]) -> str:
    """Return the address from which proxies fetch a picture, every other address as it is.

    Proxies within proxies are unwrapped too. A proxy's address without a usable one in it stays.
    """
    for _ in range(MAX_NESTED):
        inner = _unwrap(url, proxies)
        if not inner:
            break
        url = inner
    return url


def _unwrap(url: str, proxies: Sequence[ImageProxy]) -> str:
    name = urls.host(url)
    proxy = next((proxy for proxy in proxies if name in proxy.hosts), None)
    if proxy is None:
        return ""
    if proxy.form == "parameter":
        inner = _from_parameter(url, proxy.parameter)
    elif proxy.form == "path":
        inner = _from_path(url, proxies)
    else:
        inner = _from_last_part(url)
    return urls.absolute(inner, "")


def _from_parameter(url: str, parameter: str) -> str:
    """Return all that stands after the parameter: an inner query is written raw, so nothing ends it."""
    query = url.partition("?")[2]
    inner = f"&{query}".partition(f"&{parameter}=")[2]
    if _ENCODED.match(inner):
        inner = _decoded(inner.partition("&")[0])  # now a "&" does
    return inner if _SCHEME.match(inner) else f"https://{inner.removeprefix('//')}"


def _from_path(url: str, proxies: Sequence[ImageProxy]) -> str:
    """Return host and path that stand in the path; the query is the proxy's and tells the scheme.

    Only where another proxy stands in the path the query is that one's, with the outer one's keys after it.
    """
    address, _, fragment = url.partition("#")
    address, _, query = address.partition("?")
    if fragment.startswith(_AMPERSAND):
        query += f"&{fragment.removeprefix(_AMPERSAND)}"
    host, _, path = _SCHEME.sub("", address, count=1).partition("/")[2].partition("/")
    scheme = "https" if "ssl=1" in query.split("&") else "http"
    if any(host in proxy.hosts for proxy in proxies):
        return f"{scheme}://{host}/{path}?{query.removesuffix('&ssl=1')}"
    return f"{scheme}://{host}/{path}" if path else ""


def _from_last_part(url: str) -> str:
    """Return the address that is the last part of the path; a query is of another proxy, around this one."""
    path = url.partition("#")[0].partition("?")[0]
    inner = _decoded(path.rpartition("/")[2])
    return inner if _SCHEME.match(inner) else ""


def _decoded(address: str) -> str:
    """Decode an address, once. Escapes of more than ASCII may stay: in an address they mean the same."""
    return _ASCII_ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), address)
