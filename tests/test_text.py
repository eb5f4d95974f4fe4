"""Plain text: what XML can hold, white space, directions, entities, lengths, and what people see."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedbridge.standards import text

# Surrogates too: a file's name or an entity may bring one.
any_text = st.text(st.characters(codec=None))
bidi_text = st.text("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069x")

PDF = "\u202c"
PDI = "\u2069"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        pytest.param("a\x00b\x08c\x0bd\x0ce\x1ff", "abcdef", id="control characters"),
        pytest.param("a\x7fb\x80c\x9fd", "abcd", id="control characters that HTML forbids"),
        pytest.param("a\tb\nc", "a\tb\nc", id="tab and line feed stay"),
        pytest.param("a\r\nb\rc\n\rd", "a\nb\nc\n\nd", id="line ends"),
        pytest.param("a\ud800b\udfffc", "abc", id="lone surrogates"),
        pytest.param("a\ufdd0b\ufdefc\ufffed\uffffe\U0001fffef\U0010ffffg", "abcdefg", id="non-characters"),
        pytest.param("\u200d\u200f\u200e\u200b", "\u200d\u200f\u200e\u200b", id="joiners and marks stay"),
        pytest.param("中\U0001f600\x85\ufffd", "中\U0001f600\x85\ufffd", id="all else stays"),
    ],
)
def test_rule_8_text_holds_what_xml_can(written, kept):
    """Emission rule 8: what XML 1.0 forbids, lone surrogates and non-characters go, CR becomes LF."""
    assert text.xml_text(written) == kept


@given(any_text)
@settings(deadline=None)
def test_rule_8_takes_nothing_from_a_text_for_what_another_part_of_it_holds(written):
    """A text that is as it should be has a way of its own, and the same is left of it."""
    assert text.xml_text(f"{written}\x08") == text.xml_text(written)


@given(any_text)
@settings(deadline=None)
def test_rule_8_leaves_no_other_character(written):
    """Whatever comes in, each character that is left is one, has an encoding, and is in XML's Char."""
    kept = text.xml_text(written)
    assert all(character in "\t\n" or character >= " " for character in kept)
    assert not any(
        unicodedata.category(character) == "Cs" or ord(character) & 0xFFFE == 0xFFFE for character in kept
    )
    assert text.xml_text(kept) == kept


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        pytest.param("  a \t\n b  ", "a b", id="ASCII"),
        pytest.param("\u3000a\u00a0\u2003b\u2028c\u202fd", "a b c d", id="NBSP, U+3000 and the like"),
        pytest.param("a\u200bb", "a\u200bb", id="a zero-width space has no width to fold"),
        pytest.param(" \u3000", "", id="nothing else"),
    ],
)
def test_rule_6_white_space_is_folded(written, folded):
    """Emission rule 6: runs of white space, Unicode's too, are one space."""
    assert text.fold(written) == folded


@pytest.mark.parametrize(
    ("written", "added"),
    [
        pytest.param("plain", "", id="nothing open"),
        pytest.param("\u202ex", PDF, id="override"),
        pytest.param("\u202ax\u202by", PDF * 2, id="embeddings"),
        pytest.param("\u2067x", PDI, id="isolate"),
        pytest.param("\u2067x\u202ey", PDF + PDI, id="override within an isolate"),
        pytest.param("\u202ex\u2067y", PDI + PDF, id="isolate within an override"),
        pytest.param("\u202ex" + PDF, "", id="closed override"),
        pytest.param("\u2066x\u202ey" + PDI, "", id="an isolate's end closes what is within"),
        pytest.param("\u202ex\u2066y" + PDF, PDI + PDF, id="a PDF within an isolate closes nothing outside"),
        pytest.param(PDI + PDF + "\u202ex", PDF, id="closers without an opening"),
        pytest.param("\u200fx\u061c", "", id="marks open nothing"),
    ],
)
def test_rule_8_open_directions_are_closed(written, added):
    """Emission rule 8: a title must not turn the text around it."""
    assert text.close_bidi(written) == written + added


@given(bidi_text)
@settings(deadline=None)
def test_a_closed_text_has_nothing_to_close(written):
    """Closing is done once."""
    closed = text.close_bidi(written)
    assert text.close_bidi(closed) == closed


