"""The law: whatever happened before, a run leaves the bytes that a run without memory would leave.

Except `updated` of what was edited in place without a later epoch, which only history can tell, and entries
that are held. A history is repeated by its number: `play(NUMBER, directory, monkeypatch)`.
"""

import os
import re
import shutil
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from feedbridge import config, identity, pipeline
from feedbridge.config import Config
from feedbridge.errors import FeedbridgeError
from feedbridge.model import Guards
from feedbridge.pipeline import Asked, Outcome, learning, rules
from feedbridge.pipeline.workers import none
from feedbridge.publish.comparison import GZIP_LEVEL
from feedbridge.standards.dates import rfc822, rfc3339
from tests.histories import History, Memory, failing
from tests.samples import EPOCH, NOW, archive, contents, raw
from tests.threads import threads

HISTORIES = 500
CHUNK = 50
FEW = 5  # articles, of which half may not vanish at once

_ENTRY = re.compile(rb"<entry [^>]*>.*?</entry>", re.DOTALL)
_GUID = re.compile(rb"<(?:id|guid isPermaLink=\"false\")>(urn:uuid:[0-9a-f-]{36})<")
_UPDATED = re.compile(rb"(?<=<updated>)[^<]*")
_PUBLISHED = re.compile(rb"(?<=<published>)[^<]*")
_LINK = re.compile(rb'<link href="([^"]*)" rel="alternate" hreflang')
_BUILT = re.compile(rb"(?<=<lastBuildDate>)[^<]*")

Contents = dict[str, bytes]


