"""The server: what goes over the wire, of files that change, to clients of every kind."""

import asyncio
import gzip
import hashlib
import os
import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from feedbridge.errors import UsageError
from feedbridge.serve.answers import PIECE_BYTES, Asked
from feedbridge.serve.files import KEPT_BYTES, LIVE_BYTES, WAITING, Files
from feedbridge.serve.loading import FILE_BYTES, READY
from feedbridge.serve.published import Published
from feedbridge.serve.server import Server
from feedbridge.serve.wire import Limits
from feedbridge.standards import http

NOW = datetime(2026, 11, 25, tzinfo=UTC)
LONG_AGO_S = 1_700_000_000
PAGE = "<!doctype html><style>p{}</style><p>页面</p>" * 20
PLAIN_GET = b"GET /atom.xml HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give an output directory with a feed and a page in two places."""
    root = tmp_path / "public"
    for directory in ("", "source/dw"):
        (root / directory).mkdir(parents=True, exist_ok=True)
        put(root / directory / "atom.xml", f"<feed>{'一' * 1000}{directory}</feed>".encode())
        put(root / directory / "index.html", PAGE.encode())
    put(root / ".feedbridge.json", b"{}")
    return root


@pytest.fixture
def statuses() -> Counter[int]:
    """Give the counts of what was answered."""
    return Counter()


@pytest.fixture
def serve(root: Path, statuses: Counter[int]) -> Iterator[Callable[..., Server]]:
    """Give a function that serves the output directory, by default until the test ends."""
    with ExitStack() as stack:

        def start(
            *, kept_bytes: int = KEPT_BYTES, live_bytes: int = LIVE_BYTES, port: int = 0, **limits: Any
        ) -> Server:
            url = "https://feeds.example.org/"
            files = Files(root, url=url, kept_bytes=kept_bytes, live_bytes=live_bytes)
            stack.callback(files.close)
            server = Server(
                published(files),
                host="127.0.0.1",
                port=port,
                counter=statuses,
                limits=Limits(**limits),
            )
            return stack.enter_context(server)

        yield start


def published(files: Files, *, now: Callable[[], datetime] = lambda: NOW) -> Published:
    """Give who answers with files."""
    return Published(files, missing="https://feeds.example.org/atom.xml\n", operator=None, now=now)


@pytest.fixture
def ask(serve: Callable[..., Server]) -> Iterator[Callable[..., HTTPResponse]]:
    """Give a function that asks a server over one connection."""
    with closing(connected(serve())) as connection:

        def get(path: str = "/atom.xml", method: str = "GET", **fields: str) -> HTTPResponse:
            connection.request(
                method, path, headers={name.replace("_", "-"): value for name, value in fields.items()}
            )
            response = connection.getresponse()
            response.body = response.read()  # type: ignore[attr-defined]  # for the tests at hand
            return response

        yield get


def connected(server: Server) -> HTTPConnection:
    """Give a client that is connected."""
    host, port = server.address
    return HTTPConnection(host, port, timeout=10)


def put(path: Path, body: bytes, *, at_s: int = LONG_AGO_S) -> None:
    """Put a file in place as a run does: whole, beside it, renamed."""
    temporary = path.with_name(f".{path.name}.0123456789abcdef.fbtmp")
    temporary.write_bytes(body)
    os.utime(temporary, (at_s, at_s))
    temporary.replace(path)


def talk(server: Server, sent: bytes) -> bytes:
    """Send bytes and give all that comes until the server closes, or is silent though we are."""
    with socket.create_connection(server.address, timeout=10) as wire:
        wire.sendall(sent)
        wire.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: wire.recv(65536), b""))


def lines(answers: bytes) -> list[str]:
    """Give the statuses of the answers in a stream."""
    return [status.decode() for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answers)]


