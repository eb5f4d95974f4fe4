"""Plain text: characters that XML allows, white space, entities, directions, lengths, and what people see."""

import html
import re
from html.entities import html5

# Char (XML 1.0 §2.2), without the controls that XML discourages and HTML forbids (U+0085 is white space) and
# the non-characters (Unicode §23.7). It says what may stay, since an expression is through with a character
# as soon as it finds it: that takes a fifteenth of the time of looking for all that may not.
_XML = (
    "\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd"  # no lone surrogates
    + "".join(f"{chr(plane << 16)}-{chr(plane << 16 | 0xFFFD)}" for plane in range(1, 17))
)
_NOT_XML = re.compile(f"[^{_XML}]+")
_CLEAN = re.compile(f"[{_XML}]*+".replace("\r", ""))
_ENTITY = re.compile(r"&(?:#[0-9]{1,32}|#[xX][0-9a-fA-F]{1,32}|[A-Za-z][A-Za-z0-9]{0,31});")

_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_EMBEDDINGS = "\u202a\u202b\u202d\u202e"  # LRE, RLE, LRO, RLO
_ISOLATES = "\u2066\u2067\u2068"  # LRI, RLI, FSI
_POP_EMBEDDING = "\u202c"
_POP_ISOLATE = "\u2069"

_UNSHOWABLE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # control characters: a terminal obeys them
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidi controls: they disguise names
    "\u2028\u2029"  # they break lines
    "\ud800-\udfff"  # no encoding has them
    "]"
)

_WORD_LENGTH = 24  # characters: a text without a space this near its end has none to be cut at


def xml_text(text: str) -> str:
    """Return what XML 1.0 can hold of a text (emission rule 8); line ends become LF.

    What goes: the characters that XML forbids, controls, lone surrogates, non-characters. Zero-width joiners
    and direction marks stay: they mean something.
    """
    if _CLEAN.fullmatch(text):  # as good as every text is: half the time of looking for what is not
        return text
    return _NOT_XML.sub("", text).replace("\r\n", "\n").replace("\r", "\n")


def fold(text: str) -> str:
    """Return a text with runs of white space (NBSP, U+3000 and the like too) as one space, none outside."""
    return " ".join(text.split())


def close_bidi(text: str) -> str:
    """Return a text with every embedding, override and isolate that it leaves open closed at its end.

    Else it would turn the text around it, too (Unicode Standard Annex #9, BD9 and BD11).
    """
    embeddings = [
        0
    ]  # how many are open: outside of all isolates, within the first, within that one's first, …
    for control in _BIDI.findall(text):
        if control in _ISOLATES:
            embeddings.append(0)
        elif control in _EMBEDDINGS:
            embeddings[-1] += 1
        elif control == _POP_EMBEDDING:
            embeddings[-1] = max(0, embeddings[-1] - 1)
        elif len(embeddings) > 1:
            embeddings.pop()
    return text + _POP_ISOLATE.join(_POP_EMBEDDING * count for count in reversed(embeddings))


def decode_entities(text: str) -> str:
    """Return a text with its HTML entities decoded once; only those with their ";" are entities."""
    return _ENTITY.sub(_character, text) if "&" in text else text


def shorten(text: str, limit: int) -> str:
    """Return a text of at most `limit` characters (one or more), its "…" included.

    It is cut at a word's end where there is one near, as in scripts that write spaces.
    """
    if len(text) <= limit:
        return text
    kept = text[: limit - 1]
    word_end = max((place.start() for place in re.finditer(r"\s", text[:limit])), default=0)
    if word_end and limit - word_end <= _WORD_LENGTH:
        kept = text[:word_end]
    return kept.rstrip() + "…"


def show(text: str | bytes) -> str:
    r"""Return a text for logs and terminals, with control and bidi characters escaped.

    Bytes that are no UTF-8 are shown as \xNN, and so is what stands for them in a `str` (PEP 383).
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    return _UNSHOWABLE.sub(_escape, text)


def _character(entity: re.Match[str]) -> str:
    if entity[0].startswith("&#"):
        return html.unescape(entity[0])
    return html5.get(entity[0][1:], entity[0])


def _escape(character: re.Match[str]) -> str:
    if "\udc80" <= character[0] <= "\udcff":
        return f"\\x{ord(character[0]) - 0xDC00:02x}"
    return character[0].encode("unicode_escape").decode("ascii")
