"""Values of attributes that HTML defines: the pictures of a `srcset`, and sizes."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

_SIZE = re.compile(r"\s*+([0-9]{1,5})\s*+(?:px\s*+)?", re.IGNORECASE)
_CANDIDATE = re.compile(r"([^\s,]\S*+)(?:(?<!,)\s++([^,]++))?")
_DESCRIPTOR = re.compile(r"([0-9]{1,5}(?:\.[0-9]{1,5})?)[wx]")


class Candidate(NamedTuple):
    """One of the pictures that a `srcset` offers."""

    url: str  # as written
    size: float  # by its descriptor: pixels of width, or how many there are for one of CSS
    descriptor: str = ""  # as written


def srcset_candidates(srcset: str) -> tuple[Candidate, ...]:
    """Return the pictures that a `srcset` offers, in order (WHATWG HTML §4.8.4.3.9).

    An address may hold commas but not end in one. What has an invalid descriptor is left out, as browsers do.
    """
    return tuple(_candidates(srcset))


def mend_srcset(srcset: str, mend: Callable[[str], str]) -> str:
    """Return a `srcset` with other addresses; a candidate goes where `mend` returns "" for its address."""
    candidates = ((mend(one.url), one.descriptor) for one in _candidates(srcset))
    return ", ".join(f"{url} {descriptor}".rstrip() for url, descriptor in candidates if url)


def pixels(size: str) -> str:
    """Return the digits of a width or height in whole pixels, "" for any other (emission rule 18)."""
    found = _SIZE.fullmatch(size)
    return found[1] if found else ""


def _candidates(srcset: str) -> Iterator[Candidate]:
    for url, written in _CANDIDATE.findall(srcset):
        descriptor = written.strip()
        size = _DESCRIPTOR.fullmatch(descriptor or "1x")
        if size:
            yield Candidate(url=url.rstrip(","), size=float(size[1]), descriptor=descriptor)