# --- files ------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 3])
def test_a_feed_is_served(ask, root, times):
    """A feed is served as it stands on disk, the first time and from memory."""
    for _ in range(times):
        answer = ask()
    assert (answer.status, answer.body) == (200, (root / "atom.xml").read_bytes())
    assert answer.getheader("content-type") == "application/atom+xml; charset=utf-8"
    assert answer.getheader("link") == '<https://feeds.example.org/atom.xml>; rel="self"'
    assert answer.getheader("last-modified") == "Tue, 14 Nov 2023 22:13:20 GMT"
    assert answer.getheader("etag") == f'"{hashlib.sha256(answer.body).hexdigest()[:32]}"'
    assert answer.getheader("date")
    assert answer.getheader("server") is None


@pytest.mark.parametrize("times", [1, 3])
def test_a_feed_is_packed(ask, root, times):
    """Who accepts gzip gets the same feed, shorter."""
    for _ in range(times):
        answer = ask(accept_encoding="gzip")
    assert answer.getheader("content-encoding") == "gzip"
    assert gzip.decompress(answer.body) == (root / "atom.xml").read_bytes()
    assert int(answer.getheader("content-length")) == len(answer.body) < 1000


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_a_feed_that_is_known_is_not_sent_again(ask, times, coding):
    """304 has no body, and what is asked next over the same connection is answered."""
    tag = ask(accept_encoding=coding).getheader("etag")
    for _ in range(times):
        answer = ask(accept_encoding=coding, if_none_match=tag)
        assert (answer.status, answer.body, answer.getheader("etag")) == (304, b"", tag)
    assert ask().status == 200


def test_a_page_is_served_under_its_policy(ask):
    """A page may do nothing; a path with a slash at its end is one."""
    for path in ("/", "/index.html", "/source/dw/"):
        answer = ask(path)
        assert (answer.status, answer.body) == (200, PAGE.encode())
        assert "style-src 'sha256-" in answer.getheader("content-security-policy")


def test_head_has_no_body(ask):
    """HEAD says how long the answer would be."""
    answer = ask(method="HEAD")
    assert (answer.status, answer.body, answer.getheader("content-length")) == (200, b"", "3013")


def test_part_of_a_large_file(ask, root):
    """A file of several pieces is sent whole, and any part of it."""
    body = os.urandom(2 * PIECE_BYTES + 17)
    put(root / "picture.png", body)
    for _ in range(2):
        assert ask("/picture.png").body == body
        answer = ask("/picture.png", range=f"bytes=100-{PIECE_BYTES + 100}")
        assert (answer.status, answer.body) == (206, body[100 : PIECE_BYTES + 101])


def test_a_directory_without_its_slash(ask):
    """Who leaves out the slash is sent on, with what else was asked."""
    answer = ask("/source/dw?a=b")
    assert (answer.status, answer.getheader("location")) == (301, "./dw/?a=b")


@pytest.mark.parametrize(
    "path", ["/nothing", "/.feedbridge.json", "/source/", "/atom.xml/", "/..%2Fsecret", "//"]
)
def test_nothing_is_there(ask, path):
    """404 says where the feeds are."""
    answer = ask(path)
    assert (answer.status, b"https://feeds.example.org/atom.xml" in answer.body) == (404, True)


def test_no_link_is_followed(ask, root, tmp_path):
    """Neither a file nor a directory that is a link is there, nor what was one after it was read."""
    (tmp_path / "secret.xml").write_text("secret")
    (root / "secret.xml").symlink_to(tmp_path / "secret.xml")
    (root / "out").symlink_to(tmp_path)
    assert ask("/secret.xml").status == ask("/out/secret.xml").status == ask("/out/").status == 404
    assert ask().status == 200
    (root / "atom.xml").unlink()
    (root / "atom.xml").symlink_to(tmp_path / "secret.xml")
    assert ask().status == 404


def test_a_fifo_is_not_waited_for(ask, root):
    """What is no regular file is not there."""
    os.mkfifo(root / "fifo.xml")
    assert ask("/fifo.xml").status == 404


