"""What became of one article, and why: the decisions that the stages left, in their order."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from feedbridge import identity as identity_rules
from feedbridge.errors import UsageError
from feedbridge.model import (
    Article,
    Decision,
    Gone,
    Identity,
    Ignored,
    KnownFile,
    Measure,
    Rejected,
    Value,
    Version,
)
from feedbridge.pipeline.looking import Look
from feedbridge.pipeline.reader import ArticleChanged
from feedbridge.standards.dates import rfc3339
from feedbridge.standards.text import show

_SPEAKS = (
    "newest epoch of those with at least half of the longest text, then the longer text, then the last path"
)
_FINGERPRINT = "of title, text, pictures and players: another one moves updated"


class Explanation(Value, frozen=True):
    """Every decision about one file."""

    path: bytes
    verdict: str  # in one line
    decisions: tuple[Decision, ...]


def explain_article(look: Look, wanted: str) -> Explanation:
    """Explain the file or the id that is `wanted`.

    Raises: UsageError if the archive has no such file and no such entry; ArticleChanged.
    """
    path = _path_of(look, wanted)
    known = look.catalogue.files.at(path)
    if known is None:
        return _explain_unseen(look, path)
    if known.held_since:
        return _explain_held(known, _ignored(look, known.path))
    found = look.reader.explain(known.stamp)
    if isinstance(found, Article) and isinstance(known.found, Rejected):
        found = msgspec.structs.replace(
            known.found, decisions=found.decisions
        )  # by what came after its header
    if isinstance(found, Article):
        return _explain(look, known, found)
    if isinstance(found, Gone):
        raise ArticleChanged(path)
    if isinstance(found, Ignored):
        return Explanation(path=path, verdict=f"ignored: {found.reason}", decisions=())
    return _explain_rejected(path, found)


def _explain_unseen(look: Look, path: bytes) -> Explanation:
    """Explain a file that is ignored without a look into it."""
    ignored = _ignored(look, path)
    if ignored is None:
        raise _unknown(show(path))
    return Explanation(path=path, verdict=f"ignored: {ignored.reason}", decisions=())


def _ignored(look: Look, path: bytes) -> Ignored | None:
    """Return why a file is ignored without a look into it, if it is."""
    found = look.archive.tree.look_at(path, own=look.own_files())
    return found if isinstance(found, Ignored) else None


def _explain_held(known: KnownFile, ignored: Ignored | None) -> Explanation:
    verdict = f"held: {_why_lost(ignored or known.found)}, its entry stays"
    return Explanation(path=known.path, verdict=verdict, decisions=tuple(_held((known,))))


def _why_lost(found: Version | Ignored | Rejected | Gone) -> str:
    match found:
        case Rejected():
            return f"the file is rejected now ({found.code}: {found.detail})"
        case Ignored():
            return f"the file is ignored now ({found.reason})"
    return "the file is gone"


def _explain_rejected(path: bytes, rejected: Rejected) -> Explanation:
    verdict = f"rejected ({rejected.code}): {rejected.detail}"
    return Explanation(path=path, verdict=verdict, decisions=rejected.decisions)


def _path_of(look: Look, wanted: str) -> bytes:
    guid = f"urn:uuid:{wanted.lower().removeprefix('urn:uuid:')}"
    identity = look.catalogue.entries.by_guid(guid)
    path = identity.speaker if identity else look.archive.tree.path_of(Path(wanted))
    if path is None:
        raise _unknown(show(wanted))
    return path


def _unknown(wanted: str) -> UsageError:
    return UsageError(
        f"{wanted} is neither a file of the archive nor the id of one of its entries: "
        "name a file below an input directory, or an id as it stands in a feed (urn:uuid:…)"
    )


def _explain(look: Look, known: KnownFile, article: Article) -> Explanation:
    """Tell what the asked file says, also where its entry says what another file of the article does."""
    content = look.reader.content(article)
    identity = look.catalogue.entries.get(article.version.key)
    if identity is None:
        raise ArticleChanged(known.stamp.path)
    speaks = identity.speaker == known.stamp.path
    verdict = "an entry" if speaks else f"another file of it speaks: {show(identity.speaker)}"
    files = tuple(look.catalogue.files.of_key(identity.key))
    return Explanation(
        path=known.stamp.path,
        verdict=verdict,
        decisions=(
            *article.decisions,
            *content.decisions,
            Decision(rule="fingerprint", outcome=content.measure.fingerprint, reason=_FINGERPRINT),
            Decision(rule="id", outcome=identity.guid, reason="a UUIDv5 of the key"),
            *_versions(look, files),
            Decision(
                rule="published",
                outcome=rfc3339(identity.published),
                reason=_published_reason(len(files)),
            ),
            Decision(
                rule="updated", outcome=rfc3339(identity.updated), reason=_updated_reason(identity, files)
            ),
            *_held(files),
            _feeds(_standing(look, identity)),
        ),
    )


def _standing(look: Look, identity: Identity) -> tuple[str, ...]:
    """Return the names of the feeds that hold an entry."""
    mine = {name: group for name, group in look.feeds.groups().items() if group in identity.groups}
    return tuple(name for name, group in mine.items() if identity in look.feeds.select(group).filled.members)


def _versions(look: Look, files: Sequence[KnownFile]) -> Iterator[Decision]:
    """Say of each file of an article that stands in several what decided, the one that speaks first."""
    if len(files) == 1:
        return
    by_path = {one.stamp.path: one for one in files}
    measures = {path: look.decider.measure(one) for path, one in by_path.items()}
    versions = [one.version for one in files if one.version]
    speaker, *others = identity_rules.ranked(versions, measure=lambda version: measures[version.path])
    said = measures[speaker.path]
    yield Decision(
        rule="version that speaks",
        outcome=show(speaker.path),
        reason=f"{_facts(speaker, said)}; {_SPEAKS}",
    )
    for version in others:
        measured = measures[version.path]
        same = "the same content" if measured.fingerprint == said.fingerprint else "other content"
        yield Decision(
            rule="version", outcome=show(version.path), reason=f"{_facts(version, measured)}, {same}"
        )


def _facts(version: Version, measured: Measure) -> str:
    edited = f", edited {rfc3339(version.edited)}" if version.edited else ""
    epoch = rfc3339(version.epoch) if version.epoch else "none"
    return f"epoch {epoch}{edited}, {measured.length} characters"


def _published_reason(files: int) -> str:
    return "the earliest of its files" if files > 1 else "as its file says"


def _updated_reason(identity: Identity, files: Sequence[KnownFile]) -> str:
    if any(one.version and one.version.edited == identity.updated for one in files):
        return "when a file was edited without a later epoch, as the catalogue remembers"
    if len(files) > 1:
        return "the epoch of the oldest file that says what the speaking one says, never before published"
    return "the epoch" if identity.updated > identity.published else "published: there is no epoch after it"


def _held(files: Sequence[KnownFile]) -> Iterator[Decision]:
    for one in files:
        if one.held_since:
            reason = "it was lost together with too many others; `feedbridge run --yes` lets them go"
            yield Decision(rule="held", outcome=f"since {rfc3339(one.held_since)}", reason=reason)


def _feeds(names: tuple[str, ...]) -> Decision:
    if names:
        return Decision(rule="feeds", outcome=", ".join(names))
    return Decision(rule="feeds", outcome="none", reason="newer articles fill them up to their limits")
