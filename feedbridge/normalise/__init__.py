"""From an `Article` to an `Entry`: the rules in their order, each leaving its `Decision`.

The order:

1. the body becomes a tree, tamed and clean: `standards.markup.parse`
2. addresses: dead links mended, all absolute: `links.resolve`
3. pictures: kept or dropped, their captions, figures: `pictures.arrange`
4. text, title, language, summary
5. the allow-list, last: `standards.markup.sanitise`
"""

from typing import Literal

import msgspec
from lxml.html import builder

from feedbridge.model import Article, Decision, Entry, Identity, Sites
from feedbridge.normalise import links, pictures, summary
from feedbridge.sites import apply
from feedbridge.standards import dates, language, markup, text, urls

TITLE_LIMIT = 80  # characters of the text that stand for a missing title


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What the configuration wants of every entry."""

    language: str  # where the characters do not tell; "" if not configured
    image_urls: Literal["keep", "unwrap"] = "keep"


def normalise(article: Article, identity: Identity, *, sites: Sites, wishes: Wishes) -> Entry:
    """Make the entry of the version that speaks, ready for every format."""
    link = urls.absolute(article.link, "")
    rule = apply.rule_for(article.link, sites)
    root = markup.parse(article.body)
    mended = links.resolve(root, base=link, rule=rule)
    arranged = pictures.arrange(
        root, rules=pictures.Rules(base=link, site=rule, sites=sites, urls=wishes.image_urls)
    )
    words = markup.text_of(root)
    title = _title(article.title, words, link)
    tag = language.of_text(f"{article.title} {words}", default=wishes.language or "und")
    direction = language.direction(tag)
    brief = summary.of(root)  # before the link below, which is no text of the article
    if not words:
        root.append(builder.P(builder.A(title, href=link)))
    return Entry(
        guid=identity.guid,
        link=link,
        title=title,
        author=article.author,
        published=identity.published,
        updated=identity.updated,
        language=tag,
        direction=direction,
        summary=brief,
        content=markup.sanitise(root, language=tag, direction=direction),
        images=arranged.images,
        lead=arranged.lead,
        source=identity.source,
        source_name=identity.speaker.source_name,
        decisions=(
            Decision(rule="title", outcome=title, reason=_title_reason(article.title, words)),
            Decision(rule="link", outcome=link, reason=_link_reason(article.link, link)),
            *_dates(identity),
            Decision(rule="language", outcome=tag, reason="by its characters, else as configured"),
            *mended,
            *arranged.decisions,
        ),
    )


def _dates(identity: Identity) -> tuple[Decision, Decision]:
    published, updated = dates.rfc3339(identity.published), dates.rfc3339(identity.updated)
    return (
        Decision(rule="published", outcome=published, reason=_published_reason(identity)),
        Decision(rule="updated", outcome=updated, reason=_updated_reason(identity)),
    )


def _title(title: str, words: str, link: str) -> str:
    """Emission rule 6: the title, else the beginning of the text, else the address."""
    return text.close_bidi(title if _is_visible(title) else text.shorten(words, TITLE_LIMIT)) or link


def _is_visible(title: str) -> bool:
    """Tell whether there is anything to see, or to click on: zero-width characters are not."""
    return any(character.isprintable() and not character.isspace() for character in title)


def _title_reason(title: str, words: str) -> str:
    if _is_visible(title):
        return "the title line"
    return "the title line is empty: the beginning of the text" if words else "no title, no text: the address"


def _link_reason(written: str, link: str) -> str:
    return "as written" if written == link else f"mended; written as {written!r}"


def _published_reason(identity: Identity) -> str:
    return "the earliest of its files" if len(identity.versions) > 1 else "as its file says"


def _updated_reason(identity: Identity) -> str:
    arrived = identity.speaker.epoch
    if arrived == identity.updated:
        return "the epoch of the file that speaks"
    return "published: there is no epoch after it"
