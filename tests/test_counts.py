"""What a run costs, in exact counts: it follows what changed, not what stands."""

import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from feedbridge import config, pipeline
from feedbridge.model import Work
from tests.samples import EPOCH, NOW, archive, raw

DIRECTORIES, EACH = 5, 1_000
OLD = EPOCH.timestamp()  # long before NOW: no file is young
HEAVY = (  # what an unchanged run must not import: packages, parts of the standard library, rooms of our own
    *("lxml", "feedgen", "dateutil", "apscheduler", "nh3", "re2"),
    *("email", "zoneinfo", "importlib.metadata"),
    *("feedbridge.parse", "feedbridge.identity", "feedbridge.sites", "feedbridge.normalise"),
    *("feedbridge.render", "feedbridge.daemon", "feedbridge.serve", "feedbridge.pipeline.explanation"),
    *("feedbridge.standards.dates", "feedbridge.standards.expressions", "feedbridge.standards.language"),
)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """Give the place of an archive of 5,000 articles of five sites, after a first run."""
    base = tmp_path_factory.mktemp("counts")
    for number in range(DIRECTORIES):
        archive(base / "in" / str(number), count=EACH, host=f"site{number}.example.org")
    for file in (base / "in").rglob("*.txt"):
        os.utime(file, (OLD, OLD))
    report = pipeline.run(configured(base), clock=lambda: NOW).report
    assert report.articles.added == report.entries == DIRECTORIES * EACH
    assert report.work.files_opened == report.work.articles_parsed == DIRECTORIES * EACH
    assert report.work.articles_cleaned == DIRECTORIES * 100  # what the feeds hold, each once
    assert report.work.documents_rendered == DIRECTORIES + 1
    return base


@pytest.fixture
def standing(first, tmp_path):
    """Give the configuration of the same at another place: no test depends on another one.

    The files are the same, by links, so that their stamps are: whoever changes one must replace it.
    """
    for name in ("in", "out"):
        shutil.copytree(first / name, tmp_path / name, copy_function=os.link)
    shutil.copy(first / "state.sqlite3", tmp_path)
    return configured(tmp_path)


def configured(base: Path) -> config.Config:
    """Return the configuration of an archive at a place."""
    made = config.for_directories(input=base / "in", output=base / "out")
    return config.with_state(made, file=base / "state.sqlite3")


def work(made: config.Config) -> Work:
    """Run, and return what it cost; a run right after that costs nothing."""
    found = pipeline.run(made, clock=lambda: NOW).report.work
    assert pipeline.run(made, clock=lambda: NOW).report.work == UNCHANGED
    return found


UNCHANGED = Work(statements_executed=38)


def put(path: Path, article: bytes) -> int:
    """Put an article into its place that is not young; return its length."""
    written = path.with_name(".written")
    written.write_bytes(article)
    os.utime(written, (OLD, OLD))
    written.replace(path)
    return len(article)


def test_an_unchanged_archive_costs_a_walk(standing):
    """Nothing is opened, read, cleaned or written, and the catalogue is asked as little as a small one."""
    assert work(standing) == UNCHANGED


def test_one_new_article_costs_itself_and_the_feeds_that_it_joins(standing):
    """The newest of all joins the main feed and its source's."""
    (directory,) = standing.input.directories
    article = raw(url="https://site1.example.org/new", epoch=EPOCH + timedelta(days=90), title="New")
    length = put(directory / "1" / "new.txt", article)
    assert work(standing) == Work(
        files_opened=1,
        bytes_read=length,
        articles_parsed=1,
        articles_cleaned=1,
        documents_rendered=2,
        statements_executed=286,
    )


def test_one_old_article_costs_itself(standing):
    """One that is older than what its feeds hold is not cleaned, and no feed is made."""
    (directory,) = standing.input.directories
    article = raw(url="https://site2.example.org/old", epoch=EPOCH - timedelta(days=90), title="Old")
    length = put(directory / "2" / "old.txt", article)
    found = work(standing)
    assert msgspec.structs.replace(found, statements_executed=0) == Work(
        files_opened=1, bytes_read=length, articles_parsed=1
    )


def test_one_changed_article_costs_itself_and_its_feeds(standing):
    """Edited in place: it is cleaned once, to see whether it says something else, and for its feeds."""
    (directory,) = standing.input.directories
    article = raw(
        url="https://site3.example.org/999", epoch=EPOCH + timedelta(hours=999), title="Number 999, edited"
    )
    file = directory / "3" / "00999.txt"
    put(file, file.read_bytes())  # a file of its own, to be written to
    pipeline.run(standing, clock=lambda: NOW)
    length = file.write_bytes(article)
    os.utime(file, (OLD, OLD))
    assert work(standing) == Work(
        files_opened=1,
        bytes_read=length,
        articles_parsed=1,
        articles_cleaned=1,
        documents_rendered=2,
        statements_executed=424,
    )


def test_one_moved_article_costs_a_look_into_it(standing):
    """Its content decides that nothing changed: no document is made."""
    (directory,) = standing.input.directories
    target = directory / "4" / "moved.txt"
    (directory / "4" / "00998.txt").rename(target)
    assert work(standing) == Work(
        files_opened=1,
        bytes_read=target.stat().st_size,
        articles_parsed=1,
        statements_executed=85,
    )


def test_one_deleted_article_costs_those_that_take_its_place(standing):
    """In its source's feed one that was never cleaned; in the main feed one that another feed holds."""
    (directory,) = standing.input.directories
    (directory / "0" / "00999.txt").unlink()
    assert work(standing) == Work(
        files_opened=1,
        bytes_read=(directory / "0" / "00899.txt").stat().st_size,
        articles_parsed=1,
        articles_cleaned=1,
        documents_rendered=2,
        statements_executed=443,
    )


def test_a_touched_archive_is_read_and_nothing_is_made(standing):
    """As after a checkout, which writes every file anew."""
    (directory,) = standing.input.directories
    for file in directory.rglob("*.txt"):
        put(file, file.read_bytes())
    outcome = pipeline.run(standing, clock=lambda: NOW)
    assert outcome.written == ()
    assert outcome.report.work.articles_parsed == outcome.report.articles.seen
    assert outcome.report.work.articles_cleaned == outcome.report.work.documents_rendered == 0


def test_an_unchanged_run_imports_nothing_heavy(standing, tmp_path):
    """What cleans and writes is imported where it is used."""
    (directory,) = standing.input.directories
    assert standing.state.file is not None
    program = (
        "import sys; from feedbridge import cli; sys.argv[0] = 'feedbridge'\n"
        "try: cli.main()\n"
        f"finally: print(sorted(set(sys.modules) & set({HEAVY!r})))"
    )
    options = ("--input", directory, "--output", standing.output.directory, "--state", standing.state.file)
    done = subprocess.run(
        [sys.executable, "-c", program, "run", "-q", *map(str, options)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
