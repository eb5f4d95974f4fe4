"""The commands as people meet them: help, init, explain, mistakes."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

import pytest

from feedbridge import cli, config
from tests.samples import archive, raw


@pytest.mark.parametrize("command", [[], ["init"], ["run"], ["explain"], ["status"]])
def test_help_is_there_for_every_command(feedbridge, command):
    """--help says what it does, with examples, and exits with 0; so does -h."""
    done = feedbridge(*command, "--help")
    assert done.returncode == 0
    assert f"feedbridge {' '.join(command) or 'run'}" in done.stdout
    assert done.stdout == feedbridge(*command, "-h").stdout


def test_directories_are_named_alike_everywhere(feedbridge):
    """What `run` says of --input, --output and --state, `status` and `explain` say, too."""
    said = [
        feedbridge(command, "--help").stdout.partition("Options:\n")[2].partition("[state] file")[0].split()
        for command in ("run", "status", "explain")
    ]
    assert said[0][:2] == ["--input", "DIR"]
    assert {"--output", "--state"} < set(said[0])
    assert said == said[:1] * 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["--input", "."], "give --output too", id="input alone"),
        pytest.param(["--output", "."], "give --input too", id="output alone"),
        pytest.param(["--state", "x"], "feedbridge init", id="a catalogue alone"),
        pytest.param(["--input", "a.txt"], "'a.txt' is a file", id="a file for a directory"),
        pytest.param(["--state", "."], "'.' is a directory", id="a directory for a file"),
    ],
)
@pytest.mark.parametrize("command", [["run"], ["status"], ["explain", "a.txt"]])
def test_directories_are_refused_alike_everywhere(feedbridge, tmp_path, command, arguments, words):
    """Where something is missing or of the wrong kind, exit 2; nothing is taken for what was not named."""
    (tmp_path / "a.txt").write_bytes(raw())
    done = feedbridge(*command, *arguments)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert "archive.assumed" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(
            ["run", "my archive/"],
            "(my archive/): give the archive by --input 'my archive/' (and --output DIR). See",
            id="the archive",
        ),
        pytest.param(
            ["run", "my archive", "out"], "by --input 'my archive' --output out. See", id="archive and output"
        ),
        pytest.param(
            ["run", "--output", "out", "my archive"],
            "give the archive by --input 'my archive'. See",
            id="the archive beside --output",
        ),
        pytest.param(
            ["run", "--input", "my archive", "there"],
            "give the directory of the feeds by --output there. See",
            id="the output beside --input",
        ),
        pytest.param(
            ["run", "configured"], "by --config configured/config.toml. See", id="a configured folder"
        ),
        pytest.param(
            ["status", "there"],
            "by --input there (and --output and --state as `feedbridge run` had them). See",
            id="status",
        ),
        pytest.param(["explain", "a.txt", "there"], "give the archive by --input there", id="explain"),
        pytest.param(
            ["explain", "there"], "there is a directory: name one file of the archive", id="no file"
        ),
        pytest.param(
            ["explain"], "no article was named: name one file of the archive, or an", id="no article"
        ),
        pytest.param(
            ["explain", "nowhere.txt"], "there is no file nowhere.txt; to find an id", id="a typing error"
        ),
        pytest.param(
            ["my archive"],
            "Did you mean `feedbridge run --input 'my archive' --output DIR`? See",
            id="a directory for a command",
        ),
    ],
)
def test_whoever_forgets_an_option_is_told_it(feedbridge, tmp_path, arguments, words):
    """A directory that stands alone is exit 2, with the option that names it; nothing is made or read."""
    for name in ("my archive", "there", "configured"):
        (tmp_path / name).mkdir()
    (tmp_path / "configured" / "config.toml").touch()
    (tmp_path / "a.txt").write_bytes(raw())
    done = feedbridge(*arguments)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert "warning" not in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["run", "nowhere"], id="nothing of this name"),
        pytest.param(["run", "a.txt"], id="a file"),
        pytest.param(["run", "--input", "there", "--output", "out", "there"], id="both are named already"),
        pytest.param(["run", "there", "there", "there"], id="three"),
        pytest.param(["init", "there", "there"], id="a command without --input"),
    ],
)
def test_other_strays_are_only_named(feedbridge, tmp_path, arguments):
    """Nothing is guessed where nothing can be known."""
    (tmp_path / "there").mkdir()
    (tmp_path / "a.txt").write_bytes(raw())
    done = feedbridge(*arguments)
    assert done.returncode == 2
    assert re.sub(r"arguments? \(.*\)", "…", done.stderr) == (
        f"feedbridge: Got unexpected extra …. See `feedbridge {arguments[0]} --help`.\n"
    )


def test_version(feedbridge):
    """--version names program and version."""
    assert feedbridge("--version").stdout.startswith("feedbridge 0.")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["rum"], "Did you mean", id="a command that is near"),
        pytest.param(["run", "--inptu", "x"], "--input", id="an option that is near"),
        pytest.param(["run", "--input", "x"], "give --output too", id="input alone and no configuration"),
        pytest.param(["run", "--config", "nowhere.toml"], "nowhere.toml", id="a missing configuration"),
        pytest.param(["-v", "-q", "run"], "--verbose and --quiet", id="contradiction"),
        pytest.param(
            ["run", "--state", "x", "--stateless"], "--state and --stateless", id="memory and none of it"
        ),
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
    archive(tmp_path / "News & more", count=1)
    (tmp_path / "News & more" / "zh.txt").write_bytes(raw(body="<p>这个国家的经济发展很快</p>"))
    done = feedbridge("init", "News & more")
    assert done.returncode == 0, done.stderr
    written = tomllib.loads((tmp_path / "config.toml").read_text())
    assert written["site"]["title"] == "News & more"
    assert written["site"]["language"] == "zh"
    assert written["input"]["directory"] == "News & more"
    assert "#   example.org (1)" in (tmp_path / "config.toml").read_text()
    assert feedbridge("run").returncode == 0
    assert (tmp_path / "public" / "atom.xml").exists()


def test_init_leaves_the_language_open_where_most_articles_do_not_tell_it(feedbridge, tmp_path):
    """One Chinese article among English ones does not make them Chinese."""
    archive(tmp_path / "in", count=3)
    (tmp_path / "in" / "zh.txt").write_bytes(raw(body="<p>这个国家的经济发展很快</p>"))
    assert feedbridge("init", "in").returncode == 0
    assert "language" not in tomllib.loads((tmp_path / "config.toml").read_text())["site"]


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
        '# directory = "sites"',
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
    """An id out of a feed leads to the file that speaks; another file of it says which one does."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "old.txt").write_bytes(raw(title="old"))
    (tmp_path / "in" / "new.txt").write_bytes(raw(title="new", epoch="1706716083000"))
    (tmp_path / "config.toml").write_text('[input]\ndirectory = "in"\n')
    (line,) = [line for line in feedbridge("explain", "in/new.txt").stdout.splitlines() if "  id: " in line]
    guid = line.split()[1]
    assert feedbridge("explain", guid).stdout == feedbridge("explain", "in/new.txt").stdout
    assert "another file of it speaks: new.txt" in feedbridge("explain", "in/old.txt").stdout


