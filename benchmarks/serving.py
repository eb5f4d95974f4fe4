"""How fast `feedbridge serve` answers, beside nginx on the same machine, with the same file.

python -m benchmarks.serving
python -m benchmarks.serving --rounds 9 --seconds 5 --json result.json

It needs nginx (with gzip_static, as Debian's) and wrk; without one of them it ends with 2. The file is a feed
of 500 kB. nginx: one worker, sendfile, no access log; wrk: one thread, 16 connections. Each round asks both
servers for each kind of answer, one after the other; what counts is how many times as fast as nginx, within
a round. On a machine that does other work, too, the least and the most lie far apart: then do it again.
"""

import argparse
import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from benchmarks import archives, results
from benchmarks.results import Goal
from feedbridge.model import Value

FEED = "atom.xml"
ARTICLES = 400  # more than the feed takes
CONNECTIONS = 16
SEED = 1
START_S = 30.0
LEAST = 0.5  # as fast as nginx, at least: of packed answers, and of those that nothing has changed

CONFIGURATION = """
[input]
directory = "archive"
[output]
directory = "public"
gzip = true
[feeds]
formats = ["atom"]
by = []
limit = 1000
max_bytes = "440 kB"
"""
NGINX = """
worker_processes 1;
daemon off;
{user}
pid {place}/nginx.pid;
error_log {place}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  gzip_static on;
  keepalive_requests 100000000;
  types {{ application/atom+xml xml; }}
  client_body_temp_path {place}/body;
  proxy_temp_path {place}/proxy;
  fastcgi_temp_path {place}/fastcgi;
  uwsgi_temp_path {place}/uwsgi;
  scgi_temp_path {place}/scgi;
  server {{ listen 127.0.0.1:{port}; root {place}/public; }}
}}
"""


class Server(Value, frozen=True):
    """A server that answers."""

    name: str
    port: int
    pid: int


class Kind(Value, frozen=True):
    """A kind of answer."""

    name: str
    status: int
    coding: str
    is_conditional: bool
    least: float | None


class Cell(Value, frozen=True):
    """Requests a second of both, in one round."""

    kind: str
    ours: float
    nginx: float

    @property
    def ratio(self) -> float:
        """How many times as fast as nginx ours is."""
        return self.ours / self.nginx


class Memory(Value, frozen=True):
    """What a server holds."""

    resident_mib: float
    peak_mib: float


KINDS = (
    Kind(name="200", status=200, coding="identity", is_conditional=False, least=None),
    Kind(name="200 gzip", status=200, coding="gzip", is_conditional=False, least=LEAST),
    Kind(name="304", status=304, coding="identity", is_conditional=True, least=LEAST),
)


def main(arguments: list[str]) -> int:
    """Measure, and print it; return 1 if a goal is missed, 2 if a program is missing."""
    asked = _parser().parse_args(arguments)
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"  # where Debian has nginx
    programs = {name: shutil.which(name, path=path) for name in ("nginx", "wrk")}
    if missing := [name for name, found in programs.items() if found is None]:
        results.say(f"this needs {' and '.join(missing)}, such as by: apt install {' '.join(missing)}")
        return 2
    on = results.machine()
    with tempfile.TemporaryDirectory(prefix="feedbridge-") as directory:
        found, memory = measure(Path(directory), programs, rounds=asked.rounds, seconds=asked.seconds)
    goals = [goal for kind in KINDS for goal in goals_of(kind, found)]
    results.show(f"{asked.rounds} rounds of {asked.seconds} s", goals)
    for when, held in memory.items():
        results.say(f"memory {when}: VmRSS {held.resident_mib:.1f} MiB, VmHWM {held.peak_mib:.1f} MiB")
    kept = {"cells": found, "memory": memory}
    results.keep(asked.json, benchmark="serving", on=on, results=kept)
    return int(not all(goal.is_met for goal in goals))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.serving",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="default: 5")
    parser.add_argument("--seconds", type=int, default=2, metavar="S", help="of each answer; default: 2")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the results, with machine and date")
    return parser


def measure(
    place: Path, programs: Mapping[str, str | None], *, rounds: int, seconds: int
) -> tuple[list[Cell], dict[str, Memory]]:
    """Return what each round found, and what our server held before and after."""
    results.say(f"a feed of {make_feed(place)} bytes")
    with ExitStack() as started:
        nginx = started.enter_context(serving_nginx(place, str(programs["nginx"])))
        ours = started.enter_context(serving(place))
        for kind in KINDS:
            asked = [headers_of(server, kind) for server in (nginx, ours)]
            results.say(f"{kind.name}: {asked[0]} and {asked[1]}")
        before = memory_of(ours)
        cells = []
        for number in range(rounds):
            cells += list(_round(str(programs["wrk"]), ours, nginx, seconds=seconds, is_even=number % 2 == 0))
            latest = ", ".join(f"{cell.kind} {cell.ratio:.2f}" for cell in cells[-len(KINDS) :])
            results.say(f"round {number + 1}: times as fast as nginx: {latest}")
        return cells, {"before": before, "after": memory_of(ours)}


