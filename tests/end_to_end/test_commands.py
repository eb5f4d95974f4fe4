"""The commands as people meet them: help, init, explain, mistakes."""

import json
import subprocess
import sys
import tomllib

import pytest

from feedbridge import config
from tests.samples import archive, raw


@pytest.mark.parametrize("command", [[], ["init"], ["run"], ["explain"]])
def test_help_is_there_for_every_command(feedbridge, command):
    """--help says what it does, with examples, and exits with 0; so does -h."""
    done = feedbridge(*command, "--help")
    assert done.returncode == 0
    assert "feedbridge run" in done.stdout or command in (["init"], ["explain"])
    assert done.stdout == feedbridge(*command, "-h").stdout


def test_version(feedbridge):
    """--version names program and version."""
    assert feedbridge("--version").stdout.startswith("feedbridge 0.")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["rum"], "Did you mean", id="a command that is near"),
        pytest.param(["run", "--inptu", "x"], "--input", id="an option that is near"),
        pytest.param(["run", "--input", "x"], "feedbridge init", id="input alone and no configuration"),
        pytest.param(["run", "--config", "nowhere.toml"], "nowhere.toml", id="a missing configuration"),
        pytest.param(["-v", "-q", "run"], "--verbose and --quiet", id="contradiction"),
        pytest.param(["run"], "feedbridge init", id="no configuration"),
        pytest.param(["explain", "urn:uuid:1"], "feedbridge init", id="an id and no configuration"),
    ],
)
def test_a_hurried_persons_mistakes_are_exit_2_with_a_way_out(feedbridge, arguments, words):
    """Wrong usage is said in a line or two, never by a traceback."""
    done = feedbridge(*arguments)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_init_writes_a_configuration_that_runs(feedbridge, tmp_path):
    """Title, language and sources are found by looking; the file works as it stands."""
    archive(tmp_path / "News & more", count=3)
    (tmp_path / "News & more" / "zh.txt").write_bytes(raw(body="<p>这个国家的经济发展很快</p>"))
    done = feedbridge("init", "News & more")
    assert done.returncode == 0, done.stderr
    written = tomllib.loads((tmp_path / "config.toml").read_text())
    assert written["site"]["title"] == "News & more"
    assert written["site"]["language"] == "zh"
    assert written["input"]["directory"] == "News & more"
    assert "#   example.org (3)" in (tmp_path / "config.toml").read_text()
    assert feedbridge("run").returncode == 0
    assert (tmp_path / "public" / "atom.xml").exists()


def test_init_writes_the_defaults_as_comments(feedbridge, tmp_path):
    """What is commented out stands at its default: taken in, it changes nothing."""
    archive(tmp_path / "in", count=1)
    feedbridge("init", "in")
    text = (tmp_path / "config.toml").read_text()
    plain = config.load(tmp_path / "config.toml")
    shown = [line for line in text.splitlines() if line.startswith("# ") and " = " in line]
    own = (
        "# include",
        "# exclude",
        "# icon",
        "# description",
        "# author",
        "# language",
    )  # examples, not defaults
    for line in shown:
        if not line.startswith(own):
            text = text.replace(line, line.removeprefix("# "))
    (tmp_path / "all.toml").write_text(text)
    assert config.load(tmp_path / "all.toml") == plain
    assert len(shown) >= 10


def test_init_never_overwrites(feedbridge, tmp_path):
    """A configuration that exists is left alone."""
    archive(tmp_path / "in", count=1)
    (tmp_path / "config.toml").write_text("# mine")
    done = feedbridge("init", "in")
    assert done.returncode == 2
    assert "never overwritten" in done.stderr
    assert (tmp_path / "config.toml").read_text() == "# mine"
    assert feedbridge("--config", "other.toml", "init", "in").returncode == 0
    assert (tmp_path / "other.toml").exists()


def test_init_says_when_there_is_nothing(feedbridge, tmp_path):
    """A missing directory is an error, an empty one a hint."""
    assert feedbridge("init", "nowhere").returncode == 1
    (tmp_path / "empty").mkdir()
    done = feedbridge("init", "empty")
    assert done.returncode == 0
    assert "right directory" in done.stderr


def test_explain_says_every_decision(feedbridge, tmp_path):
    """Shape, dates and where they come from, id, pictures kept and dropped, feeds."""
    body = '<div><i><br>2024-01-31T15:35:24Z</i></div><img src="/a.jpg"><img src="/p.gif" width="1"><p>x</p>'
    (tmp_path / "a.txt").write_bytes(raw(url="https://www.dw.com/zh/x/a-68136197", body=body))
    done = feedbridge("explain", "a.txt")
    assert done.returncode == 0, done.stderr
    for words in (
        "a.txt: an entry",
        "published: 2024-01-31T15:35:24Z",
        "updated: 2024-01-31T15:47:03Z",
        "key: dw/68136197",
        "id: urn:uuid:cc1e495d-0752-5739-9a77-41a551152f49",
        "picture, the lead: https://www.dw.com/a.jpg",
        "picture dropped: https://www.dw.com/p.gif",
        "feeds: main, source/dw",
    ):
        assert words in done.stdout
    assert not (tmp_path / "public").exists()


