"""pipeline: the stages joined, with an archive that does not stand still."""

import os
import random
import shutil
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta

import feedparser
import msgspec
import pytest

from feedbridge import config, normalise, pipeline, publish
from feedbridge.catalogue import PART_INODES
from feedbridge.config import Config
from feedbridge.errors import InputError, OutputError
from feedbridge.pipeline import deciding, reader
from feedbridge.scan import Archive
from tests.faults import lose_from_index
from tests.samples import CHECKOUT, EPOCH, NOW, archive, contents, milliseconds, raw, snapshot


@pytest.fixture
def configured(tmp_path):
    """Give a configuration for an archive `in` with feeds in `out`."""
    return config.for_directories(input=tmp_path / "in", output=tmp_path / "out")


def run(configured: Config, *, now: datetime = NOW, **options: object) -> pipeline.Outcome:
    """Run once, at the moment of all tests."""
    return pipeline.run(configured, clock=lambda: now, **options)  # type: ignore[arg-type]  # a test's own


def feeds(configured: Config, **changes: object) -> Config:
    """Return a configuration with other feeds."""
    return msgspec.structs.replace(configured, feeds=msgspec.structs.replace(configured.feeds, **changes))


def main_feed(configured: Config) -> feedparser.FeedParserDict:
    """Return the main feed as a reader sees it."""
    parsed = feedparser.parse((configured.output.directory / "atom.xml").read_bytes())
    assert parsed.bozo is False
    return parsed


def test_what_replaced_a_file_is_not_missed_with_it(configured, tmp_path, monkeypatch):
    """Its inode tells another part of the directory, in which it was never seen, whichever comes first."""
    monkeypatch.setattr("feedbridge.catalogue.files.PART_INODES", 1)
    monkeypatch.setattr("feedbridge.catalogue.files.PARTS", 4)
    archive(tmp_path / "in", count=40)
    remembering = config.with_state(configured, file=tmp_path / "state.sqlite3")
    run(remembering)
    files = sorted((tmp_path / "in").iterdir(), key=lambda file: file.stat().st_ino)
    for source, target in (
        *zip(files[:4], files[24:28], strict=True),
        *zip(files[30:34], files[9:13], strict=True),
    ):
        source.rename(target)
    report = run(remembering).report
    assert (report.entries, report.articles.held) == (32, 0)
    run(config.for_directories(input=tmp_path / "in", output=tmp_path / "fresh"))
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")


def once(act):
    """Return a progress that acts once, when all headers are read and no body is."""
    remaining = [act]

    def progress(done: int, total: int) -> None:
        if done == total and remaining:
            remaining.pop()()

    return progress


@pytest.fixture
def forgetful(monkeypatch):
    """Let no article be at hand that was just read, as in an archive of many: it is read again."""
    monkeypatch.setattr(reader, "KEPT_BYTES", 0)


@pytest.mark.usefixtures("forgetful")
def test_an_article_that_is_rewritten_between_header_and_body_is_published_as_it_is_now(configured, tmp_path):
    """What changed under our eyes is decided anew; the result is that of a run over the new state."""
    archive(tmp_path / "in", count=5)
    new = raw(url="https://example.org/new", epoch=EPOCH + timedelta(days=1), title="new")
    run(configured, progress=once(lambda: (tmp_path / "in" / "00002.txt").write_bytes(new)))
    during = contents(tmp_path / "out")
    run(configured)
    assert contents(tmp_path / "out") == during
    assert main_feed(configured).entries[0].title == "new"


@pytest.mark.usefixtures("forgetful")
def test_an_article_that_goes_away_between_header_and_body_is_gone(configured, tmp_path):
    """A file that was moved meanwhile is no error."""
    archive(tmp_path / "in", count=5)
    outcome = run(configured, progress=once((tmp_path / "in" / "00002.txt").unlink))
    assert outcome.report.entries == 4
    assert outcome.report.rejected == ()


