"""What befalls a run: it is killed, disks are full or gone, the catalogue is damaged, files move or vanish.

Whatever it is, readers see whole feeds all the time, no article is lost, and the next run puts all in order.
`python -m benchmarks.faults` draws many more moments than the thirty here.
"""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from feedbridge import config, pipeline
from feedbridge.errors import LockedError, OutputError
from tests import faults
from tests.faults import CATALOGUE, Fault, World
from tests.samples import NOW, archive, contents, raw, snapshot

URL = '[site]\nurl = "https://feeds.example.org/"\n'


@pytest.mark.parametrize("number", range(6))
def test_a_run_that_is_killed_or_finds_the_disk_full(tmp_path, number):
    """At any moment each feed is the old one or the new one; the next run ends as if nothing had been."""
    world = faults.make_world(number, tmp_path)
    for case in world.cases:
        faults.run_case(world, case)


def test_the_thirty_cases_are_half_of_each_kind():
    """Fifteen times a run is killed, and fifteen times it finds no space."""
    numbers = [number for world in range(6) for number in faults.cases_of(world)]
    assert numbers == list(range(30))
    assert sum(faults.is_killed(number) for number in numbers) == 15


# --- the catalogue ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> World:
    """Give a world in which nothing is known that the archive does not tell."""
    return faults.make_world(1000, tmp_path_factory.mktemp("world"), is_plain=True)


@pytest.fixture
def case(world, tmp_path) -> Path:
    """Give a copy of the world, between the changes of its archive and the next run."""
    return faults.copy(world.start, tmp_path / "case")


@pytest.fixture(scope="module")
def killed_world(world, tmp_path_factory) -> Path:
    """Give a copy of the world in which the next run was killed: the catalogue stands with its companions."""
    case = faults.copy(world.start, tmp_path_factory.mktemp("killed") / "case")
    assert faults.run(case, Fault("call", world.tally.calls - 3)).returncode < 0
    assert (case / f"{CATALOGUE}-wal").stat().st_size > 0
    return case


@pytest.fixture
def killed(killed_world, tmp_path) -> Path:
    """Give a copy of that."""
    return faults.copy(killed_world, tmp_path / "killed")


def run(case: Path, *, is_full: bool = False, lets_go: bool = False) -> pipeline.Outcome:
    """Run once, in this program."""
    asked = pipeline.Asked(is_full=is_full, lets_go=lets_go)
    return pipeline.run(config.load(case / "config.toml"), clock=lambda: NOW, asked=asked)


def put_aside(case: Path) -> list[Path]:
    """Return the damaged catalogues that were put aside."""
    return sorted((case / CATALOGUE).parent.glob("*.damaged-?"))


def warned(caplog: pytest.LogCaptureFixture) -> int:
    """Return how many warnings of a damaged catalogue there were, and forget them."""
    count = [record.message for record in caplog.records].count("catalogue.damaged")
    caplog.clear()
    return count


def assert_converged(world: World, case: Path) -> None:
    """Assert that all is as after an undisturbed run, in the catalogue too, and stays so."""
    assert faults.everything(case) == world.whole
    assert faults.remembered(case) == world.remembered
    outcome = run(case)
    assert (outcome.written, outcome.removed, outcome.changes) == ((), (), ())
    assert outcome.report.work.files_opened == 0


def test_a_deleted_catalogue(world, case):
    """Without it all is learnt anew: the same feeds, the same ids, no warning."""
    (case / CATALOGUE).unlink()
    done = faults.run(case)
    assert done.returncode == 0
    assert "damaged" not in done.stderr
    assert_converged(world, case)


def test_a_deleted_catalogue_of_which_the_companions_stand(world, killed):
    """A journal without its database is no memory of anything."""
    (killed / CATALOGUE).unlink()
    run(killed)
    assert_converged(world, killed)


