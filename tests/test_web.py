"""What a configuration wants served, and what the operator is told."""

import asyncio
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import msgspec
import pytest

from feedbridge import catalogue, config, pipeline
from feedbridge.config import Config
from feedbridge.errors import UsageError
from feedbridge.model import Address, DaemonState
from feedbridge.serve import Web
from feedbridge.serve.answers import Asked
from feedbridge.serve.counts import Counts
from feedbridge.serve.files import Files
from feedbridge.serve.health import Health
from feedbridge.serve.operating import Operator
from feedbridge.serve.published import Published
from tests.samples import NOW, archive


def free_port() -> int:
    """Give a port at which nothing listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def configured(tmp_path: Path) -> Config:
    """Give the configuration of an archive of three articles that has been published."""
    archive(tmp_path / "in", count=3)
    made = config.for_directories(input=tmp_path / "in", output=tmp_path / "out")
    made = config.with_state(made, file=tmp_path / "state.sqlite3")
    pipeline.run(made, clock=lambda: NOW)
    return at(made, port=free_port())


def at(made: Config, **changes: object) -> Config:
    """Give a configuration that is served elsewhere."""
    return msgspec.structs.replace(made, serve=msgspec.structs.replace(made.serve, **changes))


@pytest.fixture
def web() -> Iterator[Web]:
    """Give what serves, until the test ends."""
    made = Web(clock=lambda: datetime.now(UTC))
    yield made
    made.stop()


def ask(where: Config | Address, path: str, method: str = "GET", **fields: str) -> Any:
    """Give the answer to a request, with its body."""
    address = where.serve.address if isinstance(where, Config) else where
    with closing(HTTPConnection(address.host, address.port, timeout=10)) as connection:
        connection.request(
            method, path, headers={name.replace("_", "-"): one for name, one in fields.items()}
        )
        answer = connection.getresponse()
        answer.body = answer.read()  # type: ignore[attr-defined]  # for the tests at hand
        return answer


def told(where: Config | Address) -> dict[str, object]:
    """Give what /healthz tells."""
    return dict(json.loads(ask(where, "/healthz").body))


# --- how things stand -------------------------------------------------------------------


def test_healthy_is_who_has_no_troubles(web, configured):
    """200, as JSON, never from a cache, and HEAD says the same."""
    web.configure(configured)
    answer = ask(configured, "/healthz")
    assert (answer.status, answer.getheader("cache-control")) == (200, "no-store")
    assert answer.getheader("content-type") == "application/json"
    assert json.loads(answer.body) == {
        "healthy": True,
        "troubles": [],
        "running": False,
        "next_run": None,
        "last_success": {"started": "2026-01-01T00:00:00Z"},
    }
    refused = ask(configured, "/healthz", "POST")
    assert (ask(configured, "/healthz", "HEAD").status, refused.status) == (200, 405)
    assert refused.getheader("allow") == "GET, HEAD"


def test_unhealthy_is_what_status_says(web, configured):
    """503, with the reasons that `feedbridge status` names."""
    web.configure(configured)
    (configured.output.directory / "atom.xml").unlink()
    troubles = list(pipeline.status(configured, now=NOW).troubles)
    assert (ask(configured, "/healthz").status, told(configured)["troubles"]) == (503, troubles)
    assert "atom.xml is missing" in troubles[0]


def test_what_cannot_be_told_is_trouble(web, configured, tmp_path):
    """No catalogue, or one of something else, is a reason like any other."""
    web.configure(config.with_state(configured, file=tmp_path / "none.sqlite3"))
    assert ask(configured, "/healthz").status == 503
    assert "there is no catalogue" in str(told(configured)["troubles"])


def test_where_nothing_is_remembered_the_feeds_count(web, configured, tmp_path):
    """Who serves the feeds of stateless runs is healthy when there are some."""
    forgetful = config.with_state(configured, file=None)
    web.configure(forgetful)
    assert (ask(configured, "/healthz").status, told(configured)["healthy"]) == (200, True)
    elsewhere = msgspec.structs.replace(forgetful.output, directory=tmp_path / "nothing")
    web.configure(msgspec.structs.replace(forgetful, output=elsewhere))
    assert told(configured) | {"healthy": False, "troubles": ["there are no feeds yet"]} == told(configured)


@pytest.mark.parametrize(("took", "is_healthy"), [(30 * 60, True), (30 * 60 + 1, False)])
def test_a_run_that_takes_longer_than_its_budget_is_trouble(configured, took, is_healthy):
    """A daemon says since when its run is at work; as long as it is there."""
    file = configured.state.file
    assert file
    presence = catalogue.Presence(file)
    presence.tell(DaemonState(next_run=NOW, running_since=NOW - timedelta(seconds=took)))
    found = pipeline.status(configured, now=NOW)
    assert (found.troubles == (), found.next_run) == (is_healthy, NOW)
    assert is_healthy or "a run has been at work for 30 min, longer than [schedule]" in found.troubles[0]
    presence.tell(DaemonState(next_run=NOW))
    assert pipeline.status(configured, now=NOW).troubles == ()


KILLED = """
import os, sys
from datetime import datetime
from pathlib import Path
from feedbridge.catalogue import Presence
from feedbridge.model import DaemonState
Presence(Path(sys.argv[1])).tell(DaemonState(next_run=datetime.fromisoformat(sys.argv[2])))
"""


@pytest.mark.parametrize(
    ("minutes", "has_run", "is_healthy"), [(0, False, True), (2, False, False), (2, True, True)]
)
def test_a_daemon_that_was_killed_is_trouble_until_somebody_runs(configured, minutes, has_run, is_healthy):
    """Not at once, since a service manager starts it again; one that ends by itself says so."""
    file, due = configured.state.file, NOW + timedelta(minutes=5)
    subprocess.run([sys.executable, "-c", KILLED, file, due.isoformat()], check=True)
    now = due + timedelta(minutes=minutes)
    if has_run:
        pipeline.run(configured, clock=lambda: now)
    found = pipeline.status(configured, now=now)
    assert (found.troubles == (), found.next_run) == (is_healthy, None)
    assert (
        is_healthy
        or "the daemon was killed, and nobody has looked since 2026-01-01T00:05" in found.troubles[0]
    )
    presence = catalogue.Presence(file)
    presence.tell(DaemonState(next_run=due))
    presence.close()
    assert pipeline.status(configured, now=now).troubles == ()


def test_a_second_daemon_leaves_the_word_to_the_first(configured):
    """What one says of itself is not overwritten by another's idleness."""
    file = configured.state.file
    first, second = catalogue.Presence(file), catalogue.Presence(file)
    first.tell(DaemonState(next_run=NOW, running_since=NOW))
    second.tell(DaemonState(next_run=None))
    assert catalogue.present(file) == DaemonState(next_run=NOW, running_since=NOW)