@pytest.mark.usefixtures("forgetful")
def test_an_article_that_changes_faster_than_it_can_be_read_is_given_up_by_name(
    configured, tmp_path, monkeypatch
):
    """One restless file keeps no feed from being published."""
    archive(tmp_path / "in", count=5)
    restless, read = tmp_path / "in" / "00004.txt", Archive.read

    def read_and_change(self, stamp):
        found = read(self, stamp)
        if stamp.path == b"00004.txt":
            restless.write_bytes(restless.read_bytes() + b" ")
        return found

    monkeypatch.setattr(Archive, "read", read_and_change)
    outcome = run(configured)
    assert [(one.path, one.code) for one in outcome.report.rejected] == [(b"00004.txt", "unreadable")]
    assert outcome.report.entries == 4


def test_an_article_that_cannot_be_normalised_is_named_and_the_others_are_published(
    configured, tmp_path, monkeypatch
):
    """Whatever one article does to us, the feed stands; here the fault is put in on purpose."""
    archive(tmp_path / "in", count=5)
    whole = normalise.normalise

    def fail_for_one(article, **options):
        if article.title == "Number 3":
            raise RecursionError("too deep")
        return whole(article, **options)

    monkeypatch.setattr(normalise, "normalise", fail_for_one)
    outcome = run(configured)
    (rejected,) = outcome.report.rejected
    assert (rejected.path, rejected.code) == (b"00003.txt", "failed")
    assert "RecursionError: too deep" in rejected.detail
    explanation = pipeline.explain(configured, str(tmp_path / "in" / "00003.txt"), now=NOW)
    assert explanation.verdict.startswith("rejected (failed)")
    assert explanation.decisions
    assert [entry.title for entry in main_feed(configured).entries] == [f"Number {n}" for n in (4, 2, 1, 0)]


def test_an_article_that_cannot_be_normalised_leaves_its_place_to_the_next(configured, tmp_path, monkeypatch):
    """A feed of three has three entries; here the fault is put in on purpose."""
    (tmp_path / "in").mkdir()
    for number in range(5):
        article = raw(
            title=f"Number {number}",
            url=f"https://example.org/{number}",
            epoch=EPOCH + timedelta(days=3 * number),
        )
        (tmp_path / "in" / f"{number}.txt").write_bytes(article)
    whole = normalise.normalise

    def fail_for_one(article, **options):
        if article.title == "Number 3":
            raise RecursionError("too deep")
        return whole(article, **options)

    monkeypatch.setattr(normalise, "normalise", fail_for_one)
    made = feeds(configured, limit=3)
    run(made)
    assert [entry.title for entry in main_feed(made).entries] == ["Number 4", "Number 2", "Number 1"]


def test_a_file_that_cannot_be_normalised_leaves_the_article_to_its_other_files(
    configured, tmp_path, monkeypatch
):
    """Of several files of one article the others speak; here the fault is put in on purpose."""
    (tmp_path / "in").mkdir()
    for name, title in (("old.txt", "Old"), ("new.txt", "New")):
        (tmp_path / "in" / name).write_bytes(raw(title=title, body=f"<p>{title}.</p>"))
    whole = normalise.normalise

    def fail_for_one(article, **options):
        if article.title == "Old":
            raise RecursionError("too deep")
        return whole(article, **options)

    monkeypatch.setattr(normalise, "normalise", fail_for_one)
    outcome = run(configured)
    assert [(one.path, one.code) for one in outcome.report.rejected] == [(b"old.txt", "failed")]
    assert [entry.title for entry in main_feed(configured).entries] == ["New"]


