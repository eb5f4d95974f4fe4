"""Guards: what vanishes in bulk is held, ids stay, and nobody is told of an update that is none."""

import os
import shutil
from collections.abc import Container
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from feedbridge import config, normalise, pipeline
from feedbridge.config import Config
from feedbridge.errors import GuardError
from feedbridge.model import Boilerplate, Guards, SiteRule
from feedbridge.pipeline import reader, rules
from feedbridge.pipeline.publishing import Publisher
from feedbridge.standards.text import show
from tests.samples import EPOCH, NOW, archive, contents, raw, snapshot


def standing(tmp_path: Path, count: int) -> Config:
    """Give a configuration with a memory, after a first run over so many articles."""
    archive(tmp_path / "in", count=count)
    made = config.for_directories(input=tmp_path / "in", output=tmp_path / "out")
    made = config.with_state(made, file=tmp_path / "state.sqlite3")
    run(made)
    return made


def run(made: Config, *, now=NOW, lets_go: bool = False, is_full: bool = False) -> pipeline.Outcome:
    """Run once."""
    return pipeline.run(made, clock=lambda: now, asked=pipeline.Asked(lets_go=lets_go, is_full=is_full))


def vanish(tmp_path: Path, count: int) -> dict[Path, bytes]:
    """Remove so many articles, the oldest first; return what they held."""
    gone = {file: file.read_bytes() for file in sorted((tmp_path / "in").glob("*.txt"))[:count]}
    for file in gone:
        file.unlink()
    return gone


def with_rule(made: Config, rule: SiteRule) -> Config:
    """Return the configuration with one more site rule."""
    sites = msgspec.structs.replace(made.sites, rules=(*made.sites.rules, rule))
    return msgspec.structs.replace(made, sites=sites)


# --- articles that vanish in bulk ---------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "gone", "is_held"),
    [
        pytest.param(4, 3, False, id="of fewer than five most may go"),
        pytest.param(3, 3, True, id="but not all"),
        pytest.param(1, 1, True, id="not even the only one"),
        pytest.param(5, 2, False, id="under half of five"),
        pytest.param(6, 3, True, id="half"),
        pytest.param(260, 52, False, id="a fifth"),
        pytest.param(260, 53, True, id="over a fifth, and over 50"),
        pytest.param(200, 50, False, id="over a fifth, but not over 50"),
    ],
)
def test_articles_that_vanish_in_bulk_are_held(known, gone, is_held, tmp_path):
    """Their entries stay in the feeds; fewer go at once."""
    made = standing(tmp_path, known)
    before = contents(tmp_path / "out")
    vanish(tmp_path, gone)
    report = run(made).report
    assert report.articles.held == (gone if is_held else 0)
    assert report.articles.removed == (0 if is_held else gone)
    assert report.entries == (known if is_held else known - gone)
    assert (contents(tmp_path / "out") == before) is (is_held or known > 100 + gone)


def test_one_article_may_take_the_place_of_the_only_one(tmp_path):
    """There is something to publish: the archive is there."""
    made = standing(tmp_path, 1)
    vanish(tmp_path, 1)
    (tmp_path / "in" / "new.txt").write_bytes(raw(url="https://example.org/new", title="New"))
    report = run(made).report
    assert (report.articles.held, report.articles.removed, report.entries) == (0, 1, 1)


def test_all_else_is_published_while_articles_are_held(tmp_path):
    """A new article comes, one that goes by itself goes."""
    made = standing(tmp_path, 10)
    vanish(tmp_path, 6)
    run(made)
    (tmp_path / "in" / "new.txt").write_bytes(raw(url="https://example.org/new", title="New"))
    (tmp_path / "in" / "00009.txt").unlink()
    report = run(made).report
    assert (report.articles.held, report.articles.added, report.articles.removed) == (6, 1, 1)
    assert report.entries == 10


def test_files_that_are_back_leave_no_trace(tmp_path):
    """Nothing was written in between."""
    made = standing(tmp_path, 10)
    before = snapshot(tmp_path / "out")
    (tmp_path / "in").rename(tmp_path / "away")
    (tmp_path / "in").mkdir()
    assert run(made).report.articles.held == 10
    (tmp_path / "in").rmdir()
    (tmp_path / "away").rename(tmp_path / "in")
    report = run(made).report
    assert (report.articles.held, report.entries) == (0, 10)
    assert snapshot(tmp_path / "out") == before


