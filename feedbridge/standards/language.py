"""Languages: tags (BCP 47), directions, and what the characters of a text say."""

import re
from functools import cache
from typing import Literal

from feedbridge.model import Value

# RFC 5646 §2.1. Case does not count; ASCII only, else "ſ" would be an "s".
_TAG = re.compile(
    r"""
    (?: [a-z]{2,3} (?:-[a-z]{3}){0,3}                             # language; of 4 to 8 letters there is none
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
_SCRIPT = re.compile(r"[a-z]{2,3}(?:-[a-z]{3}){0,3}-([a-z]{4})(?:-|$)")

_RTL_SCRIPTS = frozenset(("adlm", "arab", "aran", "hebr", "mand", "nkoo", "rohg", "samr", "syrc", "thaa"))


class _Script(Value, frozen=True):
    """What letters say of a language."""

    language: str  # the one that most texts in this script are in
    sharing: frozenset[str]  # the languages that are written in it, by their primary subtags
    letters: str  # ranges of an expression
    own: tuple[tuple[str, str], ...]  # other languages and the letters that tell them from it, in order


def _script(language: str, others: str, letters: str, **own: str) -> _Script:
    return _Script(
        language=language,
        sharing=frozenset((language, *others.split())),
        letters=letters,
        own=tuple(own.items()),
    )


_CHINESE = "zh"
_KANA = "\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\uff66-\uff9d"  # without the middle dot of Chinese names
_SCRIPTS = (
    # Latin says nothing: it is written by too many.
    _script("", "", "A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02af\u1e00-\u1eff"),
    _script(_CHINESE, "", f"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff{_KANA}"),
    _script("ko", "", "\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3"),
    _script(
        "ru",
        "uk be bg sr mk kk ky tg mn tt ba cv ce os sah ab av lez udm mhr rue cnr cu",
        "\u0400-\u0481\u048a-\u052f",
        kk="қғұ",
        be="ў",
        uk="іїєґ",
        sr="ђћ",
        mk="ѓќѕ",
    ),
    _script(
        "ar",
        "arz ary azb bal ckb fa ks pnb ps sd ug ur",
        "\u0620-\u064a\u066e-\u06d3\u0750-\u077f\u08a0-\u08c9\ufb50-\ufdfb\ufe70-\ufefc",
        ur="ٹڈڑےںہھ",
        fa="پچژگکی",
    ),
    _script("he", "iw ji yi", "\u05d0-\u05ea\ufb1d-\ufb4f"),
    _script("el", "grc", "\u0370-\u0373\u0376-\u037d\u0386-\u03ff\u1f00-\u1fff"),
    _script("th", "", "\u0e01-\u0e3a\u0e40-\u0e4e"),
    _script("hi", "mr ne sa mai bho kok new doi brx", "\u0900-\u0963\u0971-\u097f"),
    _script("bn", "as mni", "\u0980-\u09e3\u09f0-\u09f1"),
    _script("pa", "", "\u0a01-\u0a5e\u0a70-\u0a75"),
    _script("gu", "", "\u0a81-\u0ae3"),
    _script("or", "", "\u0b01-\u0b63"),
    _script("ta", "", "\u0b82-\u0bd7"),
    _script("te", "", "\u0c00-\u0c63"),
    _script("kn", "tcy", "\u0c80-\u0ce3"),
    _script("ml", "", "\u0d00-\u0d63"),
    _script("si", "", "\u0d81-\u0ddf"),
    _script("lo", "", "\u0e81-\u0ecd\u0edc-\u0edf"),
    _script("my", "shn mnw ksw", "\u1000-\u103f\u1050-\u108f"),
    _script("km", "", "\u1780-\u17d3"),
    _script("bo", "dz", "\u0f40-\u0fbc"),
    _script("hy", "hyw", "\u0531-\u0556\u0561-\u0587"),
    _script("ka", "xmf sva", "\u10a0-\u10fa\u10fc-\u10ff\u1c90-\u1cbf"),
    _script("am", "ti gez", "\u1200-\u135f"),
    _script("dv", "", "\u0780-\u07b1"),
    _script("mn", "mnc", "\u1820-\u18aa"),
)
_BY_LANGUAGE = {script.language: script for script in _SCRIPTS}
_RTL_LANGUAGES = frozenset(("nqo", "syr")).union(*(_BY_LANGUAGE[tag].sharing for tag in ("ar", "he", "dv")))

_ADDRESS = re.compile(r"(?:https?://|www\.|@)[!-~]+")  # also names at a service (@name)
_NO_LETTERS = re.compile(r"[\W\d_]+")
_KNOWN = "".join(script.letters for script in _SCRIPTS)
_RUN = re.compile("|".join(f"([{script.letters}]+)" for script in _SCRIPTS) + f"|([^{_KNOWN}]+)")
_LANGUAGES = (*_BY_LANGUAGE, "")  # of these groups
_BEGINNING = 100  # characters that tell in which script a text may be

# The character sets of the two scripts of Chinese, without those that hardly any text of that script has: in
# 12,000 articles they were over ten times as frequent in the other one.
_CHARACTER_SETS = {"gb2312": "於後徵", "big5": "与万么价体儿听吨并怀扰据构机确种筑网赶适"}
_KANA_RUN = re.compile(f"[{_KANA}]+")
_KANA_LEADS = (b"\xe3", b"\xef")  # so each begins in UTF-8, and hardly any other character

_SYLLABLE_WEIGHT = 3  # a text in Chinese has about a third of the letters of its translation into English
_WEIGHTS = {_CHINESE: _SYLLABLE_WEIGHT, "ko": _SYLLABLE_WEIGHT}
_KANA_SHARE = 5  # Japanese has at least one kana in so many characters; Chinese texts about Japan have fewer
_OWN_SHARE = 100  # a language has at least one of its own letters in so many; texts that quote it have fewer


def is_tag(tag: str) -> bool:
    """Tell whether a language tag is well-formed (RFC 5646 §2.2.9), be it registered or not.

    A word of 4 to 8 letters is none: no language is registered under one, but each has such a name.
    """
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

    Chinese is "zh-Hans" or "zh-Hant", and "zh" where its characters belong to both. Of another script it
    is the language of most texts in it, or one whose own letters are frequent (Ukrainian, Persian).
    `default` is given where it is written in the script that was found, for Latin, and for scripts that
    are not known. Addresses in the text do not count.
    """
    if text.isascii():
        return default  # Latin, if anything
    language, letters = _told_by_most(text) or _counted(text)
    if language == _CHINESE:
        return _in_han(letters, default=default)
    return _in_script(_BY_LANGUAGE[language], letters, default=default)


def _told_by_most(text: str) -> tuple[str, str] | None:
    """Return what `_counted` returns of a text that is mostly in one script, in a third of the time.

    The script is that of the beginning, and it has the most letters if all else together has fewer. Addresses
    have only letters of Latin.
    """
    language = _counted(text[:_BEGINNING])[0]
    letters = "".join(_runs_of(language).findall(text if language else _ADDRESS.sub("", text)))
    others = len(text) - text.count(" ") - len(letters)
    is_sure = len(letters) * _WEIGHTS.get(language, 1) > others * _SYLLABLE_WEIGHT
    return (language, letters) if is_sure and letters.isalpha() else None


@cache  # made when one is asked for: all take 2 ms, and most archives have one or two scripts
def _runs_of(language: str) -> re.Pattern[str]:
    return re.compile(f"[{_BY_LANGUAGE[language].letters}]+")


def _counted(text: str) -> tuple[str, str]:
    """Return the language of the script that has the most letters in a text ("" of Latin), and those."""
    runs: dict[str, list[str]] = {language: [] for language in _BY_LANGUAGE}
    for run in _RUN.finditer(_NO_LETTERS.sub("", _ADDRESS.sub("", text))):
        runs[_LANGUAGES[(run.lastindex or 0) - 1]].append(run[0])
    letters = {language: "".join(found) for language, found in runs.items()}
    most = max(letters, key=lambda language: len(letters[language]) * _WEIGHTS.get(language, 1))
    return most, letters[most]


def _in_script(script: _Script, letters: str, *, default: str) -> str:
    if not script.language or primary(default) in script.sharing:
        return default
    lower = letters.lower()
    for language, own in script.own:
        if sum(map(lower.count, own)) * _OWN_SHARE >= len(lower):
            return language
    return script.language


def _in_han(letters: str, *, default: str) -> str:
    """Tell Japanese by its kana, and the two scripts of Chinese by the character sets made for each.

    GB 2312 is the mainland's, Big5 Taiwan's. Those in both count for both, so what is left of the
    difference are the characters that only one of them has.
    """
    written = letters.encode()  # to look into it takes a fifth of the time of an expression
    han = _KANA_RUN.sub("", letters) if any(lead in written for lead in _KANA_LEADS) else letters
    if (len(letters) - len(han)) * _KANA_SHARE >= len(letters):
        return default if primary(default) == "ja" else "ja"
    simplified, traditional = (_bytes_in(name, han, strays) for name, strays in _CHARACTER_SETS.items())
    if simplified == traditional:
        return default if primary(default) == _CHINESE else _CHINESE
    return "zh-Hans" if simplified > traditional else "zh-Hant"


def _bytes_in(name: str, han: str, strays: str) -> int:
    """Return how many bytes of a character set a text has without some characters; to delete them is slow."""
    left_out = sum(han.count(stray) * len(stray.encode(name, "ignore")) for stray in strays)
    return len(han.encode(name, "ignore")) - left_out
