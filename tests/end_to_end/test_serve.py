"""`feedbridge serve` and `feedbridge daemon --serve`: real processes, sockets and readers."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import feedparser
import pytest

from tests.daemons import PATIENCE_S, Running, configure, put, running, until
from tests.programs import require
from tests.samples import archive


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Give a directory with an archive of ten articles and a configuration."""
    archive(tmp_path / "in", count=10)
    configure(tmp_path)
    return tmp_path


@pytest.fixture
def daemon(place) -> Iterator[Running]:
    """Give a daemon that has published them, and serves."""
    with running(place, "daemon", "--serve") as started:
        until(lambda: "run.finished" in started.said())
        yield started


@pytest.fixture
def server(place, feedbridge) -> Iterator[Running]:
    """Give a server beside which nothing runs, of feeds that were made before."""
    assert feedbridge("run").returncode == 0
    with running(place, "serve") as started:
        started.address()
        yield started


def got(address: str) -> tuple[int, bytes]:
    """Return the status and the body of what is at an address."""
    where = urlsplit(address)
    with closing(HTTPConnection(str(where.hostname), where.port, timeout=PATIENCE_S)) as connection:
        connection.request("GET", where.path)
        answer = connection.getresponse()
        return answer.status, answer.read()


def connect(running: Running) -> socket.socket:
    """Return a connection to what serves."""
    where = urlsplit(running.address())
    return socket.create_connection((str(where.hostname), where.port or 80), timeout=PATIENCE_S)


# --- the commands -----------------------------------------------------------------------


