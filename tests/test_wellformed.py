"""The fast way to the tree: the same one as the slow way's, or none."""

from html import unescape
from html.entities import html5

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from feedbridge.standards import wellformed
from feedbridge.standards.tame import tame
from feedbridge.standards.text import xml_text
from feedbridge.standards.tokens import End, Start, Text
from tests.soups import soups

NAMES = (
    *("a", "b", "p", "h1", "h2", "div", "section", "ul", "ol", "li", "dl", "dd", "dt", "figure", "pre"),
    *("br", "img", "hr", "table", "td", "iframe", "noscript", "svg", "title", "xmp", "body", "input", "p-x"),
)
names = st.sampled_from(NAMES)
attributes = st.sampled_from(
    [
        *("", "", "", ' class="a"', " class='b'", ' data-a="&lt;&amp;&quot;&copy;&#8221;"', " hidden", " /"),
        *(' a="" a="b"', ' a = "b"', ' A="b"', ' xmlns="b"', ' xml:lang="b"', ' a="b\tc"', ' a="b\nc"'),
        *(' a=">"', ' a="<"', ' a="&#10;"', ' a="&AMP;lt;"', ' a="&amp"', ' a="&notit;"', "\n a='\"' "),
        *(' a="b"c="d"', ' a="\x85"'),
    ]
)
words = st.sampled_from(
    [
        *("x", " ", "\n", "&amp;", "&amp;lt;", "&nbsp;", "&nbsp", "&am&#112;;", "&#133;", "&#xD;", "&#13;"),
        *("<!-- a -->", "<!-->", "<!--->", "<!---->", "<!-- <b> -->", "<!--a--b-->", "<![CDATA[a]]>", "]]>"),
        *("&#65534;", "&#64976;", "&Tab;", "&lbrace;", "&apos;", "&lt", "\x85", "\u2028", "é", "<?a?>", ">"),
        *("<", "&", "</a>", "</p>", "<p>", "</br>", "<br/>", "<br />", "<hr>", "</li><li>", "</dd> <dt>"),
    ]
)
whole = st.recursive(
    words,
    lambda within: (
        st.builds("<{0}{1}>{2}</{0}>".format, names, attributes, within)
        | st.builds("<{}{}>".format, names, attributes)
        | st.lists(within, max_size=4).map("".join)
    ),
    max_leaves=20,
)


def slow(source: str) -> bytes:
    """Write the tree that `tame` leads to."""
    builder = etree.TreeBuilder()
    builder.start("div", {})
    for token in tame(source):
        match token:
            case Start(name, attributes):
                builder.start(name, attributes)
            case End(name):
                builder.end(name)
            case Text(characters):
                builder.data(characters)
    builder.end("div")
    return etree.tostring(builder.close())


@settings(max_examples=1000)
@example("&am&#112;;")
@example("<!-- a -&#65534;-> -->")
@example("<script><!-- </script> --></script>")
@example("<svg><svg></svg>x</svg>")
@given(whole | soups | st.lists(words | whole, max_size=30).map("".join))
def test_the_fast_way_leads_where_the_slow_one_does(source):
    """What is taken has the same tree, and none is taken that has another one."""
    text = xml_text(source)
    made = wellformed.read(text)
    assert made is None or etree.tostring(made) == slow(text)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("", id="nothing"),
        pytest.param("a > b", id="text"),
        pytest.param("<p>a<br>b<img src='c' alt=\"\"/></p>\n<hr />", id="void elements"),
        pytest.param("<div><h1>a</h1><p>b <a href='c'><b>d</b></a></p><!-- e --></div>", id="an article"),
        pytest.param("<h1><div>a<p>b</p></div></h1><h2>c</h2>", id="blocks in a heading"),
        pytest.param("<a href='b'><h2>c</h2></a><a>d</a>", id="links around blocks"),
        pytest.param("<ul>\n<li>a<p>b</p><ol><li>c</li></ol></li> <li>d</li></ul>", id="lists"),
        pytest.param("<dl><dt>a</dt><dd>b</dd></dl>", id="lists of terms"),
        pytest.param("&amp;amp; &lt;p> a&nbsp;b &copy; &#8221;", id="entities"),
        pytest.param("<noscript><img src='a'></noscript><script>b</script>c<iframe></iframe>", id="unseen"),
        pytest.param("<b>" * 90 + "</b>" * 90, id="deep"),
    ],
)
def test_what_articles_are_made_of_is_taken(source):
    """Else the slow way would take its time with nearly all of them."""
    made = wellformed.read(source)
    assert made is not None
    assert etree.tostring(made) == slow(source)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("<p>a<p>b</p></p>", id="a paragraph in a paragraph"),
        pytest.param("<p><b><div>a</div></b></p>", id="a block in a paragraph"),
        pytest.param("<h1><b><h2>a</h2></b></h1>", id="a heading in a heading"),
        pytest.param("<a>b<i><a>c</a></i></a>", id="a link in a link"),
        pytest.param("<ul><li>a<li>b</li></li></ul>", id="an item in an item"),
        pytest.param("<ul><li>a<b></b><li>b</li></li></ul>", id="an item in an item, after another element"),
        pytest.param("<dl><dt>a<dd>b</dd></dt></dl>", id="a term in a term"),
        pytest.param("<td>a</td>", id="a part of a table"),
        pytest.param("<body>a</body>", id="what is never kept"),
        pytest.param("<b>" * 120 + "</b>" * 120, id="too deep"),
        pytest.param("<b>a</i>", id="tags without a partner"),
        pytest.param("</div><div>", id="two trees"),
        pytest.param("<br></br>", id="an end tag of a void element"),
        pytest.param("<b/>a", id="no end tag"),
        pytest.param("<xmp><b></b></xmp>", id="what is no markup"),
        pytest.param("<svg><svg></svg></svg>", id="an element in its like that ends at the first end tag"),
        pytest.param("<script><!-- </script> --></script>", id="an end tag in a comment"),
        pytest.param("<!-->a-->", id="a comment that is empty"),
        pytest.param("<b a='1' a='2'>a</b>", id="an attribute twice"),
        pytest.param("<b" + "".join(f" a{n}='1'" for n in range(101)) + "></b>", id="many attributes"),
        pytest.param(f"<b a='{'a' * 16_385}'></b>", id="a long value"),
        pytest.param("<b a='b\nc'></b>", id="a line break in a value"),
        pytest.param("<b xmlns='a'></b>", id="a namespace"),
        pytest.param("<B>a</B>", id="a name in capitals"),
        pytest.param("a & b &c; &#8; &Tab; &#133", id="signs and entities that XML has not"),
        pytest.param("&am&#112;;", id="an entity that only another one would make"),
    ],
)
def test_what_could_have_another_tree_is_not_taken(source):
    """What closes something, goes, or means something else to an XML parser is for the slow way."""
    assert wellformed.read(source) is None


def test_each_entity_means_the_same_to_both():
    """Each of HTML's entities, and each number, becomes what the slow way makes of it, or is not taken."""
    for entity in (*html5, *(f"#{number};" for number in (*range(400), *range(0xD700, 0x11100), 0x1FFFE))):
        source = f"a&{entity}b"
        made = wellformed.read(source)
        assert made is None or made.text == xml_text(unescape(source))