def test_explain_says_of_each_file_of_an_article_what_decided(configured, tmp_path):
    """The file that speaks stands first, with the reason; of the others, whether they say the same."""
    written = {
        "1.txt": raw(title="T", body="<p>Some longer words.</p>"),
        "2.txt": raw(title="T", epoch=EPOCH + timedelta(hours=1), body="<p>Some  longer words.</p>"),
        "3.txt": raw(title="T", epoch=EPOCH + timedelta(hours=2), body="<p>Stub.</p>"),
    }
    (tmp_path / "in").mkdir()
    for name, article in written.items():
        (tmp_path / "in" / name).write_bytes(article)
    found = pipeline.explain(configured, str(tmp_path / "in" / "3.txt"), now=NOW)
    assert found.verdict == "another file of it speaks: 2.txt"
    said = [(one.rule, one.outcome, one.reason) for one in found.decisions if "version" in one.rule]
    assert [outcome for _, outcome, _ in said] == ["2.txt", "1.txt", "3.txt"]
    assert said[0][0] == "version that speaks"
    assert said[1][2].endswith("the same content")
    assert said[2][2].endswith("other content")
    updated = next(one for one in found.decisions if one.rule == "updated")
    assert updated.outcome == "2024-01-31T15:47:03Z"


def test_feeds_that_stand_are_left_alone_when_no_article_can_be_normalised(
    configured, tmp_path, monkeypatch, caplog
):
    """A feed is never emptied because reading failed, whatever the reason; the fault is put in on purpose."""
    archive(tmp_path / "in", count=5)
    run(configured)
    before = snapshot(tmp_path / "out")

    def fail(*_, **__):
        raise MemoryError

    monkeypatch.setattr(normalise, "normalise", fail)
    (tmp_path / "in" / "new.txt").write_bytes(raw())
    for outcome in (run(configured), pipeline.preview(configured, now=NOW)):
        assert outcome.report.articles.rejected == 6
        assert outcome.report.feeds.unchanged == 4
        assert outcome.written == outcome.removed == ()
    assert snapshot(tmp_path / "out") == before
    assert "archive.empty" in caplog.messages


def test_rule_2_a_future_article_waits_for_its_time(configured, tmp_path):
    """The only rule that asks the clock."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_bytes(raw(url="https://example.org/a"))
    (tmp_path / "in" / "b.txt").write_bytes(raw(url="https://example.org/b", epoch=NOW + timedelta(days=3)))
    outcome = run(configured)
    assert [one.code for one in outcome.report.rejected] == ["future-date"]
    assert run(configured, now=NOW + timedelta(days=2)).report.entries == 2


def test_rule_5_a_feed_is_limited_and_older_entries_leave_it(configured, tmp_path):
    """The main feed holds the newest; a source's feed holds the newest of its source."""
    for number in range(12):
        moment = EPOCH + timedelta(days=10 * number)
        (tmp_path / "in").mkdir(exist_ok=True)
        host = "one.example" if number % 2 else "two.example"
        (tmp_path / "in" / f"{number}.txt").write_bytes(
            raw(url=f"https://{host}/{number}", epoch=moment, title=str(number))
        )
    limited = feeds(configured, limit=3)
    run(limited)
    assert [entry.title for entry in main_feed(limited).entries] == ["11", "10", "9"]
    (one,) = (tmp_path / "out" / "source").glob("one-example-*")
    assert [entry.title for entry in feedparser.parse((one / "rss.xml").read_bytes()).entries] == [
        "11",
        "9",
        "7",
    ]


def test_without_families_there_is_the_main_feed_only(configured, tmp_path):
    """feeds.by = [] makes no feed a source, and removes those that stand."""
    archive(tmp_path / "in", count=2)
    run(configured)
    outcome = run(feeds(configured, by=()))
    assert outcome.report.feeds.removed == 2
    assert not (tmp_path / "out" / "source").exists()
    assert "<source" not in (tmp_path / "out" / "rss.xml").read_text()