def test_what_another_process_publishes_is_served_at_once(server, place, feedbridge):
    """The server needs no word of it."""
    feed = f"{server.address()}/atom.xml"
    assert got(feed)[1] == server.feed()
    put(place, "new")
    assert feedbridge("run").returncode == 0
    status, body = got(feed)
    assert (status, body, b"Title new" in body) == (200, server.feed(), True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("command", [("serve",), ("daemon", "--serve")])
def test_a_signal_ends_it(place, number, command):
    """With exit code 0, also while somebody listens; the port is free at once."""
    with running(place, *command) as first:
        with closing(connect(first)):
            assert first.told(number) == 0
        configure(place, port=urlsplit(first.address()).port or 0)
    with running(place, *command, name="log2") as second:
        assert second.address() == first.address()
        assert second.told(number) == 0
    assert "Traceback" not in first.said() + second.said()


def test_a_port_that_is_taken_is_named(server, place, feedbridge):
    """With what to do; nothing is made by a daemon that cannot serve."""
    port = str(urlsplit(server.address()).port)
    done = feedbridge("serve", "--port", port)
    assert (done.returncode, f"cannot listen on 127.0.0.1:{port}" in done.stderr) == (2, True)
    configure(place, port=int(port))
    done = feedbridge("daemon", "--serve")
    assert (done.returncode, "choose another port" in done.stderr) == (2, True)


@pytest.mark.parametrize("command", [("serve",), ("daemon", "--serve")])
def test_another_port_is_taken_when_the_configuration_is_read_again(place, command):
    """A configuration that cannot be had is refused, and the one before stays."""
    with running(place, *command) as started, socket.create_server(("127.0.0.1", 0)) as taken:
        before = started.address()
        configure(place, port=taken.getsockname()[1])
        started.child.send_signal(signal.SIGHUP)
        until(lambda: "configuration.refused" in started.said())
        assert got(f"{before}/nothing")[0] == 404
        taken.close()
        started.child.send_signal(signal.SIGHUP)
        until(lambda: "configuration.read" in started.said())
        assert started.address() != before
        assert got(f"{started.address()}/nothing")[0] == 404
        assert started.told() == 0


def test_a_server_without_feeds_says_so_and_waits(place, feedbridge):
    """A hurried person starts it before the first run."""
    with running(place, "serve") as started:
        assert got(f"{started.address()}/")[0] == 404
        until(lambda: "feeds.missing" in started.said())
        assert feedbridge("run").returncode == 0
        assert got(f"{started.address()}/")[0] == 200


def test_a_directory_alone_can_be_served(feedbridge, place):
    """Without a configuration, whatever its feeds were made of; a hurried person is told how it is named."""
    (place / "config.toml").unlink()
    assert feedbridge("run", "--input", "in", "--output", "out").returncode == 0
    done = feedbridge("serve", "out")
    assert (done.returncode, "give the directory of the feeds by --output out" in done.stderr) == (2, True)
    with running(place, "serve", "--output", "out", "--port", "0", is_configured=False) as started:
        assert got(f"{started.address()}/atom.xml") == (200, started.feed())
        assert got(f"{started.address()}/healthz")[0] == 200


def test_health_is_what_status_says(daemon, place, feedbridge):
    """While all is well, and while runs fail; the feeds stay."""
    health = f"{daemon.address()}/healthz"
    until(lambda: got(health)[0] == 200)
    before = daemon.feed()
    (place / "in").rename(place / "away")
    configure(place, every="1 s")
    daemon.child.send_signal(signal.SIGHUP)
    until(lambda: "run.failed" in daemon.said())
    until(lambda: "configuration.read" in daemon.said())
    health = f"{daemon.address()}/healthz"
    until(lambda: got(health)[0] == 503)
    done = feedbridge("status", "--json")
    told = json.loads(got(health)[1])["troubles"]
    assert (done.returncode, len(told)) == (3, 1)
    assert json.loads(done.stdout)["troubles"][0].partition("Z: ")[2] == told[0].partition("Z: ")[2]
    assert got(f"{daemon.address()}/atom.xml") == (200, before)
    (place / "away").rename(place / "in")
    until(lambda: got(health)[0] == 200)


# --- readers ----------------------------------------------------------------------------


def test_newsboat_subscribes_and_sees_the_new_article(daemon, place):
    """After a reload, and only that one is unread."""
    require("newsboat")
    (place / "urls").write_text(f"{daemon.address()}/atom.xml\n")
    (place / "config").touch()
    assert len(read_by_newsboat(place)) == 10
    with closing(sqlite3.connect(place / "cache.db")) as cache:
        cache.execute("UPDATE rss_item SET unread = 0")
        cache.commit()
    assert [title for title, unread in read_by_newsboat(place) if unread] == []
    put(place, "new")
    until(lambda: b"Title new" in daemon.feed())
    found = read_by_newsboat(place)
    assert (len(found), [title for title, unread in found if unread]) == (11, ["Title new"])


def read_by_newsboat(folder: Path) -> list[tuple[str, int]]:
    """Let newsboat load its feeds, and return what it has then."""
    reload = ["newsboat", "-u", "urls", "-C", "config", "-c", "cache.db", "-x", "reload"]
    subprocess.run(
        reload,
        cwd=folder,
        env={**os.environ, "HOME": str(folder)},
        check=True,
        capture_output=True,
        timeout=60,
    )
    with closing(sqlite3.connect(folder / "cache.db")) as cache:
        return cache.execute("SELECT title, unread FROM rss_item").fetchall()


def test_curl_loads_a_feed_once(daemon, place):
    """By its tag or by its date, packed or not; after a change it loads it again."""
    require("curl")
    feed = f"{daemon.address()}/rss.xml"

    def curl(*arguments: str) -> str:
        asked = ["curl", "-sS", "-o", "body", "-w", "%{http_code} %{size_download}", *arguments, feed]
        return subprocess.run(asked, cwd=place, check=True, capture_output=True, text=True, timeout=60).stdout

    size_bytes = (place / "out" / "rss.xml").stat().st_size
    assert curl("--etag-save", "tag") == f"200 {size_bytes}"
    assert curl("--etag-compare", "tag") == "304 0"
    assert curl("-z", str(place / "out" / "rss.xml")) == "304 0"
    assert curl("--compressed", "--etag-compare", "tag") == "304 0"
    assert int(curl("--compressed").split()[1]) < size_bytes
    assert (place / "body").read_bytes() == (place / "out" / "rss.xml").read_bytes()
    put(place, "new")
    until(lambda: b"Title new" in (place / "out" / "rss.xml").read_bytes())
    assert curl("--etag-compare", "tag").startswith("200 ")
    assert b"Title new" in (place / "body").read_bytes()


@pytest.mark.parametrize("name", ["atom.xml", "rss.xml"])
def test_feedparser_asks_again_with_what_it_was_told(daemon, place, name):
    """304 by either, and the new article when there is one."""
    feed = f"{daemon.address()}/{name}"
    first = feedparser.parse(feed)
    assert (first.status, first.bozo, len(first.entries)) == (200, False, 10)
    assert feedparser.parse(feed, etag=first.etag).status == 304
    assert feedparser.parse(feed, modified=first.modified).status == 304
    put(place, "new")
    until(lambda: b"Title new" in (place / "out" / name).read_bytes())
    again = feedparser.parse(feed, etag=first.etag, modified=first.modified)
    known = {entry.id for entry in first.entries}
    assert (again.status, len(again.entries)) == (200, 11)
    assert [entry.title for entry in again.entries if entry.id not in known] == ["Title new"]


# --- clients of all kinds ---------------------------------------------------------------


def test_a_thousand_idle_connections_and_a_slow_one_keep_nobody_waiting(daemon, place):
    """New articles are published and served meanwhile; the slow one gets what it began with, whole."""
    before = daemon.feed()
    with ExitStack() as stack:
        slow = stack.enter_context(connect(daemon))
        slow.sendall(b"GET /atom.xml HTTP/1.0\r\n\r\n")
        taken = [slow.recv(1)]
        idle = [stack.enter_context(connect(daemon)) for _ in range(1000)]
        put(place, "new")
        until(lambda: b"Title new" in got(f"{daemon.address()}/atom.xml")[1])
        taken += [slow.recv(1) for _ in range(100)]
        assert len(idle) == 1000
        rest = b"".join(iter(lambda: slow.recv(65536), b""))
    assert b"".join([*taken, rest]).partition(b"\r\n\r\n")[2] == before
    assert daemon.told() == 0


def test_ten_thousand_requests_in_parallel_batches_are_answered(server):
    """Each with the whole feed, or with 304 for who has it."""
    where = urlsplit(server.address())
    expected = server.feed()

    def batch(number: int) -> Counter[tuple[int, bool]]:
        with closing(HTTPConnection(str(where.hostname), where.port, timeout=PATIENCE_S)) as connection:
            found: Counter[tuple[int, bool]] = Counter()
            tag = ""
            for _ in range(500):
                connection.request("GET", "/atom.xml", headers={"If-None-Match": tag} if number % 2 else {})
                answer = connection.getresponse()
                found[answer.status, answer.read() == expected] += 1
                tag = answer.headers["etag"]
            return found

    with ThreadPoolExecutor(8) as clients:
        found = sum(clients.map(batch, range(20)), Counter())
    assert found == {(200, True): 10 * 500 + 10, (304, False): 10 * 499}


NONSENSE = (
    b"\0" * 5000,
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET\r\n\r\n",
    b"GET /\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /.feedbridge.json HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 50_000,
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nzzz",
)


def test_malformed_requests_harm_nobody(server):
    """An error or nothing is the answer, no file of the host is shown, and the log stays still."""
    for sent in NONSENSE:
        with closing(connect(server)) as wire, suppress(ConnectionError):
            wire.sendall(sent)
            wire.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda wire=wire: wire.recv(65536), b""))  # type: ignore[misc]  # mypy knows no such lambda
            assert answer == b"" or answer[9:10] == b"4", (sent[:60], answer[:80])
            assert b"root:" not in answer
    assert got(f"{server.address()}/atom.xml") == (200, server.feed())
    assert server.said().count("\n") == server.said().count("server.started") + server.said().count(
        "address.differs"
    )


def test_memory_stays_bounded(server, place):
    """Fifty readers of a large file who take nothing cost no fifty copies."""
    (place / "out" / "large.bin").write_bytes(os.urandom(12 * 2**20))
    before = resident_bytes(server)
    with ExitStack() as stack:
        for _ in range(50):
            wire = stack.enter_context(connect(server))
            wire.sendall(b"GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(0.5)
        assert got(f"{server.address()}/atom.xml")[0] == 200
        assert resident_bytes(server) - before < 64 * 2**20


def resident_bytes(running: Running) -> int:
    """Return the memory that a process has now."""
    status = Path(f"/proc/{running.child.pid}/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024