def test_all_who_ask_at_once_wait_for_one_look():
    """Watchers cannot keep the disk busy."""
    looks: list[int] = []
    may_look = threading.Event()

    def look() -> Health:
        may_look.wait()
        looks.append(1)
        return Health(troubles=())

    operator = Operator(look, Counts())
    asked = Asked(method="GET", path=b"/healthz", query=b"", fields=(), peer="127.0.0.1")

    async def ask_often() -> list[int]:
        answers = [asyncio.ensure_future(operator.answer(asked)) for _ in range(50)]
        await asyncio.sleep(0)
        may_look.set()
        return [one.status for one in await asyncio.gather(*answers)]

    assert (asyncio.run(ask_often()), looks) == ([200] * 50, [1])


def test_who_asks_does_not_wait_for_ever():
    """A disk that does not answer is trouble, too; the look goes on in its thread."""
    may_look = threading.Event()

    def look() -> Health:
        may_look.wait()
        return Health(troubles=())

    operator = Operator(look, Counts(), longest_s=0.05)
    asked = Asked(method="GET", path=b"/healthz", query=b"", fields=(), peer="127.0.0.1")

    async def ask_twice() -> list[int]:
        first = await operator.answer(asked)
        may_look.set()
        while (second := await operator.answer(asked)).status != 200:
            pass
        return [first.status, second.status]

    assert asyncio.run(ask_twice()) == [503, 200]


def test_a_look_that_fails_is_trouble(caplog):
    """It is told to who asks, and logged."""

    def look() -> Health:
        raise ZeroDivisionError

    operator = Operator(look, Counts())
    asked = Asked(method="GET", path=b"/healthz", query=b"", fields=(), peer="127.0.0.1")
    assert asyncio.run(operator.answer(asked)).status == 503
    assert caplog.messages == ["health.failed"]


# --- what was counted -------------------------------------------------------------------


