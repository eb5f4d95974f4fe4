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
            "Chinese",
            "english",
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
    """What does not follow the grammar, and the name of a language, which follows it but is none of them."""
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
        pytest.param(
            "他读了川端康成的《雪国》和芥川龙之介的《罗生门》，后者的题目读作「らしょうもん」，是一座城门的名字",
            "zh-Hans",
            id="Chinese that quotes Japanese",
        ),
        pytest.param("カタカナ", "ja", id="only katakana"),
        pytest.param(KOREAN, "ko", id="Korean"),
        pytest.param(ARABIC, "ar", id="Arabic"),
        pytest.param(HEBREW, "he", id="Hebrew"),
        pytest.param(ENGLISH, "de", id="Latin"),
        pytest.param(RUSSIAN, "ru", id="Russian"),
        pytest.param("Цей проєкт перетворює статті на стрічки, які може читати кожен.", "uk", id="Ukrainian"),
        pytest.param("Гэты праект робіць з артыкулаў стужкі, якія можа чытаць кожны.", "be", id="Belarusian"),
        pytest.param(
            "Бұл жоба мақалаларды кез келген адам оқи алатын таспаға айналдырады.", "kk", id="Kazakh"
        ),
        pytest.param(
            "Овај пројекат од чланака прави токове које свако може да чита, ако неће ђак.", "sr", id="Serbian"
        ),
        pytest.param("ЦЕЙ ПРОЄКТ ПЕРЕТВОРЮЄ СТАТТІ", "uk", id="Ukrainian capitals"),
        pytest.param("این پروژه مقاله‌ها را به خوراک‌هایی برای همه تبدیل می‌کند.", "fa", id="Persian"),
        pytest.param("یہ منصوبہ مضامین کو ایسی فیڈ میں بدلتا ہے جسے ہر کوئی پڑھ سکے۔", "ur", id="Urdu"),
        pytest.param(f"{ARABIC * 6} (گوگل)", "ar", id="a Persian name in Arabic"),
        pytest.param(f"{RUSSIAN * 6} (Київ)", "ru", id="a Ukrainian name in Russian"),
        pytest.param("Το έργο αυτό κάνει τα άρθρα ροές που διαβάζει ο καθένας.", "el", id="Greek"),
        pytest.param("โครงการนี้เปลี่ยนบทความให้เป็นฟีดที่ทุกคนอ่านได้", "th", id="Thai"),
        pytest.param("यह परियोजना लेखों को फ़ीड में बदलती है।", "hi", id="Hindi"),
        pytest.param("এই প্রকল্প নিবন্ধগুলিকে ফিডে পরিণত করে।", "bn", id="Bengali"),
        pytest.param("இந்தத் திட்டம் கட்டுரைகளை ஓடைகளாக மாற்றுகிறது.", "ta", id="Tamil"),
        pytest.param("Այս նախագիծը հոդվածները դարձնում է հոսքեր։", "hy", id="Armenian"),
        pytest.param("ეს პროექტი სტატიებს არხებად აქცევს.", "ka", id="Georgian"),
        pytest.param("ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ", "de", id="a script that is not known"),
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
        pytest.param(RUSSIAN, "bg", "bg", id="Bulgarian is written in Cyrillic"),
        pytest.param(RUSSIAN, "uk-UA", "uk-UA", id="a site in Ukraine"),
        pytest.param("यह परियोजना", "mr", "mr", id="Marathi is written in Devanagari"),
        pytest.param(RUSSIAN, "zh", "ru", id="Russian in a Chinese feed"),
        pytest.param("カタカナ", "zh", "ja", id="Japanese in a Chinese feed"),
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
        pytest.param(f"{SIMPLIFIED}ᏣᎳᎩ{SIMPLIFIED}", "zh-Hans", id="an unknown script within words"),
        pytest.param("abc中文版的新闻def", "zh-Hans", id="no space between scripts"),
    ],
)
def test_the_larger_share_decides(text, expected):
    """Names and quotations in another script change nothing; a Chinese character weighs three letters."""
    assert language.of_text(text, default="en") == expected


SIMPLIFIED_TITLES = """
今天与昨天|新闻自由的代价|我们为什么沉默|审查员手记|网络安全法|万水千山|医生的证词|留学生回国|读书笔记|关于尊严
他说了真话|房价跌了|一百万人|东北往事|广场上的歌声|独立书店|上海封城日记|律师失踪|孩子们的书包|个人史
无人区|号外|听雨|疫情下的小区与医院|种树的人|机场|并非如此|台风来了|长江洪水|于是他们走了（陶喆的歌）
"""
TRADITIONAL_TITLES = """
颱風來了|新聞自由的代價|我們為什麼沉默|審查員手記|網路安全|醫生的證詞|留學生回國|讀書筆記|關於尊嚴|他說了真話
房價跌了|廣場上的歌聲|獨立書店|律師失蹤|孩子們的書包|個人史|無人區|號外|一百萬人|臺北往事
妳好嗎|電影節|立法會選舉|還有明天|時間之內|終於|之後|聽雨|種樹的人|萬里無雲
"""


