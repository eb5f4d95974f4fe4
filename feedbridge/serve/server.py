"""A thread that serves, on uvicorn."""

import asyncio
import logging
import resource
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Self

import uvicorn

from feedbridge.errors import UsageError
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
        count: Callable[[int], None],
        limits: Limits = LIMITS,
    ) -> None:
        self._where = (host, port)
        self._application = Application(answerer, limits, count)
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
        _allow_descriptors(self._application.limits.connections + _SPARE_DESCRIPTORS)
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


def _allow_descriptors(wanted: int) -> None:
    """Have the system allow as many open files as there may be connections, or as many as it does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


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
    except OSError as exc:
        raise UsageError(
            f"cannot listen on {host}:{port}: {exc.strerror}; "
            "choose another port, or stop what listens there ([serve] host, port; --host, --port)"
        ) from exc
    return listener
