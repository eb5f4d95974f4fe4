"""What docs/formats.md shows is what people get: its files are written, its commands are run."""

import re
import shlex
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
PAGE = (CHECKOUT / "docs/formats.md").read_text(encoding="utf-8")

FILE = re.compile(r"^```\w+ (\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SHOWN = re.compile(r"^```console\n\$ (feedbridge [^\n]+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
EXAMPLES = SHOWN.findall(PAGE)
LINK = re.compile(r"`[^`\n]*`|\]\((?!http)([^)#]+)\)")  # what stands in code is none


@pytest.fixture
def files(tmp_path):
    """Write every file that the page shows."""
    for name, body in FILE.findall(PAGE):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(body, encoding="utf-8")


def is_as_shown(output: str, shown: str) -> bool:
    """Compare an output with the page's, where … stands for anything."""
    pieces = shown.replace("…\n", "…").split("…")
    return re.fullmatch(".*".join(map(re.escape, pieces)), output, re.DOTALL) is not None


@pytest.mark.parametrize(("command", "shown"), EXAMPLES, ids=[command for command, _ in EXAMPLES])
@pytest.mark.usefixtures("files")
def test_output_is_as_shown(command, shown, feedbridge):
    """Where the page shows an output, people get the same."""
    done = feedbridge(*shlex.split(command)[1:])
    assert done.returncode == 0, done.stderr
    assert is_as_shown(done.stdout, shown), done.stdout


def test_every_section_about_files_has_an_example():
    """Shapes, dates, identity and site rules are shown, not only told."""
    sections = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))
    assert all(SHOWN.search(sections[name]) for name in ("Shapes", "Dates", "Identity", "Site rules"))


@pytest.mark.parametrize("target", sorted(set(filter(None, LINK.findall(PAGE)))))
def test_links_lead_somewhere(target):
    """What the page links within the project is there."""
    assert (CHECKOUT / "docs" / target).exists()
