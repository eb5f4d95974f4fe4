"""What became of one article, and why: the decisions that the stages left, in their order."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from feedbridge.errors import UsageError
from feedbridge.model import Article, Decision, Document, Identity, Ignored, Rejected, Value, Version
from feedbridge.pipeline.library import Library
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


def explain_article(library: Library, wanted: str, documents: Iterable[Document]) -> Explanation:
    """Explain the file or the id that is `wanted`; `documents` are all that the archive makes.

    Raises: UsageError if the archive has no such file and no such entry.
    """
    path = _path_of(library, wanted)
    found = library.found(path)
    if isinstance(found, Version):
        return _explain(library, library.article(found), documents)
    if isinstance(found, Ignored):
        return Explanation(path=path, verdict=f"ignored: {found.reason}", decisions=())
    return _explain_rejected(path, found)


def _explain_rejected(path: bytes, rejected: Rejected) -> Explanation:
    verdict = f"rejected ({rejected.code}): {rejected.detail}"
    return Explanation(path=path, verdict=verdict, decisions=rejected.decisions)


def _path_of(library: Library, wanted: str) -> bytes:
    guid = f"urn:uuid:{wanted.lower().removeprefix('urn:uuid:')}"
    by_guid = {identity.guid: identity for identity in library.identities()}
    if guid in by_guid:
        return by_guid[guid].speaker.path
    path = library.path_of(Path(wanted))
    if path is None:
        raise UsageError(
            f"{show(wanted)} is neither a file of the archive nor the id of one of its entries: "
            "name a file below an input directory, or an id as it stands in a feed (urn:uuid:…)"
        )
    return path


def _explain(library: Library, article: Article, documents: Iterable[Document]) -> Explanation:
    """Tell what the asked file says, also where its entry says what another file of the article does."""
    path = article.version.path
    content = library.content(article)
    if content is None:
        failed = library.found(path)
        assert isinstance(failed, Rejected)  # noqa: S101  # that is why there is no content
        return _explain_rejected(path, failed)
    identity = next(one for one in library.identities() if path in one.versions)
    speaks = identity.speaker.path == path
    verdict = "an entry" if speaks else f"another file of it speaks: {show(identity.speaker.path)}"
    return Explanation(
        path=path,
        verdict=verdict,
        decisions=(
            *article.decisions,
            *content.decisions,
            Decision(rule="fingerprint", outcome=content.measure.fingerprint, reason=_FINGERPRINT),
            *_joined(library, identity),
            _feeds(_standing(identity, documents)),
        ),
    )


def _standing(identity: Identity, documents: Iterable[Document]) -> tuple[str, ...]:
    return tuple(
        document.spec.name
        for document in documents
        if any(entry.guid == identity.guid for entry in document.entries)
    )


def _joined(library: Library, identity: Identity) -> tuple[Decision, ...]:
    return (
        Decision(rule="id", outcome=identity.guid, reason="a UUIDv5 of the key"),
        *_versions(library, identity),
        Decision(rule="published", outcome=rfc3339(identity.published), reason=_published_reason(identity)),
        Decision(rule="updated", outcome=rfc3339(identity.updated), reason=_updated_reason(identity)),
    )


def _versions(library: Library, identity: Identity) -> Iterator[Decision]:
    """Say of each file of an article that stands in several what decided, the one that speaks first."""
    standing = {version.path: version for version in library.versions() if version.key == identity.key}
    if len(standing) == 1:
        return
    said = library.measure(identity.speaker)
    for path in identity.versions:
        measured = library.measure(standing[path])
        epoch = standing[path].epoch
        same = "the same content" if measured.fingerprint == said.fingerprint else "other content"
        facts = f"epoch {rfc3339(epoch) if epoch else 'none'}, {measured.length} characters"
        if path == identity.speaker.path:
            yield Decision(rule="version that speaks", outcome=show(path), reason=f"{facts}; {_SPEAKS}")
        else:
            yield Decision(rule="version", outcome=show(path), reason=f"{facts}, {same}")


def _published_reason(identity: Identity) -> str:
    return "the earliest of its files" if len(identity.versions) > 1 else "as its file says"


def _updated_reason(identity: Identity) -> str:
    if len(identity.versions) > 1:
        return "the epoch of the oldest file that says what the speaking one says, never before published"
    return "the epoch" if identity.updated > identity.published else "published: there is no epoch after it"


def _feeds(names: tuple[str, ...]) -> Decision:
    if names:
        return Decision(rule="feeds", outcome=", ".join(names))
    return Decision(rule="feeds", outcome="none", reason="newer articles fill them up to their limits")
