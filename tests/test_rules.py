"""rules: what was made by other rules is not used any more, and a change of ours is not forgotten."""

import hashlib
import json
import os
from pathlib import Path

import msgspec
import pytest

from feedbridge import config, pipeline
from feedbridge.catalogue import Catalogue
from feedbridge.model import Change
from feedbridge.pipeline import rules
from tests import hostile
from tests.samples import CHECKOUT, NOW, archive, contents, raw
from tests.test_linear import published

RECORD = Path(__file__).parent / "golden" / "rules.json"
SIZE = 400  # characters of each article below


def made(tmp_path: Path) -> str:
    """Return a digest of what we make of many articles of all kinds."""
    seeds = config.for_directories(input=CHECKOUT / "seeds", output=tmp_path / "out")
    pipeline.run(seeds, clock=lambda: NOW)
    parts = [repr(sorted(contents(tmp_path / "out").items()))]
    parts += [repr(published(hostile.ARTICLES[name](SIZE))) for name in sorted(hostile.ARTICLES)]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def test_whoever_changes_what_is_made_raises_the_version(tmp_path, request):
    """Else a memory would keep what the old code made: raise `rules.VERSION`, then --update-golden."""
    recorded = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    found = {"version": rules.VERSION, "made": made(tmp_path)}
    if request.config.getoption("update_golden"):
        assert recorded.get("made") == found["made"] or recorded.get("version") != rules.VERSION
        RECORD.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    assert json.loads(RECORD.read_text(encoding="utf-8")) == found


@pytest.fixture
def standing(tmp_path):
    """Give a configuration with a memory, after a first run over five articles."""
    archive(tmp_path / "in", count=5)
    configured = config.for_directories(input=tmp_path / "in", output=tmp_path / "out")
    configured = config.with_state(configured, file=tmp_path / "state.sqlite3")
    pipeline.run(configured, clock=lambda: NOW)
    return configured


def changes(configured: config.Config) -> tuple[int, int, int, tuple[Change, ...]]:
    """Run, and return how many articles were parsed and cleaned, documents made, and what changed."""
    outcome = pipeline.run(configured, clock=lambda: NOW)
    work = outcome.report.work
    return work.articles_parsed, work.articles_cleaned, work.documents_rendered, outcome.changes


def test_a_new_version_of_our_rules_reads_and_makes_all_anew(standing, monkeypatch):
    """Silently: no entry changes, and equal bytes are not written."""
    monkeypatch.setattr(rules, "VERSION", rules.VERSION + 1)
    assert changes(standing) == (5, 5, 2, ())
    assert changes(standing) == (0, 0, 0, ())


def test_other_site_rules_read_and_make_all_anew(standing):
    """They tell keys, dates and boilerplate."""
    sites = msgspec.structs.replace(standing.sites, tracking_keys=("x",))
    assert changes(msgspec.structs.replace(standing, sites=sites)) == (5, 5, 2, ())


def test_another_language_cleans_all_anew(standing):
    """It stands in the entries; files need not be read for their headers, only for their bodies."""
    site = msgspec.structs.replace(standing.site, language="en")
    assert changes(msgspec.structs.replace(standing, site=site)) == (5, 5, 2, ())


def test_another_title_makes_documents_anew(standing):
    """What entries say is at hand."""
    site = msgspec.structs.replace(standing.site, title="Another")
    assert changes(msgspec.structs.replace(standing, site=site)) == (0, 0, 2, ())


def test_an_installation_asks_for_the_versions(standing):
    """Other times of the packages' files alone change nothing; other versions do."""
    with Catalogue(standing.state.file) as catalogue:
        stamp, versions = catalogue.runs.fact("environment").split("\n")
        catalogue.runs.set_fact("environment", f"another{stamp}\n{versions}")
    assert changes(standing) == (0, 0, 0, ())
    with Catalogue(standing.state.file) as catalogue:
        assert catalogue.runs.fact("environment") == f"{stamp}\n{versions}"
        catalogue.runs.set_fact("environment", f"{stamp}\nlxml 1.0")
    assert changes(standing) == (5, 5, 2, ())


def test_another_libxml2_is_noticed_by_whoever_loads_it(standing, tmp_path):
    """A system may bring another one without any installation of ours: the next run makes all anew."""
    with Catalogue(standing.state.file) as catalogue:
        stamp, versions = catalogue.runs.fact("environment").split("\n")
        older = versions.replace("libxml2 ", "libxml2 1.")
        catalogue.runs.set_fact("environment", f"{stamp}\n{older}")
        for name, value in zip(
            rules.Rules.__struct_fields__,
            msgspec.structs.astuple(rules.rules(standing, older)),
            strict=True,
        ):
            catalogue.runs.set_fact(name, value)
    assert changes(standing) == (0, 0, 0, ())
    (tmp_path / "in" / "new.txt").write_bytes(raw(url="https://example.org/new", title="New"))
    os.utime(tmp_path / "in" / "new.txt", (0, 0))
    assert changes(standing)[:3] == (1, 1, 2)
    assert changes(standing) == (6, 6, 2, ())
    assert changes(standing) == (0, 0, 0, ())
