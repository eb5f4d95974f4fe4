"""Real programs that people read with: a feed reader and a browser, fed by `feedbridge serve`."""

import os
import sqlite3
import subprocess

import pytest

from tests.daemons import running
from tests.programs import require
from tests.samples import CHECKOUT

CHROMIUM = (
    *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@pytest.fixture
def site(feedbridge, tmp_path):
    """Give the address at which the feeds of the sample articles are served."""
    directories = ("--input", str(CHECKOUT / "seeds"), "--output", str(tmp_path / "out"))
    done = feedbridge("run", *directories, "-q")
    assert done.returncode == 0, done.stderr
    (tmp_path / "config.toml").touch()
    with running(tmp_path, "serve", *directories, "--port", "0") as server:
        yield server.address()


@pytest.mark.parametrize("feed", ["atom.xml", "rss.xml"])
def test_newsboat_reads_a_feed_and_finds_nothing_new_in_it_later(site, tmp_path, feed):
    """Titles, links, ids, dates and content arrive; read again, no entry comes back as unread."""
    require("newsboat")
    (tmp_path / "urls").write_text(f"{site}/{feed}\n")
    (tmp_path / "config").write_text("prepopulate-query-feeds no\n")
    items = read_by_newsboat(tmp_path)
    assert len(items) == 12
    assert all(guid.startswith("urn:uuid:") for guid, *_ in items)
    assert all(link.startswith("https://") for _, link, *_ in items)
    assert all(title and published > 1_700_000_000 for _, _, title, published, *_ in items)
    assert all("<p>" in content for *_, content in items)
    with sqlite3.connect(tmp_path / "cache.db") as cache:
        cache.execute("UPDATE rss_item SET unread = 0")
    cache.close()
    assert {unread for *_, unread, _ in read_by_newsboat(tmp_path)} == {0}


def read_by_newsboat(folder):
    """Let newsboat load its feeds, and return what it has then."""
    subprocess.run(
        ["newsboat", "-u", "urls", "-C", "config", "-c", "cache.db", "-x", "reload"],
        cwd=folder,
        env={**os.environ, "HOME": str(folder)},
        check=True,
        capture_output=True,
        timeout=60,
    )
    with sqlite3.connect(folder / "cache.db") as cache:
        items = cache.execute("SELECT guid, url, title, pubDate, unread, content FROM rss_item")
        found = items.fetchall()
    cache.close()
    return found


def test_a_browser_shows_the_landing_page(site, tmp_path):
    """A person who opens the site finds the feeds, the newest titles and the way to each source."""
    require("chromium")
    command = [*CHROMIUM, f"--user-data-dir={tmp_path / 'browser'}", "--dump-dom", f"{site}/"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=90)
    assert 'href="http://127.0.0.1:8000/atom.xml"' in done.stdout
    assert 'type="application/rss+xml"' in done.stdout
    assert done.stdout.count("<time datetime=") == 12