def make_feed(place: Path) -> int:
    """Make a feed from a drawn archive; return its length in bytes."""
    newest = datetime.now(UTC).replace(microsecond=0)
    archives.fill(place / "archive", count=ARTICLES, seed=SEED, newest=newest)
    (place / "config.toml").write_text(CONFIGURATION)
    subprocess.run(_feedbridge(place, "--quiet", "run"), check=True)  # noqa: S603  # our own program
    return (place / "public" / FEED).stat().st_size


@contextmanager
def serving_nginx(place: Path, program: str) -> Iterator[Server]:
    """Start nginx over the output directory; end it."""
    port = _free_port()
    user = "user root;" if os.geteuid() == 0 else ""  # else its worker is somebody who may not look there
    (place / "nginx.conf").write_text(NGINX.format(place=place, port=port, user=user))
    command = [program, "-p", str(place), "-c", str(place / "nginx.conf"), "-e", str(place / "error.log")]
    with _started("nginx", command, port) as server:
        yield server


@contextmanager
def serving(place: Path) -> Iterator[Server]:
    """Start our server; end it."""
    port = _free_port()
    with _started("feedbridge", _feedbridge(place, "--quiet", "serve", "--port", str(port)), port) as server:
        yield server


@contextmanager
def _started(name: str, command: Sequence[str], port: int) -> Iterator[Server]:
    child = subprocess.Popen(command)  # noqa: S603  # what the user has, or our own program
    try:
        ends_s = time.monotonic() + START_S
        while not _answers(port):
            if child.poll() is not None or time.monotonic() > ends_s:
                raise RuntimeError(f"{name} does not answer")
            time.sleep(0.05)
        yield Server(name=name, port=port, pid=child.pid)
    finally:
        child.terminate()
        child.wait()


def headers_of(server: Server, kind: Kind) -> dict[str, str]:
    """Return the headers by which a server gives an answer. Raises: RuntimeError if it gives another one."""
    headers = {"Accept-Encoding": kind.coding}
    first = _ask(server, headers)
    if kind.is_conditional:
        headers["If-None-Match"] = first.headers["ETag"]
    answer = _ask(server, headers)
    coding = first.headers.get("Content-Encoding", "identity")
    if (answer.status, coding) != (kind.status, kind.coding):
        raise RuntimeError(f"{server.name} answers {answer.status} ({coding}) where {kind.name} is asked for")
    return headers


def _ask(server: Server, headers: Mapping[str, str]) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=START_S)
    connection.request("GET", f"/{FEED}", headers=dict(headers))
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def _round(wrk: str, ours: Server, nginx: Server, *, seconds: int, is_even: bool) -> Iterator[Cell]:
    """Ask both for each kind of answer; who is first changes from round to round."""
    order = (ours, nginx) if is_even else (nginx, ours)
    for kind in KINDS:
        rates = {server.name: load(wrk, server, kind, seconds=seconds) for server in order}
        yield Cell(kind=kind.name, ours=rates[ours.name], nginx=rates[nginx.name])


def load(wrk: str, server: Server, kind: Kind, *, seconds: int) -> float:
    """Return how many requests a second a server answers. Raises: RuntimeError if it fails some."""
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s"]
    for name, value in headers_of(server, kind).items():
        command += ["-H", f"{name}: {value}"]
    command += [f"http://127.0.0.1:{server.port}/{FEED}"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603  # as above
    rate = re.search(r"^Requests/sec: +([0-9.]+)$", said, re.MULTILINE)
    if rate is None or "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"{server.name} failed at {kind.name}:\n{said}")
    return float(rate[1])


def memory_of(server: Server) -> Memory:
    """Return what the system knows of a server's memory."""
    lines = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii").splitlines()
    sizes = {line.partition(":")[0]: line.split()[1] for line in lines if line.startswith(("VmRSS", "VmHWM"))}
    return Memory(resident_mib=int(sizes["VmRSS"]) / 1024, peak_mib=int(sizes["VmHWM"]) / 1024)


def goals_of(kind: Kind, cells: Sequence[Cell]) -> list[Goal]:
    """Return the numbers of a kind of answer with their goals."""
    mine = [cell for cell in cells if cell.kind == kind.name]
    ratios = [cell.ratio for cell in mine]
    return [
        Goal(what=f"{kind.name}, median", value=median(ratios), unit="x nginx", least=kind.least),
        Goal(what=f"{kind.name}, least", value=min(ratios), unit="x nginx"),
        Goal(what=f"{kind.name}, most", value=max(ratios), unit="x nginx"),
        Goal(what=f"{kind.name}, ours, median", value=median(cell.ours for cell in mine), unit="/s"),
        Goal(what=f"{kind.name}, nginx, median", value=median(cell.nginx for cell in mine), unit="/s"),
    ]


def _feedbridge(place: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "feedbridge", "--config", str(place / "config.toml"), *arguments]


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