def test_explain_finds_an_entry_by_its_id(feedbridge, tmp_path):
    """An id out of a feed leads to the file that speaks; another version of it says which one does."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "old.txt").write_bytes(raw(title="old"))
    (tmp_path / "in" / "new.txt").write_bytes(raw(title="new", epoch="1706716083000"))
    (tmp_path / "config.toml").write_text('[input]\ndirectory = "in"\n')
    (line,) = [line for line in feedbridge("explain", "in/new.txt").stdout.splitlines() if "  id: " in line]
    guid = line.split()[1]
    assert feedbridge("explain", guid).stdout == feedbridge("explain", "in/new.txt").stdout
    assert "another version of it speaks: new.txt" in feedbridge("explain", "in/old.txt").stdout


@pytest.mark.parametrize(
    ("name", "source", "words"),
    [
        pytest.param("a.txt", raw(url=""), "rejected (no-link)", id="rejected"),
        pytest.param("README.md", b"no article", "ignored: no sign of an article", id="ignored"),
        pytest.param(".a.txt", raw(), "ignored: hidden", id="hidden"),
    ],
)
def test_explain_says_why_a_file_is_no_article(feedbridge, tmp_path, name, source, words):
    """A file without entry is explained too."""
    (tmp_path / name).write_bytes(source)
    assert words in feedbridge("explain", name).stdout


def test_explain_of_a_file_elsewhere_is_exit_2(feedbridge, tmp_path):
    """What is neither a file of the archive nor an id is said so."""
    archive(tmp_path / "in", count=1)
    (tmp_path / "config.toml").write_text('[input]\ndirectory = "in"\n')
    done = feedbridge("explain", "/etc/hostname")
    assert done.returncode == 2
    assert "neither a file of the archive nor the id" in done.stderr


def test_explain_escapes_what_articles_say(feedbridge, tmp_path):
    """Nothing in an article becomes active in a terminal."""
    (tmp_path / "a\x1b[31m.txt").write_bytes(raw(title="x\x1b]0;owned\x07\u202e"))
    done = feedbridge("explain", "a\x1b[31m.txt")
    assert done.returncode == 0
    assert not {"\x1b", "\x07", "\u202e"} & set(done.stdout + done.stderr)


def test_logs_are_lines_for_people_or_json(feedbridge, tmp_path):
    """The rejected article is named in both forms; -q keeps warnings, and prints no report."""
    archive(tmp_path / "in", count=2)
    (tmp_path / "in" / "bad.txt").write_bytes(raw(url=""))
    arguments = ["run", "--input", "in", "--output", "out", "--dry-run"]
    people = feedbridge(*arguments, "-q")
    assert people.stdout == ""
    assert "warning article.rejected path=bad.txt code=no-link" in people.stderr
    machines = feedbridge("--log-format", "json", *arguments)
    events = [json.loads(line) for line in machines.stderr.splitlines()]
    assert any(event["message"] == "article.rejected" and event["path"] == "bad.txt" for event in events)


def test_verbose_names_the_ignored_files(feedbridge, tmp_path):
    """Ignored files are named under -v."""
    archive(tmp_path / "in", count=1)
    (tmp_path / "in" / "README.md").write_text("x")
    done = feedbridge("run", "--input", "in", "--output", "out", "-v")
    assert "debug article.ignored path=README.md" in done.stderr


def test_the_environment_names_a_configuration(feedbridge, tmp_path):
    """$FEEDBRIDGE_CONFIG is the configuration where --config names none."""
    archive(tmp_path / "in", count=1)
    (tmp_path / "other.toml").write_text('[input]\ndirectory = "in"\n[output]\ndirectory = "there"\n')
    done = feedbridge("run", environment={"FEEDBRIDGE_CONFIG": "other.toml"})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "there" / "atom.xml").exists()


def test_completion_script_is_given(feedbridge):
    """The shell's completion is at hand and knows the commands."""
    done = feedbridge(
        environment={"_FEEDBRIDGE_COMPLETE": "bash_complete", "COMP_WORDS": "feedbridge ", "COMP_CWORD": "1"}
    )
    assert "plain,run" in done.stdout


def test_a_closed_pipe_is_no_traceback(tmp_path):
    """`feedbridge run | head -0` ends quietly."""
    archive(tmp_path / "in", count=1)
    command = f"{sys.executable} -m feedbridge run --input in --output out | true"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert "Broken" not in done.stderr
