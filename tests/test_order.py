"""The order property: the same articles give the same bytes, in whatever order their files are found."""

import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedbridge import config, pipeline
from feedbridge.render import render
from feedbridge.scan import Archive
from tests.samples import EPOCH, NOW, raw

FOOTER = '<br><hr><div>获取更多RSS：<br><a href="https://feedx.net">https://feedx.net</a></div>'
BODIES = (
    "<p>The harbour was opened today, and many ships came in.</p>",
    "<p>The harbour was opened today, and many ships came in.</p>" + FOOTER,
    "<p>The harbour was closed again today, after many ships had come in.</p>",
    "<p>Stub.</p>",
    "",
)


@st.composite
def files(draw: st.DrawFn) -> tuple[str, bytes]:
    """Make one version of one of three articles somewhere in an archive."""
    number = draw(st.sampled_from([1, 2, 3]))
    folder = draw(st.sampled_from(["", "archived/", "archived/2024-02-01/"]))
    epoch = draw(st.sampled_from([None, "NaN", *(EPOCH + timedelta(hours=n) for n in range(4))]))
    line = draw(st.sampled_from(["", "<div><i><br>2024-01-31T15:35:24.226Z</i></div>"]))
    article = raw(
        title=draw(st.sampled_from(["Harbour", "The harbour"])),
        url=f"https://www.dw.com/zh/{draw(st.sampled_from('xy'))}/a-{number}",
        epoch=epoch,
        body=line + draw(st.sampled_from(BODIES)),
    )
    return f"{folder}{draw(st.sampled_from('abc'))}-2024-01-30.md", article


def feeds_of(directory: Path, order: list[str]) -> dict[str, bytes]:
    """Give the bytes of all feeds when the files of an archive are found in this order."""
    walk = Archive.walk

    def walk_in_order(self: Archive, **options: object) -> object:
        found = walk(self, **options)  # type: ignore[arg-type]  # passed on as they are
        stamps = sorted(found.stamps, key=lambda stamp: order.index(stamp.path.decode()))
        return type(found)(stamps=tuple(stamps), ignored=found.ignored)

    configured = config.for_directories(input=directory, output=directory / "public")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Archive, "walk", walk_in_order)  # a file system's own order is not ours to choose
        _, documents = pipeline.survey(configured, now=NOW)
    return {made.path: made.body for document in documents for made in render(document)}


@settings(max_examples=500, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(files(), max_size=7), st.randoms())
def test_any_order_of_files_gives_the_same_bytes(written, random):
    """Versions, moves and duplicates, found in any order."""
    with tempfile.TemporaryDirectory() as name:
        for path, article in written:
            file = Path(name, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(article)
        order = sorted({path for path, _ in written})
        shuffled = list(order)
        random.shuffle(shuffled)
        assert feeds_of(Path(name), shuffled) == feeds_of(Path(name), order)
