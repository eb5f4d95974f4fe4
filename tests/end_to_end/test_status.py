"""`feedbridge status`: how things stand, for people and programs, and its exit code."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from feedbridge import publish
from feedbridge.catalogue import Catalogue
from tests.samples import CHECKOUT, EPOCH, archive, raw

OPERATION = (CHECKOUT / "docs" / "operation.md").read_text(encoding="utf-8")
CONFIG = '[input]\ndirectory = "in"\n[output]\ndirectory = "out"\n'


@pytest.fixture
def standing(tmp_path, feedbridge):
    """Give the folder of an archive of twelve articles after its first run."""
    archive(tmp_path / "in", count=9)
    archive(tmp_path / "in" / "dw", count=3, host="www.dw.com")
    for file in (tmp_path / "in").rglob("*.txt"):
        os.utime(file, (EPOCH.timestamp(),) * 2)
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    assert feedbridge("run").returncode == 0
    return tmp_path


def shape(words: str) -> list[str]:
    """Return the lines of an output without what differs from run to run."""
    words = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME", words)
    words = re.sub(r"\d+ (?:s|min|h|d) ago", "AGO", words)
    return re.sub(r"\d+ (bytes|entries)", r"N \1", words).splitlines()


@pytest.mark.usefixtures("standing")
def test_output_is_as_the_documentation_shows(feedbridge):
    """Line by line, but for times and counts."""
    (shown,) = re.findall(r"```text\n\$ feedbridge status\n(.*?)```", OPERATION, re.DOTALL)
    done = feedbridge("status")
    assert done.returncode == 0
    assert shape(done.stdout) == shape(shown)


def test_report_is_as_the_documentation_shows(standing, feedbridge):
    """The same keys, and in them values of the same kinds."""
    (shown,) = re.findall(r"```json\n(.*?)```", OPERATION, re.DOTALL)
    (standing / "in" / "broken.txt").write_bytes(raw(url="nowhere"))
    (standing / "in" / "new.txt").write_bytes(raw(url="https://www.dw.com/en/new"))
    report, documented = json.loads(feedbridge("run", "--json").stdout), json.loads(shown)
    assert form(report) == form(documented)
    assert report["rejected"] == documented["rejected"]


def form(value: object) -> object:
    """Return what a value is made of."""
    if isinstance(value, dict):
        return {name: form(part) for name, part in value.items()}
    return [form(part) for part in value] if isinstance(value, list) else type(value)


def test_json_tells_the_same(standing, feedbridge):
    """The last run's report is that of `run --json`."""
    reported = json.loads(feedbridge("run", "--json").stdout)
    found = json.loads(feedbridge("status", "--json").stdout)
    assert found["healthy"] is True
    assert found["last_success"]["report"] == reported
    assert found["last_failure"] is None
    assert [(feed["name"], feed["entries"], feed["waiting"]) for feed in found["feeds"]] == [
        ("main", 12, False),
        ("source/dw", 3, False),
        ("source/example-org-bfabc3", 9, False),
    ]
    sizes = {feed["name"]: feed["bytes"] for feed in found["feeds"]}
    files = [standing / "out" / name for name in ("atom.xml", "rss.xml")]
    assert sizes["main"] == sum(file.stat().st_size for file in files)