@pytest.mark.parametrize(
    ("name", "source", "words"),
    [
        pytest.param("a.txt", raw(url=""), "rejected (no-link)", id="rejected"),
        pytest.param(
            "a.txt", raw(epoch="NaN"), "epoch: none  (the epoch comment says", id="no date, and why"
        ),
        pytest.param("a.txt", raw(epoch="4070908800000"), "key: dw/1", id="ahead of its time"),
        pytest.param("README.md", b"no article", "ignored: no sign of an article", id="ignored"),
        pytest.param(".a.txt", raw(), "ignored: hidden", id="hidden"),
    ],
)
def test_explain_says_why_a_file_is_no_article(feedbridge, tmp_path, name, source, words):
    """A file without entry is explained too."""
    (tmp_path / name).write_bytes(source)
    assert words in feedbridge("explain", name).stdout


def test_explain_takes_a_files_folder_where_there_is_no_configuration(feedbridge, tmp_path):
    """With a warning that names the folder; not where the archive is named."""
    archive(tmp_path / "in", count=1)
    done = feedbridge("explain", "in/00000.txt")
    assert done.stdout.startswith("00000.txt: an entry\n")
    assert f"warning archive.assumed input={tmp_path}/in detail=" in done.stderr
    named = feedbridge("explain", "in/00000.txt", "--input", "in", "--output", "out")
    assert (named.stdout, named.stderr) == (done.stdout, "")


def test_explain_names_a_file_below_the_archive_that_is_named(feedbridge, tmp_path):
    """--input goes before what the configuration says."""
    archive(tmp_path / "in" / "2024", count=1)
    (tmp_path / "config.toml").write_text('[input]\ndirectory = "in/2024"\n')
    done = feedbridge("explain", "in/2024/00000.txt", "--input", "in")
    assert done.stdout.startswith("2024/00000.txt: an entry\n")


