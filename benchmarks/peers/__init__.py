"""Other programs that make feeds of many files, measured beside ours where they are installed.

Each writes one feed of the newest 100 articles and cleans nothing, which is less than a first run does. hugo
(written for 0.111) gets the articles as its content files, which is not measured, and is told to render no
pages. `feed` of npm is found by NODE_PATH.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks import changes, results, runs
from benchmarks.changes import Archive
from benchmarks.runs import Took

HERE = Path(__file__).parent
ENTRIES = 100
A_FOLDER = 1_000  # of hugo's files

_ARTICLE = re.compile(
    r"<!--(?P<epoch>\d+)-->\n\[(?P<title>.*)\]\((?P<link>\S+)\)\n-+\n\n"
    r"<div><i>.*?<br>(?P<published>.*?)</i></div>(?P<body>.*)",
    re.DOTALL,
)


def installed(work: Path, archive: Archive) -> dict[str, Callable[[], Took]]:
    """Return the peers that are there, ready to be run; say which are not."""
    found: dict[str, Callable[[], Took]] = {}
    if hugo := shutil.which("hugo"):
        found["hugo"] = partial(run, hugo_command(hugo, work, archive), archive, work / "hugo-feed")
    if (node := shutil.which("node")) and _has_feed(node):
        script = str(HERE / "feed.cjs")
        output = work / "npm-feed"
        command = [node, script, str(archive.directory), str(output)]
        found["feed of npm"] = partial(run, command, archive, output)
    if missing := {"hugo", "feed of npm"} - set(found):
        results.say(f"not installed: {', '.join(sorted(missing))}")
    return found


def run(command: Sequence[str], archive: Archive, output: Path) -> Took:
    """Measure a peer. Raises: RuntimeError if its feed is wrong."""
    took, _ = runs.measured(command)
    feed = (output / "rss.xml").read_text(encoding="utf-8")
    if feed.count("</item>") != min(ENTRIES, archive.files):
        raise RuntimeError(f"{command[0]} wrote {feed.count('</item>')} entries")
    if changes.address_of(archive.newest[0]) not in feed:
        raise RuntimeError(f"{command[0]} left the newest article out")
    shutil.rmtree(output)
    return took


def hugo_command(program: str, work: Path, archive: Archive) -> list[str]:
    """Return what has hugo make the feed of a site, which is made of an archive."""
    site = work / "hugo"
    shutil.copytree(HERE / "hugo", site)
    files = sorted(Path(folder, name) for folder, _, names in os.walk(archive.directory) for name in names)
    for number, file in enumerate(files):
        content = site / "content" / str(number // A_FOLDER) / f"{number}.html"
        content.parent.mkdir(parents=True, exist_ok=True)
        content.write_text(as_content(file.read_text(encoding="utf-8")), encoding="utf-8")
    return [program, "--quiet", "--source", str(site), "--destination", str(work / "hugo-feed")]


def as_content(text: str) -> str:
    """Return an article as hugo takes it: with its header as JSON, and the HTML as it is."""
    found = _ARTICLE.match(text)
    if found is None:
        raise RuntimeError(f"this is no article of benchmarks/archives.py: {text[:80]!r}")
    header = {
        "title": found["title"],
        "date": found["published"],
        "lastmod": datetime.fromtimestamp(int(found["epoch"]) / 1000, UTC).isoformat(),
        "address": found["link"],
    }
    return f"{json.dumps(header, ensure_ascii=False, indent=1)}\n\n{found['body']}"


def _has_feed(node: str) -> bool:
    looking = [node, "-e", "require.resolve('feed')"]
    return subprocess.run(looking, capture_output=True, check=False).returncode == 0  # noqa: S603  # constant