@pytest.mark.parametrize("seed", range(3))
def test_a_truncated_catalogue(world, case, caplog, seed):
    """A file that was cut anywhere is noticed, put aside with a warning, and made anew."""
    file = case / CATALOGUE
    length = random.Random(seed).randrange(1, file.stat().st_size)  # noqa: S311  # to be repeated
    os.truncate(file, length)
    run(case)
    assert warned(caplog) == 1
    assert [path.stat().st_size for path in put_aside(case)] == [length]
    assert_converged(world, case)
    assert warned(caplog) == 0


def test_an_emptied_catalogue(world, case, caplog):
    """A file of no bytes is a new catalogue, as SQLite has it."""
    os.truncate(case / CATALOGUE, 0)
    run(case)
    assert warned(caplog) == 0
    assert_converged(world, case)


def test_a_truncated_catalogue_says_so_to_whoever_runs_it(world, case):
    """The warning names the file that was put aside and says that nothing is lost; the exit code is 0."""
    os.truncate(case / CATALOGUE, 5000)
    done = faults.run(case)
    assert done.returncode == 0
    (warning,) = (line for line in done.stderr.splitlines() if "catalogue.damaged" in line)
    assert f"{CATALOGUE}.damaged-1" in warning
    assert "made anew: entries and ids stay" in warning
    assert_converged(world, case)


@pytest.mark.parametrize("companion", ["", "-wal", "-shm"])
@pytest.mark.parametrize("seed", range(1))
def test_a_truncated_catalogue_that_a_killed_run_left(world, killed, caplog, companion, seed):
    """Whichever of its files was cut, what is left is trusted only if SQLite knows it as whole."""
    file = Path(f"{killed / CATALOGUE}{companion}")
    os.truncate(file, random.Random(seed).randrange(file.stat().st_size))  # noqa: S311  # to be repeated
    run(killed)
    assert len(put_aside(killed)) == warned(caplog)
    assert_converged(world, killed)


@pytest.mark.parametrize("seed", range(3))
def test_a_catalogue_with_a_page_that_is_none(world, case, caplog, seed):
    """A page of other bytes, or of zeros, is noticed where it is needed, even in the midst of a run."""
    rng = random.Random(seed)  # noqa: S311  # to be repeated
    body = bytearray((case / CATALOGUE).read_bytes())
    page = 4096 * rng.randrange(len(body) // 4096)
    body[page : page + 4096] = rng.choice((bytes(4096), rng.randbytes(4096)))
    (case / CATALOGUE).write_bytes(body)
    run(case)
    assert len(put_aside(case)) == warned(caplog)
    assert faults.everything(case) == world.whole
    outcome = run(case)
    assert (outcome.written, outcome.removed) == ((), ())


def test_a_catalogue_that_is_none(world, case):
    """Any other file under its name is put aside like a damaged one, and not lost."""
    (case / CATALOGUE).write_text("My shopping list, of all things, in the wrong folder. " * 9)
    run(case)
    assert [path.read_text()[:16] for path in put_aside(case)] == ["My shopping list"]
    assert_converged(world, case)


def test_a_catalogue_that_another_program_holds(world, case, monkeypatch):
    """A database that is held by another program ends the run with 75; nothing was written."""
    before = snapshot(case / "public")
    monkeypatch.setattr("feedbridge.catalogue.database.BUSY_S", 0.05)
    with closing(sqlite3.connect(case / CATALOGUE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LockedError, match=r"another process holds .*catalogue\.sqlite3") as caught:
            run(case)
    assert caught.value.exit_code == 75
    assert snapshot(case / "public").items() >= before.items()
    run(case)
    assert_converged(world, case)


# --- the output directory ---------------------------------------------------------------


@pytest.mark.parametrize("gone", ["", "source", "atom.xml"])
def test_a_removed_output_directory(world, case, gone):
    """What was removed of it, or all of it, stands again after the next run."""
    path = case / "public" / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    done = faults.run(case)
    assert done.returncode == 0, done.stderr
    assert_converged(world, case)


@pytest.mark.parametrize("gone", ["", "source", "atom.xml", "source/dw/index.html"])
def test_a_removed_output_directory_of_an_archive_that_stands(tmp_path, gone):
    """What was removed of it stands again though no article changed, and what was not is not touched."""
    case = site(tmp_path, count=20)
    before, bodies = snapshot(case / "public"), contents(case / "public")
    path = case / "public" / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    run(case)
    assert contents(case / "public") == bodies
    untouched = {name: left for name, left in before.items() if not name.startswith(gone)}
    assert snapshot(case / "public").items() >= untouched.items()
    assert run(case).written == ()


def test_an_output_directory_that_is_none(world, case):
    """Where a regular file stands the run ends with 1, the place and the remedy; then all is in order."""
    before = snapshot(case / "public")
    (case / "public").rename(case / "elsewhere")
    (case / "public").write_bytes(b"")
    done = faults.run(case)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"feedbridge: cannot lock {case / 'public'}: ")
    assert line.endswith("choose an output directory that is one")
    (case / "public").unlink()
    (case / "elsewhere").rename(case / "public")
    assert snapshot(case / "public") == before
    run(case)
    assert_converged(world, case)


def test_an_output_directory_below_a_file(world, case):
    """There can be none: exit code 1, the place and the remedy; nothing was learnt or written."""
    before = snapshot(case / "public")
    done = faults.run(case, None, "run", "--output", "config.toml/public")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"feedbridge: cannot make {case / 'config.toml' / 'public'}: ")
    assert line.endswith("choose an output directory that is one")
    assert snapshot(case / "public") == before
    run(case)
    assert_converged(world, case)


