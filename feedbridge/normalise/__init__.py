"""From an `Article` to what its entry says: the rules in their order, each leaving its `Decision`.

The order:

 1. the body becomes a tree, tamed and clean: `standards.markup.parse`
 2. bare text becomes paragraphs with links: `bare.arrange`; line breaks between characters of scripts
    without spaces go: `lines.join`
 3. addresses: dead links mended, all absolute: `links.resolve`
 4. what belongs to no article goes: `boilerplate.drop`, and the title said again: `heading.drop`
 5. pictures: kept or dropped, their captions, figures: `pictures.arrange`
 6. players become links, video and audio stay: `players.replace`
 7. what is empty now goes: `tidy.tidy`
 8. text, title, language, summary, fingerprint
 9. the allow-list, last: `standards.markup.sanitise`; what is too long then is cut: `cut.write`
"""

from collections import Counter
from typing import Literal

import msgspec
from lxml.html import HtmlElement, builder

from feedbridge.model import Article, Content, Decision, Entry, Identity, Measure, Sites
from feedbridge.normalise import (
    bare,
    boilerplate,
    cut,
    fingerprint,
    heading,
    lines,
    links,
    pictures,
    players,
    summary,
    tidy,
)
from feedbridge.sites import apply
from feedbridge.standards import elements, language, markup, text, urls

TITLE_LIMIT = 80  # characters of the text that stand for a missing title
CONTENT_LIMIT_BYTES = 512 * 1024  # of one entry (emission rule 11)


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What the configuration wants of every entry."""

    language: str  # where neither the characters nor the site's rule tell; "" if not configured
    image_urls: Literal["keep", "unwrap"] = "keep"


def normalise(article: Article, *, sites: Sites, wishes: Wishes) -> Content:
    """Make what an entry says of one file, ready for every format."""
    link = urls.absolute(article.link, "")
    rule = apply.rule_for(article.link, sites)
    root = markup.parse(article.body)
    not_shown = _not_shown(root)
    in_paragraphs = bare.arrange(root)
    lines.join(root)
    cleaned = (
        *in_paragraphs,
        *links.resolve(root, base=link, rule=rule),
        *boilerplate.drop(root, rule=rule),
        *heading.drop(root, title=article.title),
    )
    picture_rules = pictures.Rules(title=article.title, site=rule, sites=sites, urls=wishes.image_urls)
    arranged = pictures.arrange(root, rules=picture_rules)
    played = players.replace(root, sites=sites)
    tidied = tidy.tidy(root)
    words = elements.text_of(root, without=set(played.placed))
    title = _title(article.title, words, link)
    tag = language.of_text(f"{article.title} {words}", default=rule.language or wishes.language or "und")
    direction = language.direction(tag)
    brief = summary.of(root, without=played.placed)  # before the link below, which is no text of the article
    if not words:
        root.append(builder.P(builder.A(title, href=link)))
    written, shortened = cut.write(
        root, limit_bytes=CONTENT_LIMIT_BYTES, link=link, language=tag, direction=direction
    )
    shown = pictures.standing(arranged, root)
    return Content(
        link=link,
        title=title,
        author=article.author,
        categories=article.categories,
        language=tag,
        direction=direction,
        summary=brief,
        content=written,
        images=shown.images,
        lead=shown.lead,
        measure=Measure(
            fingerprint=fingerprint.of(
                title if title != link else "", words, pictures=arranged.marks, players=played.marks
            ),
            length=len(words),
        ),
        decisions=(
            Decision(rule="title", outcome=title, reason=_title_reason(article.title, words)),
            Decision(rule="link", outcome=link, reason=_link_reason(article.link, link)),
            Decision(
                rule="language", outcome=tag, reason="by its characters, else the site's or as configured"
            ),
            *not_shown,
            *cleaned,
            *arranged.decisions,
            *played.decisions,
            *tidied,
            *shortened,
        ),
    )


def _not_shown(root: HtmlElement) -> tuple[Decision, ...]:
    """Count what the allow-list lets go without a word; players are told of one by one."""
    names = (str(one.tag) for one in root.iterdescendants())
    counts = Counter(name for name in names if name not in markup.SHOWN and name not in players.FRAMES)
    if not counts:
        return ()
    outcome = ", ".join(f"{name} × {count}" for name, count in sorted(counts.items()))
    reason = "readers do not show them; of what is no code, form or drawing the words stay"
    return (Decision(rule="elements removed", outcome=outcome, reason=reason),)


def entry(content: Content, identity: Identity) -> Entry:
    """Join what an entry says with its id and dates."""
    return Entry(
        **{name: getattr(content, name) for name in content.__struct_fields__},
        guid=identity.guid,
        published=identity.published,
        updated=identity.updated,
        source=identity.source,
        source_name=identity.speaker.source_name,
    )


def _title(title: str, words: str, link: str) -> str:
    """Emission rule 6: the title, else the beginning of the text, else the address."""
    return text.close_bidi(title if _is_visible(title) else text.shorten(words, TITLE_LIMIT)) or link


def _is_visible(title: str) -> bool:
    """Tell whether there is anything to see, or to click on: zero-width characters are not."""
    return any(character.isprintable() and not character.isspace() for character in title)


def _title_reason(title: str, words: str) -> str:
    if _is_visible(title):
        return "as the file says"
    return "the file has none: the beginning of the text" if words else "no title, no text: the address"


def _link_reason(written: str, link: str) -> str:
    return "as written" if written == link else f"mended; written as {written!r}"
