"""The order property: the same articles give the same bytes, in whatever order their files are found."""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedbridge import config, pipeline
from feedbridge.model import Document, Report
from feedbridge.render import render
from tests.samples import EPOCH, NOW, contents, raw

FOOTER = '<br><hr><div>获取更多RSS：<br><a href="https://feedx.net">https://feedx.net</a></div>'
BODIES = (
    "<p>The harbour was opened today, and many ships came in.</p>",
    "<p>The harbour was opened today, and many ships came in.</p>" + FOOTER,
    "<p>The harbour was closed again today, after many ships had come in.</p>",
    "<p>Stub.</p>",
    "",
)
MODIFIED = EPOCH.timestamp()  # long before NOW: a younger file is read again by the next run
ADDRESSES = {  # of articles: several of each
    1: ("https://www.dw.com/zh/x/a-1", "https://www.dw.com/zh/y/a-1"),
    2: ("https://www.dw.com/zh/x/a-2", "http://dw.com/zh/y/a-2?utm_source=rss"),
    3: ("https://example.org/harbour", "http://www.example.org/harbour/#top"),
}


@st.composite
def files(draw: st.DrawFn) -> tuple[str, int, bytes]:
    """Make one version of one of three articles somewhere in an archive."""
    number = draw(st.sampled_from(sorted(ADDRESSES)))
    folder = draw(st.sampled_from(["", "archived/", "archived/2024-02-01/", "new/"]))
    epoch = draw(st.sampled_from([None, "NaN", *(EPOCH + timedelta(hours=n) for n in range(4))]))
    line = draw(st.sampled_from(["", "<div><i><br>2024-01-31T15:35:24.226Z</i></div>"]))
    article = raw(
        title=draw(st.sampled_from(["Harbour", "The harbour"])),
        url=draw(st.sampled_from(ADDRESSES[number])),
        epoch=epoch,
        body=line + draw(st.sampled_from(BODIES)),
    )
    return f"{folder}{draw(st.sampled_from('abc'))}-2024-01-30.md", number, article


archives = st.lists(files(), max_size=7, unique_by=lambda file: file[0])


class _Shuffled:
    """A directory whose entries the system names in an order of its own, as file systems do."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._scandir = os.scandir

    @contextmanager
    def __call__(self, directory: int) -> Iterator[Iterable[os.DirEntry[str]]]:
        """Give all entries, each once."""
        with self._scandir(directory) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
            self._random.shuffle(listed)
            yield listed


def written(directory: Path, files: Iterable[tuple[str, int, bytes]]) -> Path:
    """Write files one after the other: those of an archive."""
    directory.mkdir(parents=True, exist_ok=True)
    for path, _, article in files:
        file = directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(article)
        os.utime(file, (MODIFIED, MODIFIED))
    return directory


def surveyed(archive: Path) -> tuple[Report, tuple[Document, ...]]:
    """Look at an archive without anything that is remembered."""
    return pipeline.survey(config.for_directories(input=archive, output=archive / "public"), now=NOW)


def feeds_of(documents: Iterable[Document]) -> Mapping[str, bytes]:
    """Give the bytes of all feeds and pages."""
    return {made.path: made.body for document in documents for made in render(document)}


@pytest.mark.usefixtures("without_waiting")
@pytest.mark.no_cover  # what it runs is covered elsewhere, and a tracer doubles its time
@settings(max_examples=500, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(archives, st.randoms())
def test_any_order_of_files_gives_the_same_bytes(found, random):
    """Versions, moves and duplicates, made in any order and found in any order."""
    with tempfile.TemporaryDirectory() as name:
        archive = written(Path(name, "one", "archive"), found)
        made = feeds_of(surveyed(archive)[1])
        random.shuffle(found)
        archive = written(Path(name, "other", "archive"), found)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "scandir", _Shuffled(random))  # a file system's own order is not ours to choose
            assert feeds_of(surveyed(archive)[1]) == made


@pytest.mark.usefixtures("without_waiting")
@pytest.mark.no_cover  # what it runs is covered elsewhere, and a tracer doubles its time
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(archives.filter(bool), st.randoms())
def test_any_order_of_arrival_gives_the_same_bytes(found, random):
    """One file after the other, each published as it comes and remembered, or all at once and forgotten."""
    with tempfile.TemporaryDirectory() as name:
        whole, grown = Path(name, "one", "archive"), Path(name, "other", "archive")
        written(whole, found)
        pipeline.run(config.for_directories(input=whole, output=Path(name, "at-once")), clock=lambda: NOW)
        configured = config.for_directories(input=grown, output=Path(name, "one-by-one"))
        remembered = config.with_state(configured, file=Path(name, "state", "catalogue.sqlite3"))
        random.shuffle(found)
        for file in found:
            written(grown, [file])
            pipeline.run(remembered, clock=lambda: NOW)
        assert contents(Path(name, "one-by-one")) == contents(Path(name, "at-once"))


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(archives)
def test_rule_5_every_article_is_one_entry_newest_first_and_a_source_has_its_own(found):
    """Each file counts once; feeds hold entries by published, then id; the sources' feeds stand by name."""
    with tempfile.TemporaryDirectory() as name:
        report, (main, *of_sources) = surveyed(written(Path(name, "archive"), found))
    assert report.articles.added == report.articles.seen == len(found)
    assert report.entries == len(main.entries) == len({number for _, number, _ in found})
    assert main.entries == tuple(sorted(main.entries, key=lambda one: (-one.published.timestamp(), one.guid)))
    sources = sorted({one.source for one in main.entries})
    assert [(one.spec.source, one.entries) for one in of_sources] == [
        (source, tuple(one for one in main.entries if one.source == source)) for source in sources
    ]
