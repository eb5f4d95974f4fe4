"""pairs: a catalogue belongs to one archive and one output directory."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from feedbridge import config
from feedbridge.catalogue import Catalogue
from feedbridge.config import Config
from feedbridge.errors import UsageError
from feedbridge.model import KnownRendition
from feedbridge.pipeline.pairs import bind_pair, check_pair
from tests.samples import identity

RENDITION = KnownRendition(path="feed.xml", document="main", kind="feed", size_bytes=1, mtime_ns=2, inode=3)


def configured(base: Path, *, inputs: tuple[str, ...] = ("in",), output: str = "public") -> Config:
    """Return a configuration whose directories, and the catalogue's, lie in one."""
    found = config.for_directories(input=base / "in", output=base / output)
    directories = tuple(base / name for name in inputs)
    found = msgspec.structs.replace(
        found, input=msgspec.structs.replace(found.input, directories=directories, labels=inputs)
    )
    return config.with_state(found, file=base / "state" / "catalogue.sqlite3")


@pytest.fixture
def catalogue() -> Iterator[Catalogue]:
    """Give a private catalogue."""
    with Catalogue(None) as opened:
        yield opened


@pytest.fixture
def bound(catalogue: Catalogue, tmp_path: Path) -> Catalogue:
    """Give a catalogue that belongs to a pair, and whose feeds were put in place."""
    bind_pair(catalogue, configured(tmp_path))
    catalogue.documents.put_renditions("main", [RENDITION])
    return catalogue


def test_the_same_pair_is_fine(bound, tmp_path):
    """Whether it is asked, or bound again: nothing is written then."""
    pair = bound.runs.fact("pair")
    assert pair
    assert check_pair(bound, configured(tmp_path)) == pair
    before = bound.statements
    bind_pair(bound, configured(tmp_path))
    assert bound.statements - before < 5
    assert bound.runs.fact("pair") == pair


def another_input(base: Path) -> Config:
    """Name another input directory."""
    return configured(base, inputs=("other",))


def one_more_input(base: Path) -> Config:
    """Name one more input directory."""
    return configured(base, inputs=("in", "other"))


def another_output(base: Path) -> Config:
    """Name another output directory."""
    return configured(base, output="other")


def exchanged(base: Path) -> Config:
    """Name the input directory as output, and the other way round."""
    return configured(base, inputs=("public",), output="in")


def elsewhere(base: Path) -> Config:
    """Name directories of the same names that lie elsewhere, and the same catalogue."""
    return config.with_state(configured(base / "elsewhere"), file=configured(base).state.file)


others = pytest.mark.parametrize(
    "other",
    [another_input, one_more_input, another_output, exchanged, elsewhere],
    ids=lambda other: other.__name__,
)


@others
@pytest.mark.parametrize("ask", [check_pair, bind_pair])
def test_another_pair_is_refused(bound, tmp_path, other: Callable[[Path], Config], ask):
    """The error names the catalogue, both pairs and the remedy; the catalogue stays as it is."""
    pair = bound.runs.fact("pair")
    asked = other(tmp_path)
    with pytest.raises(UsageError) as caught:
        ask(bound, asked)
    assert caught.value.exit_code == 2
    assert bound.runs.fact("pair") == pair
    assert bound.documents.renditions() == (RENDITION,)
    message = str(caught.value)
    assert f"the catalogue {tmp_path / 'state' / 'catalogue.sqlite3'} belongs to another" in message
    assert pair in message
    with Catalogue(None) as unbound:
        assert f"not {check_pair(unbound, asked)}: " in message
    assert "name another file by [state] file" in message
    assert "--state" in message


def test_the_order_of_inputs_belongs_to_a_pair(catalogue, tmp_path):
    """Files are known by the number of their input directory."""
    bind_pair(catalogue, configured(tmp_path, inputs=("one", "two")))
    catalogue.documents.put_renditions("main", [RENDITION])
    with pytest.raises(UsageError):
        check_pair(catalogue, configured(tmp_path, inputs=("two", "one")))