class Player:
    """Plays one history, and holds every run to the law."""

    def __init__(self, number: int, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.history = History(number, base)
        self.memory = Memory()
        self.monkeypatch = monkeypatch
        self.lets_go = number % 5 != 0
        self.workers = threads if number % 2 else none
        self.ids: dict[str, set[str]] = {}  # guids, by article
        self.published: dict[str, tuple[bytes, list[datetime]]] = {}  # by guid, with its files' own

    def play(self) -> None:
        """Let things happen and run, several times."""
        history, chance = self.history, self.history.chance
        for _ in range(chance.choice((3, 3, 3, 3, 4, 4, 8))):
            history.happen(count=chance.choice((0, 1, 1, 2, 3, 5)))
            history.pass_time()
            history.happen(count=chance.choice((0, 1, 1, 2)))
            if self.lets_go and not history.has_lost_catalogue and chance.random() < 0.25:
                self._interrupt()
            self._run()

    def _interrupt(self) -> None:
        """Begin a run that does not come to its end, and let things happen to what it had not to do with."""
        history = self.history
        name, fail = failing(history.chance)
        history.journal.append(f"interrupted by os.{name}")
        history.attempt()
        with self.monkeypatch.context() as patch:
            patch.setattr(os, name, fail)
            patch.setattr(self, "workers", none)  # an interrupt would end a thread, and nobody would know
            try:
                self._begin(Asked(lets_go=True))
            except (FeedbridgeError, OSError, KeyboardInterrupt) as exc:
                history.journal.append(f"  {exc!r}")
        history.pass_time()
        without = {"configure", "upgrade", "change_sites", "lose_catalogue", "lose_output", "add_bad"}
        history.happen(count=history.chance.choice((0, 0, 1, 2)), without=frozenset(without))

    def _run(self) -> None:
        history, memory = self.history, self.memory
        history.journal.append(f"run at {history.now}")
        history.attempt()
        if history.has_lost_catalogue:
            memory.forget()
        before = dict(memory.seen)
        memory.look(history)
        self._begin(Asked(lets_go=self.lets_go or not self._is_let(before)))
        self._compare()
        self._look_at_ids()
        again = self._begin(Asked(lets_go=self.lets_go))
        assert (again.written, again.removed, again.report.feeds.written) == ((), (), 0)
        assert again.report.work.articles_parsed == memory.read_again(history)
        history.ran()

    def _begin(self, asked: Asked) -> Outcome:
        self.monkeypatch.setattr(rules, "VERSION", self.history.version)
        return pipeline.run(
            self.history.config, clock=lambda: self.history.now, asked=asked, workers=self.workers
        )

    # --- what is held ---------------------------------------------------------------------

    def _is_let(self, before) -> bool:
        """Tell whether no guard keeps this run from the law; where one does, hold it to that first."""
        now = self.memory.seen
        usable = {path: seen.version.key for path, seen in before.items() if seen.version}
        standing = self.memory.versions()
        last = [path for path, key in usable.items() if path not in now and key not in standing]
        known = sum(path not in now or now[path].version is not None for path in usable)
        is_mass = (known >= FEW and 2 * len(last) >= known) or (last and not standing)
        if not is_mass:
            return bool(standing)
        held = self._begin(Asked()).report
        assert held.articles.held == len(last)
        assert held.entries == len({*standing, *(usable[path] for path in last)})
        return False

    # --- the law ----------------------------------------------------------------------------

    def _compare(self) -> None:
        history = self.history
        fresh = history.base / "fresh"
        output = msgspec.structs.replace(history.config.output, directory=fresh)
        stateless = msgspec.structs.replace(config.with_state(history.config, file=None), output=output)
        pipeline.run(stateless, clock=lambda: history.now, asked=Asked(lets_go=self.lets_go))
        expected, actual = contents(fresh), contents(history.config.output.directory)
        shutil.rmtree(fresh)
        if not self.memory.is_plain:
            expected, actual = self._with_updates(expected, actual)
        _assert_equal(actual, expected)
        self.memory.members = frozenset(guid for body in actual.values() for guid in _guids(body))

    def _with_updates(self, expected: Contents, actual: Contents) -> tuple[Contents, Contents]:
        """Put what only history can tell into what a run without memory left."""
        updates, is_open = self._updates(actual)
        patched = {
            path: _patched(body, updates) for path, body in expected.items() if not path.endswith(".gz")
        }
        for path in expected.keys() - patched.keys():
            patched[path] = zlib.compress(patched[path.removesuffix(".gz")], level=GZIP_LEVEL, wbits=31)
        if is_open:  # RSS alone does not tell which of the moments it is
            return _without_dates(patched), _without_dates(actual)
        return patched, actual

    def _updates(self, actual: Contents) -> tuple[dict[str, datetime], bool]:
        told = {guid: moment for body in actual.values() for guid, moment in _told(body)}
        shown = {guid for body in actual.values() for guid in _guids(body)}
        updates, is_open = {}, False
        for key, versions in self.memory.versions().items():
            guid = identity.guid(key)
            if guid not in shown:
                continue
            possible = self.memory.updates(versions, self.history)
            updates[guid] = moment = next(
                (one for one in possible if rfc3339(one) == told.get(guid)), min(possible)
            )
            if len(possible) > 1 and guid not in told:
                is_open = True
            else:
                self.memory.narrow(versions, possible[moment])
        return updates, is_open

    def _look_at_ids(self) -> None:
        """Hold every article to one id, and its `published` to that of its files."""
        articles = {file.words.link: file.words.article for file in self.history.files.values() if file.words}
        files = {
            identity.guid(key): sorted(version.published for version in versions)
            for key, versions in self.memory.versions().items()
        }
        for path, body in contents(self.history.config.output.directory).items():
            for entry in _ENTRY.findall(body) if path.endswith("atom.xml") else ():
                guid, link = _GUID.findall(entry)[0].decode(), _LINK.findall(entry)[0].decode()
                self.ids.setdefault(articles[link], set()).add(guid)
                published = (_PUBLISHED.findall(entry)[0], files[guid])
                before = self.published.get(guid, published)
                assert before[0] == published[0] or before[1] != published[1]
                self.published[guid] = published
        assert all(len(guids) == 1 for guids in self.ids.values())


def _guids(body: bytes) -> Iterator[str]:
    _, _, entries = body.partition(b"<entry ") if b"<feed " in body else body.partition(b"<item>")
    return (guid.decode() for guid in _GUID.findall(entries))


def _told(body: bytes) -> Iterator[tuple[str, str]]:
    for entry in _ENTRY.findall(body):
        yield _GUID.findall(entry)[0].decode(), _UPDATED.findall(entry)[0].decode()


def _patched(body: bytes, updates: dict[str, datetime]) -> bytes:
    """Give every entry its moment, and its document the newest of them."""
    newest = max((updates[guid] for guid in _guids(body)), default=None)
    if newest is None:
        return body

    def entry(found: re.Match[bytes]) -> bytes:
        moment = updates[_GUID.findall(found[0])[0].decode()]
        return _UPDATED.sub(rfc3339(moment).encode(), found[0], count=1)

    head, mark, entries = body.partition(b"<entry ")
    head = _UPDATED.sub(rfc3339(newest).encode(), head, count=1) if mark else head
    built = rfc822(newest).encode()
    return _BUILT.sub(built, head + _ENTRY.sub(entry, mark + entries))


def _without_dates(files: Contents) -> Contents:
    return {path: _BUILT.sub(b"", body) for path, body in files.items() if not path.endswith(".gz")}


def _assert_equal(actual: Contents, expected: Contents) -> None:
    assert actual.keys() == expected.keys()
    for path, body in actual.items():
        assert (
            body.replace(b"><", b">\n<").splitlines() == expected[path].replace(b"><", b">\n<").splitlines()
        ), path
        assert body == expected[path]


def play(number: int, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Play a history; where it breaks the law, tell it."""
    player = Player(number, base, monkeypatch)
    try:
        player.play()
    except BaseException as exc:
        exc.add_note("\n".join((f"history {number}:", *player.history.journal)))
        raise
    shutil.rmtree(base)


@pytest.mark.usefixtures("without_waiting")
@pytest.mark.no_cover  # what it runs is covered elsewhere, and a tracer doubles its time
@pytest.mark.parametrize("first", range(0, HISTORIES, CHUNK))
def test_the_law_holds_over_random_histories(first, tmp_path, monkeypatch):
    """A run over an archive with any past leaves what a run without a past leaves, byte for byte.

    In every second one others help to look at directories.
    """
    monkeypatch.setattr(learning, "MANY", 1)
    for number in range(first, first + CHUNK):
        base = tmp_path / str(number)
        base.mkdir()
        play(number, base, monkeypatch)


# --- what is held ---------------------------------------------------------------------------------


@pytest.fixture
def configured(tmp_path):
    """Give a configuration for an archive `in` with feeds in `out` and a catalogue."""
    shipped = config.for_directories(input=tmp_path / "in", output=tmp_path / "out")
    return config.with_state(shipped, file=tmp_path / "state.sqlite3")


def run(configured: Config, *, hours: int = 0, lets_go: bool = False) -> Outcome:
    """Run some hours after the moment of all tests."""
    return pipeline.run(configured, clock=lambda: NOW + timedelta(hours=hours), asked=Asked(lets_go=lets_go))


def without_memory(configured: Config, fresh: Path) -> Contents:
    """Return what a run without memory leaves."""
    output = msgspec.structs.replace(configured.output, directory=fresh)
    run(msgspec.structs.replace(config.with_state(configured, file=None), output=output))
    return contents(fresh)


def vanish(directory: Path, *, count: int) -> dict[Path, bytes]:
    """Remove the newest files; return what they held."""
    gone = {path: path.read_bytes() for path in sorted(directory.iterdir())[-count:]}
    for path in gone:
        path.unlink()
    return gone


@pytest.mark.parametrize(
    ("known", "gone", "is_held"),
    [
        (6, 3, True),
        (5, 2, False),
        (5, 3, True),
        (4, 3, False),
        (3, 3, True),
        (250, 51, True),
        (240, 50, False),
    ],
)
def test_too_many_articles_that_vanish_at_once_are_held(configured, tmp_path, known, gone, is_held):
    """At least half of five or more, over 20 % and more than 50, or all."""
    archive(tmp_path / "in", count=known)
    run(configured)
    before = contents(tmp_path / "out")
    vanish(tmp_path / "in", count=gone)
    outcome = run(configured, hours=1)
    assert outcome.report.articles.held == (gone if is_held else 0)
    expected = before if is_held else without_memory(configured, tmp_path / "fresh")
    assert contents(tmp_path / "out") == expected


def test_articles_that_are_held_stay_while_everything_else_is_published(configured, tmp_path):
    """When the files are back, nothing of it is to be seen any more."""
    archive(tmp_path / "in", count=6)
    run(configured)
    gone = vanish(tmp_path / "in", count=3)
    (tmp_path / "in" / "new.txt").write_bytes(raw(url="https://example.org/new"))
    assert run(configured, hours=1).report.entries == 7
    for path, written in gone.items():
        path.write_bytes(written)
    assert contents(tmp_path / "out") == without_memory(configured, tmp_path / "fresh")
    outcome = run(configured, hours=2)
    assert (outcome.report.articles.held, outcome.written) == (0, ())


def test_articles_that_are_held_are_back_when_they_stand_elsewhere(configured, tmp_path):
    """A folder that was moved in two steps loses nothing."""
    archive(tmp_path / "in", count=6)
    run(configured)
    gone = vanish(tmp_path / "in", count=3)
    run(configured, hours=1)
    (tmp_path / "in" / "archived").mkdir()
    for path, written in gone.items():
        (tmp_path / "in" / "archived" / path.name).write_bytes(written)
    outcome = run(configured, hours=2)
    assert (outcome.report.articles.held, outcome.written, outcome.report.entries) == (0, (), 6)


def test_articles_that_are_held_go_when_their_time_is_over(configured, tmp_path):
    """By forget_after, when its time is over."""
    archive(tmp_path / "in", count=6)
    guards = Guards(forget_after=timedelta(hours=5))
    run(configured)
    vanish(tmp_path / "in", count=3)
    expected = without_memory(configured, tmp_path / "fresh")
    assert run(configured, hours=1).report.articles.held == 3
    assert run(msgspec.structs.replace(configured, guards=guards), hours=5).report.articles.held == 3
    assert run(msgspec.structs.replace(configured, guards=guards), hours=6).report.articles.held == 0
    assert contents(tmp_path / "out") == expected


def test_articles_that_are_held_go_by_yes(configured, tmp_path):
    """--yes lets them go at once."""
    archive(tmp_path / "in", count=6)
    run(configured)
    vanish(tmp_path / "in", count=3)
    assert run(configured, hours=1).report.articles.held == 3
    assert run(configured, hours=1, lets_go=True).report.articles.held == 0
    assert contents(tmp_path / "out") == without_memory(configured, tmp_path / "fresh")


def test_articles_that_moved_did_not_vanish(configured, tmp_path):
    """Where three of twenty go, nothing is held, however many others are moved at the same time."""
    archive(tmp_path / "in", count=20)
    run(configured)
    vanish(tmp_path / "in", count=3)
    moved = sorted((tmp_path / "in").iterdir())[:14]
    (tmp_path / "in" / "archived").mkdir()
    for path in moved:
        path.rename(tmp_path / "in" / "archived" / path.name)
    assert run(configured, hours=1).report.articles.held == 0
    assert contents(tmp_path / "out") == without_memory(configured, tmp_path / "fresh")


@pytest.mark.parametrize("is_held_before", [False, True], ids=["at once", "later"])
def test_other_rules_let_no_article_go_that_is_held(configured, tmp_path, monkeypatch, is_held_before):
    """A release that comes while a disk is missing loses no entry: it stays as it was cleaned last."""
    archive(tmp_path / "in", count=6)
    run(configured)
    before = contents(tmp_path / "out")
    vanish(tmp_path / "in", count=3)
    if is_held_before:
        run(configured, hours=1)
    monkeypatch.setattr(rules, "VERSION", rules.VERSION + 1)
    assert run(configured, hours=2).report.articles.held == 3
    assert contents(tmp_path / "out") == before


def test_an_article_that_cannot_be_read_keeps_its_entry(configured, tmp_path):
    """Only the catalogue can; when it can be read again, it says what it says now."""
    archive(tmp_path / "in", count=3)
    run(configured)
    before, closed = contents(tmp_path / "out"), tmp_path / "in" / "00001.txt"
    closed.write_bytes(raw(title="Other", url="https://example.org/1", epoch=EPOCH + timedelta(hours=5)))
    closed.chmod(0)
    if os.access(closed, os.R_OK):
        pytest.skip("who runs this may read everything, as root does")
    outcome = run(configured, hours=1)
    assert [one.code for one in outcome.report.rejected] == ["unreadable"]
    assert contents(tmp_path / "out") == before
    closed.chmod(0o644)
    run(configured, hours=2)
    assert contents(tmp_path / "out") == without_memory(configured, tmp_path / "fresh")
