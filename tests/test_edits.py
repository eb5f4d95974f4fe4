"""What only memory can tell: that a file was edited in place, and what it said before it went unreadable."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import feedparser
import msgspec
import pytest

from feedbridge import config, normalise, pipeline
from feedbridge.config import Config
from feedbridge.pipeline import rules
from tests.samples import EPOCH, NOW, archive, contents, raw, snapshot

OLD = EPOCH + timedelta(days=1)
EDITED = EPOCH + timedelta(days=30)
LINK = "https://example.org/1"


@pytest.fixture
def standing(tmp_path):
    """Give a configuration with a memory, after a first run over one article that is not young."""
    (tmp_path / "in").mkdir()
    write(tmp_path, "<p>One.</p>", OLD)
    made = config.for_directories(input=tmp_path / "in", output=tmp_path / "out")
    made = config.with_state(made, file=tmp_path / "state.sqlite3")
    pipeline.run(made, clock=lambda: NOW)
    return made


def write(tmp_path: Path, body: str, when: datetime, *, name: str = "a.txt", epoch: datetime = EPOCH) -> None:
    """Write an article, as if at a moment."""
    file = tmp_path / "in" / name
    file.write_bytes(raw(url=LINK, body=body, epoch=epoch))
    os.utime(file, (when.timestamp(),) * 2)


def updated(made: Config, now: datetime = NOW) -> datetime:
    """Run, and return when the main feed says that its one entry was updated."""
    pipeline.run(made, clock=lambda: now)
    (entry,) = feedparser.parse((made.output.directory / "atom.xml").read_bytes()).entries
    return datetime.strptime(entry.updated, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def test_an_edit_in_place_is_an_update_at_the_time_of_the_file(standing, tmp_path):
    """And stays one, however often the archive is looked at."""
    write(tmp_path, "<p>Two.</p>", EDITED)
    assert updated(standing) == EDITED
    assert updated(standing, NOW + timedelta(days=1)) == EDITED


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("<p>One.</p><!-- a nonce -->", id="a comment"),
        pytest.param("<p class='x'> One.</p>", id="markup"),
        pytest.param("<p>One.</p><p>© 2024 The Times</p>", id="a notice"),
    ],
)
def test_an_edit_that_says_nothing_else_is_none(body, standing, tmp_path):
    """The file changed, its article did not."""
    write(tmp_path, body, EDITED)
    assert updated(standing) == EPOCH


def test_a_real_edit_before_one_that_says_nothing_else_counts(standing, tmp_path):
    """The later one moves nothing."""
    write(tmp_path, "<p>Two.</p>", EDITED)
    pipeline.run(standing, clock=lambda: NOW)
    write(tmp_path, "<p>Two.</p><!-- a nonce -->", EDITED + timedelta(days=1))
    assert updated(standing) == EDITED


def test_each_real_edit_is_an_update(standing, tmp_path):
    """Also back to what it was."""
    for day, body in enumerate(("<p>Two.</p>", "<p>Three.</p>", "<p>One.</p>")):
        write(tmp_path, body, EDITED + timedelta(days=day))
        assert updated(standing) == EDITED + timedelta(days=day)


def test_a_later_epoch_goes_before_the_time_of_the_file(standing, tmp_path):
    """A scraper that fetched the article again says so."""
    later = EPOCH + timedelta(hours=5)
    write(tmp_path, "<p>Two.</p>", EDITED, epoch=later)
    assert updated(standing) == later
    write(tmp_path, "<p>Three.</p>", EDITED, epoch=later)
    assert updated(standing) == EDITED


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        pytest.param(NOW + timedelta(days=400), NOW, id="ahead of the clock: now"),
        pytest.param(EPOCH - timedelta(days=400), EPOCH, id="before the epoch: the epoch"),
        pytest.param(EDITED + timedelta(microseconds=900_000), EDITED, id="whole seconds"),
    ],
)
def test_the_time_of_a_file_has_its_bounds(when, expected, standing, tmp_path):
    """It is only a claim."""
    write(tmp_path, "<p>Two.</p>", when)
    assert updated(standing) == expected


def test_what_a_young_file_gains_is_no_update(standing, tmp_path):
    """It was still being written: the next run reads it again, whatever its stamp says."""
    young = NOW + timedelta(days=1)
    write(tmp_path, "<p>Tw", young, epoch=EPOCH + timedelta(hours=1))
    first = updated(standing, young + timedelta(seconds=1))
    write(
        tmp_path, "<p>Two, and the rest.</p>", young + timedelta(seconds=2), epoch=EPOCH + timedelta(hours=1)
    )
    assert updated(standing, young + timedelta(seconds=10)) == first == EPOCH + timedelta(hours=1)
    write(tmp_path, "<p>Three.</p>", young + timedelta(days=1), epoch=EPOCH + timedelta(hours=1))
    assert updated(standing, young + timedelta(days=2)) == young + timedelta(days=1)


def test_what_a_young_file_gains_while_its_disk_is_away_is_no_update(tmp_path):
    """It was being written when the disk went: held as it was, and when it is back, it is whole."""
    archive(tmp_path / "in", count=6, host="elsewhere.example")
    made = config.for_directories(input=tmp_path / "in", output=tmp_path / "out")
    made = config.with_state(made, file=tmp_path / "state.sqlite3")
    write(tmp_path, "<p>Tw", NOW)
    pipeline.run(made, clock=lambda: NOW)
    (tmp_path / "in").rename(tmp_path / "away")
    (tmp_path / "in").mkdir()
    assert pipeline.run(made, clock=lambda: NOW).report.articles.held == 7
    (tmp_path / "in").rmdir()
    (tmp_path / "away").rename(tmp_path / "in")
    write(tmp_path, "<p>Two, and the rest.</p>", NOW + timedelta(seconds=9))
    pipeline.run(made, clock=lambda: NOW + timedelta(minutes=1))
    assert same_as_without_memory(made, tmp_path)
    write(tmp_path, "<p>Three.</p>", NOW + timedelta(hours=1))
    pipeline.run(made, clock=lambda: NOW + timedelta(hours=2))
    assert not same_as_without_memory(made, tmp_path)


def test_a_young_file_is_read_again_even_if_its_stamp_stands(standing, tmp_path):
    """Two writes within one tick of the clock leave the same size and time."""
    write(tmp_path, "<p>Two.</p>", NOW, epoch=EPOCH + timedelta(hours=1))
    pipeline.run(standing, clock=lambda: NOW)
    write(tmp_path, "<p>Six.</p>", NOW, epoch=EPOCH + timedelta(hours=1))
    outcome = pipeline.run(standing, clock=lambda: NOW + timedelta(minutes=5))
    assert outcome.report.articles.changed == 1
    assert pipeline.run(standing, clock=lambda: NOW + timedelta(minutes=5)).report.work.files_opened == 0


def test_an_edited_article_may_move(standing, tmp_path):
    """Its content is known."""
    write(tmp_path, "<p>Two.</p>", EDITED)
    pipeline.run(standing, clock=lambda: NOW)
    before = snapshot(tmp_path / "out")
    (tmp_path / "in" / "archived").mkdir()
    (tmp_path / "in" / "a.txt").rename(tmp_path / "in" / "archived" / "b.txt")
    assert updated(standing) == EDITED
    assert snapshot(tmp_path / "out") == before


def test_a_copy_of_an_edited_file_says_so_since_the_edit(standing, tmp_path):
    """Also one that was made before anybody looked, in whatever order they are read."""
    for name in ("0.txt", "b.txt"):
        write(tmp_path, "<p>Two.</p>", OLD, name=name)
    write(tmp_path, "<p>Two.</p>", EDITED)
    assert updated(standing) == EDITED
    write(tmp_path, "<p>Two.</p>", OLD, name="c.txt")
    assert updated(standing) == EDITED


def test_of_two_files_edited_to_say_the_same_the_first_counts(standing, tmp_path):
    """In whatever order they are read."""
    write(tmp_path, "<p>Other.</p>", OLD, name="b.txt")
    pipeline.run(standing, clock=lambda: NOW)
    write(tmp_path, "<p>Two.</p>", EDITED + timedelta(days=2))
    write(tmp_path, "<p>Two.</p>", EDITED, name="b.txt")
    assert updated(standing) == EDITED


def test_an_edit_to_what_the_article_says_already_is_none(standing, tmp_path):
    """Another of its files has said it all along."""
    write(tmp_path, "<p>Stub.</p>", OLD, name="b.txt", epoch=EPOCH - timedelta(hours=1))
    pipeline.run(standing, clock=lambda: NOW)
    (tmp_path / "in" / "b.txt").write_bytes((tmp_path / "in" / "a.txt").read_bytes())
    assert updated(standing) == EPOCH


def test_another_file_that_said_it_before_tells_since_when(standing, tmp_path):
    """The article has said it since that file's epoch."""
    before = EPOCH - timedelta(hours=1)
    write(tmp_path, "<p>Two.</p>", OLD, name="b.txt", epoch=before)
    pipeline.run(standing, clock=lambda: NOW)
    write(tmp_path, "<p>Two.</p>", EDITED)
    assert updated(standing) == EPOCH - timedelta(hours=1)


