"""Whether an article says something else than before (emission rule 3)."""

import hashlib
from collections.abc import Iterable

BITS = 128


def of(title: str, words: str, *, pictures: Iterable[str], players: Iterable[str]) -> str:
    """Return what is equal for two files of an article that say the same, in hexadecimal.

    It goes by the title and `elements.text_of` the article, both without white space (a page that is printed
    prettily has more of it), the text also without copyright notices, and by the sets of pictures and of
    players, those by their canonical addresses. So nothing else moves `updated`: no footer, proxy, attribute,
    tag or link.
    """
    parts = (
        "".join(title.split()),
        words.replace(" ", ""),
        *sorted(set(pictures)),
        "",
        *sorted(set(players)),
    )
    joined = "\0".join(parts)
    return hashlib.blake2b(joined.encode("utf-8", "surrogatepass"), digest_size=BITS // 8).hexdigest()