def metrics(where: Config) -> dict[str, float]:
    """Give all metrics by name and labels."""
    answer = ask(where, "/metrics")
    assert (answer.status, answer.getheader("content-type")) == (
        200,
        "text/plain; version=0.0.4; charset=utf-8",
    )
    lines = answer.body.decode().splitlines()
    named = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in named}


def test_metrics_tell_what_status_tells(web, configured):
    """Articles, entries, feeds and runs, in the units that Prometheus wants."""
    (configured.input.directories[0] / "bad.txt").write_text("[a](nowhere)\n------\n")
    pipeline.run(configured, clock=lambda: NOW)
    web.configure(configured)
    web.ran(0.25, has_failed=False)
    web.ran(0.5, has_failed=True)
    found = metrics(configured)
    expected = {
        "feedbridge_healthy": 1,
        "feedbridge_running": 0,
        "feedbridge_articles": 3,
        "feedbridge_entries": 3,
        "feedbridge_rejected_articles": 1,
        "feedbridge_held_articles": 0,
        "feedbridge_last_success_timestamp_seconds": NOW.timestamp(),
        'feedbridge_runs_total{result="succeeded"}': 1,
        'feedbridge_runs_total{result="failed"}': 1,
        "feedbridge_run_duration_seconds_count": 2,
        "feedbridge_run_duration_seconds_sum": 0.75,
        'feedbridge_feed_entries{feed="main"}': 3,
        'feedbridge_feed_updated_timestamp_seconds{feed="main"}': 1706723223,
    }
    assert expected.items() <= found.items()
    sizes = [(configured.output.directory / f"{name}.xml").stat().st_size for name in ("atom", "rss")]
    assert found['feedbridge_feed_bytes{feed="main"}'] == sum(sizes)
    assert found["process_resident_memory_bytes"] > 0


def test_answers_are_counted_by_their_status(web, configured):
    """Those of the operator, too."""
    web.configure(configured)
    tag = ask(configured, "/atom.xml").getheader("etag")
    for _ in range(3):
        ask(configured, "/atom.xml", if_none_match=str(tag))
    ask(configured, "/nothing")
    found = metrics(configured)
    assert {
        status: found[f'feedbridge_http_requests_total{{status="{status}"}}'] for status in (200, 304, 404)
    } == {
        200: 1,
        304: 3,
        404: 1,
    }
    assert metrics(configured)['feedbridge_http_requests_total{status="200"}'] == 2


def test_without_its_library_the_extra_is_named(web, configured, monkeypatch):
    """Not everybody needs metrics."""
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    web.configure(configured)
    answer = ask(configured, "/metrics")
    assert (answer.status, b"install feedbridge[metrics]" in answer.body) == (501, True)


# --- who may ask ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("peer", "fields", "expected"),
    [
        ("127.0.0.1", (), 200),
        ("127.8.9.10", (), 200),
        ("::1", (), 200),
        ("::ffff:127.0.0.1", (), 200),
        ("10.0.0.1", (), 404),
        ("::ffff:10.0.0.1", (), 404),
        ("2001:db8::1", (), 404),
        ("", (), 404),
        ("127.0.0.1", ((b"x-forwarded-for", b"10.0.0.1"),), 404),
        ("127.0.0.1", ((b"forwarded", b"for=10.0.0.1"),), 404),
        ("127.0.0.1", ((b"via", b"1.1 proxy"),), 404),
        ("127.0.0.1", ((b"x-real-ip", b"10.0.0.1"),), 404),
        ("127.0.0.1", ((b"host", b"evil.example"),), 404),
        ("127.0.0.1", ((b"host", b"10.0.0.1:8000"),), 404),
        ("127.0.0.1", ((b"host", b"localhost:8000"),), 200),
        ("127.0.0.1", ((b"host", b"[::1]:8000"),), 200),
        ("127.0.0.1", ((b"host", b"127.0.0.1"),), 200),
        ("127.0.0.1", ((b"user-agent", b"curl"),), 200),
    ],
)
def test_only_this_machine_may_ask_how_things_stand(tmp_path, peer, fields, expected):
    """Not others, nor a proxy on this machine for others: there is nothing, they are told."""
    files = Files(tmp_path, url="https://feeds.example.org/")
    operator = Operator(lambda: Health(troubles=()), Counts())
    published = Published(files, missing="nothing\n", operator=operator, now=lambda: NOW)
    asked = Asked(method="GET", path=b"/healthz", query=b"", fields=fields, peer=peer)
    assert asyncio.run(published.answer(asked)).status == expected
    files.close()