def test_without_its_memory_the_epoch_counts_again(standing, tmp_path):
    """All else stays."""
    write(tmp_path, "<p>Two.</p>", EDITED)
    pipeline.run(standing, clock=lambda: NOW)
    for file in tmp_path.glob("state.sqlite3*"):
        file.unlink()
    assert updated(standing) == EPOCH


def test_a_run_without_memory_knows_no_edits(standing, tmp_path):
    """Not even of what happens while it runs."""
    write(tmp_path, "<p>Two.</p>", EDITED)
    assert updated(config.with_state(standing, file=None)) == EPOCH


# --- files that cannot be read ------------------------------------------------------------


def test_a_file_that_cannot_be_read_keeps_its_entry(tmp_path, unreadable):
    """It is named, and read again by every run until it can be."""
    archive(tmp_path / "in", count=5)
    made = config.for_directories(input=tmp_path / "in", output=tmp_path / "out")
    made = config.with_state(made, file=tmp_path / "state.sqlite3")
    pipeline.run(made, clock=lambda: NOW)
    before = contents(tmp_path / "out")
    new = raw(url="https://example.org/3", epoch=EPOCH + timedelta(hours=3), title="New")
    (tmp_path / "in" / "00003.txt").write_bytes(new)
    with unreadable("00003.txt"):
        for _ in range(2):
            report = pipeline.run(made, clock=lambda: NOW).report
            assert [(one.path, one.code) for one in report.rejected] == [(b"00003.txt", "unreadable")]
            assert (report.entries, report.articles.removed) == (5, 0)
        assert pipeline.explain(made, str(tmp_path / "in" / "00003.txt"), now=NOW).verdict.startswith(
            "rejected"
        )
    assert contents(tmp_path / "out") == before
    report = pipeline.run(made, clock=lambda: NOW).report
    assert (report.entries, report.rejected, report.articles.changed) == (5, (), 1)