def test_a_replaced_file_is_served_at_once(ask, root):
    """Each request gets the version that stands, even one of the same length and date."""
    for version in (b"<feed>1</feed>", b"<feed>2</feed>", b"<feed>3</feed>"):
        put(root / "atom.xml", version)
        assert ask().body == version
    (root / "atom.xml").unlink()
    assert ask().status == 404


def test_a_replaced_directory_is_served_at_once(ask, root):
    """The output directory itself may go and come."""
    assert ask().status == 200
    root.rename(root.with_name("old"))
    assert ask().status == 404
    root.mkdir()
    put(root / "atom.xml", b"new")
    assert ask().body == b"new"


def test_every_answer_is_of_one_version(serve, root):
    """While a feed is replaced all the time, each answer is one version, and its tag is that one's."""
    put(root / "atom.xml", b"000000000" * 50_000)
    server = serve()
    is_over = threading.Event()

    def write() -> None:
        number = 0
        while not is_over.is_set():
            number += 1
            put(root / "atom.xml", (b"%09d" % number) * 50_000)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with closing(connected(server)) as connection:
            for _ in range(100):
                connection.request("GET", "/atom.xml")
                answer = connection.getresponse()
                body = answer.read()
                assert body == body[:9] * 50_000
                assert answer.getheader("etag") == f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    finally:
        is_over.set()
        writer.join()


def test_memory_is_bounded(serve, root):
    """What does not fit is forgotten, the one used last remembered, and all is served all the same."""
    bodies = {f"/{number}.png": os.urandom(40_000) for number in range(5)}
    for name, body in bodies.items():
        put(root / name[1:], body)
    with closing(connected(serve(kept_bytes=100_000))) as connection:
        for _ in range(2):
            for name, body in bodies.items():
                connection.request("GET", name)
                assert connection.getresponse().read() == body


def test_files_are_forgotten_in_order(root):
    """The sum of what is remembered never passes the limit."""
    files = Files(root, url="https://feeds.example.org/", kept_bytes=250_000)
    places = [http.Place(path=b"%d.png" % number, is_index=False) for number in range(5)]

    async def read() -> list[bool]:
        for number, place in enumerate(places):
            put(root / f"{number}.png", os.urandom(40_000))
            await files.find(place)
            files.at_hand(places[0])  # somebody asks for it all the time
        return [files.at_hand(place) is not None for place in places]

    assert asyncio.run(read()) == [True, False, False, False, True]
    files.close()


def test_answers_on_their_way_are_bounded_too(serve, root):
    """Readers of old versions who take nothing cannot fill the memory: a new version waits for them."""
    server = serve(live_bytes=20 * 2**20)
    with ExitStack() as stack:
        found: list[bytes] = []
        while not found or found[-1] == b"HTTP/1.1 200":
            assert len(found) < 10
            put(root / "picture.png", os.urandom(6 * 2**20))
            wire = stack.enter_context(slow_reader(server))
            wire.sendall(PLAIN_GET.replace(b"atom.xml", b"picture.png"))
            found.append(wire.recv(12))
        assert found[-1] == b"HTTP/1.1 503"
        assert 3 <= len(found) <= 6
    until_200(server, "/picture.png")


def slow_reader(server: Server) -> socket.socket:
    """Give a connection for which the system holds next to nothing."""
    wire = socket.socket()
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    wire.settimeout(10)
    wire.connect(server.address)
    return wire


def until_200(server: Server, path: str) -> None:
    """Wait until something is served."""
    ends = time.monotonic() + 10
    while lines(talk(server, request(path))) != ["200"]:
        assert time.monotonic() < ends


def test_files_that_wait_to_be_read_are_bounded(root):
    """Who asks for thousands of things is told to come again; who asks for what is known is not."""
    files = Files(root, url="https://feeds.example.org/")
    places = [http.Place(path=b"%d.xml" % number, is_index=False) for number in range(2 * WAITING)]

    async def find_all() -> list[Any]:
        await files.find(http.Place(path=b"atom.xml", is_index=False))
        found = await asyncio.gather(*map(files.find, places))
        return [*found, files.at_hand(http.Place(path=b"atom.xml", is_index=False))]

    *found, known = asyncio.run(find_all())
    files.close()
    assert [one.is_passing for one in found] == [False] * WAITING + [True] * WAITING
    assert known is not None


