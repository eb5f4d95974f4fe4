"""The wire: a connection with bounds, and a short way for what is at hand.

It stands on uvicorn's protocol of httptools (llhttp, the parser of Node.js). Of that class it uses what no
documentation promises, so `pyproject.toml` names the one version that it is written for.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from feedbridge.model import Value
from feedbridge.serve.answers import Answerer, Asked, Fields, Plain, Ready, place_of, said
from feedbridge.standards import http
from feedbridge.standards.text import show

log = logging.getLogger(__name__)

Scope = dict[str, Any]  # of ASGI, as its specification has it
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_USUAL_BYTES: Final = 4096  # of a head that may be remembered
_MORE: Final = {b"content-length", b"transfer-encoding", b"expect", b"upgrade"}  # than a head


class Limits(Value, frozen=True):
    """What clients may cost us."""

    connections: int = 2048  # at the same time
    head_bytes: int = 64 * 1024  # of one request; nginx takes 32 KiB, and no reader sends a tenth of it
    head_s: float = 15  # in which a request must have come
    stall_s: float = 120  # in which a reader must have taken a piece: 2 KiB/s, a modem of the nineties
    idle_s: int = 75  # that a connection is kept for its next request: longer than proxies keep theirs
    waiting: int = 100  # requests of a connection that are not answered yet: no reader sends two
    stop_s: int = 3  # for answers that are on their way when the server stops


LIMITS: Final = Limits()


class Application:
    """Who answers, as an ASGI application; may be exchanged for another while it is at work."""

    def __init__(self, answerer: Answerer, limits: Limits, counter: Counter[int]) -> None:
        self.answerer = answerer
        self.limits = limits
        self.counter = counter  # of answers, by their status
        self._dated: object = None
        self._end = b""

    def end_of_head(self, dated: Fields) -> bytes:
        """Return what ends the head of each answer of a second, as uvicorn renews it: the date."""
        if dated is not self._dated:
            self._dated = dated
            self._end = b"".join(b"%s: %s\r\n" % field for field in dated) + b"\r\n"
        return self._end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # bodies are not read
        """Answer one request."""
        fields = scope["headers"]
        ready = await self._answered(scope)
        self.counter[ready.status] += 1
        # What follows a request that is more than its head is not read, so no other can be told from it.
        closing = [(b"connection", b"close")] if _has_more(fields) else []
        head = {"type": "http.response.start", "status": ready.status, "headers": [*ready.fields, *closing]}
        await send(head)
        for piece in ready.pieces[:-1]:  # the server lets us wait until the reader took the one before
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(0)  # it is the others' turn, and perhaps we hear that the reader is gone
        await send({"type": "http.response.body", "body": ready.pieces[-1] if ready.pieces else b""})

    async def _answered(self, scope: Scope) -> Ready:
        method, path, fields = scope["method"], scope["raw_path"], scope["headers"]
        hosts = [value for name, value in fields if name == b"host"]
        if not http.is_well_addressed(hosts, scope["http_version"]):
            return said(method, 400, "The request must name one host.\n")
        peer = scope["client"][0] if scope["client"] else ""
        asked = Asked(method=method, path=path, query=scope["query_string"], fields=fields, peer=peer)
        try:
            return await self.answerer.answer(asked)
        except Exception:  # the wrapper of a job: one request's failure is nobody else's
            log.exception("request.failed", extra={"path": show(path)})
            return said(method, 500, "Something went wrong here.\n")


class Connection(HttpToolsProtocol):
    """A connection with bounds, which uvicorn's has none of, and a short way for what is at hand.

    Nine of ten requests of readers are for what was answered before. Going through a task and ASGI's
    messages costs twice as much as the answer itself, so these are written where the head was read.
    """

    _application: Application
    _limits: Limits
    _waiting: deque[RequestResponseCycle]  # what is not answered yet, in order
    _deadline: asyncio.TimerHandle | None = None  # of a head
    _stall: asyncio.TimerHandle | None = None  # of a reader who takes nothing
    _idle: asyncio.TimerHandle | None = None  # of a connection whose last answer was at hand …
    _used_s = 0.0  # … given then
    _line: tuple[bytes, bytes, str] = (
        b"",
        b"",
        "",
    )  # of the request before this one: method, path, version …
    _fields: Fields = ()  # … its head …
    _plain: Plain | None = None  # … and what it asks for
    _heads = 0  # that have begun
    _head_bytes = 0  # of the one that has not ended, but for the piece in which it began
    _is_in_head = False
    _is_ended = False  # the client says no more, but listens still

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Begin: nothing came yet, so a head is due."""
        self._application = cast("Application", self.config.app)
        self._limits = self._application.limits
        self._waiting = deque()
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)  # we are to be told of anything that waits
        if len(self.connections) > self._limits.connections:
            transport.abort()
        else:
            self._deadline = self.loop.call_later(self._limits.head_s, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._expect_no_head()
        self._expect_no_reader()
        if self._idle is not None:
            self._idle.cancel()
        for cycle in self._waiting:  # uvicorn tells the last one only, and the others write on
            cycle.disconnected = True
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; a head that does not end in time or in size ends the connection."""
        heads = self._heads
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._is_in_head and self._heads == heads:
            self._head_bytes += len(data)
        if self._head_bytes > self._limits.head_bytes:
            self.transport.abort()
        elif self._is_unwatched():
            self._deadline = self.loop.call_later(self._limits.head_s, self.transport.abort)

    def _is_unwatched(self) -> bool:
        """Tell whether a head is due and no clock runs: an empty line, too, ends that of idle connections."""
        is_due = self._is_in_head or not (self._waiting or self.timeout_keep_alive_task or self._idle)
        return is_due and self._deadline is None

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read."""
        self._application.counter[400] += 1
        super().send_400_response(msg)

    def eof_received(self) -> bool:  # type: ignore[override]  # uvicorn forsakes what it has in hand
        """Finish what is in hand for a client that says no more; with nothing in hand, close."""
        self._is_ended = True
        return bool(self._waiting)

    def on_message_begin(self) -> None:
        """Begin a head; what ASGI wants to know of it is put together when ASGI is asked."""
        self._is_in_head = True
        self._heads += 1
        self._head_bytes = 0
        self.url, self.headers, self.expect_100_continue = b"", [], False

    def on_headers_complete(self) -> None:
        """Answer, at once if that can be."""
        self._expect_no_head()
        if self.transport.is_closing():
            return
        ready = self._at_hand()
        if ready is None:
            self._begin_for_asgi()
            super().on_headers_complete()
            self._waiting.append(self.cycle)
            if len(self._waiting) > self._limits.waiting:  # uvicorn reads on after each answer
                self.transport.abort()
            return
        head = ready.head + self._application.end_of_head(self.server_state.default_headers)
        self.transport.writelines((head, *ready.pieces))
        self._wait_for_more()

    def _begin_for_asgi(self) -> None:
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers.extend(headers)

    def _wait_for_more(self) -> None:
        """Begin to be idle; one clock looks when that was: to set another each time would cost too much."""
        self._used_s = self.loop.time()
        if self._idle is None:
            self._idle = self.loop.call_later(self._limits.idle_s, self._end_if_idle)

    def _end_if_idle(self) -> None:
        left_s = self._used_s + self._limits.idle_s - self.loop.time()
        if left_s <= 0 and not self._waiting and not self._is_in_head:
            self.transport.close()
        else:  # a request that takes so long has clocks of its own
            self._idle = self.loop.call_later(max(left_s, 1.0), self._end_if_idle)

    def on_message_complete(self) -> None:
        """End a request; one that was answered at once is known here no more."""
        if self.cycle is not None:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request, if there can be one."""
        if self._waiting:
            self._waiting.popleft()
        super().on_response_complete()
        if self._is_ended and not self._waiting:
            self.transport.close()

    def pause_writing(self) -> None:
        """Begin to wait for the reader."""
        super().pause_writing()
        self._stall = self.loop.call_later(self._limits.stall_s, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on: the reader took all, unless it went away, which `connection_lost` tells in a moment."""
        self._expect_no_reader()
        if not self.transport.is_closing():
            super().resume_writing()

    def _expect_no_head(self) -> None:
        self._is_in_head = False
        self._head_bytes = 0
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _expect_no_reader(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    def _at_hand(self) -> Ready | None:
        """Return the answer that can be written here and now: to a plain request behind which none waits."""
        if self.flow.write_paused or self._waiting:
            return None
        line = (self.parser.get_method(), self.url, self.parser.get_http_version())
        if line != self._line or self.headers != self._fields:
            self._plain = self._read(*line)
            self._line, self._fields = line, self.headers if self._plain else ()
        ready = self._application.answerer.at_hand(self._plain) if self._plain else None
        if ready is not None:
            self._application.counter[ready.status] += 1
        return ready

    def _read(self, method: bytes, path: bytes, version: str) -> Plain | None:
        """Read a head; clients that keep a connection send the same one again, which is not read twice."""
        if version != "1.1" or not self.parser.should_keep_alive() or not _is_plain(self.headers):
            return None
        place = place_of(path) if path.startswith(b"/") and b"?" not in path else None
        if place is None:
            return None
        return Plain(place=place, request=http.read_request(method.decode("ascii"), self.headers))


def _has_more(fields: Fields) -> bool:
    return any(name in _MORE for name, _ in fields)


def _is_plain(fields: Fields) -> bool:
    """Tell whether a request of HTTP/1.1 is no more than a head of usual size, with its host."""
    is_usual = sum(len(name) + len(value) for name, value in fields) <= _USUAL_BYTES
    hosts = [value for name, value in fields if name == b"host"]
    return is_usual and not _has_more(fields) and http.is_well_addressed(hosts, "1.1")