def test_a_file_that_cannot_be_read_keeps_its_entry_under_other_rules(tmp_path, monkeypatch, unreadable):
    """As it was made by the old ones, until it can be read."""
    archive(tmp_path / "in", count=5)
    made = config.for_directories(input=tmp_path / "in", output=tmp_path / "out")
    made = config.with_state(made, file=tmp_path / "state.sqlite3")
    pipeline.run(made, clock=lambda: NOW)
    monkeypatch.setattr(rules, "VERSION", rules.VERSION + 1)
    with unreadable("00003.txt"):
        report = pipeline.run(made, clock=lambda: NOW).report
        assert (report.entries, [one.code for one in report.rejected]) == (5, ["unreadable"])
    report = pipeline.run(made, clock=lambda: NOW).report
    assert (report.entries, report.rejected, report.work.articles_cleaned) == (5, (), 1)


@pytest.mark.parametrize("how", ["held", "unreadable"])
def test_an_edit_is_an_update_also_where_the_file_was_out_of_reach_meanwhile(how, tmp_path, unreadable):
    """What it said before is not forgotten."""
    archive(tmp_path / "in", count=6)
    file = tmp_path / "in" / "00003.txt"
    made = config.for_directories(input=tmp_path / "in", output=tmp_path / "out")
    made = config.with_state(made, file=tmp_path / "state.sqlite3")
    pipeline.run(made, clock=lambda: NOW)
    if how == "held":
        (tmp_path / "in").rename(tmp_path / "away")
        (tmp_path / "in").mkdir()
        assert pipeline.run(made, clock=lambda: NOW).report.articles.held == 6
        (tmp_path / "in").rmdir()
        (tmp_path / "away").rename(tmp_path / "in")
    file.write_bytes(file.read_bytes().replace(b"Text of", b"Other text of"))
    os.utime(file, (EDITED.timestamp(),) * 2)
    if how == "unreadable":
        with unreadable("00003.txt"):
            assert len(pipeline.run(made, clock=lambda: NOW).report.rejected) == 1
    (change,) = pipeline.run(made, clock=lambda: NOW).changes
    assert change.after is not None
    assert change.after.updated == EDITED