def test_the_operator_may_have_an_address(web, configured):
    """How things stand is told there then, to all who can connect, and nowhere else."""
    own = Address(host="127.0.0.1", port=free_port())
    web.configure(at(configured, operator=own))
    assert [ask(configured, path).status for path in ("/healthz", "/metrics", "/atom.xml")] == [404, 404, 200]
    assert [ask(own, path).status for path in ("/healthz", "/metrics", "/atom.xml")] == [200, 200, 404]
    assert ask(own, "/healthz", x_forwarded_for="10.0.0.1").status == 200


# --- from one configuration to another --------------------------------------------------


def test_a_connection_outlives_a_change(web, configured, tmp_path):
    """Who is connected is answered by the new configuration, at the same address."""
    web.configure(configured)
    address = configured.serve.address
    with closing(HTTPConnection(address.host, address.port, timeout=10)) as connection:
        connection.request("GET", "/atom.xml")
        before = connection.getresponse().read()
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "atom.xml").write_bytes(b"<other/>")
        output = msgspec.structs.replace(configured.output, directory=tmp_path / "other")
        web.configure(msgspec.structs.replace(configured, output=output))
        connection.request("GET", "/atom.xml")
        assert (before != b"<other/>", connection.getresponse().read()) == (True, b"<other/>")


def test_another_address_takes_the_place_of_the_old(web, configured):
    """Nobody answers at the old one any more."""
    web.configure(configured)
    other = at(configured, port=free_port())
    web.configure(other)
    assert ask(other, "/atom.xml").status == 200
    with pytest.raises(ConnectionRefusedError):
        ask(configured, "/atom.xml")


@pytest.mark.parametrize("which", ["port", "operator"])
def test_an_address_that_cannot_be_had_changes_nothing(web, configured, which):
    """All stays as it was, also what could have been had."""
    web.configure(configured)
    new = Address(host="127.0.0.1", port=free_port())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        operator = Address(host="127.0.0.1", port=port)
        wanted = (
            at(configured, port=port) if which == "port" else at(configured, port=new.port, operator=operator)
        )
        with pytest.raises(UsageError, match=f"cannot listen on 127.0.0.1:{port}: Address already in use"):
            web.configure(wanted)
    assert ask(configured, "/atom.xml").status == 200
    with pytest.raises(ConnectionRefusedError):
        ask(new, "/atom.xml")


def test_another_host_at_the_same_port_needs_a_restart(web, configured):
    """It is we ourselves who listen there: that is said, and all stays as it was."""
    web.configure(configured)
    with pytest.raises(UsageError, match="this very process does: to change the host alone, restart it"):
        web.configure(at(configured, host="0.0.0.0"))  # noqa: S104  # it cannot be had
    assert ask(configured, "/atom.xml").status == 200


def test_the_operator_cannot_have_the_address_of_the_feeds(web, configured):
    """One of them would never be asked."""
    with pytest.raises(UsageError, match="the feeds are served there; name another port"):
        web.configure(at(configured, operator=configured.serve.address))


@pytest.mark.parametrize(("url", "warns"), [(None, True), ("https://feeds.example.org/", False)])
def test_an_address_that_is_not_what_the_feeds_say_is_told(web, configured, caplog, url, warns):
    """Readers would look elsewhere."""
    site = msgspec.structs.replace(configured.site, url=url or configured.site.url)
    web.configure(msgspec.structs.replace(configured, site=site))
    assert ("address.differs" in [record.message for record in caplog.records]) is warns


def test_a_daemon_whose_file_was_taken_away_is_still_told_of(configured):
    """Somebody who cleans up the directory of the catalogue does not silence it."""
    file = configured.state.file
    presence = catalogue.Presence(file)
    presence.tell(DaemonState(next_run=NOW))
    (told,) = file.parent.glob(".*.daemon")
    told.unlink()
    assert catalogue.present(file) is None
    presence.tell(DaemonState(next_run=NOW))
    assert catalogue.present(file) == DaemonState(next_run=NOW)


def test_feeds_that_may_be_larger_than_what_is_served_are_told_of(web, configured, caplog):
    """Before somebody wonders."""
    feeds = msgspec.structs.replace(configured.feeds, max_bytes=17 * 2**20)
    web.configure(msgspec.structs.replace(configured, feeds=feeds))
    assert "feeds.too_large" in caplog.messages
