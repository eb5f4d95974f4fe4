"""deploy/: what a service manager is given is what it can read, and what our program takes."""

import gzip
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.daemons import PATIENCE_S, configure, running, until
from tests.programs import require
from tests.samples import CHECKOUT, archive

DEPLOY = CHECKOUT / "deploy"
UNITS = sorted(DEPLOY.glob("feedbridge*"))
PROGRAM = "/usr/local/bin/feedbridge"


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_takes_each_unit(unit, tmp_path):
    """With the program where it is here: systemd asks whether it is there."""
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("this host has no systemd")
    program = shutil.which("true")
    for each in UNITS:
        text = each.read_text(encoding="utf-8").replace(PROGRAM, str(program))
        (tmp_path / each.name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [verify, "verify", "--man=no", tmp_path / unit.name], capture_output=True, text=True, check=False
    )
    assert (done.returncode, _about(done.stderr, tmp_path)) == (0, [])


def _about(said: str, place: Path) -> list[str]:
    """Return the lines about our units: systemd finds fault with others of the host's, too."""
    return [line for line in said.splitlines() if str(place) in line or "feedbridge" in line]


@pytest.mark.parametrize(
    "unit", [unit for unit in UNITS if unit.suffix == ".service"], ids=lambda unit: unit.name
)
def test_the_program_takes_what_a_unit_says(unit):
    """Its options and commands are ours."""
    [command] = re.findall(rf"^ExecStart={PROGRAM} (.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)
    arguments = [sys.executable, "-m", "feedbridge", *command.split(), "--help"]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_container_runs_what_our_program_takes():
    """Its commands and options are ours, its base is Debian, and what it copies is there."""
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    [words] = re.findall(r"^CMD (\[.*\])$", text, re.MULTILINE)
    arguments = [sys.executable, "-m", "feedbridge", *json.loads(words), "--help"]
    assert subprocess.run(arguments, capture_output=True, check=False).returncode == 0
    bases = {line.split()[1] for line in text.splitlines() if line.startswith("FROM ")}
    assert all(base.endswith("-bookworm") for base in bases)
    copied = [
        path for line in re.findall(r"^COPY (?!--)(.*)$", text, re.MULTILINE) for path in line.split()[:-1]
    ]
    assert all((CHECKOUT / path).exists() for path in copied)
    assert "feedbridge" in copied


# --- web servers ------------------------------------------------------------------------


class Answer(NamedTuple):
    """What a web server says."""

    status: int
    fields: HTTPMessage
    body: bytes


Asking = Callable[..., Answer]


def asking(port: int) -> Asking:
    """Return what asks a web server on this machine."""

    def ask(path: str, method: str = "GET", **fields: str) -> Answer:
        with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)) as connection:
            headers = {name.replace("_", "-"): value for name, value in fields.items()}
            connection.request(method, path, headers={"Host": "feeds.example.org", **headers})
            answer = connection.getresponse()
            return Answer(status=answer.status, fields=answer.msg, body=answer.read())

    return ask


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a directory with published feeds, packed ones beside them, and with files and links of others."""
    place = tmp_path_factory.mktemp("deploy")
    archive(place / "in", count=10)
    configure(place, url="https://feeds.example.org/", gzip="true")
    command = [sys.executable, "-m", "feedbridge", "--config", "config.toml", "run", "-q"]
    subprocess.run(command, cwd=place, check=True)
    (place / "out" / ".well-known").mkdir()
    (place / "out" / ".well-known" / "security.txt").write_text("Contact: mailto:somebody@example.org\n")
    (place / "out" / "link.txt").symlink_to(place / "in" / "00000.txt")
    (place / "out" / "loop").symlink_to("loop")
    (place / "www").symlink_to(place / "out")
    return place


@contextmanager
def serving(command: list[str], place: Path, port: int) -> Iterator[Asking]:
    """Run a web server until it is no longer needed."""
    with (place / "log").open("wb") as log:
        child = subprocess.Popen(
            command, stdout=log, stderr=log, cwd=place, env={**os.environ, "HOME": str(place)}
        )
    try:
        until(lambda: listens(port) or child.poll() is not None)
        assert child.poll() is None, (place / "log").read_text()
        yield asking(port)
    finally:
        child.terminate()
        child.wait(PATIENCE_S)


def listens(port: int) -> bool:
    """Tell whether somebody listens at a port of this machine."""
    with socket.socket() as wire:
        return wire.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """Return a port at which nobody listens."""
    with socket.socket() as wire:
        wire.bind(("127.0.0.1", 0))
        return int(wire.getsockname()[1])


def nginx(place: Path, name: str, **replaced: str) -> tuple[list[str], int]:
    """Return the command of an nginx with one of our files, and its port."""
    program = require("nginx")
    port = free_port()
    text = (DEPLOY / name).read_text(encoding="utf-8")
    changes = {"listen 80;": f"listen 127.0.0.1:{port};", "listen [::]:80;": "", **replaced}
    for before, after in changes.items():
        assert before in text
        text = text.replace(before, after)
    (place / "feedbridge.conf").write_text(text)
    temporary = "".join(
        f"{kind}_temp_path {place}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (place / "nginx.conf").write_text(
        f"daemon off; pid {place}/pid; error_log stderr; events {{}}"
        f"http {{ access_log off; {temporary} include {place}/feedbridge.conf; }}"
    )
    if os.geteuid() == 0:  # else nginx' workers are nobody, who may not see a test's files
        (place / "nginx.conf").write_text("user root;" + (place / "nginx.conf").read_text())
    return [program, "-e", "stderr", "-p", str(place), "-c", str(place / "nginx.conf")], port


def caddy(place: Path, **replaced: str) -> tuple[list[str], int]:
    """Return the command of a Caddy with our file, and its port."""
    program = require("caddy")
    port = free_port()
    text = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    changes = {"\nfeeds.example.org {": f"\nhttp://feeds.example.org:{port} {{\nbind 127.0.0.1", **replaced}
    for before, after in changes.items():
        assert before in text
        text = text.replace(before, after)
    (place / "Caddyfile").write_text("{\nadmin off\nauto_https off\n}\n" + text)
    return [program, "run", "--adapter", "caddyfile", "--config", str(place / "Caddyfile")], port


@pytest.fixture(params=["nginx", "caddy"])
def ask(request, place) -> Iterator[Asking]:
    """Give what asks a web server that serves the feeds as files."""
    root = str(place / "out")
    if request.param == "nginx":
        command, port = nginx(place, "nginx.conf", **{"/var/www/feeds": root})
    else:
        command, port = caddy(place, **{"/var/www/feeds": root})
    with serving(command, place, port) as asked:
        yield asked


TYPES = {
    "/atom.xml": "application/atom+xml; charset=utf-8",
    "/rss.xml": "application/rss+xml; charset=utf-8",
    "/source/example-org-bfabc3/atom.xml": "application/atom+xml; charset=utf-8",
    "/source/example-org-bfabc3/index.html": "text/html; charset=utf-8",
    "/.well-known/security.txt": "text/plain; charset=utf-8",
}
DIRECTORIES = ["/", "/source/example-org-bfabc3/"]


def test_a_web_server_serves_what_is_published(ask, place):
    """With its types, a minute for caches, the feeds for every site's scripts, and nothing that is hidden."""
    for path, media_type in TYPES.items():
        answer = ask(path)
        assert (answer.status, answer.fields["content-type"]) == (200, media_type)
        assert answer.body == (place / "out" / path[1:]).read_bytes()
        assert answer.fields.get_all("cache-control") == ["public, max-age=60"]
        assert answer.fields["x-content-type-options"] == "nosniff"
        assert answer.fields["access-control-allow-origin"] == ("*" if path.endswith(".xml") else None)
    assert ask("/atom.xml").fields["link"] == '<https://feeds.example.org/atom.xml>; rel="self"'
    for path in DIRECTORIES:
        answer = ask(path)
        assert answer.body == ask(f"{path}index.html").body
        assert answer.fields["content-type"] == "text/html; charset=utf-8"
        assert "frame-ancestors 'none'" in answer.fields["content-security-policy"]
    assert ask("/source/example-org-bfabc3").fields["location"] in {
        "/source/example-org-bfabc3/",
        "example-org-bfabc3/",  # some versions of Caddy
    }