def test_yes_lets_held_articles_go(tmp_path):
    """Then the feeds are what a run without memory makes of what stands."""
    made = standing(tmp_path, 10)
    vanish(tmp_path, 6)
    run(made)
    report = run(made, lets_go=True).report
    assert (report.articles.held, report.articles.removed, report.entries) == (0, 6, 4)
    other = config.for_directories(input=tmp_path / "in", output=tmp_path / "other")
    run(other)
    assert contents(tmp_path / "out") == contents(tmp_path / "other")


def test_yes_lets_all_go(tmp_path):
    """Whoever says so gets an empty main feed, and no feed of a source."""
    made = standing(tmp_path, 10)
    vanish(tmp_path, 10)
    run(made)
    outcome = run(made, lets_go=True)
    assert outcome.report.entries == 0
    assert set(contents(tmp_path / "out")) - {".feedbridge.json", ".feedbridge.lock"} == {
        "atom.xml",
        "rss.xml",
        "index.html",
    }


def test_forget_after_lets_them_go_in_time(tmp_path):
    """Counted from when they were found to be gone."""
    made = standing(tmp_path, 10)
    made = msgspec.structs.replace(made, guards=Guards(forget_after=timedelta(days=30)))
    vanish(tmp_path, 6)
    assert run(made).report.articles.held == 6
    assert run(made, now=NOW + timedelta(days=29)).report.articles.held == 6
    assert run(made, now=NOW + timedelta(days=30)).report.articles.held == 0


def test_a_moved_folder_is_not_held(tmp_path):
    """Its articles stand elsewhere: ids, dates and feeds stay as they are."""
    made = standing(tmp_path, 200)
    before = snapshot(tmp_path / "out")
    (tmp_path / "in").rename(tmp_path / "deeper")
    (tmp_path / "in").mkdir()
    (tmp_path / "deeper").rename(tmp_path / "in" / "deeper")
    outcome = run(made)
    assert (outcome.report.articles.held, outcome.report.entries) == (0, 200)
    assert all(
        change.before and change.after and change.before.guid == change.after.guid
        for change in outcome.changes
    )
    assert snapshot(tmp_path / "out") == before


def test_articles_that_come_back_elsewhere_are_held_no_more(tmp_path):
    """The folder was moved in two steps, with a run between them."""
    made = standing(tmp_path, 10)
    before = snapshot(tmp_path / "out")
    shutil.move(tmp_path / "in", tmp_path / "away")
    (tmp_path / "in").mkdir()
    assert run(made).report.articles.held == 10
    shutil.move(tmp_path / "away", tmp_path / "in" / "archived")
    report = run(made).report
    assert (report.articles.held, report.entries) == (0, 10)
    assert snapshot(tmp_path / "out") == before


def test_held_articles_that_come_back_under_other_rules_say_what_these_make_of_them(tmp_path):
    """What was kept of them was made by the old ones."""
    made = standing(tmp_path, 6)
    (tmp_path / "in").rename(tmp_path / "away")
    (tmp_path / "in").mkdir()
    run(made)
    changed = msgspec.structs.replace(made, site=msgspec.structs.replace(made.site, language="en"))
    assert run(changed).report.articles.held == 6
    (tmp_path / "in").rmdir()
    (tmp_path / "away").rename(tmp_path / "in")
    run(changed)
    other = msgspec.structs.replace(
        changed, output=msgspec.structs.replace(made.output, directory=tmp_path / "o")
    )
    run(config.with_state(other, file=None))
    assert contents(tmp_path / "out") == contents(tmp_path / "o")


def test_unreadable_articles_count_among_those_that_vanish(tmp_path, unreadable):
    """Their entries stand, too."""
    made = standing(tmp_path, 10)
    for file in (tmp_path / "in").iterdir():
        os.utime(file, (1, 1))
    with unreadable("*.txt"):
        assert len(run(made).report.rejected) == 10
    vanish(tmp_path, 6)
    assert run(made).report.articles.held == 6