NAMED = ("--input", "in", "--output", "out", "--state", "seen.sqlite3")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(
            (), ".feedbridge/catalogue.sqlite3: `feedbridge run` makes it", id="before the first run"
        ),
        pytest.param(NAMED, "seen.sqlite3: `feedbridge run` makes it", id="no file of this name"),
        pytest.param(NAMED[:4], "--state names a file", id="directories, and no catalogue"),
    ],
)
def test_without_a_catalogue_there_is_nothing_to_tell(tmp_path, feedbridge, arguments, words):
    """That is wrong usage, and says what to do."""
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    done = feedbridge("status", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert not list(tmp_path.rglob("*.sqlite3"))


def test_a_stateless_run_leaves_nothing_to_tell_of(tmp_path, feedbridge):
    """Whatever the configuration says of a catalogue."""
    archive(tmp_path / "in", count=1)
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    assert feedbridge("run", "--stateless").returncode == 0
    assert feedbridge("status").returncode == 2


@pytest.fixture
def named(tmp_path, feedbridge):
    """Give a folder without a configuration, after a run whose directories and catalogue were named."""
    archive(tmp_path / "in", count=9)
    assert feedbridge("run", *NAMED).returncode == 0
    return tmp_path


def test_a_run_without_a_configuration_is_asked_after_by_the_same_options(named, feedbridge):
    """Its catalogue is found, and its output directory looked at."""
    done = feedbridge("status", *NAMED)
    assert done.returncode == 0, done.stderr
    assert "\n  main: 9 entries, " in done.stdout
    (named / "out" / "atom.xml").unlink()
    done = feedbridge("status", *NAMED)
    assert done.returncode == 3
    assert "atom.xml is missing" in done.stdout


def test_an_article_is_explained_by_the_catalogue_that_is_named(named, feedbridge):
    """Only that one knows that the article is held."""
    for file in (named / "in").glob("*.txt"):
        file.unlink()
    assert feedbridge("run", "-q", *NAMED).returncode == 0
    done = feedbridge("explain", "in/00001.txt", *NAMED)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("00001.txt: held: the file is gone, its entry stays\n")


@pytest.mark.usefixtures("standing")
@pytest.mark.parametrize("command", [["status"], ["explain", "in/00001.txt"], ["run"]])
def test_a_catalogue_of_other_directories_is_refused(feedbridge, command):
    """What it knows says nothing of these: files that were never there would be told as missing."""
    done = feedbridge(*command, "--output", "elsewhere")
    assert done.returncode == 2
    assert "belongs to another input and output" in done.stderr
    assert '"../elsewhere"' in done.stderr


def test_a_folder_that_moved_as_a_whole_is_the_same(standing, feedbridge):
    """Directories are known by how they lie to the catalogue."""
    for name in (".feedbridge", "in", "out", "config.toml"):
        (standing / "moved").mkdir(exist_ok=True)
        (standing / name).rename(standing / "moved" / name)
    done = feedbridge("status", cwd=standing / "moved")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_failed_run_is_told_until_one_succeeds(standing, feedbridge):
    """With its reason."""
    (standing / "in").rename(standing / "away")
    assert feedbridge("run").returncode == 1
    done = feedbridge("status")
    assert done.returncode == 3
    assert done.stdout.startswith("unhealthy\n  the last run failed, ")
    assert "does not exist" in done.stdout
    (standing / "away").rename(standing / "in")
    assert feedbridge("run").returncode == 0
    done = feedbridge("status", "--json")
    assert done.returncode == 0
    assert "does not exist" in json.loads(done.stdout)["last_failure"]["reason"]


def test_held_and_rejected_articles_are_named(standing, feedbridge):
    """A held one is trouble, a rejected one is not."""
    (standing / "in" / "bad\x1b.txt").write_bytes(raw(url="nowhere"))
    feedbridge("run", "-q")
    done = feedbridge("status")
    assert done.returncode == 0
    assert "rejected: 1\n  bad\\x1b.txt: no-link: " in done.stdout
    for file in sorted((standing / "in").glob("0*.txt")):
        file.unlink()
    run = feedbridge("run", "-q")
    assert run.returncode == 0
    assert "articles.held" in run.stderr
    done = feedbridge("status")
    assert done.returncode == 3
    assert "9 articles were lost at once" in done.stdout
    assert "held: 9\n  00000.txt\n" in done.stdout
    assert len(json.loads(feedbridge("status", "--json").stdout)["held"]) == 9


def test_a_missing_feed_is_trouble_until_the_next_run(standing, feedbridge):
    """Somebody removed it."""
    (standing / "out" / "source" / "dw" / "atom.xml").unlink()
    done = feedbridge("status")
    assert done.returncode == 3
    assert "\n  source/dw/atom.xml is missing in the output directory; the next run puts it" in done.stdout
    assert feedbridge("run").returncode == 0
    assert feedbridge("status").returncode == 0


def test_many_missing_files_are_one_line(standing, feedbridge):
    """It says how many and names one; --json names all."""
    shutil.rmtree(standing / "out" / "source")
    done = feedbridge("status")
    assert done.returncode == 3
    trouble, after = done.stdout.splitlines()[1:3]
    assert trouble.startswith(
        "  6 files of feeds are missing in the output directory, source/dw/atom.xml among"
    )
    assert after.startswith("last success")
    found = json.loads(feedbridge("status", "--json").stdout)
    assert len(found["troubles"]) == 1
    assert found["missing"] == [
        f"source/{source}/{name}"
        for source in ("dw", "example-org-bfabc3")
        for name in ("atom.xml", "index.html", "rss.xml")
    ]


def truncated(path: Path) -> None:
    """Shorten a file by its last byte, and leave its time as it was."""
    status = path.stat()
    os.truncate(path, status.st_size - 1)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def rewritten(path: Path) -> None:
    """Put other bytes of the same length in place, by an editor that keeps the inode."""
    body = path.read_bytes()
    path.write_bytes(body[:-1] + b" ")
    os.utime(path, (EPOCH.timestamp(),) * 2)


def replaced(path: Path) -> None:
    """Put another file of the same length and time in place."""
    status = path.stat()
    other = path.with_name("other")
    other.write_bytes(b" " * status.st_size)
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.rename(path)


@pytest.mark.parametrize("change", [truncated, rewritten, replaced])
def test_a_changed_feed_is_trouble_until_the_next_run(standing, feedbridge, change):
    """Whatever of the file tells it: readers get what no run wrote."""
    path = standing / "out" / "rss.xml"
    before = path.read_bytes()
    change(path)
    done = feedbridge("status")
    assert done.returncode == 3
    assert "\n  rss.xml was changed since it was put in place; the next run puts it right\n" in done.stdout
    assert json.loads(feedbridge("status", "--json").stdout)["changed"] == ["rss.xml"]
    assert feedbridge("run").returncode == 0
    assert path.read_bytes() == before
    assert feedbridge("status").returncode == 0


def test_many_changed_files_are_one_line(standing, feedbridge):
    """As after a copy that kept no times."""
    for path in (standing / "out").rglob("*.xml"):
        os.utime(path, (0, 0))
    done = feedbridge("status")
    assert done.returncode == 3
    trouble, after = done.stdout.splitlines()[1:3]
    assert trouble.startswith("  6 files of feeds were changed since they were put in place, atom.xml among")
    assert after.startswith("last success")


def test_a_file_is_not_called_changed_while_a_run_is_at_work(standing, feedbridge):
    """That run may have put it in place a moment ago."""
    truncated(standing / "out" / "rss.xml")
    with publish.locked(standing / "out"):
        found = json.loads(feedbridge("status", "--json").stdout)
    assert (found["healthy"], found["changed"]) == (True, [])


def test_a_long_list_is_cut(standing, feedbridge):
    """--json names all."""
    for number in range(25):
        (standing / "in" / f"bad-{number}.txt").write_bytes(raw(url="nowhere"))
    feedbridge("run", "-q")
    done = feedbridge("status")
    assert "rejected: 25" in done.stdout
    assert "… and 5 more; --json names all" in done.stdout
    assert len(json.loads(feedbridge("status", "--json").stdout)["rejected"]) == 25


def test_a_run_at_work_is_seen(standing, feedbridge):
    """By its lock, which looking does not take away from it."""
    with publish.locked(Path(standing) / "out"):
        assert "a run is at work: yes" in feedbridge("status").stdout
        assert feedbridge("run").returncode == 75
    assert "a run is at work: no" in feedbridge("status").stdout


def test_feeds_that_a_run_left_undone_are_trouble(standing, feedbridge):
    """As after one that was killed between learning and publishing."""
    with Catalogue(standing / ".feedbridge" / "catalogue.sqlite3") as catalogue:
        catalogue.documents.soil(["source/dw"])
    done = feedbridge("status")
    assert done.returncode == 3
    assert "1 feeds wait for a run that comes to its end, source/dw among them" in done.stdout
    assert "source/dw: 3 entries" in done.stdout
    assert feedbridge("run").returncode == 0
    assert feedbridge("status").returncode == 0


def test_a_held_article_is_explained(standing, feedbridge):
    """By its file's name, or by its id."""
    feedbridge("run")
    shutil.rmtree(standing / "in" / "dw")
    for file in (standing / "in").glob("0*.txt"):
        file.unlink()
    feedbridge("run", "-q")
    done = feedbridge("explain", "in/00001.txt")
    assert done.returncode == 0
    assert done.stdout.startswith("00001.txt: held: the file is gone, its entry stays\n  held: since ")