def test_what_is_remembered_of_clients_is_bounded(root):
    """By number, and never by names that they give to the host."""
    files = Files(root, url="https://feeds.example.org/")
    place = http.Place(path=b"atom.xml", is_index=False)
    site = published(files)

    def asked(**fields: str) -> Asked:
        given = [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]
        return Asked(method="GET", path=b"/atom.xml", query=b"", fields=given, peer="")

    async def remembered(requests: list[Asked]) -> int:
        for one in requests:
            await site.answer(one)
        loaded = files.at_hand(place)
        assert loaded
        return len(loaded.ready)

    assert asyncio.run(remembered([asked(host=f"h{number}") for number in range(50)])) == 1
    assert asyncio.run(remembered([asked(if_none_match=f'"{number}"') for number in range(50)])) <= READY
    assert asyncio.run(remembered([asked(if_none_match=f'"{number * 99}"') for number in range(50)])) <= READY
    files.close()


def test_what_may_change_within_its_second_is_not_remembered(root):
    """The first second of a version may bring another one, of the same date."""
    put(root / "atom.xml", b"<feed/>", at_s=int(NOW.timestamp()))
    files = Files(root, url="https://feeds.example.org/")
    asked = Asked(method="GET", path=b"/atom.xml", query=b"", fields=[(b"host", b"a")], peer="")
    site = published(files, now=partial(next, iter((NOW, NOW + timedelta(seconds=1)))))
    for expected in (0, 1):
        assert asyncio.run(site.answer(asked)).status == 200
        loaded = files.at_hand(http.Place(path=b"atom.xml", is_index=False))
        assert loaded
        assert len(loaded.ready) == expected
    files.close()


def test_what_cannot_be_read_is_not_said_to_be_nowhere(ask, unreadable, caplog):
    """A cache would keep 404; the log has one line of it, however often it is asked for."""
    with unreadable("atom.xml"):
        assert [ask().status for _ in range(3)] == [503] * 3
        assert ask().getheader("cache-control") == "no-store"
    assert caplog.messages == ["file.unreadable"]
    assert ask().status == 200


def test_a_path_longer_than_any_is_nowhere(ask):
    """Nobody looks for it."""
    assert ask("/" + "a" * 5000).status == 404


def test_a_file_too_large_is_not_served(ask, root):
    """One file may not push out all others."""
    with (root / "large.bin").open("wb") as large:
        large.truncate(FILE_BYTES + 1)
    assert ask("/large.bin").status == 404


def test_the_next_request_of_a_connection_is_read_as_what_it_is(ask, root):
    """It is compared with the one before: method, path and every field."""
    tag = ask().getheader("etag")
    size_bytes = len((root / "atom.xml").read_bytes())
    for _ in range(3):
        assert len(ask().body) == size_bytes
        assert ask(method="HEAD").body == b""
        assert len(ask().body) == size_bytes
        assert ask(if_none_match=tag).status == 304
        assert ask(if_none_match='"other"').status == 200
        assert ask("/nothing", if_none_match='"other"').status == 404
        assert ask("/source/dw/atom.xml").body == (root / "source" / "dw" / "atom.xml").read_bytes()
        assert ask("/atom.xml?a", if_none_match=tag).status == 304
        assert ask(if_none_match=tag, host="a, b").status == 400
        assert ask(if_none_match=tag, x="a" * 5000).status == 304


def test_statuses_are_counted(ask, root, statuses):
    """Each answer is counted once, whichever way it went."""
    tag = ask().getheader("etag")
    for _ in range(3):
        ask(if_none_match=tag)
    ask("/nothing")
    ask(method="POST")
    put(root / "picture.png", os.urandom(2 * PIECE_BYTES))
    for _ in range(2):
        ask("/picture.png")
    assert statuses == {200: 3, 304: 3, 404: 1, 405: 1}