HIDDEN = ["/.feedbridge.json", "/%2efeedbridge.lock", "/.well-known/%2e%2e/.feedbridge.json", "/source/.x"]
MISSING = ["/nothing", "/nothing/atom.xml", "/source/"]


def test_a_web_server_says_in_words_that_nothing_is_there(ask, place):
    """For no longer than a minute, and without what belongs to feeds: type, link, CORS."""
    assert (place / "out" / ".feedbridge.json").exists()
    for path in (*HIDDEN, *MISSING):
        answer = ask(path)
        assert (answer.status, answer.fields["cache-control"]) == (404, "public, max-age=60")
        assert answer.fields["content-type"].startswith("text/")
        assert answer.fields["link"] is None
        assert answer.fields["access-control-allow-origin"] is None


def test_a_web_server_lets_nothing_be_written(ask):
    """And says what can be done instead (RFC 9110 §15.5.6)."""
    for method in ("POST", "PUT", "DELETE"):
        for path in ("/atom.xml", "/"):
            answer = ask(path, method)
            assert (answer.status, answer.fields["allow"]) == (405, "GET, HEAD")


def test_no_cache_keeps_trouble(ask):
    """What a server cannot do now is asked for again at once."""
    answers = ask("/loop"), ask("/", transfer_encoding="odd")  # the one troubles Caddy, the other nginx
    said = {answer.fields["cache-control"] for answer in answers if answer.status >= 500}
    assert said - {None} == {"no-store"}


