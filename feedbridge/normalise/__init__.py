"""From an `Article` to what its entry says: the rules in their order, each leaving its `Decision`.

The order:

 1. the body becomes a tree, tamed and clean: `standards.markup.parse`
 2. bare text becomes paragraphs with links: `bare.arrange`; line breaks between characters of scripts
    without spaces go: `lines.join`
 3. frames that stand in attributes stand in the tree: `players.unfold`; addresses: dead links mended, all
    absolute: `links.resolve`
 4. what belongs to no article goes: `boilerplate.drop`, and the title said again: `heading.drop`
 5. pictures: kept or dropped, their captions, figures: `pictures.arrange`
 6. players become links, video and audio stay: `players.replace`
 7. what is empty now goes: `tidy.tidy`
 8. what it says is read: text, title, language, summary, fingerprint
 9. the allow-list, last: `standards.markup.sanitise`; what is too long then is cut: `cut.write`
"""

from collections import Counter
from collections.abc import Iterable
from itertools import chain
from typing import Literal

import msgspec
from lxml.html import HtmlElement, builder

from feedbridge.model import Article, Content, Decision, Measure, SiteRule, Sites
from feedbridge.normalise import (
    bare,
    boilerplate,
    cut,
    fingerprint,
    heading,
    lines,
    links,
    notices,
    pictures,
    players,
    summary,
    tidy,
)
from feedbridge.sites import apply
from feedbridge.standards import elements, language, markup, text, urls

TITLE_LIMIT = 80  # characters of the text that stand for a missing title
UNKNOWN = "und"  # of a language (BCP 47)
CONTENT_LIMIT_BYTES = 512 * 1024  # of one entry (emission rule 11)
_SHOWN_OR_TOLD = markup.SHOWN.union(players.FRAMES)


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What the configuration wants of every entry."""

    language: str  # where neither the characters nor the site's rule tell; "" if not configured
    image_urls: Literal["keep", "unwrap"] = "keep"


class _Cleaned(msgspec.Struct, frozen=True, kw_only=True):
    """The body of an article after the steps that change it."""

    root: HtmlElement
    standing: tuple[HtmlElement, ...]
    arranged: pictures.Arranged
    played: players.Played
    decisions: tuple[Decision, ...]


class _Said(msgspec.Struct, frozen=True, kw_only=True):
    """What a cleaned body says, with its title."""

    words: str  # the visible text, without ours in place of players
    title: str
    language: str
    summary: str
    measure: Measure


def normalise(article: Article, *, sites: Sites, wishes: Wishes) -> Content:
    """Make what an entry says of one file, ready for every format."""
    link = urls.absolute(article.link, "")
    rule = apply.rule_for(article.link, sites)
    cleaned = _clean(article, link=link, rule=rule, sites=sites, wishes=wishes)
    said = _read(cleaned, article, link=link, default_language=rule.language or wishes.language or UNKNOWN)
    direction = language.direction(said.language)
    if not said.words:
        cleaned.root.append(builder.P(builder.A(said.title, href=link)))
    written, shortened = cut.write(
        cleaned.root,
        limit_bytes=CONTENT_LIMIT_BYTES,
        link=link,
        language=said.language,
        direction=direction,
    )
    shown = pictures.standing(cleaned.arranged, cleaned.root)
    return Content(
        link=link,
        title=said.title,
        author=article.author,
        categories=article.categories,
        language=said.language,
        direction=direction,
        summary=said.summary,
        content=written,
        images=shown.images,
        lead=shown.lead,
        measure=said.measure,
        decisions=(
            Decision(rule="title", outcome=said.title, reason=_title_reason(article.title, said.words)),
            Decision(rule="link", outcome=link, reason=_link_reason(article.link, link)),
            Decision(
                rule="language", outcome=said.language, reason=_language_reason(said.language, rule, wishes)
            ),
            *cleaned.decisions,
            *shortened,
        ),
    )


def _clean(article: Article, *, link: str, rule: SiteRule, sites: Sites, wishes: Wishes) -> _Cleaned:
    """Take the steps that change a body, in their order."""
    root = markup.parse(article.body)
    standing = tuple(root.iter())  # kept, so that lxml makes its objects for them once and not for each step
    not_shown = _not_shown(standing)
    in_paragraphs = bare.arrange(root)
    lines.join(root)
    players.unfold(root)
    mended = links.resolve(root, base=link, rule=rule)
    dropped = (*boilerplate.drop(root, rule=rule), *heading.drop(root, title=article.title))
    picture_rules = pictures.Rules(title=article.title, site=rule, sites=sites, urls=wishes.image_urls)
    arranged = pictures.arrange(root, rules=picture_rules)
    played = players.replace(root, sites=sites)
    tidied = tidy.tidy(root)
    decisions = (not_shown, in_paragraphs, mended, dropped, arranged.decisions, played.decisions, tidied)
    return _Cleaned(
        root=root,
        standing=standing,
        arranged=arranged,
        played=played,
        decisions=tuple(chain.from_iterable(decisions)),
    )


def _read(cleaned: _Cleaned, article: Article, *, link: str, default_language: str) -> _Said:
    root, placed = cleaned.root, cleaned.played.placed
    words = elements.text_of(root, without=set(placed))
    title = _title(article.title, words, link)
    # No notice begins with words that are ours, so what is left out here may be left out.
    found = notices.find(root) if notices.may_stand_in(words) else ()
    beside = {*placed, *found}  # what the article itself does not say
    mark = fingerprint.of(
        "" if title == link else title,
        elements.text_of(root, without=beside) if found else words,
        pictures=cleaned.arranged.marks,
        players=cleaned.played.marks,
    )
    return _Said(
        words=words,
        title=title,
        language=language.of_text(f"{article.title} {words}", default=default_language),
        summary=summary.of(root, without=beside),
        measure=Measure(fingerprint=mark, length=len(words)),
    )


def _not_shown(standing: Iterable[HtmlElement]) -> tuple[Decision, ...]:
    """Count what the allow-list lets go without a word; players are told of one by one."""
    counts = Counter(str(one.tag) for one in standing if one.tag not in _SHOWN_OR_TOLD)
    if not counts:
        return ()
    outcome = ", ".join(f"{name} × {count}" for name, count in sorted(counts.items()))
    reason = "readers do not show them; of what is no code, form or drawing the words stay"
    return (Decision(rule="elements removed", outcome=outcome, reason=reason),)


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


def _language_reason(tag: str, rule: SiteRule, wishes: Wishes) -> str:
    if tag != (rule.language or wishes.language or UNKNOWN):
        return "by its characters"
    if rule.language:
        return "as its site's rule says; its characters do not say otherwise"
    if wishes.language:
        return "as configured; its characters do not say otherwise"
    return "its characters do not tell, nor does its site's rule, and none is configured"
