"""Alternative texts of pictures: which of them tell what a picture shows, and which are emoji."""

import re
import unicodedata

from feedbridge.standards import text

MIN_LENGTH = 4  # characters of one that tells something
MAX_LENGTH = 1000  # a longer one is no description

_MAX_EMOJI = 16  # characters: one emoji may be a family of eleven
_EMOTICON = re.compile(r"\[[^\s\[\]]{1,8}\]")  # as networks write their own: [good]
_EMOJI_PARTS = ("S", "M", "Cf")  # symbols, and what joins and varies them (Unicode categories)

# What programs write where nobody wrote an alternative text.
_FILE_NAME = re.compile(r"\.(?:jpe?g|png|gif|webp|bmp|svg|avif|heic|tiff?|image)$", re.IGNORECASE)
_IDENTIFIER = re.compile(r"[A-Za-z0-9._~%+-]*")
_NUMBERED = re.compile(
    r"(?:image|img|photo|picture|pic|figure|screen ?shot|untitled|logo|thumbnail|wechat ?image|"
    r"图片|圖片|图像|圖像|照片|微信图片|微信圖片|微信截图|屏幕快照|屏幕截图|截屏|截图|QQ图片|QQ截图|图片描述|"
    r"在这里插入图片描述)[\s\d_.:()（）\-]*",
    re.IGNORECASE,
)
_UNFILLED = ("://", "{{", "{%")


def telling(alt: str, *, title: str) -> str:
    """Return an alternative text if it says what a picture shows, else "".

    A third of those in archives are names of files, words such as "image", or the article's title again.
    """
    alt = text.fold(alt)
    if not MIN_LENGTH <= len(alt) <= MAX_LENGTH or alt == text.fold(title):
        return ""
    if any(sign in alt for sign in _UNFILLED) or _FILE_NAME.search(alt) or _NUMBERED.fullmatch(alt):
        return ""
    if _IDENTIFIER.fullmatch(alt) and not alt.isalpha():
        return ""
    return alt


def is_emoji(alt: str) -> bool:
    """Tell whether an alternative text, folded, is nothing but emoji, or one emoticon."""
    if not 0 < len(alt) <= _MAX_EMOJI:
        return False
    return _EMOTICON.fullmatch(alt) is not None or all(
        character == " " or unicodedata.category(character).startswith(_EMOJI_PARTS) for character in alt
    )