def spoil(tmp_path: Path, count: int) -> dict[Path, bytes]:
    """Empty so many files, the oldest first; return what they held."""
    spoilt = {file: file.read_bytes() for file in sorted((tmp_path / "in").glob("*.txt"))[:count]}
    for file in spoilt:
        file.write_bytes(b"")
    return spoilt


def test_articles_that_become_unusable_in_bulk_are_held(tmp_path):
    """A disk that was full while files were rewritten costs no entry, and leaves no trace."""
    made = standing(tmp_path, 10)
    before = snapshot(tmp_path / "out")
    spoilt = spoil(tmp_path, 6)
    for hours, is_full in ((1, False), (2, False), (3, True)):
        report = run(made, now=NOW + timedelta(hours=hours), is_full=is_full).report
        assert (report.articles.held, report.entries, len(report.rejected)) == (6, 10, 6)
    verdict = pipeline.explain(made, str(min(spoilt)), now=NOW).verdict
    assert verdict.startswith("held: the file is rejected now (empty")
    assert snapshot(tmp_path / "out") == before
    for file, body in spoilt.items():
        file.write_bytes(body)
    report = run(made, now=NOW + timedelta(hours=3)).report
    assert (report.articles.held, report.entries, report.rejected) == (0, 10, ())
    assert snapshot(tmp_path / "out") == before


def test_a_few_that_become_unusable_go_at_once(tmp_path):
    """They are named as rejected."""
    made = standing(tmp_path, 10)
    spoil(tmp_path, 2)
    report = run(made).report
    assert (report.articles.held, report.articles.removed, report.entries) == (0, 2, 8)
    assert {one.code for one in report.rejected} == {"empty"}


def test_those_that_vanish_and_those_that_become_unusable_are_counted_together(tmp_path):
    """And let go of together: a file that stands is remembered as what it is now."""
    made = standing(tmp_path, 10)
    vanish(tmp_path, 2)
    spoil(tmp_path, 4)
    assert run(made).report.articles.held == 6
    report = run(made, lets_go=True).report
    assert (report.articles.held, report.articles.removed, report.entries) == (0, 6, 4)
    assert len(report.rejected) == 4
    other = config.for_directories(input=tmp_path / "in", output=tmp_path / "other")
    run(other)
    assert contents(tmp_path / "out") == contents(tmp_path / "other")


def test_no_time_lets_all_go(tmp_path):
    """Nothing stands at all: a disk may be away for longer than anybody thought."""
    made = standing(tmp_path, 10)
    made = msgspec.structs.replace(made, guards=Guards(forget_after=timedelta(days=30)))
    before = snapshot(tmp_path / "out")
    (tmp_path / "in").rename(tmp_path / "away")
    (tmp_path / "in").mkdir()
    for days in (0, 40, 80):
        assert run(made, now=NOW + timedelta(days=days)).report.articles.held == 10
    (tmp_path / "in").rmdir()
    (tmp_path / "away").rename(tmp_path / "in")
    assert run(made, now=NOW + timedelta(days=90)).report.articles.held == 0
    assert snapshot(tmp_path / "out") == before


def test_articles_whose_files_others_take_in_bulk_are_held(tmp_path):
    """A site that answers all with one page takes no entry away, and leaves no trace when it is over."""
    made = standing(tmp_path, 20)
    bodies = {file: file.read_bytes() for file in (tmp_path / "in").iterdir()}
    before = snapshot(tmp_path / "out")
    for file in bodies:
        file.write_bytes(raw(url="https://example.org/login", title="Please log in"))
    for _ in range(2):
        report = run(made).report
        assert (report.articles.held, report.articles.removed, report.entries) == (20, 0, 21)
    assert [show(one.path) for one in pipeline.status(made, now=NOW).held] == sorted(
        file.name for file in bodies
    )
    for file, body in bodies.items():
        file.write_bytes(body)
    report = run(made).report
    assert (report.articles.held, report.articles.removed, report.entries) == (0, 0, 20)
    assert contents(tmp_path / "out").keys() == before.keys()


def test_articles_whose_files_others_take_go_by_yes(tmp_path):
    """No file was removed."""
    made = standing(tmp_path, 20)
    for number, file in enumerate((tmp_path / "in").iterdir()):
        file.write_bytes(raw(url=f"https://example.org/other/{number}"))
    assert run(made).report.entries == 40
    report = run(made, lets_go=True).report
    assert (report.articles.held, report.articles.removed, report.entries) == (0, 0, 20)


