"""`feedbridge init`: write a configuration for an archive that exists."""

import json
import os
from collections import Counter
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from string import Template

import click

from feedbridge import config as configuration
from feedbridge import pipeline
from feedbridge.commands import options, terminal
from feedbridge.errors import OutputError, UsageError
from feedbridge.model import Document
from feedbridge.standards.text import show

NAME = "config.toml"
SOURCES_SHOWN = 12


@click.command(cls=options.Command, short_help="Write a config.toml for an existing archive.")
@click.argument("directory", metavar="[DIR]", default=".", type=options.DIRECTORY)
@click.pass_context
def init(context: click.Context, *, directory: Path) -> None:
    """Write a commented config.toml for the archive in DIR (default: this folder).

    Title, language and sources are found by looking at the articles. A file that exists is
    never overwritten. With --config FILE the configuration goes to FILE.

    \b
    Examples:
      feedbridge init ~/archive
      feedbridge --config ~/feeds/config.toml init ~/archive
    """  # noqa: D301  # click looks for the character \b
    target = options.of(context).config or Path(NAME)
    if os.path.lexists(target):
        raise UsageError(
            f"{show(str(target))} exists and is never overwritten: edit it, remove it, "
            "or name another file by --config"
        )
    looked_at = configuration.for_directories(input=directory, output=target.absolute().parent / "public")
    report, documents = pipeline.survey(looked_at, now=datetime.now(UTC))
    _write(target, _text(looked_at, documents, directory=_relative(directory, target)))
    terminal.say(
        f"{show(str(target))} written: {report.entries} articles found in {show(str(directory))}.\n"
        "Look through it, then: feedbridge run"
    )
    if not report.entries:
        click.echo("There is no usable article there: is it the right directory?", err=True)


def _text(looked_at: configuration.Config, documents: tuple[Document, ...], *, directory: str) -> str:
    template = Template(resources.files("feedbridge.commands").joinpath("init.toml").read_text("utf-8"))
    language = documents[0].language
    return template.substitute(
        title=_quoted(looked_at.site.title),
        language=_quoted(language) if language != "und" else '"en"',
        language_mark="" if language != "und" else "# ",
        directory=_quoted(directory),
        sources=_sources(documents),
    )


def _sources(documents: tuple[Document, ...]) -> str:
    """Return the sources with the most recent entries, as comment lines."""
    counts = Counter(
        {document.spec.source: len(document.entries) for document in documents if document.spec.source}
    )
    lines = [f"#   {show(source)} ({count})" for source, count in counts.most_common(SOURCES_SHOWN)]
    if len(counts) > SOURCES_SHOWN:
        lines.append(f"#   … and {len(counts) - SOURCES_SHOWN} more")
    return "\n".join(lines or ["#   none yet"])


def _relative(directory: Path, target: Path) -> str:
    """Return the archive as the configuration names it: relative to its own folder where that is plain."""
    place, folder = directory.resolve(), target.absolute().parent.resolve()
    return str(place.relative_to(folder)) if place.is_relative_to(folder) else str(place)


def _quoted(words: str) -> str:
    """Return a TOML basic string: JSON's escapes are a subset of its own."""
    try:
        words.encode()
    except UnicodeEncodeError as exc:
        raise UsageError(
            f"{show(words)} is no UTF-8: a configuration cannot name it; rename the directory"
        ) from exc
    return json.dumps(words, ensure_ascii=False)


def _write(target: Path, words: str) -> None:
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(words)
    except OSError as exc:
        raise OutputError(
            f"cannot write {show(str(target))}: {exc.strerror}; name a file in a writable folder by --config"
        ) from exc
