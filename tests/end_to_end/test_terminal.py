"""What a person at a terminal sees, and nobody else."""

import os
import pty
import re
import subprocess
import sys

import pytest

from tests.samples import archive

# The program, as impatient as a test: else only a run of over a second would show anything.
IMPATIENT = (
    "from feedbridge.commands import terminal; terminal.PATIENCE_S = 0;"
    "from feedbridge.cli import main; main()"
)


def seen_at_terminal(tmp_path, *arguments):
    """Run with a terminal as stderr, and return what it shows."""
    mine, theirs = pty.openpty()
    command = [sys.executable, "-c", IMPATIENT, "run", "--input", "in", "--output", "out", *arguments]
    with subprocess.Popen(command, cwd=tmp_path, stderr=theirs, stdout=subprocess.DEVNULL) as child:
        os.close(theirs)
        shown = b"".join(iter(lambda: read_terminal(mine), b""))
    os.close(mine)
    assert child.returncode == 0
    return shown.decode()


def read_terminal(mine):
    """Read what has come; nothing once the other end is closed, which Linux calls an error."""
    try:
        return os.read(mine, 65536)
    except OSError:
        return b""


def test_a_long_run_shows_count_and_estimate_on_a_terminal(tmp_path):
    """Files read, files in all, and how long it will take."""
    archive(tmp_path / "in", count=40_000)  # an estimate takes a second to come
    shown = seen_at_terminal(tmp_path)
    assert "reading articles" in shown
    assert "40000/40000" in shown
    assert re.search(r"/40000  00:00:\d\d", shown)
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")  # the cursor is back


@pytest.mark.parametrize("option", ["-q", "--json"])
def test_quiet_shows_no_progress_and_json_keeps_stdout_clean(tmp_path, option):
    """Under -q nothing moves on the terminal; --json changes stdout only."""
    archive(tmp_path / "in", count=300)
    assert ("reading articles" in seen_at_terminal(tmp_path, option)) == (option == "--json")


def test_a_pipe_sees_no_progress(feedbridge, tmp_path):
    """In a pipe, such as cron's, there is the log and nothing else."""
    archive(tmp_path / "in", count=300)
    done = feedbridge("run", "--input", "in", "--output", "out")
    assert "reading" not in done.stderr
    assert "\r" not in done.stderr