def test_articles_that_move_on_to_the_next_file_are_not_lost(tmp_path):
    """As where a scraper keeps the newest ones in files that it numbers anew each time."""
    made = standing(tmp_path, 20)
    files = sorted((tmp_path / "in").iterdir())
    bodies = [file.read_bytes() for file in files]
    for file, body in zip(files, [*bodies[2:], raw(url="https://example.org/n"), bodies[0]], strict=True):
        file.write_bytes(body)
    report = run(made).report
    assert (report.articles.held, report.articles.changed, report.entries) == (0, 20, 20)


def test_a_held_article_that_was_never_cleaned_stays_held(tmp_path):
    """It is none for a feed, though older ones come into it; nothing is let go for that."""
    made = standing(tmp_path, 150)
    for number in range(120):
        epoch = EPOCH + timedelta(days=400, hours=number)
        file = tmp_path / "in" / f"new-{number:03}.log"
        file.write_bytes(raw(url=f"https://example.org/new/{number}", epoch=epoch))
    run(made)
    vanish(tmp_path, 150)
    assert run(made).report.articles.held == 150
    for number in range(90, 120):
        (tmp_path / "in" / f"new-{number:03}.log").unlink()
    report = run(made).report
    assert (report.articles.held, report.articles.removed, report.entries) == (150, 30, 240)


def test_a_file_that_cannot_be_read_stands_in_for_no_other(tmp_path, unreadable):
    """What it says is at hand for no feed."""
    (tmp_path / "in").mkdir()
    for number in range(6):
        for name, hours in (("a", 2), ("b", 0)):
            body = f"<p>Text of number {number} in {name}.</p>"
            epoch = EPOCH + timedelta(hours=hours)
            file = tmp_path / "in" / f"{name}-{number}.txt"
            file.write_bytes(raw(url=f"https://example.org/{number}", epoch=epoch, body=body))
    made = config.for_directories(input=tmp_path / "in", output=tmp_path / "out")
    made = config.with_state(made, file=tmp_path / "state.sqlite3")
    run(made)
    before = snapshot(tmp_path / "out")
    with unreadable("b-*"):
        for file in (tmp_path / "in").glob("b-*"):
            file.touch()
        run(made)
        vanish(tmp_path, 6)
        report = run(made).report
        assert (report.articles.held, report.entries) == (6, 6)
    assert snapshot(tmp_path / "out") == before


def test_without_a_memory_nothing_is_held(tmp_path):
    """It is not known what stood before."""
    made = config.with_state(standing(tmp_path, 10), file=None)
    vanish(tmp_path, 6)
    report = run(made).report
    assert (report.articles.held, report.entries) == (0, 4)


# --- ids and updates ------------------------------------------------------------------------


def test_a_published_entry_never_gets_another_id(tmp_path):
    """A rule that would change it stops the run before anything is written or remembered."""
    made = standing(tmp_path, 3)
    before = snapshot(tmp_path / "out")
    rule = SiteRule(slug="example", name="Example", hosts=("example.org",), key=("^/([0-9]+)$",))
    changed = with_rule(made, rule)
    for _ in range(2):
        with pytest.raises(GuardError, match=r"3 published entries would get other ids.*example/[0-2]"):
            run(changed)
    assert snapshot(tmp_path / "out") == before
    assert run(made).report.work.articles_parsed == 0


@pytest.mark.parametrize("is_held_before", [False, True], ids=["at once", "later"])
def test_an_entry_keeps_its_id_also_where_its_file_moves_meanwhile(is_held_before, tmp_path):
    """What a file says is the same, wherever it stands."""
    made = standing(tmp_path, 6)
    before = snapshot(tmp_path / "out")
    (tmp_path / "in").rename(tmp_path / "away")
    (tmp_path / "in").mkdir()
    if is_held_before:
        run(made)
    (tmp_path / "away").rename(tmp_path / "in" / "deeper")
    rule = SiteRule(slug="example", name="Example", hosts=("example.org",), key=("^/([0-9]+)$",))
    with pytest.raises(GuardError, match=r"6 published entries would get other ids.*example/[0-5]"):
        run(with_rule(made, rule))
    assert snapshot(tmp_path / "out") == before
    assert run(made).report.articles.held == 0
    assert snapshot(tmp_path / "out") == before