def test_nginx_follows_no_link_below_the_directory(place):
    """The directory itself may be one."""
    command, port = nginx(place, "nginx.conf", **{"/var/www/feeds": str(place / "www")})
    with serving(command, place, port) as ask:
        assert [ask(path).status for path in ("/atom.xml", "/link.txt")] == [200, 404]


def test_a_web_server_sends_nothing_twice(ask, place):
    """By tag and by date; packed ones to who accepts them, as they lie there."""
    body = (place / "out" / "atom.xml").read_bytes()
    for fields in ({}, {"accept_encoding": "gzip"}, {"accept_encoding": "gzip", "via": "1.1 cache"}):
        first = ask("/atom.xml", **fields)
        packed = first.fields["content-encoding"] == "gzip"
        assert packed is bool(fields)
        assert (gzip.decompress(first.body) if packed else first.body) == body
        assert first.fields["vary"] == "Accept-Encoding"
        assert ask("/atom.xml", **fields, if_none_match=first.fields["etag"]).status == 304
        assert ask("/atom.xml", **fields, if_modified_since=first.fields["last-modified"]).status == 304


@pytest.fixture(params=["nginx", "caddy"])
def ask_through(request, place) -> Iterator[Asking]:
    """Give what asks a web server before `feedbridge serve`."""
    with running(place, "serve", name="log-serve") as server:
        address = server.address().removeprefix("http://")
        if request.param == "nginx":
            command, port = nginx(place, "nginx-proxy.conf", **{"127.0.0.1:8000": address})
        else:
            command, port = caddy(place)
            text = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
            assert "#   feeds.example.org\n#   reverse_proxy 127.0.0.1:8000\n" in text
            (place / "Caddyfile").write_text(
                "{\nadmin off\nauto_https off\n}\n"
                f"http://feeds.example.org:{port}\nbind 127.0.0.1\nreverse_proxy {address}\n"
            )
        with serving(command, place, port) as asked:
            yield asked


def test_a_web_server_before_ours_passes_on_all_but_how_things_stand(ask_through, place):
    """Tags, packed feeds and redirects arrive; health and metrics are none of the world's business."""
    first = ask_through("/atom.xml", accept_encoding="gzip")
    assert gzip.decompress(first.body) == (place / "out" / "atom.xml").read_bytes()
    assert ask_through("/atom.xml", accept_encoding="gzip", if_none_match=first.fields["etag"]).status == 304
    assert ask_through("/source/example-org-bfabc3").fields["location"] == "./example-org-bfabc3/"
    assert [ask_through(path).status for path in ("/healthz", "/metrics", "/")] == [404, 404, 200]