@others
def test_before_anything_is_put_in_place_a_catalogue_may_be_bound_anew(catalogue, tmp_path, other):
    """A run that failed since a name was misspelt binds nothing for ever; asking alone never binds."""
    bind_pair(catalogue, configured(tmp_path))
    first = catalogue.runs.fact("pair")
    second = check_pair(catalogue, other(tmp_path))
    assert second != first
    assert catalogue.runs.fact("pair") == first
    bind_pair(catalogue, other(tmp_path))
    assert catalogue.runs.fact("pair") == second


@others
def test_what_was_seen_of_another_pair_is_forgotten(catalogue, tmp_path, other):
    """Nothing that a run learnt of other directories, and never published, comes into these feeds."""
    catalogue.entries.change(None, identity())
    bind_pair(catalogue, configured(tmp_path))
    bind_pair(catalogue, configured(tmp_path))
    assert catalogue.entries.count() == 1
    check_pair(catalogue, other(tmp_path))
    assert catalogue.entries.count() == 1
    bind_pair(catalogue, other(tmp_path))
    assert catalogue.entries.count() == 0


def test_all_may_move_together(bound, tmp_path):
    """Names count as they are seen from the catalogue."""
    assert check_pair(bound, configured(tmp_path / "moved" / "away")) == bound.runs.fact("pair")
    bind_pair(bound, configured(tmp_path / "moved" / "away"))


def test_a_catalogue_moves_in_its_file(tmp_path):
    """The pair outlives the catalogue that was open: it stands in the file."""
    (first := tmp_path / "first").mkdir()
    with Catalogue(configured(first).state.file) as catalogue:
        bind_pair(catalogue, configured(first))
        catalogue.documents.put_renditions("main", [RENDITION])
    second = Path(shutil.move(first, tmp_path / "second"))
    with Catalogue(configured(second).state.file) as catalogue:
        bind_pair(catalogue, configured(second))
        with pytest.raises(UsageError):
            bind_pair(catalogue, another_output(second))


@pytest.mark.parametrize("name", ["in", "public"])
def test_a_link_may_lead_elsewhere(bound, tmp_path, name):
    """A directory is its name as configured: what a link leads to may change with each release."""
    for release in ("one", "two"):
        (tmp_path / release).mkdir()
        (tmp_path / name).unlink(missing_ok=True)
        (tmp_path / name).symlink_to(release)
        assert check_pair(bound, configured(tmp_path)) == bound.runs.fact("pair")


@pytest.mark.parametrize("written", ["in/../in", "./in", "in/"])
def test_a_name_may_be_written_otherwise(bound, tmp_path, written):
    """What means the same name is the same."""
    assert check_pair(bound, configured(tmp_path, inputs=(written,))) == bound.runs.fact("pair")


def test_a_directory_of_any_name_belongs_to_a_pair(catalogue, tmp_path):
    """Bytes that are no UTF-8 are told apart, and shown escaped."""
    first, second = (configured(tmp_path, inputs=(os.fsdecode(name),)) for name in (b"\xff", b"\xfe"))
    bind_pair(catalogue, first)
    catalogue.documents.put_renditions("main", [RENDITION])
    check_pair(catalogue, first)
    with pytest.raises(UsageError) as caught:
        check_pair(catalogue, second)
    str(caught.value).encode()


def test_without_a_memory_there_is_no_pair(catalogue, tmp_path):
    """A stateless run belongs to nothing: it may be of any directories, and nothing is remembered."""
    for base in ("one", "two"):
        stateless = config.with_state(configured(tmp_path / base), file=None)
        assert check_pair(catalogue, stateless) == ""
        bind_pair(catalogue, stateless)
        catalogue.documents.put_renditions("main", [RENDITION])
    assert catalogue.runs.fact("pair") == ""