def test_an_entry_keeps_its_id_after_a_run_that_was_killed_when_it_had_published_it(tmp_path, monkeypatch):
    """It may have been read by then."""
    archive(tmp_path / "in", count=3)
    made = config.for_directories(input=tmp_path / "in", output=tmp_path / "out")
    made = config.with_state(made, file=tmp_path / "state.sqlite3")

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Publisher, "remember", die)
        with pytest.raises(KeyboardInterrupt):
            run(made)
    rule = SiteRule(slug="example", name="Example", hosts=("example.org",), key=("^/([0-9]+)$",))
    with pytest.raises(GuardError):
        run(with_rule(made, rule))


def test_explain_tells_what_a_guard_refuses(tmp_path):
    """Whoever changes a rule wants to see what it would do."""
    made = standing(tmp_path, 3)
    rule = SiteRule(slug="example", name="Example", hosts=("example.org",), key=("^/([0-9]+)$",))
    found = pipeline.explain(with_rule(made, rule), str(tmp_path / "in" / "00001.txt"), now=NOW)
    assert ("key", "example/1") in {(one.rule, one.outcome) for one in found.decisions}


def test_an_article_that_nobody_has_read_may_get_another_id(tmp_path):
    """It stands in no feed."""
    made = standing(tmp_path, 3)
    limited = msgspec.structs.replace(made, feeds=msgspec.structs.replace(made.feeds, by=(), max_bytes=1))
    run(limited)  # the newest one only
    rule = SiteRule(slug="example", name="Example", hosts=("example.org",), key=("^/([01])$",))
    outcome = run(with_rule(limited, rule))
    assert sum(change.before is None for change in outcome.changes) == 2


def test_updates_of_files_that_stand_unchanged_stop_the_run(tmp_path):
    """Sixty articles of two files each, which say the same as long as a rule knows what is boilerplate."""
    (tmp_path / "in").mkdir()
    for number in range(60):
        for hours, bar in ((0, ""), (2, '<div class="bar">Share</div>')):
            article = raw(
                url=f"https://example.org/{number}",
                epoch=EPOCH + timedelta(hours=hours),
                body=f"<p>Text of number {number}.</p>{bar}",
            )
            (tmp_path / "in" / f"{number}-{hours}.txt").write_bytes(article)
    marked = Boilerplate(what="bar", elements=("div",), attribute="class", value="^bar$")
    rule = SiteRule(slug="example", name="Example", hosts=("example.org",), boilerplate=(marked,))
    made = config.for_directories(input=tmp_path / "in", output=tmp_path / "out")
    made = config.with_state(made, file=tmp_path / "state.sqlite3")
    first = run(with_rule(made, rule))
    assert {change.after.updated for change in first.changes if change.after} == {EPOCH}
    before = snapshot(tmp_path / "out")
    ignorant = with_rule(made, msgspec.structs.replace(rule, boilerplate=()))
    for _ in range(2):
        with pytest.raises(GuardError, match="60 of the 60 entries of main would be marked as updated"):
            run(ignorant)
    assert snapshot(tmp_path / "out") == before


def test_files_that_are_dated_by_their_names_may_be_renamed(tmp_path):
    """They do not stand unchanged: an update of all of them is what was asked for."""
    (tmp_path / "in").mkdir()
    for number in range(60):
        page = f"[Title](https://example.org/{number})\n------\n\n<p>Text of number {number}.</p>"
        (tmp_path / "in" / f"2020-01-01-{number}.txt").write_text(page)
    made = config.for_directories(input=tmp_path / "in", output=tmp_path / "out")
    made = config.with_state(made, file=tmp_path / "state.sqlite3")
    run(made)
    for file in (tmp_path / "in").iterdir():
        file.rename(file.with_name(file.name.replace("2020-01-01", "2020-01-02")))
    outcome = run(made)
    assert (outcome.report.entries, outcome.changed) == (60, 60)
    assert all(one.before and one.after and one.before.updated < one.after.updated for one in outcome.changes)