@pytest.mark.parametrize(
    ("written", "decoded"),
    [
        pytest.param("AT&amp;T &lt;b&gt; &quot;&nbsp;&#39;", "AT&T <b> \"\u00a0'", id="named and numbered"),
        pytest.param("&#x4e2D;&#X6587;&#25991;", "中文文", id="hexadecimal"),
        pytest.param("&amp;lt;b&amp;gt;", "&lt;b&gt;", id="once only"),
        pytest.param("&lt &copy 2024 &#38 R&D", "&lt &copy 2024 &#38 R&D", id="only with a semicolon"),
        pytest.param("&notit; &nosuch; &;&#;&#x;", "&notit; &nosuch; &;&#;&#x;", id="no entities"),
        pytest.param("&Afr;&NotEqualTilde;", "\U0001d504\u2242\u0338", id="not one code point"),
        pytest.param("&#150;&#0;", "\u2013\ufffd", id="what HTML makes of wrong numbers"),
        pytest.param(f"&#{'9' * 32};", "\ufffd", id="beyond Unicode"),
        pytest.param(f"&#{'9' * 5000};", f"&#{'9' * 5000};", id="longer than int() takes"),
    ],
)
def test_rule_6_entities_are_decoded_once(written, decoded):
    """Emission rule 6: entities are decoded once, and only those that end in a semicolon."""
    assert text.decode_entities(written) == decoded


@pytest.mark.parametrize(
    ("limit", "shortened"),
    [
        pytest.param(20, "The quick brown fox", id="it fits"),
        pytest.param(19, "The quick brown fox", id="it just fits"),
        pytest.param(18, "The quick brown…", id="at a word's end"),
        pytest.param(16, "The quick brown…", id="exactly at a word's end"),
        pytest.param(15, "The quick…", id="no room for the last word"),
        pytest.param(3, "Th…", id="within the first word"),
        pytest.param(1, "…", id="the least"),
    ],
)
def test_a_text_is_cut_at_a_words_end(limit, shortened):
    """The limit counts the "…" too."""
    assert text.shorten("The quick brown fox", limit) == shortened


def test_a_text_without_near_spaces_is_cut_at_the_limit():
    """A script without spaces loses no more than it must, though one space stands far before."""
    assert text.shorten("一 " + "二" * 100, 60) == "一 " + "二" * 57 + "…"


@given(any_text, st.integers(1, 40))
@settings(deadline=None)
def test_a_shortened_text_is_a_beginning_within_the_limit(written, limit):
    """Whatever the text, at most `limit` characters come out, and all but the "…" are its own beginning."""
    shortened = text.shorten(written, limit)
    assert len(shortened) <= limit
    assert written.startswith(shortened.removesuffix("…"))


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        pytest.param("a\x1b[31mb\x9b\x7f", r"a\x1b[31mb\x9b\x7f", id="terminal sequences"),
        pytest.param("a\nb\tc\u2028d", r"a\nb\tc\u2028d", id="line ends"),
        pytest.param("a\u202etxt.exe\u200f", r"a\u202etxt.exe\u200f", id="directions"),
        pytest.param('问题 # ?%|\\" \U0001f600\u200d', '问题 # ?%|\\" \U0001f600\u200d', id="the rest stays"),
        pytest.param("é".encode("latin-1") + "中".encode(), r"\xe9中", id="bytes that are no UTF-8"),
        pytest.param("\udce9", r"\xe9", id="a byte of a file's name in a str"),
        pytest.param("\ud800", r"\ud800", id="another lone surrogate"),
        pytest.param(b"\xed\xa0\x80", r"\xed\xa0\x80", id="a surrogate is no UTF-8"),
    ],
)
def test_names_cannot_command_a_terminal(written, shown):
    """Control and bidi characters are escaped in everything that people read (interface.md)."""
    assert text.show(written) == shown


@given(st.one_of(any_text, st.binary()))
@settings(deadline=None)
def test_what_is_shown_can_be_printed(written):
    """Whatever a name holds, its shown form has an encoding and no control character."""
    shown = text.show(written)
    assert shown.encode().decode() == shown
    assert not any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in shown)
