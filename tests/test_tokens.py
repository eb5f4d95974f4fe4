"""Markup as tags and text: as browsers read it, but nothing unclosed swallows the rest."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedbridge.standards.text import xml_text
from feedbridge.standards.tokens import MAX_VALUE, End, Start, Text, tokens

pieces = (
    st.sampled_from(["<", ">", "</", "<!--", "-->", "<?", "<![CDATA[", '"', "'", "=", "/", " "])
    | st.sampled_from(["a", "<p", "<script", "</script", "<title>", "</title>", "&", "&#", ";", "8"])
    | st.sampled_from(["\0", "\r", "\ud800", "中"])
)


def read(source: str) -> list[Start | End | Text]:
    """Return all tokens of a source."""
    return list(tokens(source))


def words(source: str) -> str:
    """Return the text of a source."""
    return "".join(token.characters for token in tokens(source) if isinstance(token, Text))


@pytest.mark.parametrize(
    ("source", "attributes"),
    [
        pytest.param("<p>", {}, id="none"),
        pytest.param("<p a=1 B='2' c=\"3\" d>", {"a": "1", "b": "2", "c": "3", "d": ""}, id="all notations"),
        pytest.param("<p a = 1 b\n=\t'2'/c>", {"a": "1", "b": "2", "c": ""}, id="space and slashes"),
        pytest.param("<p a='1'b=\"2\">", {"a": "1", "b": "2"}, id="no space between"),
        pytest.param("<p a=1 A=2>", {"a": "1"}, id="the first of two counts"),
        pytest.param("<p a='<b>' c=x>y>", {"a": "<b>", "c": "x"}, id="brackets in quotes"),
        pytest.param("<p a=http://x/>", {"a": "http://x/"}, id="a slash in an unquoted value"),
        pytest.param("<p a=b\"c d=''>", {"a": 'b"c', "d": ""}, id="a quotation mark in an unquoted value"),
        pytest.param("<p a= >", {"a": ""}, id="no value"),
        pytest.param("<p a='&lt;&amp;lt;&copy=1&#8;\r'>", {"a": "<&lt;&copy=1\n"}, id="entities"),
        pytest.param(
            "<p @click=x :a=1 xml:lang=en é=2 data-a_b=3>", {"data-a_b": "3"}, id="names that XML lacks"
        ),
    ],
)
def test_a_tags_attributes_are_read_as_browsers_do(source, attributes):
    """Names are in lower case, values decoded and clean; the tag ends where a browser sees its end."""
    assert read(source)[0] == Start("p", attributes)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param(
            "a<B>c</b >d", [Text("a"), Start("b", {}), Text("c"), End("b"), Text("d")], id="tags and text"
        ),
        pytest.param("<h1/>", [Start("h1", {})], id="a slash closes nothing"),
        pytest.param("a</br>b", [Text("a"), Start("br", {}), Text("b")], id="</br> is a line break"),
        pytest.param("p<1) a < b <> 1<中", [Text("p<1) a < b <> 1<中")], id="no tags"),
        pytest.param("<o:p>a</o:p><a@b.c>", [Text("a")], id="names that XML lacks"),
        pytest.param("a<!-- b --><!--><!--->c<!---->d", [Text(x) for x in "acd"], id="comments"),
        pytest.param("<?xml version='1.0'?><!DOCTYPE html></ x></>a", [Text("a")], id="declarations"),
        pytest.param("<![CDATA[a]]>b", [Text("b")], id="CDATA, which HTML takes for a comment"),
        pytest.param("&lt;b&gt;&amp;lt;", [Text("<b>&lt;")], id="entities, once"),
        pytest.param("a&nbsp b&copy", [Text("a\u00a0 b©")], id="entities without semicolon"),
        pytest.param(f"&#{'9' * 5000};", [Text(f"&#{'9' * 5000};")], id="a number longer than int() takes"),
        pytest.param("a\0\x08&#8;&#xffff;\r\n", [Text("a\n")], id="what XML forbids"),
        pytest.param("&#8;", [], id="nothing left"),
        pytest.param("", [], id="empty"),
    ],
)
def test_markup_is_read_as_browsers_do(source, expected):
    """Malformed markup is normal (seed-format.md), and what a browser shows of it stays."""
    assert read(source) == expected


@pytest.mark.parametrize(
    "name",
    [
        "script",
        "STYLE",
        "noscript",
        "template",
        "title",
        "textarea",
        "select",
        "svg",
        "iframe",
        "noembed",
        "annotation",
    ],
)
def test_what_nobody_sees_is_skipped(name):
    """The content of such an element is no text, whatever it looks like; a longer name does not end it."""
    source = f"a<{name} x>b</p><!--<i>c</{name}s>&lt;</{name.upper()}\n>d"
    lower = name.lower()
    expected = [Text("a"), Start(lower, {"x": ""}), End(lower), End(lower), Text("d")]
    assert read(source) == expected


def test_only_ascii_letters_end_what_nobody_sees():
    """The long s is an s in another case for Unicode, but not for HTML."""
    assert words("<script>a</\u017fcript>b</script>c") == "c"


def test_code_that_is_never_closed_reaches_to_the_end():
    """As in browsers: better nothing than code as text."""
    assert words("a<script>b<p>c") == "a"


def test_shown_source_is_text():
    """In <xmp> tags are text that people see."""
    assert words("<xmp><b>&lt;</xmp><xmp></xmp>") == "<b>&lt;"


@pytest.mark.parametrize(
    "opening",
    [
        pytest.param("<!--", id="comment"),
        pytest.param("<![CDATA[", id="CDATA"),
        pytest.param("<?", id="processing instruction"),
        pytest.param("<!DOCTYPE ", id="declaration"),
        pytest.param('<p title="x>', id="quotation mark"),
        pytest.param("<p title='x>", id="apostrophe"),
        pytest.param('<p title="x>" y=\'', id="a bracket in quotes"),
        pytest.param("<title>", id="title"),
        pytest.param("<textarea>", id="textarea"),
        pytest.param("<noscript>", id="noscript"),
        pytest.param("<iframe src=x />", id="iframe"),
        pytest.param("<svg><path/>", id="svg"),
        pytest.param("<xmp>", id="xmp"),
        pytest.param("<", id="bracket"),
        pytest.param("</", id="end tag"),
    ],
)
@pytest.mark.parametrize("repeated", [1, 2, 1001])
def test_what_is_never_closed_keeps_the_text_after_it(opening, repeated):
    """Parsers under attack: the rest of an article survives, with and without a tag in it."""
    assert words(opening * repeated + "<p>MARK</p>").endswith("MARK")
    assert words(opening * repeated + "MARK").endswith("MARK")


def test_attributes_beyond_the_limit_go():
    """Parsers under attack: beyond 100, since parsers need quadratic time for them."""
    (tag, text) = read("<p " + " ".join(f"a{number}=1" for number in range(5000)) + ">MARK")
    assert tag == Start("p", {f"a{number}": "1" for number in range(100)})
    assert text == Text("MARK")


def test_a_picture_within_its_address_goes():
    """A data: address of megabytes is dropped while reading, and nothing after it."""
    expected = [Start("img", {"alt": "x" * MAX_VALUE}), Text("MARK")]
    assert read(f"<img src='data:{'A' * 5_000_000}' alt={'x' * MAX_VALUE}>MARK") == expected


@given(st.lists(pieces).map("".join))
@settings(deadline=None)
def test_whatever_comes_is_read(source):
    """No input fails, and what comes out is clean already."""
    for token in tokens(source):
        match token:
            case Start(name, attributes):
                assert name.islower()
                assert all(key.islower() and xml_text(value) == value for key, value in attributes.items())
            case Text(characters):
                assert characters
                assert xml_text(characters) == characters


@given(st.lists(pieces).map("".join))
@settings(deadline=None)
def test_text_without_markup_comes_back(source):
    """What is escaped is text, to the character."""
    plain = xml_text(source)
    assert words(plain.replace("&", "&amp;").replace("<", "&lt;")) == plain


@given(
    st.lists(
        st.sampled_from(["<b>", "</b>", '<a href="x>y">', "<a =x/>", "<br/>", "<é>", "<script>", "<p a"])
    )
)
def test_a_text_and_its_tag_are_the_same_in_one_look_and_in_two(tags):
    """One look is enough where the text has no "<" of its own."""
    apart = [
        Text(one.characters.replace("< ", "")) if isinstance(one, Text) else one
        for one in read("w< ".join(tags))
    ]
    assert read("w".join(tags)) == apart
