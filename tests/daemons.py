"""Daemons at work, for tests: real processes in folders of their own."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lxml import etree

from tests.samples import raw

ATOM = "{http://www.w3.org/2005/Atom}"
PATIENCE_S = 30  # that a loaded machine may take for what is done in a tenth of a second


class Running:
    """A daemon at work in a directory, and what it says."""

    def __init__(self, child: "subprocess.Popen[bytes]", place: Path, log: Path) -> None:
        self.child = child
        self.place = place
        self.log = log

    def feed(self) -> bytes:
        """Return the main feed."""
        return (self.place / "out" / "atom.xml").read_bytes()

    def said(self) -> str:
        """Return what it has logged so far."""
        return self.log.read_text(encoding="utf-8")

    def address(self) -> str:
        """Return where it serves, as soon as it does."""
        until(lambda: "server.started" in self.said())
        (address,) = re.findall(r"server.started address=(\S+)/$", self.said(), re.MULTILINE)[-1:]
        return str(address)

    def told(self, number: int = signal.SIGTERM) -> int:
        """Send a signal that ends it; return its exit code."""
        self.child.send_signal(number)
        return self.child.wait(PATIENCE_S)


def until(holds: Callable[[], bool]) -> None:
    """Wait for something that must come."""
    ends = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.02)


CONFIGURATION = """
[site]
title = "{title}"
url = "{url}"
[input]
directory = {directories}
[output]
directory = "out"
gzip = {gzip}
[state]
file = "{state}"
[schedule]
every = "{every}"
watch = {watch}
[serve]
port = {port}
"""


SETTINGS = {
    "title": "Archive",
    "directories": '"in"',
    "url": "http://127.0.0.1:8000/",
    "gzip": "false",
    "state": "state.sqlite3",
    "every": "1 h",
    "watch": "true",
    "port": 0,
}


def configure(place: Path, **settings: object) -> None:
    """Write a configuration; by its schedule alone nothing would come of a test."""
    written = place / "config.new"
    written.write_text(CONFIGURATION.format(**{**SETTINGS, **settings}))
    written.rename(place / "config.toml")


@contextmanager
def running(
    place: Path, *command: str, name: str = "log", is_configured: bool = True, **environment: str
) -> Iterator[Running]:
    """Start a daemon, or another command that stays; end it whatever happens."""
    configuration = ["--config", str(place / "config.toml")] if is_configured else []
    arguments = [sys.executable, "-m", "feedbridge", *configuration, *(command or ("daemon",))]
    with (place / name).open("wb") as log:
        child = subprocess.Popen(arguments, stderr=log, cwd=place, env={**os.environ, **environment})
    try:
        yield Running(child, place, place / name)
    finally:
        child.kill()
        child.wait()


def link(name: str) -> str:
    """Return the address of an article of a name."""
    return f"https://example.org/{name}"


def article(name: str, **changes: object) -> bytes:
    """Return an article with an address and a title of its own."""
    return raw(url=link(name), title=f"Title {name}", **changes)


def put(place: Path, name: str, *, into: str = "in", **changes: object) -> None:
    """Rename an article into the archive, whole."""
    (place / into / ".tmp").write_bytes(article(name, **changes))
    (place / into / ".tmp").rename(place / into / f"{name}.txt")


def entries(place: Path) -> dict[str, tuple[str, ...]]:
    """Return the id and the dates of each entry of the main feed by its link; none stands there twice."""
    body = (place / "out" / "atom.xml").read_bytes()
    read = etree.fromstring(body, etree.XMLParser(resolve_entities=False))
    found = [_facts(entry) for entry in read.iter(f"{ATOM}entry")]
    by_link = {link: facts for link, *facts in found}
    assert len(by_link) == len({guid for _, guid, *_ in found}) == len(found)
    return {link: tuple(facts) for link, facts in by_link.items()}


def _facts(entry: etree._Element) -> tuple[str, ...]:
    """Return an entry's link, id and dates."""
    (link,) = (one.get("href", "") for one in entry.iter(f"{ATOM}link") if one.get("rel") == "alternate")
    return link, *(str(entry.findtext(f"{ATOM}{name}")) for name in ("id", "published", "updated"))


def wait_for(place: Path, *names: str) -> None:
    """Wait until articles stand in the main feed."""
    until(lambda: {link(name) for name in names} <= entries(place).keys())