# --- articles that cannot be made any more ----------------------------------------------------


@pytest.fixture
def failing(monkeypatch):
    """Let a new version of the rules come that cannot normalise the articles of some titles."""

    def fail(titles: Container[str]) -> None:
        whole = normalise.normalise

        def refuse(article, **options):
            if article.title in titles:
                raise RecursionError("too deep")
            return whole(article, **options)

        monkeypatch.setattr(rules, "VERSION", rules.VERSION + 1)
        monkeypatch.setattr(normalise, "normalise", refuse)

    yield fail
    monkeypatch.undo()


def test_articles_of_several_files_for_which_a_release_fails_in_bulk_are_held(tmp_path, failing):
    """None of their files stands in for the other."""
    (tmp_path / "in").mkdir()
    for number in range(6):
        for name, hours in (("a", 2), ("b", 0)):
            body = f"<p>Text of number {number} in {name}.</p>"
            epoch = EPOCH + timedelta(hours=hours)
            article = raw(url=f"https://example.org/{number}", epoch=epoch, body=body, title="Bad")
            (tmp_path / "in" / f"{name}-{number}.txt").write_bytes(article)
    archive(tmp_path / "in" / "others", count=3, host="other.example")
    made = config.for_directories(input=tmp_path / "in", output=tmp_path / "out")
    made = config.with_state(made, file=tmp_path / "state.sqlite3")
    run(made)
    before = snapshot(tmp_path / "out")
    failing({"Bad"})
    assert run(made).report.articles.held == 12
    assert snapshot(tmp_path / "out") == before


def test_articles_that_fail_in_a_first_run_are_named_and_not_held(tmp_path, failing):
    """Nobody would miss them."""
    archive(tmp_path / "in", count=10)
    made = config.for_directories(input=tmp_path / "in", output=tmp_path / "out")
    made = config.with_state(made, file=tmp_path / "state.sqlite3")
    failing({f"Number {number}" for number in range(8)})
    report = run(made).report
    assert (report.articles.held, report.entries, len(report.rejected)) == (0, 2, 8)


def test_articles_for_which_a_release_fails_in_bulk_are_held(tmp_path, failing, monkeypatch):
    """They stay as they were cleaned last, until there is a version that can."""
    made = standing(tmp_path, 10)
    before = snapshot(tmp_path / "out")
    failing({f"Number {number}" for number in range(5)})
    for is_full in (False, False, True):
        report = run(made, is_full=is_full).report
        assert (report.articles.held, report.entries) == (5, 10)
        assert [one.code for one in report.rejected] == ["failed"] * 5
        assert snapshot(tmp_path / "out") == before
    monkeypatch.undo()
    report = run(made).report
    assert (report.articles.held, report.entries, report.rejected) == (0, 10, ())
    assert snapshot(tmp_path / "out") == before


def test_articles_for_which_a_release_fails_are_held_however_few(tmp_path, failing):
    """What is in a feed stays in it as it was cleaned last, and is named; what is in none is only named."""
    made = standing(tmp_path, 20)
    limited = msgspec.structs.replace(made, feeds=msgspec.structs.replace(made.feeds, limit=5, by=()))
    for file in (tmp_path / "in").iterdir():  # so that no arrival is recent
        number = int(file.stem)
        epoch = EPOCH + timedelta(days=9 * number)
        file.write_bytes(raw(url=f"https://example.org/{number}", epoch=epoch, title="Bad"))
    run(limited)
    before = snapshot(tmp_path / "out")
    failing({"Bad"})
    report = run(limited).report
    assert (report.articles.held, report.entries, len(report.rejected)) == (5, 20, 5)
    assert snapshot(tmp_path / "out") == before


