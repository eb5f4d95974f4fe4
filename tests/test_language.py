"""Languages: tags, directions, and what the characters of a text speak for."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedbridge.standards import language

# What these tests need of other languages is written for them.
SIMPLIFIED = "这个项目把文章变成订阅源，让读者随时看到新的内容。"
TRADITIONAL = "這個專案把文章變成訂閱源，讓讀者隨時看到新的內容。"
JAPANESE = "この企画は記事をフィードに変え、読者がいつでも読めるようにする。"
KOREAN = "이 프로젝트는 기사를 피드로 바꾸어 독자가 언제든지 읽을 수 있게 한다."
ARABIC = "يحول هذا المشروع المقالات إلى خلاصات يقرؤها الناس متى شاؤوا."
HEBREW = "הפרויקט הזה הופך מאמרים להזנות שכל אחד יכול לקרוא."
ENGLISH = "This project turns articles into feeds that anyone can read at any time."
RUSSIAN = "Этот проект превращает статьи в ленты, которые может читать каждый."


@pytest.mark.parametrize(
    "tag",
    [
        *("zh", "zh-Hans", "zh-Hant-TW", "zh-cmn-Hans-CN", "en-GB", "es-419", "und", "sl-rozaj-biske-1994"),
        *("de-CH-1901", "de-CH-x-phonebk", "az-Arab-x-AZE-derbend", "x-whatever", "en-a-myext-b-another"),
        *(
            "ar-u-nu-latn",
            "i-klingon",
            "I-DEFAULT",
            "sgn-BE-FR",
            "en-GB-oed",
            "zh-min-nan",
            "art-lojban",
            "qaa-Qaaa-QM",
        ),
    ],
)
def test_well_formed_tag(tag):
    """Examples of RFC 5646, appendix A, and grandfathered tags."""
    assert language.is_tag(tag)


@pytest.mark.parametrize(
    "tag",
    [
        *(
            "",
            "z",
            "zh_CN",
            "zh-",
            "-zh",
            "zh--CN",
            "zh-CN-",
            "de-419-DE",
            "a-DE",
            "zh-Hans-Hant",
            "en-x",
            "x-",
            "en-a",
        ),
        *(
            "english1",
            "abcdefghi",
            "en-abcdefghi",
            "zh\n",
            " zh",
            "中文",
            "ſv",
            "en-GB-u",
            "chinese simplified",
        ),
    ],
)
def test_malformed_tag(tag):
    """What does not follow the grammar is no tag: underscores, white space, empty or misplaced subtags."""
    assert not language.is_tag(tag)


@pytest.mark.parametrize(("tag", "expected"), [("zh-Hant-TW", "zh"), ("EN", "en"), ("und", "und"), ("", "")])
def test_primary_language(tag, expected):
    """The first subtag, in lower case."""
    assert language.primary(tag) == expected


@pytest.mark.parametrize(
    "tag", ["ar", "AR-EG", "fa", "he", "iw", "ur", "yi", "ps", "dv", "ku-Arab", "az-arab-IR", "ug"]
)
def test_right_to_left(tag):
    """By the script where the tag names one, else by the language."""
    assert language.direction(tag) == "rtl"


@pytest.mark.parametrize(
    "tag", ["zh", "en", "und", "", "ku", "ug-Latn", "ar-Latn", "en-u-nu-arab", "x-arab", "ara-xyz"]
)
def test_left_to_right(tag):
    """Everything else; a four-letter subtag of an extension is no script."""
    assert language.direction(tag) == "ltr"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(SIMPLIFIED, "zh-Hans", id="Simplified"),
        pytest.param(TRADITIONAL, "zh-Hant", id="Traditional"),
        pytest.param("中文日本人", "zh", id="characters of both"),
        pytest.param("㐀㐁㐂", "zh", id="characters of neither"),
        pytest.param(JAPANESE, "ja", id="Japanese"),
        pytest.param("カタカナ", "ja", id="only katakana"),
        pytest.param(KOREAN, "ko", id="Korean"),
        pytest.param(ARABIC, "ar", id="Arabic"),
        pytest.param(HEBREW, "he", id="Hebrew"),
        pytest.param(ENGLISH, "de", id="Latin"),
        pytest.param(RUSSIAN, "de", id="Cyrillic"),
        pytest.param("12:30 — 100 %, 5·6", "de", id="no letters"),
        pytest.param("", "de", id="empty"),
    ],
)
def test_language_by_script(text, expected):
    """Emission rule 12, where the default tells nothing about the script."""
    assert language.of_text(text, default="de") == expected


@pytest.mark.parametrize(
    ("text", "default", "expected"),
    [
        pytest.param("中文日本人", "zh-TW", "zh-TW", id="undecided Chinese"),
        pytest.param(SIMPLIFIED, "zh-TW", "zh-Hans", id="decided Chinese"),
        pytest.param(TRADITIONAL, "zh", "zh-Hant", id="decided Chinese over a bare zh"),
        pytest.param(ARABIC, "fa", "fa", id="Persian shares the Arabic script"),
        pytest.param(ARABIC, "ar-EG", "ar-EG", id="Arabic of a country"),
        pytest.param(HEBREW, "yi", "yi", id="Yiddish shares the Hebrew script"),
        pytest.param(JAPANESE, "ja-JP", "ja-JP", id="Japanese of a country"),
        pytest.param(KOREAN, "zh", "ko", id="Korean in a Chinese feed"),
        pytest.param(ENGLISH, "und", "und", id="no default"),
    ],
)
def test_default_decides_what_the_script_leaves_open(text, default, expected):
    """It also says more than the script where both agree; what the script decides it cannot overrule."""
    assert language.of_text(text, default=default) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(f"{SIMPLIFIED}（Jane Doe, John Smith, Maria Garcia）", "zh-Hans", id="Latin names"),
        pytest.param(f"{ENGLISH * 3} ({TRADITIONAL})", "en", id="a Chinese quotation"),
        pytest.param(f"{TRADITIONAL}唐納・川普・習近平", "zh-Hant", id="katakana middle dots"),
        pytest.param(f"{SIMPLIFIED * 3}“おもてなし”", "zh-Hans", id="a Japanese word"),
        pytest.param(f"{SIMPLIFIED}https://example.org/{'a' * 300}继续", "zh-Hans", id="a glued address"),
        pytest.param(f"{SIMPLIFIED * 3}「臺灣」", "zh-Hans", id="a Traditional name"),
        pytest.param(f"{KOREAN}大韓民國", "ko", id="Chinese characters in Korean"),
        pytest.param(f"{ARABIC} (Reuters)", "ar", id="a Latin name in Arabic"),
    ],
)
def test_the_larger_share_decides(text, expected):
    """Names and quotations in another script change nothing; a Chinese character weighs three letters."""
    assert language.of_text(text, default="en") == expected


@given(
    st.permutations([SIMPLIFIED, TRADITIONAL, JAPANESE, ENGLISH, ARABIC, "中 "]),
    st.sampled_from(["en", "zh", "fa"]),
)
@settings(max_examples=50, deadline=None)
def test_order_does_not_matter(parts, default):
    """Only the shares count."""
    assert language.of_text(" ".join(parts), default=default) == language.of_text(
        " ".join(sorted(parts)), default=default
    )


@given(st.text(max_size=200), st.sampled_from(["en", "zh-Hans", "und"]))
@settings(max_examples=200, deadline=None)
def test_every_text_has_a_language(text, default):
    """Whatever a text holds, the answer is a well-formed tag."""
    assert language.is_tag(language.of_text(text, default=default))


@given(st.text(st.sampled_from("عربيעבריתچ۱ٰ"), min_size=1, max_size=20))
@settings(max_examples=100, deadline=None)
def test_marks_and_digits_never_outweigh_letters(text):
    """A mark of a script counts for that script or for nothing."""
    assert language.of_text(text, default="en") in {"ar", "he", "en"}


def corpus_articles(shared: Path) -> Iterator[tuple[Path, str]]:
    """Give the titles and bodies of the real articles, without their tags."""
    for path in sorted((shared / "corpus" / "articles").rglob("*.md")):
        source = path.read_text(encoding="utf-8")
        title = re.search(r"\[(.*)\]\(", source)
        yield path, (title[1] if title else "") + re.sub(r"<[^<>]*>", " ", source.partition("------")[2])


def test_real_articles_have_the_right_script(shared):
    """Of the real articles one is Traditional, all others are Simplified."""
    found = {path.name: language.of_text(text, default="zh") for path, text in corpus_articles(shared)}
    assert len(found) > 25
    assert found.pop("1023657.md") == "zh-Hant"
    assert set(found.values()) == {"zh-Hans"}