# --- the wire ---------------------------------------------------------------------------


def request(
    target: str = "/atom.xml", *fields: str, line: str = "GET {} HTTP/1.1", host: str = "localhost"
) -> bytes:
    """Give a request as bytes."""
    hosts = [f"Host: {host}"] if host else []
    return "\r\n".join([line.format(target), *hosts, *fields, "", ""]).encode("latin-1")


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param(request() * 5, ["200"] * 5, id="five at once"),
        pytest.param(request(line="GET {} HTTP/1.0"), ["200"], id="HTTP/1.0"),
        pytest.param(request(line="GET {} HTTP/1.0") * 2, ["200"], id="HTTP/1.0 knows one request only"),
        pytest.param(request(line="GET {} HTTP/1.0", host=""), ["200"], id="HTTP/1.0 without a host"),
        pytest.param(request(host=""), ["400"], id="no host"),
        pytest.param(request("/atom.xml", "Host: a"), ["400"], id="two hosts"),
        pytest.param(request("http://localhost/atom.xml"), ["200"], id="absolute form"),
        pytest.param(request("/atom.xml", "Content-Length: 3") + b"abc" + request(), ["200"], id="a body"),
        pytest.param(
            request("/atom.xml", "Upgrade: h2c", "Connection: upgrade") + request(), ["200"], id="upgrade"
        ),
        pytest.param(
            request("/atom.xml", "Expect: 100-continue", "Content-Length: 9", line="POST {} HTTP/1.1"),
            ["405"],
            id="expect",
        ),
        pytest.param(request("/atom.xml", "Connection: close") + request(), ["200"], id="close"),
        pytest.param(request("/atom.xml?a=b"), ["200"], id="a query"),
        pytest.param(
            request("/atom.xml", "Transfer-Encoding: chunked", "Content-Length: 3", line="POST {} HTTP/1.1"),
            ["400"],
            id="two lengths",
        ),
        pytest.param(request("/atom.xml", "A : b"), ["400"], id="space before a colon"),
        pytest.param(request("/\xe4\xb8\xad"), ["400"], id="bytes beyond ASCII"),
        pytest.param(b"\x16\x03\x01\x00\xa5\x01\x00", ["400"], id="TLS"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ["400"], id="HTTP/2"),
        pytest.param(b"nonsense\r\n\r\n", ["400"], id="nonsense"),
        pytest.param(request(host="a/b"), ["400"], id="a host that is none"),
        pytest.param(request("/source", line="POST {} HTTP/1.1"), ["405"], id="a directory"),
        pytest.param(b"", [], id="nothing"),
        pytest.param(b"GET /atom", [], id="half a line"),
    ],
)
@pytest.mark.parametrize("times", [1, 2])
def test_requests_of_all_kinds(serve, sent, expected, times):
    """Whatever is sent gets its answers, also the second time, and the next client is served."""
    server = serve()
    for _ in range(times):
        assert lines(talk(server, sent)) == expected
    assert lines(talk(server, PLAIN_GET)) == ["200"]


def test_what_an_old_client_was_told_is_no_answer_for_a_new_one(serve):
    """HTTP/1.0 needs no host, HTTP/1.1 does, also where the answer is known (RFC 9112 §3.2)."""
    server = serve()
    assert lines(talk(server, request(line="GET {} HTTP/1.0", host=""))) == ["200"]
    assert lines(talk(server, request(host=""))) == ["400"]


def gone(wire: socket.socket) -> bool:
    """Wait until the server ends a connection, whatever it sends before; it does, or the test times out."""
    with suppress(ConnectionError):
        while wire.recv(65536):
            pass
    return True