@pytest.mark.parametrize("is_held_before", [False, True], ids=["at once", "back for a moment"])
def test_articles_that_vanish_while_all_is_made_anew_are_held(is_held_before, tmp_path, monkeypatch):
    """What they said is not forgotten before it could be read again, as where a disk comes and goes."""
    made = standing(tmp_path, 10)
    before = snapshot(tmp_path / "out")
    gone = vanish(tmp_path, 6)
    if is_held_before:
        assert run(made).report.articles.held == 6
    for file, body in gone.items():
        file.write_bytes(body)
    monkeypatch.setattr(rules, "VERSION", rules.VERSION + 1)
    monkeypatch.setattr(reader, "KEPT_BYTES", 0)
    away = [lambda: vanish(tmp_path, 6)]

    def progress(done: int, total: int) -> None:
        if done == total and away:
            away.pop()()

    report = pipeline.run(made, clock=lambda: NOW, progress=progress).report
    assert (report.articles.held, report.entries) == (6, 10)
    assert snapshot(tmp_path / "out") == before


def test_articles_that_moved_and_vanish_while_all_is_made_anew_are_held(tmp_path, monkeypatch):
    """They are new at their places, but not to those who read them."""
    made = standing(tmp_path, 10)
    before = snapshot(tmp_path / "out")
    (tmp_path / "in" / "deeper").mkdir()
    for file in sorted((tmp_path / "in").glob("*.txt"))[2:]:
        file.rename(tmp_path / "in" / "deeper" / file.name)
    monkeypatch.setattr(rules, "VERSION", rules.VERSION + 1)
    monkeypatch.setattr(reader, "KEPT_BYTES", 0)
    away = [lambda: shutil.rmtree(tmp_path / "in" / "deeper")]

    def progress(done: int, total: int) -> None:
        if done == total == 10 and away:
            away.pop()()

    report = pipeline.run(made, clock=lambda: NOW, progress=progress).report
    assert (report.articles.held, report.entries) == (8, 10)
    assert snapshot(tmp_path / "out") == before


@pytest.mark.parametrize("how", ["it cannot be cleaned", "it goes away"])
def test_a_newcomer_that_comes_to_nothing_is_decided_once(how, tmp_path, failing, monkeypatch):
    """Also in an archive in which a file was edited in place once: the run comes to its end."""
    made = standing(tmp_path, 8)
    edited = tmp_path / "in" / "00001.txt"
    edited.write_bytes(edited.read_bytes().replace(b"Text of", b"Other text of"))
    run(made)
    new = tmp_path / "in" / "new.txt"
    new.write_bytes(raw(url="https://example.org/new", title="New", epoch=EPOCH + timedelta(days=9)))
    away = [new.unlink] if how == "it goes away" else []
    if away:
        monkeypatch.setattr(reader, "KEPT_BYTES", 0)
    else:
        failing({"New"})

    def progress(done: int, total: int) -> None:
        if done == total and away:
            away.pop()()

    report = pipeline.run(made, clock=lambda: NOW, progress=progress).report
    assert (report.articles.held, report.entries, len(report.rejected)) == (
        0,
        8,
        0 if how == "it goes away" else 1,
    )


@pytest.mark.parametrize("how", ["held", "unreadable"])
def test_an_entry_that_can_be_read_again_takes_its_place_in_a_feed(how, tmp_path, unreadable):
    """It moved up while nobody could clean it."""
    (tmp_path / "in").mkdir()
    for number in range(12):
        article = raw(url=f"https://example.org/{number}", epoch=EPOCH + timedelta(days=5 * number))
        (tmp_path / "in" / f"{number:05}.txt").write_bytes(article)
    made = config.for_directories(input=tmp_path / "in", output=tmp_path / "out")
    made = config.with_state(made, file=tmp_path / "state.sqlite3")
    made = msgspec.structs.replace(made, feeds=msgspec.structs.replace(made.feeds, limit=3))
    run(made)
    newest = tmp_path / "in" / "00011.txt"
    if how == "held":
        gone = {file: file.read_bytes() for file in sorted((tmp_path / "in").iterdir())[3:9]}
        for file in gone:
            file.unlink()
        assert run(made).report.articles.held == 6
        newest.unlink()
        run(made)
        for file, body in gone.items():
            file.write_bytes(body)
    else:
        with unreadable("00008.txt"):
            (tmp_path / "in" / "00008.txt").touch()
            run(made)
            newest.unlink()
            run(made)
    run(made)
    other = msgspec.structs.replace(
        made, output=msgspec.structs.replace(made.output, directory=tmp_path / "o")
    )
    run(config.with_state(other, file=None))
    assert contents(tmp_path / "out") == contents(tmp_path / "o")