def test_a_read_only_output_directory(world, case):
    """Without the right to write the run ends with 1 and the remedy; the feeds stand, and then converge."""
    before = snapshot(case / "public")
    directories = [case / "public", *(one for one in (case / "public").rglob("*") if one.is_dir())]
    for directory in directories:
        directory.chmod(0o555)
    with suppress(PermissionError):
        (case / "public" / "test").touch()
        pytest.skip("who runs this may write anywhere, as root does: no directory is read-only")
    done = faults.run(case)
    for directory in directories:
        directory.chmod(0o755)
    assert done.returncode == 1
    assert str(case / "public") in done.stderr
    assert "give the user who runs feedbridge the right to write there" in done.stderr
    assert snapshot(case / "public").items() >= before.items()
    run(case)
    assert_converged(world, case)


def test_a_feed_that_cannot_be_replaced(world, case):
    """Something foreign in a feed's place is named; the other feeds stand as they were, and then converge."""
    (case / "public" / "rss.xml").unlink()
    (case / "public" / "rss.xml").mkdir()
    before = snapshot(case / "public")
    with pytest.raises(OutputError, match=r"rss\.xml is in the way: it is no regular file; move it away"):
        run(case)
    assert snapshot(case / "public").items() >= before.items()
    (case / "public" / "rss.xml").rmdir()
    run(case)
    assert_converged(world, case)


# --- two runs at once -------------------------------------------------------------------


