"""What is published, for everybody; and how things stand, for the operator on this machine."""

from collections.abc import Callable
from datetime import datetime
from ipaddress import IPv6Address, ip_address
from typing import Final

import msgspec

from feedbridge.serve.answers import Asked, Plain, Ready, place_of, ready, said
from feedbridge.serve.files import Files
from feedbridge.serve.loading import Loaded, Unserved
from feedbridge.serve.operating import Operator
from feedbridge.standards import http

_READY_CHARACTERS: Final = 128  # of a field of a request whose answer is remembered
_READING: Final = {"GET", "HEAD", "OPTIONS"}
_FORWARDED: Final = {b"forwarded", b"x-forwarded-for", b"x-real-ip", b"via"}  # by a proxy, for who knows whom


class Published:
    """Answers with the files of the output directory.

    Requests for how things stand are the operator's, where there is one to ask here: only programs on this
    machine may, and no proxy for others.
    """

    def __init__(
        self, files: Files, *, missing: str, operator: Operator | None, now: Callable[[], datetime]
    ) -> None:
        self._files = files
        self._missing = missing  # what is said where nothing is
        self._operator = operator
        self._now = now

    def at_hand(self, asked: Plain) -> Ready | None:
        """Return the answer to a request if it is small, was given before and still holds."""
        loaded = self._files.at_hand(asked.place)
        found = loaded.ready.get(asked.request) if loaded else None
        return found if found is not None and len(found.pieces) <= 1 else None

    async def answer(self, asked: Asked) -> Ready:
        """Return the answer to a request, be it that a file must be read first."""
        if self._operator and self._operator.knows(asked.path) and _is_near(asked):
            return await self._operator.answer(asked)
        place = place_of(asked.path)
        if place is None:
            return said(asked.method, 404, self._missing)
        found = self._files.at_hand(place) or await self._files.find(place)
        if isinstance(found, Loaded):
            return self._of_file(http.read_request(asked.method, asked.fields), found)
        return self._unserved(asked, place, found)

    def _unserved(self, asked: Asked, place: http.Place, found: Unserved) -> Ready:
        if found.is_passing:
            return said(asked.method, 503, "Please ask again in a moment.\n")
        if not found.is_directory:
            return said(asked.method, 404, self._missing)
        if asked.method not in _READING:
            return ready(http.refused(http.METHODS), b"")
        return ready(http.to_directory(place, asked.query), b"")

    def _of_file(self, request: http.Request, loaded: Loaded) -> Ready:
        now = self._now()
        answer = http.answer(request, loaded.representation, now=now)
        made = ready(answer, loaded.bodies[answer.coding])
        # What depends on the clock in the file's first second is not remembered.
        if loaded.representation.modified < now and _is_common(request):
            loaded.remember(request, made)
        return msgspec.structs.replace(made, of=loaded)


def _is_common(request: http.Request) -> bool:
    return all(len(field or "") <= _READY_CHARACTERS for field in msgspec.structs.astuple(request))


def _is_near(asked: Asked) -> bool:
    """Tell whether a request comes from this machine, by a name of its own, and for nobody elsewhere.

    By another name comes who was led here by a name of theirs, in a browser, or through a proxy.
    """
    names = [value for name, value in asked.fields if name == b"host"]
    is_forwarded = any(name in _FORWARDED for name, _ in asked.fields)
    return not is_forwarded and _is_loopback(asked.peer) and all(map(_names_loopback, names))


def _names_loopback(host: bytes) -> bool:
    name = host.decode("latin-1")
    bare = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
    return bare.lower() == "localhost" or _is_loopback(bare)


def _is_loopback(address: str) -> bool:
    try:
        known = ip_address(address)
    except ValueError:
        return False
    mapped = known.ipv4_mapped if isinstance(known, IPv6Address) else None
    return (mapped or known).is_loopback
