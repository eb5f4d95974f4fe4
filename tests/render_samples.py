"""Hand-made entries and documents for the tests of `render`, and how to look into what it writes."""

from datetime import UTC, datetime
from typing import Any, Final

from hypothesis import strategies as st
from lxml import etree
from msgspec.structs import replace

from feedbridge.model import Document, Entry, FeedSpec, Image, Measure
from feedbridge.standards.dates import EPOCH

NAMES: Final = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
}

LEAD: Final = Image(
    url="https://images.example.net/?url=static.example.org/harbour.jpg",
    type="image/jpeg",
    caption="The harbour at dawn & its “lights”",
    width=700,
    height=394,
)
CHART: Final = Image(url="https://static.example.org/chart.png", type="image/png", caption="")
UNTYPED: Final = Image(url="https://static.example.org/picture/4711", type="", caption="No type is known")

HARBOUR: Final = Entry(
    guid="urn:uuid:2c1f4b9e-6f0a-5b1e-9d53-0f6f6f1f2a01",
    link="https://www.example.org/zh/%E6%B8%AF%E5%8F%A3/a-101?page=1&part=2",
    title="港口重开：AT&T 与“两个问题”",
    author="王小明",
    published=datetime(2024, 1, 31, 15, 35, 24, tzinfo=UTC),
    updated=datetime(2024, 1, 31, 15, 47, 3, tzinfo=UTC),
    language="zh-Hans",
    direction="ltr",
    summary="港口今天重开。价格 < 5 & 稳定。",
    content=(
        '<div lang="zh-Hans" dir="ltr"><figure>'
        '<img src="https://images.example.net/?url=static.example.org/harbour.jpg" alt="">'
        "<figcaption>The harbour at dawn &amp; its “lights”</figcaption></figure>"
        "<p>港口今天重开。价格 &lt; 5 &amp; 稳定。</p></div>"
    ),
    images=(LEAD, CHART, UNTYPED),
    lead=LEAD,
    categories=("港口", "Trade & more", "ports"),
    measure=Measure(fingerprint="0" * 32, length=30),
    source="example",
    source_name="示例新闻",
)
# Without author, text or picture.
VIDEO: Final = Entry(
    guid="urn:uuid:2c1f4b9e-6f0a-5b1e-9d53-0f6f6f1f2a02",
    link="https://ar.example.com/a-102",
    title="افتتاح الميناء",
    author="",
    published=datetime(2024, 1, 30, 8, 0, 0, tzinfo=UTC),
    updated=datetime(2024, 1, 30, 8, 0, 0, tzinfo=UTC),
    language="ar",
    direction="rtl",
    summary="",
    content='<div lang="ar" dir="rtl"><p><a href="https://ar.example.com/a-102">افتتاح الميناء</a></p></div>',
    images=(),
    lead=None,
    categories=(),
    measure=Measure(fingerprint="0" * 32, length=0),
    source="ar.example.com",
    source_name="ar.example.com",
)
SPEC: Final = FeedSpec(
    name="main",
    directory="",
    url="https://feeds.example.org/",
    title="港口档案 & more",
    description="Everything that the archive gathers",
    author="The archive’s desk",
    icon="",
    language="zh",
    source="",
    source_feeds_url="https://feeds.example.org/source/",
    formats=("atom", "rss"),
    limit=100,
    max_bytes=2 * 1024 * 1024,
    content="full",
    enclosures="all",
)
OF_ONE_SOURCE: Final = {
    "name": "source/example",
    "directory": "source/example/",
    "url": "https://feeds.example.org/source/example/",
    "title": "示例新闻 – 港口档案",
    "source": "example",
}


def document(*entries: Entry, **changes: Any) -> Document:
    """Make a document of `entries` whose feed is `SPEC` with `changes`."""
    spec = replace(SPEC, **changes)
    updated = max((entry.updated for entry in entries), default=EPOCH)
    return Document(spec=spec, language=spec.language or "und", updated=updated, entries=entries)


def find(body: bytes, path: str) -> Any:
    """Find all that an XPath names in a feed."""
    return etree.fromstring(body).xpath(path, namespaces=NAMES)


def attributes(body: bytes, path: str) -> list[dict[str, str]]:
    """Give the attributes of each element that an XPath names in a feed."""
    return [dict(element.attrib) for element in find(body, path)]


DOCUMENTS: Final = {
    "main": document(HARBOUR, VIDEO),
    "empty": document(),
    "summaries": document(HARBOUR, VIDEO, content="summary"),
    "lead-only": document(HARBOUR, VIDEO, enclosures="lead"),
    "no-enclosures": document(HARBOUR, VIDEO, enclosures="none"),
    "lead-untyped": document(replace(HARBOUR, lead=UNTYPED)),
    "icon": document(HARBOUR, icon="https://feeds.example.org/icon.png"),
    "no-language": document(replace(HARBOUR, language="und"), language=""),
    "one-source": document(HARBOUR, **OF_ONE_SOURCE),
}

# Every character that XML 1.0 allows (§2.2), and what is troublesome in XML, HTML and templates.
_CHARACTERS: Final = st.characters(
    min_codepoint=0x20, exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"
)
_TROUBLE: Final = st.sampled_from(
    [
        "\t",
        "\n",
        "\r",
        "&",
        "<",
        '"',
        "'",
        "]]>",
        "&amp;",
        "<b>",
        "</a>",
        "</title>",
        "<!--",
        "$title",
        "\u202e",
    ]
)
XML_TEXT: Final = st.lists(_TROUBLE | _CHARACTERS, max_size=12).map("".join)
_MOMENTS: Final = st.datetimes(
    min_value=datetime(1970, 1, 1),  # noqa: DTZ001 – hypothesis sets the zone
    max_value=datetime(2099, 12, 31),  # noqa: DTZ001 – hypothesis sets the zone
    timezones=st.just(UTC),
).map(lambda moment: moment.replace(microsecond=0))
_IMAGES: Final = st.builds(replace, st.sampled_from([LEAD, CHART, UNTYPED]), caption=XML_TEXT)
ENTRIES: Final = st.builds(
    replace,
    st.just(HARBOUR),
    title=XML_TEXT.filter(bool),
    author=XML_TEXT,
    summary=XML_TEXT,
    content=XML_TEXT.filter(bool),
    source_name=XML_TEXT.filter(bool),
    published=_MOMENTS,
    updated=_MOMENTS,
    images=st.lists(_IMAGES, max_size=2).map(tuple),
    lead=st.none() | _IMAGES,
)