def test_a_head_without_an_end(serve):
    """Who sends no end of a head is gone, by size."""
    with socket.create_connection(serve(head_bytes=1000).address, timeout=10) as wire:
        with suppress(ConnectionError):
            for number in range(100_000):
                wire.sendall(b"X: 999\r\n" * 100 if number else PLAIN_GET[:-2])
        assert gone(wire)


@pytest.mark.parametrize(
    "sent", [b"", b"GET /atom", PLAIN_GET + b"GET /atom"], ids=["nothing", "half", "one and a half"]
)
def test_a_head_that_does_not_come(serve, sent):
    """Who sends no head, or half of one, is gone, by time."""
    with socket.create_connection(serve(head_s=0.05).address, timeout=10) as wire:
        wire.sendall(sent)
        assert gone(wire)


def test_a_connection_whose_answers_were_at_hand_is_not_kept_for_ever(serve):
    """It has a clock of its own, which looks when the last answer was."""
    server = serve(idle_s=1)
    until_200(server, "/atom.xml")
    began_s = time.monotonic()
    with socket.create_connection(server.address, timeout=10) as wire:
        for _ in range(3):
            time.sleep(0.3)
            wire.sendall(PLAIN_GET)
            assert wire.recv(65536).startswith(b"HTTP/1.1 200")
        assert gone(wire)
    assert 1.5 < time.monotonic() - began_s < 8


def test_an_empty_line_is_no_request(serve):
    """Who sends one, and then nothing, is gone like all others who send nothing."""
    with socket.create_connection(serve(head_s=0.1).address, timeout=10) as wire:
        wire.sendall(PLAIN_GET)
        wire.recv(65536)
        wire.sendall(b"\r\n")
        assert gone(wire)


def test_more_requests_than_are_answered_end_a_connection(serve):
    """Who asks for ever and takes nothing cannot fill the memory, also with what needs no file."""
    server = serve(waiting=10)
    with slow_reader(server) as wire:
        wire.sendall(request(host="") * 1000)
        assert gone(wire)
    until_200(server, "/atom.xml")


def test_many_requests_at_once_are_as_good_as_one_by_one(serve):
    """Their heads are measured one by one."""
    server = serve(head_bytes=1000)
    until_200(server, "/atom.xml")
    assert lines(talk(server, request() * 90)) == ["200"] * 90


def test_a_reader_who_is_slow_but_steady_gets_all(serve, root):
    """The clock for who takes nothing begins anew with all that is taken."""
    body = os.urandom(10 * 2**20)
    put(root / "picture.png", body)
    server = serve(stall_s=0.6)
    began_s = time.monotonic()
    with socket.create_connection(server.address, timeout=10) as wire:
        wire.sendall(request("/picture.png", "Connection: close"))
        taken = bytearray()
        while piece := wire.recv(60_000):
            taken += piece
            time.sleep(0.008)
    assert time.monotonic() - began_s > 1
    assert bytes(taken).partition(b"\r\n\r\n")[2] == body


def test_what_is_at_hand_waits_for_the_reader_too(serve, root):
    """Who asks often and takes nothing has one answer waiting in our memory, not all."""
    put(root / "atom.xml", os.urandom(200_000))
    server = serve()
    until_200(server, "/atom.xml")
    with slow_reader(server) as wire:
        for _ in range(90):
            wire.sendall(PLAIN_GET)
            time.sleep(0.001)
        until_200(server, "/atom.xml")
        waiting = [one.transport.get_write_buffer_size() for one in server._server.server_state.connections]  # noqa: SLF001  # nobody else asks
        assert max(waiting) <= 2 * PIECE_BYTES


def test_a_connection_that_is_not_used(serve):
    """Who asks nothing more is gone, by time."""
    with socket.create_connection(serve(idle_s=0).address, timeout=10) as wire:
        wire.sendall(PLAIN_GET)
        assert gone(wire)


