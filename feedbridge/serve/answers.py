"""Answers as they go over the wire, and who gives them."""

from collections.abc import Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import Final, Protocol

import msgspec

from feedbridge.standards import http

Fields = Sequence[tuple[bytes, bytes]]

PIECE_BYTES: Final = 256 * 1024  # what one connection has waiting in our memory, at most

_PATH_BYTES: Final = 4096  # as systems allow
_USUAL_BYTES: Final = 256  # of a path that may be remembered


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it came."""

    method: str
    path: bytes  # not decoded
    query: bytes
    fields: Fields
    peer: str  # the address of the client, "" if it has none


class Plain(msgspec.Struct, frozen=True, kw_only=True):
    """A request of HTTP/1.1 that is no more than its head, and leads to a place."""

    place: http.Place
    request: http.Request


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """An answer as it goes over the wire, but for its date."""

    status: int
    fields: Fields
    head: bytes  # the status line and the fields
    pieces: tuple[memoryview, ...]  # of the body; none where nothing follows
    of: object = None  # what lives as long as the answer does


class Answerer(Protocol):
    """Who answers requests, all in one event loop."""

    def at_hand(self, asked: Plain) -> Ready | None:
        """Return the answer to a request if it is small, was given before and still holds."""

    async def answer(self, asked: Asked) -> Ready:
        """Return the answer to a request."""


def place_of(path: bytes) -> http.Place | None:
    """Return where a path leads, None where nothing may be."""
    if len(path) > _PATH_BYTES:
        return None
    return _place_remembered(path) if len(path) <= _USUAL_BYTES else http.read_path(path)


_place_remembered = lru_cache(1024)(http.read_path)


def ready(answer: http.Answer, body: bytes) -> Ready:
    """Return an answer with what it sends of a body."""
    fields = [(name.encode(), value.encode("latin-1")) for name, value in answer.fields]
    line = b"HTTP/1.1 %d %s\r\n" % (answer.status, HTTPStatus(answer.status).phrase.encode())
    view = memoryview(body)[answer.start : answer.stop]
    if len(view) <= PIECE_BYTES < len(body):
        view = memoryview(bytes(view))  # else it would keep all of a large body in memory
    return Ready(
        status=answer.status,
        fields=fields,
        head=line + b"".join(b"%s: %s\r\n" % field for field in fields),
        pieces=tuple(view[at : at + PIECE_BYTES] for at in range(0, len(view), PIECE_BYTES)),
    )


def said(method: str, status: int, text: str) -> Ready:
    """Return an answer in plain text, for people."""
    return written(method, status, text.encode(), type=http.PLAIN)


def written(method: str, status: int, body: bytes, *, type: str) -> Ready:  # noqa: A002  # HTTP's name
    """Return an answer that is no file's."""
    answer = http.written(status, len(body), type=type)
    return ready(answer, b"" if method == "HEAD" else body)
