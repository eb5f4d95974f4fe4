"""Languages: tags (BCP 47), directions, and what the characters of a text say."""

import re
from typing import Literal

# RFC 5646 §2.1. Case does not count; ASCII only, else "ſ" would be an "s".
_TAG = re.compile(
    r"""
    (?: (?: [a-z]{2,3} (?:-[a-z]{3}){0,3} | [a-z]{4,8} )          # language, with extended languages
        (?: -[a-z]{4} )?                                          # script
        (?: -(?:[a-z]{2}|[0-9]{3}) )?                             # region
        (?: -(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}) )*                # variants
        (?: -[0-9a-wy-z] (?:-[a-z0-9]{2,8})+ )*                   # extensions
        (?: -x (?:-[a-z0-9]{1,8})+ )?                             # private use
    | x (?:-[a-z0-9]{1,8})+
    | i-(?: ami | bnn | default | enochian | hak | klingon | lux  # grandfathered, irregular; the
          | mingo | navajo | pwn | tao | tay | tsu )              # regular ones have the form above
    | en-gb-oed | sgn-(?: be-fr | be-nl | ch-de )
    )
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_SCRIPT = re.compile(r"[a-z]{2,8}(?:-[a-z]{3}){0,3}-([a-z]{4})(?:-|$)")

# Languages mostly written in the Arabic and the Hebrew script, by their primary subtags.
_IN_ARABIC = frozenset(("ar", "arz", "ary", "azb", "bal", "ckb", "fa", "ks", "pnb", "ps", "sd", "ug", "ur"))
_IN_HEBREW = frozenset(("he", "iw", "ji", "yi"))
_RTL_LANGUAGES = _IN_ARABIC | _IN_HEBREW | {"dv", "nqo", "syr"}
_RTL_SCRIPTS = frozenset(("adlm", "arab", "aran", "hebr", "mand", "nkoo", "rohg", "samr", "syrc", "thaa"))

# What a script says, unless the default is one of the languages that share it.
_SAME_SCRIPT = {
    "ar": _IN_ARABIC,
    "he": _IN_HEBREW,
    "ja": frozenset(("ja",)),
    "ko": frozenset(("ko",)),
}

_ADDRESS = re.compile(r"https?://[!-~]+")
_LETTERS = re.compile(r"[^\W\d_]+")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_KANA = re.compile("[\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\uff66-\uff9d]+")  # without "・" of Chinese names
_HANGUL = re.compile("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]+")
_ARABIC = re.compile("[\u0620-\u064a\u066e-\u06d3\u0750-\u077f\u08a0-\u08c9\ufb50-\ufdfb\ufe70-\ufefc]+")
_HEBREW = re.compile("[\u05d0-\u05ea\ufb1d-\ufb4f]+")

_SYLLABLE_WEIGHT = 3  # a text in Chinese has about a third of the letters of its translation into English
_KANA_SHARE = 10  # Japanese has at least one kana in so many characters; Chinese texts quote far fewer


def is_tag(tag: str) -> bool:
    """Tell whether a language tag is well-formed (RFC 5646 §2.2.9), be it registered or not."""
    return _TAG.fullmatch(tag) is not None


def primary(tag: str) -> str:
    """Return the primary language of a tag, in lower case: "zh" of "zh-Hant-TW"."""
    return tag.partition("-")[0].lower()


def direction(tag: str) -> Literal["ltr", "rtl"]:
    """Return the direction of writing: by the script where the tag names one, else by the language."""
    script = _SCRIPT.match(tag.lower())
    is_rtl = script[1] in _RTL_SCRIPTS if script else primary(tag) in _RTL_LANGUAGES
    return "rtl" if is_rtl else "ltr"


def of_text(text: str, *, default: str) -> str:
    """Return the language that most characters of a text speak for (emission rule 12).

    Chinese is "zh-Hans" or "zh-Hant", and "zh" where its characters belong to both; Arabic "ar", Hebrew "he",
    Japanese "ja", Korean "ko". A script that tells no more than `default` does gives `default`: Latin and all
    others; Arabic where the default is Persian. Addresses in the text do not count.
    """
    words = _ADDRESS.sub(" ", text)
    han = "".join(_HAN.findall(words))
    kana, hangul, arabic, hebrew = (_count(script, words) for script in (_KANA, _HANGUL, _ARABIC, _HEBREW))
    others = _count(_LETTERS, words) - len(han) - kana - hangul - arabic - hebrew
    weights = {
        "": others,
        "zh": (len(han) + kana) * _SYLLABLE_WEIGHT,
        "ko": hangul * _SYLLABLE_WEIGHT,
        "ar": arabic,
        "he": hebrew,
    }
    found = max(weights, key=weights.__getitem__)
    if found == "zh":
        found = _han_language(han, kana=kana, default=default)
    return default if not found or primary(default) in _SAME_SCRIPT.get(found, ()) else found


def _count(script: re.Pattern[str], text: str) -> int:
    return sum(map(len, script.findall(text)))


def _han_language(han: str, *, kana: int, default: str) -> str:
    """Tell Japanese by its kana, and the two scripts of Chinese by the character sets made for each.

    GB 2312 is the mainland's, Big5 Taiwan's. Those in both count for both, so what is left of the
    difference are the characters that only one of them has.
    """
    if kana * _KANA_SHARE >= len(han) + kana:
        return "ja"
    simplified, traditional = (len(han.encode(name, "ignore")) for name in ("gb2312", "big5"))
    if simplified == traditional:
        return default if primary(default) == "zh" else "zh"
    return "zh-Hans" if simplified > traditional else "zh-Hant"
