"""A thread that serves, on uvicorn."""

import asyncio
import errno
import logging
import resource
import socket
import sys
import threading
from collections import Counter
from contextlib import suppress
from typing import Final, Self

import msgspec
import uvicorn

from feedbridge.errors import UsageError
from feedbridge.model import Address
from feedbridge.serve.answers import Answerer
from feedbridge.serve.wire import LIMITS, Application, Connection, Limits

log = logging.getLogger(__name__)

_PAUSE_S: Final = 1.0  # before it serves again after a failure that nobody foresaw
_BACKLOG: Final = 1024  # connections that wait to be accepted
_SPARE_DESCRIPTORS: Final = 256  # for all that are no connections


class _Uvicorn(uvicorn.Server):
    """Uvicorn's server, which looks ten times a second whether it shall stop; this one is told."""

    _loop: asyncio.AbstractEventLoop | None = None
    _stopping: asyncio.Event

    def stop(self) -> None:
        """Stop, from another thread."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # it is over already
                self._loop.call_soon_threadsafe(self._stopping.set)

    async def main_loop(self) -> None:
        """Renew the date each second until it is time to stop."""
        self._stopping = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), 1)


class Server:
    """A thread that serves at an address, from `start` to `stop`, or from entering to leaving it.

    It neither sees nor catches signals, which belong to the main thread.
    """

    def __init__(
        self,
        answerer: Answerer,
        *,
        host: str,
        port: int,
        counter: Counter[int],
        limits: Limits = LIMITS,
    ) -> None:
        self._where = (host, port)
        allowed = _allowed_connections(limits.connections)
        limits = msgspec.structs.replace(limits, connections=allowed)
        self._application = Application(answerer, limits, counter)
        self._server = self._new()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="feedbridge-serve")
        self._socket: socket.socket | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Return where it listens."""
        assert self._socket  # noqa: S101  # it is asked while it serves
        host, port = self._socket.getsockname()[:2]
        return host, port

    @property
    def connections(self) -> int:
        """Return how many are connected."""
        return len(self._server.server_state.connections)

    @property
    def is_alive(self) -> bool:
        """Tell whether it serves still."""
        return self._thread.is_alive()

    def exchange(self, answerer: Answerer) -> None:
        """Let somebody else answer from now on; what is asked already is answered as it was."""
        self._application.answerer = answerer

    def start(self) -> None:
        """Begin to serve.

        Raises: UsageError if the address cannot be had.
        """
        self._socket = _listen(*self._where)
        # Else each malformed request is a line, and each client who leaves in the middle a traceback.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        self._thread.start()  # the socket listens already: who comes before the loop runs waits a moment

    def stop(self) -> None:
        """Stop accepting, finish within a few seconds what is on its way, and end. Again it does nothing."""
        self._stopping.set()
        self._server.stop()
        self._thread.join()
        if self._socket:
            self._socket.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _new(self) -> _Uvicorn:
        """Return uvicorn's server: of all that it offers, nothing is read from headers, told, or logged."""
        limits = self._application.limits
        config = uvicorn.Config(
            self._application,
            http=Connection,
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=limits.idle_s,
            timeout_graceful_shutdown=limits.stop_s,
        )
        return _Uvicorn(config)

    def _work(self) -> None:
        """Serve until it is told to stop; a failure that nobody foresaw is logged, and ends nothing."""
        while not self._stopping.is_set():
            try:
                self._serve()
            except Exception:  # nobody waits for a thread's exception
                log.exception("server.failed")
                self._stopping.wait(_PAUSE_S)
                self._server = self._new()

    def _serve(self) -> None:
        assert self._socket  # noqa: S101  # `start` has it
        with asyncio.Runner(loop_factory=_new_loop) as runner:
            # A copy, for uvicorn closes what it is given; who comes meanwhile waits at the other.
            runner.run(self._server.serve(sockets=[self._socket.dup()]))
            for connection in self._server.server_state.connections:
                connection.transport.abort()


def _new_loop() -> asyncio.AbstractEventLoop:
    """Return uvloop's loop where there is one for this Python: it serves a fifth more requests."""
    try:
        import uvloop  # noqa: PLC0415  # as said
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _allowed_connections(wanted: int) -> int:
    """Return how many connections there may be, having asked the system for as many open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = sys.maxsize if hard == resource.RLIM_INFINITY else hard
    files = max(soft, min(wanted + _SPARE_DESCRIPTORS, most)) if soft != resource.RLIM_INFINITY else most
    if files > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    return max(1, min(wanted, files - min(_SPARE_DESCRIPTORS, files // 2)))


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(_BACKLOG)
        except OSError:
            listener.close()
            raise
    except (OSError, UnicodeError) as exc:  # a name that no system of names can have
        where, reason = Address(host=host, port=port), getattr(exc, "strerror", None) or exc
        raise UsageError(f"cannot listen on {where}: {reason}; {_remedy(exc)}") from exc
    return listener


def _remedy(exc: Exception) -> str:
    match getattr(exc, "errno", None):
        case errno.EADDRINUSE:
            return "choose another port, or stop what listens there ([serve] port; --port)"
        case errno.EACCES:
            return (
                "not everybody may have a port below 1024: choose another such as 8000 ([serve] port; --port)"
            )
    return "name an address of this machine, or 0.0.0.0 for all that it has ([serve] host; --host)"