@pytest.mark.parametrize("folder", [".drafts", "old"])
def test_explain_names_a_folder_that_is_left_out(feedbridge, tmp_path, folder):
    """A file that no walk comes to is explained as any other."""
    archive(tmp_path / "in" / folder, count=1)
    (tmp_path / "config.toml").write_text('[input]\ndirectory = "in"\nexclude = ["old"]\n')
    done = feedbridge("explain", f"in/{folder}/00000.txt")
    assert done.stdout == f"{folder}/00000.txt: ignored: in a directory that is left out\n"


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


def test_a_full_disk_behind_stdout_is_a_line(tmp_path):
    """What cannot be said is said to be so; the feeds are there."""
    archive(tmp_path / "in", count=1)
    command = f"{sys.executable} -m feedbridge -q run --input in --output out --json > /dev/full"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("feedbridge: cannot write to stdout: No space left")
    assert (tmp_path / "out" / "atom.xml").exists()


def test_a_closed_stderr_keeps_nothing_from_being_published(tmp_path):
    """Some start programs without a stderr."""
    archive(tmp_path / "in", count=1)
    command = f"exec 2>&-; {sys.executable} -m feedbridge -q run --input in --output out"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0
    assert (tmp_path / "out" / "atom.xml").exists()


def test_usage_errors_escape_what_was_typed(feedbridge):
    """A hostile file name on the command line does nothing to the terminal."""
    done = feedbridge("run", "\u202e\x1b]0;x\x07")
    assert done.returncode == 2
    assert not {"\x1b", "\x07", "\u202e"} & set(done.stderr)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
@pytest.mark.parametrize(
    ("mode_of", "exit_code", "words"),
    [
        pytest.param("in", 1, "cannot read the input directory", id="unreadable input directory"),
        pytest.param("in/below", 1, "cannot list", id="unlistable directory below it"),
        pytest.param("in/00000.txt", 0, "code=unreadable", id="unreadable file"),
        pytest.param("out", 1, "out", id="read-only output"),
    ],
)
def test_rights_that_are_missing_are_a_line_with_a_remedy(monkeypatch, capsys, mode_of, exit_code, words):
    """For anybody but root; in this process, since nobody may reach the Python that runs the tests."""
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        archive(top / "in", count=3)
        (top / "in" / "below").mkdir()
        (top / "out").mkdir()
        run_here(monkeypatch, top / "in", top / "elsewhere")  # loads all modules while that is allowed
        for path in (top, *top.rglob("*")):
            os.chown(path, 65534, 65534)
        (top / mode_of).chmod(0o500 if mode_of == "out" else 0)
        capsys.readouterr()
        os.seteuid(65534)
        try:
            assert run_here(monkeypatch, top / "in", top / "out") == exit_code
        finally:
            os.seteuid(0)
        assert words in capsys.readouterr().err


def run_here(monkeypatch, source, target):
    """Run the command line in this process, and return its exit code."""
    monkeypatch.setattr(sys, "argv", ["feedbridge", "run", "--input", str(source), "--output", str(target)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code


def reads(child, output):
    """Tell whether a run has come to its articles, for which it needs RE2.

    Before, while lxml is imported, an interrupt would be lost: a module in C that meets one there drops it.
    """
    loaded = Path(f"/proc/{child.pid}/maps")
    return (output / ".feedbridge.lock").exists() and (not loaded.exists() or "_re2" in loaded.read_text())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing_half_done(tmp_path, number):
    """Ctrl-C is a line, and neither signal leaves a temporary file or a torn feed."""
    archive(tmp_path / "in", count=3000)
    arguments = [sys.executable, "-m", "feedbridge", "run", "-q", "--input", "in", "--output", "out"]
    with subprocess.Popen(arguments, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as child:
        while not reads(child, tmp_path / "out"):
            time.sleep(0.01)
        child.send_signal(number)
        _, said = child.communicate(timeout=60)
    assert child.returncode == (1 if number == signal.SIGINT else -number)
    assert "Traceback" not in said
    assert not list((tmp_path / "out").rglob("*.fbtmp"))


@pytest.mark.parametrize("option", ["--input", "--output", "--state"])
def test_an_empty_name_is_no_place(feedbridge, tmp_path, option):
    """It is a shell's variable that was not set: this folder is not taken for it."""
    named = {"--input": "in", "--output": "out", "--state": "state", option: ""}
    done = feedbridge("run", *(word for pair in named.items() for word in pair), cwd=tmp_path)
    assert done.returncode == 2
    assert f"Invalid value for '{option}': the name is empty." in done.stderr
    assert list(tmp_path.iterdir()) == []
