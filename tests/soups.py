"""HTML soups: bodies made of pieces that fit each other badly, for property tests."""

from hypothesis import strategies as st

names = st.sampled_from(
    [
        *(
            "a",
            "b",
            "span",
            "em",
            "small",
            "script",
            "iframe",
            "picture",
            "source",
            "video",
            "pre",
            "section",
        ),
        *("p", "div", "h1", "h3", "blockquote", "figure", "figcaption", "ul", "li", "dl", "dd"),
        *("table", "tr", "td", "th", "caption", "br", "hr", "img", "wbr", "custom-element"),
    ]
)
attributes = st.sampled_from(["", "", "", " hidden", ' class="bar"', ' src="https://e.org/a"', ' title="&"'])
words = st.sampled_from(
    ["x", "a", "Get more from us", "é&amp;", " ", "\n", "&nbsp;", "\u3000", "\u200b", "<", "&"]
)
pieces = (
    st.builds("<{}{}>".format, names, attributes)
    | names.map("</{}>".format)
    | names.map("<{0}></{0}>".format)
    | words
)
soups = st.lists(pieces, max_size=40).map("".join)