def test_a_reader_who_takes_nothing(serve, root):
    """Who takes nothing is gone, and others are served meanwhile."""
    put(root / "picture.png", os.urandom(FILE_BYTES))
    server = serve(stall_s=0.1)
    with socket.socket() as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.settimeout(10)
        wire.connect(server.address)
        wire.sendall(PLAIN_GET.replace(b"atom.xml", b"picture.png"))
        while server.connections:
            assert lines(talk(server, PLAIN_GET)) == ["200"]


def test_no_more_connections_than_allowed(serve):
    """One too many is gone at once; the others stay."""
    server = serve(connections=3)
    head = request(line="HEAD {} HTTP/1.1")
    with ExitStack() as stack:
        wires = [stack.enter_context(socket.create_connection(server.address, timeout=10)) for _ in range(3)]
        for wire in wires:
            wire.sendall(head)
            assert wire.recv(65536).startswith(b"HTTP/1.1 200")
        with socket.create_connection(server.address, timeout=10) as wire:
            assert gone(wire)
        wires[0].sendall(head)
        assert wires[0].recv(65536).startswith(b"HTTP/1.1 200")


# --- the server -------------------------------------------------------------------------


def test_it_stops_though_somebody_listens(serve, root):
    """Idle connections do not hold it, and one that takes nothing does for no longer than it may."""
    put(root / "picture.png", os.urandom(FILE_BYTES))
    server = serve(stop_s=1)
    address = server.address
    with ExitStack() as stack:
        for path in (b"atom.xml", b"picture.png"):
            wire = stack.enter_context(socket.create_connection(address, timeout=10))
            wire.sendall(PLAIN_GET.replace(b"atom.xml", path))
            assert wire.recv(10).startswith(b"HTTP/1.1")
        server.stop()
        assert not server.is_alive
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=10)


def test_it_starts_again_at_the_same_address(serve):
    """A port that was served is free at once."""
    server = serve()
    assert lines(talk(server, PLAIN_GET)) == ["200"]
    _, port = server.address
    server.stop()
    assert lines(talk(serve(port=port), PLAIN_GET)) == ["200"]


@pytest.mark.parametrize("host", ["127.0.0.1", "no.such.host.invalid", "a..b", "192.0.2.1"])
def test_an_address_that_cannot_be_had(serve, root, host):
    """What is wrong is said before anything runs."""
    files = Files(root, url="https://feeds.example.org/")
    server = Server(published(files), host=host, port=serve().address[1], counter=Counter())
    with pytest.raises(
        UsageError, match=rf"cannot listen on {host}:\d+: .*; (choose another|name an address)"
    ):
        server.start()
    files.close()


def test_who_leaves_leaves_no_trace_in_the_log(serve, root, caplog):
    """A client that goes away in the middle of much is nothing to write of."""
    put(root / "picture.png", os.urandom(FILE_BYTES))
    server = serve()
    with socket.create_connection(server.address, timeout=10) as wire:
        wire.sendall(PLAIN_GET.replace(b"atom.xml", b"picture.png") * 20)
        assert wire.recv(10) == b"HTTP/1.1 2"
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset
    while server.connections:
        assert lines(talk(server, PLAIN_GET)) == ["200"]
    assert caplog.records == []


def test_a_failure_of_ours_is_told(root, caplog):
    """What goes wrong with one request is logged, and answered with 500; the next is served."""

    def fail() -> datetime:
        raise ZeroDivisionError

    files = Files(root, url="https://feeds.example.org/")
    with Server(published(files, now=fail), host="127.0.0.1", port=0, counter=Counter()) as server:
        assert lines(talk(server, PLAIN_GET)) == ["500"]
        assert lines(talk(server, PLAIN_GET.replace(b"atom.xml", b"nothing"))) == ["404"]
    files.close()
    assert [record.message for record in caplog.records] == ["request.failed"]


def test_malformed_requests_leave_no_trace_in_the_log(serve, caplog):
    """Nobody can fill the log from outside."""
    server = serve()
    for sent in (b"nonsense\r\n\r\n", PLAIN_GET.replace(b"1.1", b"9.9"), b"\0" * 500):
        talk(server, sent)
    assert caplog.records == []
