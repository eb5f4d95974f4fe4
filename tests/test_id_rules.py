"""The key rules are the numbered set `id_rules = 1`, and this is its table.

Ids are made of keys, and an entry with another id comes back as new to everyone who has read it (emission
rule 1). So no later change may alter a row of `id_rules_1.tsv`: a change of the rules that would is a new
set with a new number and a table of its own. Rows may be added.
"""

from pathlib import Path

import pytest

from feedbridge.config import load_sites
from feedbridge.identity import guid
from feedbridge.sites import apply

TABLE = Path(__file__).parent / "id_rules_1.tsv"
SITES = load_sites()


def rows() -> list[tuple[str, str]]:
    """Read the table: an address, a tab, its key; lines that begin with # are comments."""
    lines = TABLE.read_text(encoding="utf-8").split("\n")
    pairs = (line.partition("\t") for line in lines if line and not line.startswith("#"))
    return [(url, key) for url, _, key in pairs]


@pytest.mark.parametrize(("url", "key"), rows())
def test_key_stays_for_ever(url, key):
    """Each address of the table has the key that it had when the rules were numbered."""
    assert apply.key_of(url, SITES) == key


def test_table_covers_every_site():
    """It has at least 200 addresses, no two alike, and keys of all sites whose rule makes some."""
    addresses = [url for url, _ in rows()]
    assert len(set(addresses)) == len(addresses) >= 200
    assert {key.partition("/")[0] for _, key in rows()} == {
        "url",
        *(rule.slug for rule in SITES.rules if rule.key),
    }


def test_key_with_a_title_stays_for_ever():
    """Files without a body can share an address though they are different articles: the title counts."""
    url = "https://wechatscope.jmsc.hku.hk/api/update_weixin_public_pretty?days="
    assert apply.key_of(url, SITES, title="A title") == "url/f0887431fa34ae79438d"


def test_guid_of_a_key_stays_for_ever():
    """It is the UUIDv5 of the key under one constant namespace (RFC 9562 §5.5)."""
    assert guid("dw/68136197") == "urn:uuid:cc1e495d-0752-5739-9a77-41a551152f49"