def test_summary_mode_carries_no_content(configured, tmp_path):
    """content = "summary" leaves the text to the site."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_bytes(raw(body=f"<p>{'word ' * 200}</p>"))
    run(feeds(configured, content="summary"))
    for name in ("atom.xml", "rss.xml"):
        assert len((tmp_path / "out" / name).read_text()) < 3000
    assert main_feed(configured).entries[0].summary.endswith("…")


def test_several_input_directories_are_one_archive(tmp_path):
    """Each directory's files are named with it before them; twins across them are one entry."""
    for name in ("one", "two"):
        archive(tmp_path / name, count=2)
        (tmp_path / name / "bad.txt").write_bytes(raw(url=""))
    (tmp_path / "config.toml").write_text(
        '[input]\ndirectory = ["one", "two"]\n[output]\ndirectory = "out"\n'
    )
    outcome = run(config.load(tmp_path / "config.toml"))
    assert outcome.report.entries == 2
    assert outcome.report.articles.added == 4
    assert [one.path for one in outcome.report.rejected] == [b"one/bad.txt", b"two/bad.txt"]


def test_preview_plans_what_run_does(configured, tmp_path):
    """The same paths, and nothing written; later nothing to do."""
    archive(tmp_path / "in", count=3)
    planned = pipeline.preview(configured, now=NOW)
    assert not (tmp_path / "out").exists()
    done = run(configured)
    assert sorted(planned.written) == sorted(done.written)
    before = snapshot(tmp_path / "out")
    assert pipeline.preview(configured, now=NOW).written == ()
    assert snapshot(tmp_path / "out") == before


def test_a_failing_output_leaves_the_old_feeds_whole(configured, tmp_path):
    """A foreign directory where a new feed belongs stops the run before anything is replaced."""
    archive(tmp_path / "in", count=2)
    run(configured)
    before = snapshot(tmp_path / "out")
    (tmp_path / "in" / "new.txt").write_bytes(
        raw(url="https://www.dw.com/a-1", epoch=EPOCH + timedelta(days=9))
    )
    (tmp_path / "out" / "source" / "dw" / "atom.xml").mkdir(parents=True)
    with pytest.raises(OutputError, match=r"source/dw/atom\.xml"):
        run(configured)
    assert {path: state for path, state in snapshot(tmp_path / "out").items() if path in before} == before


def test_the_law_over_random_histories(configured, tmp_path):
    """Whatever came before, a run leaves just what the first run over the present articles leaves."""
    chance = random.Random(3)  # noqa: S311  # histories, no secrets
    source = archive(tmp_path / "in", count=8)
    limited = feeds(configured, limit=5)
    for step in range(25):
        _change(source, chance, step)
        run(limited)
        fresh = msgspec.structs.replace(
            limited, output=msgspec.structs.replace(limited.output, directory=tmp_path / f"fresh{step}")
        )
        run(fresh)
        assert contents(tmp_path / "out") == contents(tmp_path / f"fresh{step}")