def wait_for_stop(program: "subprocess.Popen[str]") -> None:
    """Wait until a program has stopped itself."""
    stopped = os.waitid(os.P_PID, program.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    assert stopped is not None
    assert stopped.si_code == os.CLD_STOPPED


@pytest.mark.parametrize("part", [0.4, 0.9])
def test_two_runs_at_once(world, case, part):
    """While one is at work another ends with 75 and the remedy, and changes nothing; with --wait it waits."""
    with faults.start(case, Fault("stop", int(world.tally.calls * part))) as first:
        wait_for_stop(first)
        before = snapshot(case / "public")
        second = faults.run(case)
        assert second.returncode == 75
        assert "another run is at work" in second.stderr
        assert "--wait" in second.stderr
        assert "a run is at work: yes" in faults.run(case, None, "status").stdout
        assert snapshot(case / "public") == before
        with faults.start(case, None, "run", "--wait") as third:
            with suppress(subprocess.TimeoutExpired):
                third.wait(timeout=0.5)
            assert third.poll() is None
            first.send_signal(signal.SIGCONT)
            assert (first.wait(timeout=60), third.wait(timeout=60)) == (0, 0)
            third.communicate()
        first.communicate()
    assert_converged(world, case)


def test_runs_that_start_together(world, case):
    """Of runs that start at one moment one at least succeeds, and none of them fails."""
    with faults.start(case) as one, faults.start(case) as two, faults.start(case) as three:
        runs = (one, two, three)
        for program in runs:
            program.communicate(timeout=60)
        ends = {program.returncode for program in runs}
    assert 0 in ends
    assert ends <= {0, 75}
    assert_converged(world, case)


# --- files that are as they were --------------------------------------------------------


def site(tmp_path: Path, *, count: int) -> Path:
    """Return a folder with a configuration and an archive of which the feeds stand."""
    archive(tmp_path / "seeds" / "example", count=count)
    (tmp_path / "seeds" / "dw.txt").write_bytes(raw())
    for path in (tmp_path / "seeds").rglob("*.txt"):
        os.utime(path, (1_735_689_600, 1_735_689_600))
    (tmp_path / "config.toml").write_text(URL)
    run(tmp_path)
    return tmp_path


def report(case: Path, *arguments: str) -> dict[str, Any]:
    """Run as a user does; return the report."""
    done = faults.run(case, None, "run", "--json", "-q", *arguments)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def status(case: Path) -> tuple[int, str]:
    """Return the exit code of `feedbridge status` and what it says."""
    done = faults.run(case, None, "status")
    return done.returncode, done.stdout


def rewrite(path: Path) -> None:
    """Write a file anew, as a checkout does: the same bytes, another mtime and inode."""
    body = path.read_bytes()
    (path.parent / "new").write_bytes(body)
    (path.parent / "new").rename(path)


@pytest.mark.parametrize("touch", [os.utime, rewrite], ids=["touched", "rewritten"])
def test_a_checkout_that_changes_every_mtime(tmp_path, touch):
    """Contents decide: nothing is written, nothing counts as changed, no entry is updated."""
    case = site(tmp_path, count=60)
    before = snapshot(case / "public")
    for path in (case / "seeds").rglob("*.txt"):
        touch(path)
    done = report(case)
    assert [done["articles"][count] for count in ("added", "changed", "removed")] == [0, 0, 0]
    assert done["feeds"] == {"written": 0, "unchanged": 6, "removed": 0}
    assert snapshot(case / "public") == before


def test_a_moved_folder_of_2000_articles(tmp_path):
    """No id, no `updated`, no feed changes; none is held; each is one added and one removed."""
    case = site(tmp_path, count=2000)
    before, known = snapshot(case / "public"), identities(case)
    (case / "seeds" / "old" / "2024").mkdir(parents=True)
    (case / "seeds" / "example").rename(case / "seeds" / "old" / "2024" / "moved")
    done = report(case)
    assert done["entries"] == 2001
    assert [done["articles"][count] for count in ("added", "changed", "removed", "held")] == [
        2000,
        0,
        2000,
        0,
    ]
    assert done["feeds"] == {"written": 0, "unchanged": 6, "removed": 0}
    assert snapshot(case / "public") == before
    assert identities(case) == known
    code, said = status(case)
    assert (code, said.splitlines()[0]) == (0, "healthy")


def identities(case: Path) -> list[tuple[object, ...]]:
    """Return the id and the dates of every entry, also of those that no feed holds."""
    with closing(sqlite3.connect(case / CATALOGUE)) as connection:
        return connection.execute("SELECT key, guid, published, updated FROM entries ORDER BY key").fetchall()


def test_an_unmounted_input(tmp_path):
    """All is held, exit code 0, `status` says so with 3; once the files are back nothing was written."""
    case = site(tmp_path, count=60)
    before = snapshot(case / "public")
    (case / "seeds").rename(case / "disk")
    (case / "seeds").mkdir()
    for _ in range(2):
        done = report(case)
        assert done["articles"]["held"] == 61
        assert done["entries"] == 61
        assert snapshot(case / "public") == before
        code, said = status(case)
        assert code == 3
        assert "61 articles were lost at once" in said
        assert "`feedbridge run --yes` lets them go" in said
    (case / "seeds").rmdir()
    (case / "disk").rename(case / "seeds")
    done = report(case)
    assert [done["articles"][count] for count in ("changed", "removed", "held")] == [0, 0, 0]
    assert done["feeds"] == {"written": 0, "unchanged": 6, "removed": 0}
    assert snapshot(case / "public") == before
    assert status(case)[0] == 0


def test_an_unmounted_input_and_a_run_that_is_killed(tmp_path):
    """Wherever a run dies that finds the archive empty, the feeds stand, and the next one holds all."""
    start = site(tmp_path / "start", count=30)
    shutil.rmtree(start / "seeds")
    (start / "seeds").mkdir()
    twin = faults.copy(start, tmp_path / "twin")
    assert faults.run(twin, Fault("none", 0)).returncode == 0
    calls = json.loads((twin / "tally.json").read_bytes())["calls"]
    for at in (calls // 3, calls * 2 // 3, calls - 1):
        case = faults.copy(start, tmp_path / str(at))
        before = snapshot(case / "public")
        assert faults.run(case, Fault("call", at)).returncode < 0
        assert snapshot(case / "public").items() >= before.items()
        assert report(case)["articles"]["held"] == 31
        assert snapshot(case / "public").items() >= before.items()


def test_an_input_that_is_restored_as_copies(tmp_path):
    """Files that come back from elsewhere, as other files of the same bytes, end the holding as well."""
    case = site(tmp_path, count=60)
    before = snapshot(case / "public")
    shutil.copytree(case / "seeds", case / "backup", copy_function=shutil.copyfile)
    for path in (case / "seeds").rglob("*.txt"):
        path.unlink()
    assert report(case)["articles"]["held"] == 61
    shutil.copytree(case / "backup", case / "seeds", copy_function=shutil.copyfile, dirs_exist_ok=True)
    assert report(case)["articles"]["held"] == 0
    assert snapshot(case / "public") == before
    assert status(case)[0] == 0


def test_an_input_that_is_missing(tmp_path):
    """Without the directory itself the run ends with 1; the feeds stand, and `status` says why with 3."""
    case = site(tmp_path, count=10)
    before = snapshot(case / "public")
    (case / "seeds").rename(case / "disk")
    done = faults.run(case)
    assert done.returncode == 1
    assert f"the input directory {case / 'seeds'} does not exist" in done.stderr
    assert status(case)[0] == 3
    assert snapshot(case / "public") == before
    (case / "disk").rename(case / "seeds")
    assert report(case)["feeds"]["written"] == 0
    assert snapshot(case / "public") == before


def test_held_articles_that_are_let_go(tmp_path):
    """With --yes an archive that is empty on purpose has an empty main feed, and no feed of a source."""
    case = site(tmp_path, count=60)
    for path in (case / "seeds").rglob("*.txt"):
        path.unlink()
    assert report(case)["articles"]["held"] == 61
    done = report(case, "--yes")
    assert done["articles"]["held"] == done["entries"] == 0
    assert done["feeds"] == {"written": 2, "unchanged": 0, "removed": 4}
    left = contents(case / "public")
    assert {path for path in left if not path.startswith(".")} == {"atom.xml", "rss.xml", "index.html"}
    assert b"<entry>" not in left["atom.xml"]
    assert b"<item>" not in left["rss.xml"]
    assert not (case / "public" / "source").exists()
    assert status(case)[0] == 0