def titles(text: str) -> list[str]:
    """Return what stands between the marks."""
    return text.replace("\n", "|").strip("|").split("|")


@pytest.mark.parametrize("title", titles(SIMPLIFIED_TITLES))
def test_a_short_title_in_simplified_characters(title):
    """One character that the other script does not write is enough."""
    assert language.of_text(title, default="und") == "zh-Hans"


@pytest.mark.parametrize("title", titles(TRADITIONAL_TITLES))
def test_a_short_title_in_traditional_characters(title):
    """As above."""
    assert language.of_text(title, default="und") == "zh-Hant"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("😀👍🏽🇹🇼 ❤️", id="emoji"),
        pytest.param("१२३ ٣٤٥ ３４５ ๑๒", id="digits"),
        pytest.param("https://example.org/a-long-title www.example.org/b @a_name", id="addresses"),
        pytest.param("。，！？「」・〜", id="punctuation"),
    ],
)
@pytest.mark.parametrize(
    "words", [ARABIC, KOREAN, SIMPLIFIED, RUSSIAN], ids=["Arabic", "Korean", "Chinese", "Russian"]
)
def test_what_is_no_letter_counts_for_nothing(text, words):
    """However much of it there is."""
    assert language.of_text(words + text * 50, default="en") == language.of_text(words, default="en")


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
    assert language.of_text(text, default="en") in {"ar", "fa", "he", "en"}


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


@given(st.text(st.sampled_from(SIMPLIFIED + TRADITIONAL + "於後徵与万么价体于后征與萬"), max_size=40))
@settings(max_examples=300, deadline=None)
def test_characters_of_both_scripts_count_for_none(text):
    """Those that are left out of a character set count as if they did not stand there."""
    without = {name: re.sub(f"[{strays}]", "", text) for name, strays in language._CHARACTER_SETS.items()}  # noqa: SLF001
    simplified, traditional = (len(without[name].encode(name, "ignore")) for name in ("gb2312", "big5"))
    expected = "zh" if simplified == traditional else "zh-Hans" if simplified > traditional else "zh-Hant"
    assert language.of_text(f"字{text}", default="zh") == expected


@given(
    st.lists(
        st.sampled_from(["http://", "https://", "www.", "@", " ", "中文", "字", "abc", "/", "1_", "ا"]),
        max_size=12,
    )
)
@settings(max_examples=300, deadline=None)
def test_addresses_and_names_say_nothing(pieces):
    """What follows the beginning of one, up to white space or another script, is no text."""
    silent = re.compile(r"(?:(?:https?://|www\.|@)[!-~]+|[\W\d_])+")
    text = "".join(pieces)
    assert language.of_text(text, default="en") == language.of_text(silent.sub("", text), default="en")


mixtures = st.lists(
    st.sampled_from([SIMPLIFIED, JAPANESE, KOREAN, ARABIC, RUSSIAN, ENGLISH, f"{ENGLISH} é", "ᏣᎳᎩ ", "फ़ीड "])
    | st.sampled_from(["https://e.org/", "long" * 20, "@name", "é" * 40, " 。", "\u3099", "٣", "ـ", "中文"]),
    max_size=12,
)


@given(mixtures.map("".join))
@settings(max_examples=300, deadline=None)
def test_most_of_a_text_tells_what_all_would(text):
    """The short way finds the script that the long way finds, or none; and its letters, but for Latin."""
    told, counted = language._told_by_most(text), language._counted(text)  # noqa: SLF001
    assert told is None or told[0] == counted[0]
    assert told is None or told == counted or not told[0]


def test_an_address_does_not_speak_for_latin():
    """A long one has many letters, which say nothing of the text around it."""
    assert language.of_text(f"{'é' * 60} https://e.org/{'long' * 40} {'字' * 40}", default="und") == "zh"


@given(st.text(st.sampled_from("中文字ｱｦアのＡ㐀豈"), min_size=1, max_size=12))
@settings(max_examples=200, deadline=None)
def test_every_kana_is_found(text):
    """Of any width; other characters that begin with the same byte are none."""
    kana, letters = sum(text.count(one) for one in "ｱｦアの"), len(text.replace("Ａ", ""))
    expected = "ja" if kana * 5 >= letters else "zh"
    assert language.of_text(f"{text}", default="und")[:2] == (expected if letters else "un")