def _standing(source):
    """Return what tells of each file that it was changed."""
    return {
        os.fsencode(path.relative_to(source)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in source.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("seed", range(4))
def test_the_law_where_only_what_changed_is_looked_at(configured, tmp_path, seed):
    """A run that is told which files changed leaves what a run over all leaves, which then finds nothing."""
    chance = random.Random(seed)  # noqa: S311  # histories, no secrets
    source = archive(tmp_path / "in", count=8)
    limited = feeds(config.with_state(configured, file=tmp_path / "state.sqlite3"), limit=5)
    twin = config.with_state(
        config.with_directories(limited, input=None, output=tmp_path / "twin"), file=tmp_path / "twin.sqlite3"
    )
    run(limited)
    run(twin)
    for step in range(25):
        before = _standing(source)
        for number in range(chance.choice((1, 1, 3))):
            _change(source, chance, 100 * step + number)
        after = _standing(source)
        changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
        asked = pipeline.Asked(paths=frozenset(changed), lets_go=True)
        seen = run(limited, asked=asked).report.work
        assert seen.files_opened <= len(changed) + 8  # and some that move up in a feed
        run(twin, asked=pipeline.Asked(lets_go=True))
        assert contents(tmp_path / "out") == contents(tmp_path / "twin")
        if chance.random() < 0.3:
            outcome = run(limited)
            assert (outcome.written, outcome.report.work.articles_parsed) == ((), 0)


def test_a_file_that_is_told_of_and_is_in_no_input_directory_is_passed_over(tmp_path):
    """Where there are several; one that is gone takes its files along."""
    for name in ("one", "two"):
        archive(tmp_path / name, count=3, host=f"{name}.example")
    written = tmp_path / "config.toml"
    written.write_text('[input]\ndirectory = ["one", "two"]')
    made = config.load(written)
    assert run(made).report.entries == 6
    odd = frozenset({b"three/00001.txt", b"00001.txt", b"one", b"two/none.txt"})
    assert run(made, asked=pipeline.Asked(paths=odd)).report.entries == 6
    (tmp_path / "two" / "00001.txt").unlink()
    asked = pipeline.Asked(paths=frozenset({b"two/00001.txt"}))
    assert run(made, asked=asked).report.entries == 5


def test_a_file_that_is_replaced_before_it_is_read_is_known_by_its_new_place(configured, tmp_path):
    """Later changes of its neighbours are none of it."""
    archive(tmp_path / "in", count=10)
    remembering = config.with_state(configured, file=tmp_path / "state.sqlite3")
    target = tmp_path / "in" / "00003.txt"
    (tmp_path / "far").mkdir()
    parts = {path.stat().st_ino // PART_INODES for path in (tmp_path / "in").iterdir()}
    for number in range(20 * PART_INODES):  # until one is made in another part
        far = tmp_path / "far" / str(number)
        shutil.copy2(target, far)
        if far.stat().st_ino // PART_INODES not in parts:
            break
    replacements = [lambda: far.replace(target)]

    def replace_once(*_: int) -> None:
        if replacements:
            replacements.pop()()

    assert run(remembering, progress=replace_once).report.entries == 10
    assert run(remembering).report.entries == 10
    for path in sorted((tmp_path / "in").iterdir()):
        path.touch()
        assert run(remembering).report.entries == 10


def test_a_file_that_is_told_of_and_is_none_is_passed_over(configured, tmp_path):
    """A directory, a link, a hidden file, none; a directory that is gone takes its files along."""
    archive(tmp_path / "in", count=3)
    archive(tmp_path / "in" / "deeper", count=2, host="deeper.example")
    remembering = config.with_state(configured, file=tmp_path / "state.sqlite3")
    run(remembering)
    (tmp_path / "in" / "link.txt").symlink_to(tmp_path / "in" / "00001.txt")
    (tmp_path / "in" / ".hidden").mkdir()
    for name in (".hidden.txt", ".hidden/a.txt"):
        (tmp_path / "in" / name).write_bytes(raw(url=f"https://example.org/{name}"))
    odd = frozenset({b"link.txt", b".hidden.txt", b".hidden/a.txt", b"deeper", b"no/such/file", b"\xff"})
    odd |= {b"", b"a\0b", b"n" * 300, b"/", b"../in/00001.txt"}
    assert run(remembering, asked=pipeline.Asked(paths=odd)).report.entries == 5
    shutil.rmtree(tmp_path / "in" / "deeper")
    asked = pipeline.Asked(paths=frozenset({b"deeper"}))
    assert run(remembering, asked=asked).report.entries == 3


def _change(source, chance, step):
    files = sorted(path for path in source.rglob("*") if path.is_file())
    change = chance.choice(["add", "edit", "move", "delete", "duplicate", "touch", "other source"])
    chosen = chance.choice(files)
    moment = EPOCH + timedelta(hours=chance.randrange(400))
    if change in ("add", "other source"):
        host = "example.org" if change == "add" else f"host{step % 3}.example"
        (source / f"{step}-new.txt").write_bytes(
            raw(url=f"https://{host}/{step}", epoch=moment, title=f"new {step}")
        )
    elif change == "edit":
        text = chosen.read_text().replace("<p>", f"<p>edit {step} ", 1)
        chosen.write_text(text.replace(text.split("\n")[0], f"<!--{milliseconds(moment)}-->"))
    elif change == "move":
        (source / f"dir{step}").mkdir()
        chosen.rename(source / f"dir{step}" / chosen.name)
    elif change == "delete" and len(files) > 3:
        chosen.unlink()
    elif change == "duplicate":
        shutil.copy(chosen, source / f"copy{step}.txt")
    else:
        chosen.touch()


def test_the_seeds_make_feeds_of_many_kinds(tmp_path):
    """The project's own samples, with the project's own configuration."""
    shipped = config.load(CHECKOUT / "config.toml")
    made = msgspec.structs.replace(
        shipped, output=msgspec.structs.replace(shipped.output, directory=tmp_path / "out")
    )
    made = config.with_state(made, file=None)
    outcome = run(made)
    assert outcome.report.articles.rejected == 1
    languages = {entry.get("content")[0]["language"] for entry in main_feed(made).entries}
    assert {"zh-Hans", "zh-Hant", "ar"} <= languages


def test_a_file_of_a_far_future_is_one_like_any_other(configured, tmp_path):
    """Its stamp is only a hint where to look, and need not fit into any number."""
    archive(tmp_path / "in", count=3)
    os.utime(tmp_path / "in" / "00001.txt", (2**34, 2**34))
    remembering = config.with_state(configured, file=tmp_path / "state.sqlite3")
    assert run(remembering).report.entries == 3
    assert run(remembering).report.work.files_opened == 0


def test_whoever_only_looks_makes_no_memory(configured, tmp_path):
    """A rehearsal on a fresh folder leaves nothing behind, and a damaged memory is left to the next run."""
    archive(tmp_path / "in", count=3)
    remembering = config.with_state(configured, file=tmp_path / "state" / "catalogue.sqlite3")
    outcome = pipeline.preview(remembering, now=NOW)
    assert len(outcome.changes) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]
    run(remembering)
    damaged = b"no database at all" * 1000
    assert remembering.state.file is not None
    for companion in remembering.state.file.parent.iterdir():
        companion.unlink()
    remembering.state.file.write_bytes(damaged)
    assert len(pipeline.preview(remembering, now=NOW).changes) == 3
    assert pipeline.explain(remembering, str(tmp_path / "in" / "00001.txt"), now=NOW).verdict == "an entry"
    assert remembering.state.file.read_bytes() == damaged
    before = snapshot(tmp_path / "out")
    run(remembering)
    assert snapshot(tmp_path / "out") == before
    assert len(list(remembering.state.file.parent.glob("*.damaged-1"))) == 1


def test_a_memory_that_fails_in_an_unforeseen_way_is_looked_at(configured, tmp_path, caplog):
    """A value is missing where one must be: SQLite says so when it is asked."""
    archive(tmp_path / "in", count=3)
    remembering = config.with_state(configured, file=tmp_path / "state.sqlite3")
    run(remembering)
    with closing(sqlite3.connect(tmp_path / "state.sqlite3")) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = replace(sql, 'path TEXT PRIMARY KEY', 'path TEXT')"
        )
        connection.execute("PRAGMA writable_schema = OFF")
        connection.commit()
    before = contents(tmp_path / "out")
    (tmp_path / "in" / "00001.txt").unlink()
    run(remembering)
    assert "catalogue.damaged" in caplog.messages
    assert contents(tmp_path / "out") != before


def test_a_fault_of_ours_is_none_of_the_memory(configured, tmp_path, monkeypatch):
    """What fails over a sound memory is told as it is."""
    archive(tmp_path / "in", count=3)
    remembering = config.with_state(configured, file=tmp_path / "state.sqlite3")

    def fail(*_, **__):
        raise ValueError("a fault")

    monkeypatch.setattr("feedbridge.selection.fill", fail)
    with pytest.raises(ValueError, match="a fault"):
        run(remembering)
    assert not list(tmp_path.glob("*.damaged-*"))


def test_a_file_that_went_away_while_it_was_to_be_read_is_found_when_it_is_back(configured, tmp_path):
    """With the same stamp as before."""
    archive(tmp_path / "in", count=5)
    remembering = config.with_state(configured, file=tmp_path / "state.sqlite3")
    file, away = tmp_path / "in" / "00002.txt", tmp_path / "away.txt"
    os.utime(file, (EPOCH.timestamp(),) * 2)
    moves = [lambda: file.rename(away)]
    outcome = run(remembering, progress=lambda *_: moves and moves.pop()())
    assert outcome.report.entries == 4
    away.rename(file)
    assert run(remembering).report.entries == 5


# --- what a run costs where not all is well -------------------------------------------------


def test_articles_that_fail_cost_the_others_nothing(configured, tmp_path, monkeypatch):
    """What was cleaned before one of them failed is at hand."""
    archive(tmp_path / "in", count=100)
    whole = normalise.normalise

    def fail_for_some(article, **options):
        if article.title.endswith("5"):
            raise RecursionError("too deep")
        return whole(article, **options)

    monkeypatch.setattr(normalise, "normalise", fail_for_some)
    for made in (configured, config.with_state(configured, file=tmp_path / "state.sqlite3")):
        report = run(made).report
        assert (report.entries, len(report.rejected), report.work.articles_cleaned) == (90, 10, 100)


def test_the_first_changes_are_told_and_all_are_counted(configured, tmp_path, monkeypatch):
    """What is told must not grow with the archive."""
    monkeypatch.setattr(deciding, "KEPT", 3)
    archive(tmp_path / "in", count=10)
    outcome = run(configured)
    assert (outcome.changed, len(outcome.changes)) == (10, 3)


# --- runs beside each other --------------------------------------------------------------------


def test_a_run_is_kept_from_nothing_by_whoever_only_looks(configured, tmp_path):
    """A plan is made with a copy of what is remembered: a run meanwhile neither waits nor fails."""
    archive(tmp_path / "in", count=3)
    remembering = config.with_state(configured, file=tmp_path / "state.sqlite3")
    run(remembering)
    (tmp_path / "in" / "new.txt").write_bytes(raw(url="https://example.org/new", title="New"))
    ran = []
    planned = pipeline.preview(remembering, now=NOW, progress=once(lambda: ran.append(run(remembering))))
    assert (planned.changed, ran[0].changed) == (1, 1)
    assert run(remembering).changed == 0


def test_who_looks_waits_for_no_run(configured, tmp_path):
    """What is planned is planned from what was remembered last."""
    archive(tmp_path / "in", count=3)
    remembering = config.with_state(configured, file=tmp_path / "state.sqlite3")
    run(remembering)
    with closing(sqlite3.connect(tmp_path / "state.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert pipeline.preview(remembering, now=NOW).changed == 0


def test_a_run_that_waited_takes_the_moment_and_the_archive_as_they_are_then(configured, tmp_path):
    """Else it would publish what stood before the run that it has waited for."""
    archive(tmp_path / "in", count=3)
    held, tried, asked = threading.Event(), threading.Event(), []

    def hold() -> None:
        with publish.locked(configured.output.directory):
            held.set()
            tried.wait()
            (tmp_path / "in").rename(tmp_path / "away")
            archive(tmp_path / "in", count=5)
            asked.append("before")

    def clock() -> datetime:
        asked.append("clock")
        return NOW

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    waits = pipeline.Asked(waits=True)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(pipeline.run, configured, clock=clock, asked=waits)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.3)
        tried.set()
        assert waiting.result().report.entries == 5
    holder.join()
    assert asked == ["before", "clock"]


# --- what is told of failures and faults ---------------------------------------------------------


def test_a_first_run_that_fails_is_remembered(configured, tmp_path):
    """Whoever asks how things stand is told why there is no feed."""
    remembering = config.with_state(configured, file=tmp_path / "state.sqlite3")
    with pytest.raises(InputError):
        run(remembering)
    failure = pipeline.status(remembering, now=NOW).last_failure
    assert failure is not None
    assert (failure.started, "does not exist" in (failure.failure or "")) == (NOW, True)


def test_a_rejected_article_is_named_once_per_change_of_its_file(configured, tmp_path, caplog):
    """Also where the reason is the same as before."""
    archive(tmp_path / "in", count=3)
    remembering = config.with_state(configured, file=tmp_path / "state.sqlite3")
    bad = tmp_path / "in" / "bad.txt"

    def told() -> list[str]:
        caplog.clear()
        run(remembering)
        return [record.code for record in caplog.records if record.message == "article.rejected"]

    for body in ("[Title](nowhere)\n------\n", "[Another](nowhere)\n------\n"):
        bad.write_text(body)
        os.utime(bad, (len(body), 0))
        assert told() == ["no-link"]
        assert told() == []


def test_what_was_seen_of_a_wrong_archive_is_forgotten(configured, tmp_path):
    """A first run that failed had put nothing in place: the catalogue is taken for the right one then."""
    archive(tmp_path / "wrong", count=6, host="wrong.example")
    archive(tmp_path / "in", count=6)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "atom.xml").write_text("mine")
    remembering = config.with_state(configured, file=tmp_path / "state.sqlite3")
    wrong = config.with_directories(remembering, input=tmp_path / "wrong", output=None)
    with pytest.raises(OutputError):
        run(wrong)
    (tmp_path / "out" / "atom.xml").unlink()
    told = pipeline.Asked(
        paths=frozenset({b"00001.txt"})
    )  # of one file only, but nothing is known of the others
    report = run(remembering, asked=told).report
    assert (report.entries, report.articles.held, report.articles.added) == (6, 0, 6)
    assert "wrong.example" not in (tmp_path / "out" / "atom.xml").read_text()


def test_a_failure_is_remembered_by_the_catalogue_of_its_own_archive_only(configured, tmp_path):
    """A slip of the hand says nothing about another archive."""
    archive(tmp_path / "in", count=3)
    remembering = config.with_state(configured, file=tmp_path / "state.sqlite3")
    run(remembering)
    with pytest.raises(InputError):
        run(config.with_directories(remembering, input=tmp_path / "tpyo", output=tmp_path / "other"))
    assert pipeline.status(remembering, now=NOW).troubles == ()


def test_the_log_has_a_line_for_each_feed_that_is_written_and_one_for_the_run(configured, tmp_path, caplog):
    """With what it is called, how much it holds, and how long all took; none for a feed that stays."""
    caplog.set_level("INFO")
    archive(tmp_path / "in", count=2)
    archive(tmp_path / "in" / "deeper", count=1, host="elsewhere.example")
    run(configured, elapsed=lambda: 0.5)
    output = configured.output.directory
    sizes = sum((output / name).stat().st_size for name in ("atom.xml", "rss.xml"))
    events = [(one.message, *map(vars(one).get, ("feed", "entries", "bytes"))) for one in caplog.records]
    assert (events[0], len(events)) == (("feed.published", "main", 3, sizes), 4)
    elsewhere, example = sorted(f"source/{path.name}" for path in (output / "source").iterdir())
    assert sorted(str(one[1]) for one in events[1:3]) == [elsewhere, example]
    assert (events[3][0], vars(caplog.records[3])["seconds"]) == ("run.finished", 0.5)
    caplog.clear()
    (tmp_path / "in" / "deeper" / "00000.txt").unlink()
    run(configured)
    told = [(one.message, vars(one).get("feed")) for one in caplog.records]
    assert ("feed.removed", elsewhere) in told
    assert ("feed.published", example) not in told


@pytest.mark.parametrize("is_checked", [False, True])
def test_a_catalogue_is_looked_through_where_that_is_asked(configured, tmp_path, caplog, is_checked):
    """What no query of a run tells is damage all the same: it is made anew."""
    archive(tmp_path / "in", count=3)
    remembering = config.with_state(configured, file=tmp_path / "state.sqlite3")
    run(remembering)
    lose_from_index(tmp_path / "state.sqlite3")
    run(remembering, asked=pipeline.Asked(is_checked=is_checked))
    assert ("catalogue.damaged" in caplog.messages) is is_checked
    assert len(main_feed(configured).entries) == 3
