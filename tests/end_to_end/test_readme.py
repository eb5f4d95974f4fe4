"""What README.md tells people to type is typed here, in a scratch copy of the checkout."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

CHECKOUT = Path(__file__).parents[2]
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")

# A block that is not run has a comment above it that says why.
BLOCK = re.compile(r"(?:<!-- not run: ([^\n]+) -->\n)?```(\w+)\n(.*?)```", re.DOTALL)
SHOWN_COMMAND = re.compile(r"\$ ([^\n]+)\n(.*?)(?=^\$ |\Z)", re.DOTALL | re.MULTILINE)
WORKFLOW_STEP = re.compile(r"- run: (feedbridge .+)")
SCHEDULE = re.compile(r"(?:\S+ ){5}(.+)")


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A fenced block of README.md."""

    line: int
    language: str
    body: str
    not_run: str  # the reason; "" if it is run


def blocks(*languages: str) -> list[Block]:
    """Return the blocks in these languages, in the order in which people read them."""
    found = [
        Block(
            line=README.count("\n", 0, match.start(2)) + 1,
            language=match[2],
            body=match[3],
            not_run=match[1] or "",
        )
        for match in BLOCK.finditer(README)
    ]
    return [block for block in found if block.language in languages]


def each(*languages: str) -> pytest.MarkDecorator:
    """Make a test of each block in these languages."""
    return pytest.mark.parametrize("block", blocks(*languages), ids=lambda block: f"line-{block.line}")


@pytest.fixture
def reader(tmp_path: Path) -> Path:
    """Give a reader's home: the checkout in it, articles in ~/archive, the program on PATH."""
    checkout = tmp_path / "feedbridge"
    for name in ("feedbridge", "seeds", "scripts", "config.toml", "pyproject.toml"):
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, checkout / name)
    shutil.copytree(CHECKOUT / "seeds", tmp_path / "archive")
    install(tmp_path / ".local/bin")
    install(checkout / ".venv/bin")
    return tmp_path


def install(directory: Path) -> None:
    """Put the program and its Python there, as an installation would, but without the network."""
    directory.mkdir(parents=True)
    python = shlex.quote(sys.executable)
    stand_ins = {
        "feedbridge": f'exec {python} -m feedbridge "$@"',
        "python": f'case "$*" in "-m pip install "*) exit 0 ;; esac\nexec {python} "$@"',
        "pip": f"exec {directory}/python -m pip",
    }
    for name, script in stand_ins.items():
        (directory / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (directory / name).chmod(0o755)


def type_in(command: str, *, home: Path) -> str:
    """Type a command into bash, in the checkout; return what is shown on stdout."""
    environment = {
        **os.environ,
        "HOME": str(home),
        "PATH": f"{home / '.local/bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(CHECKOUT),  # the program that is measured, not its copy
        "FEEDBRIDGE_CONFIG": "",
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=home / "feedbridge",
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
    return done.stdout


def is_as_shown(output: str, shown: str) -> bool:
    """Compare an output with README's, where … stands for anything."""
    return re.fullmatch(".*".join(map(re.escape, shown.split("…"))), output, re.DOTALL) is not None


@each("sh")
def test_commands_succeed(block, reader):
    """What people are told to type works as it stands, also on its first day."""
    if block.not_run:
        pytest.skip(f"README.md, line {block.line}: {block.not_run}")
    type_in(block.body, home=reader)


SHOWN = [pair for block in blocks("console") for pair in SHOWN_COMMAND.findall(block.body)]


@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=[command for command, _ in SHOWN])
def test_output_is_as_shown(command, shown, reader):
    """Where README shows an output, people get the same."""
    output = type_in(command, home=reader)
    assert is_as_shown(output, shown), output


@each("crontab")
def test_scheduled_command_is_silent(block, reader):
    """The cron line works without a terminal and says nothing on stdout while all is well."""
    type_in("mkdir ~/feeds; feedbridge --config ~/feeds/config.toml init ~/archive", home=reader)
    command = SCHEDULE.fullmatch(block.body.strip())
    assert command
    assert type_in(command[1], home=reader) == ""
    assert (reader / "feeds/public/atom.xml").is_file()


@each("yaml")
def test_workflow_builds_what_it_uploads(block, reader):
    """The workflow's own step writes feeds into the folder that its next step uploads."""
    for command in WORKFLOW_STEP.findall(block.body):
        type_in(command, home=reader)
    uploaded = re.search(r"path: (\S+)", block.body)
    assert uploaded
    assert (reader / "feedbridge" / uploaded[1] / "atom.xml").is_file()


def test_first_command_says_what_to_do_next(reader):
    """`scripts/run` writes the feeds and then tells how to look at them."""
    output = type_in("scripts/run", home=reader)
    assert (reader / "feedbridge/public/index.html").is_file()
    assert "http://127.0.0.1:8000/atom.xml" in output


def test_first_command_passes_arguments_on(reader):
    """With arguments `scripts/run` is `feedbridge run` and adds no word of its own, from any folder."""
    output = type_in("cd / && ~/feedbridge/scripts/run --json", home=reader)
    assert msgspec.json.decode(output)["articles"]["rejected"] == 1


def test_every_kind_of_block_is_known():
    """No block escapes these tests: another language needs a test, or is no command."""
    languages = {match[2] for match in BLOCK.finditer(README)}
    assert languages == {"text", "sh", "console", "crontab", "yaml"}


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\((?!http)([^)#]+)\)", README))))
def test_links_lead_somewhere(target):
    """What README links within the project is there."""
    assert (CHECKOUT / target).exists()