def test_an_edit_while_a_run_is_at_work_is_an_update_at_its_own_time(standing, tmp_path):
    """The time is that of what was read, not of what was listed before."""
    write(tmp_path, "<p>Two.</p>", EDITED)
    later = EDITED + timedelta(days=1)
    edits = [lambda: write(tmp_path, "<p>Three.</p>", later)]

    def edit_once(*_: int) -> None:
        if edits:
            edits.pop()()

    pipeline.run(standing, clock=lambda: NOW, progress=edit_once)
    assert updated(standing) == later


# --- rules that change while a file is out of reach ----------------------------------------


def same_as_without_memory(made: Config, tmp_path: Path) -> bool:
    """Tell whether the feeds are what a run without memory makes of what stands."""
    output = msgspec.structs.replace(made.output, directory=tmp_path / "fresh")
    pipeline.run(
        msgspec.structs.replace(config.with_state(made, file=None), output=output), clock=lambda: NOW
    )
    return contents(tmp_path / "fresh") == contents(made.output.directory)


def in_language(made: Config, language: str) -> Config:
    """Return the configuration with another language: all is cleaned by other rules then."""
    return msgspec.structs.replace(made, site=msgspec.structs.replace(made.site, language=language))


def test_a_held_article_that_is_back_elsewhere_is_made_by_the_rules_that_hold(tmp_path):
    """Also where nothing else tells that its old content is of others."""
    archive(tmp_path / "in", count=6)
    made = config.for_directories(input=tmp_path / "in", output=tmp_path / "out")
    made = config.with_state(made, file=tmp_path / "state.sqlite3")
    pipeline.run(made, clock=lambda: NOW)
    (tmp_path / "in").rename(tmp_path / "away")
    (tmp_path / "in").mkdir()
    changed = in_language(made, "zh")
    for each in (made, changed):
        assert pipeline.run(each, clock=lambda: NOW).report.articles.held == 6
    (tmp_path / "away").rename(tmp_path / "in" / "deeper")
    assert pipeline.run(changed, clock=lambda: NOW).report.articles.held == 0
    assert same_as_without_memory(changed, tmp_path)


def test_of_two_copies_the_one_that_can_be_read_is_made_by_the_rules_that_hold(tmp_path, unreadable):
    """Whichever of them was taken before."""
    archive(tmp_path / "in", count=6)
    for file in sorted((tmp_path / "in").iterdir()):
        (tmp_path / "in" / f"z-{file.name}").write_bytes(file.read_bytes())
    made = config.for_directories(input=tmp_path / "in", output=tmp_path / "out")
    made = config.with_state(made, file=tmp_path / "state.sqlite3")
    pipeline.run(made, clock=lambda: NOW)
    with unreadable("z-*"):
        for each in (made, in_language(made, "zh")):
            for file in (tmp_path / "in").glob("z-*"):
                file.touch()
            pipeline.run(each, clock=lambda: NOW)
        assert same_as_without_memory(in_language(made, "zh"), tmp_path)


@pytest.mark.parametrize("count", [10, 60])
def test_what_cannot_be_read_is_compared_with_nothing_that_other_rules_made(
    count, tmp_path, monkeypatch, unreadable
):
    """An entry stays as it was until all its files can be compared again."""
    (tmp_path / "in").mkdir()
    for number in range(count):
        for name, hours, nonce in (("a", 0, ""), ("b", 2, "<!-- a nonce -->")):
            body = f"<p>Text of number {number}.</p>{nonce}"
            epoch = EPOCH + timedelta(hours=hours)
            file = tmp_path / "in" / f"{name}-{number}.txt"
            file.write_bytes(raw(url=f"https://example.org/{number}", epoch=epoch, body=body))
    made = config.for_directories(input=tmp_path / "in", output=tmp_path / "out")
    made = config.with_state(made, file=tmp_path / "state.sqlite3")
    pipeline.run(made, clock=lambda: NOW)
    whole = normalise.normalise

    def measured_otherwise(article, **options):
        found = whole(article, **options)
        fingerprint = f"other {found.measure.fingerprint}"
        return msgspec.structs.replace(
            found, measure=msgspec.structs.replace(found.measure, fingerprint=fingerprint)
        )

    with unreadable("a-*"):
        for file in (tmp_path / "in").glob("a-*"):
            file.touch()
        pipeline.run(made, clock=lambda: NOW)
        monkeypatch.setattr(rules, "VERSION", rules.VERSION + 1)
        monkeypatch.setattr(normalise, "normalise", measured_otherwise)
        assert pipeline.run(made, clock=lambda: NOW).changed == 0
    assert pipeline.run(made, clock=lambda: NOW).changed == 0
    assert same_as_without_memory(made, tmp_path)
