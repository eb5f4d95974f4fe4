"""Archives of any size, drawn from a seed: the same seed, the same files.

They are as the archives are for which feedbridge was made: an epoch comment, a title line, a date line,
pictures behind a proxy, paragraphs; three languages, mostly Chinese; twelve hosts, each with a directory of
its own, of which one has a fifth of all articles; the middle file of a host has 1.2 to 4 kB, and one file of
a hundred over 56 kB. Some articles stand in two files: scraped anew, and moved, byte for byte or edited.
Nothing is held in memory but a few hundred paragraphs and the last few articles.
"""

import math
import random
from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from feedbridge.model import Value
from tests.samples import milliseconds

SPREAD = 1.37  # of the logarithms of sizes, which spread normally: with this p99 of all is 56 kB
MAX_BYTES = 700_000  # of a text: the longest that was met
TWINS = 0.02  # of all files: they hold an article that stands in another one, too
RECENT = 50  # articles of which one may get a twin
LINKS, STRONG = 0.06, 0.02  # of all phrases
PICTURES = (1, 1, 1, 2, 3, 6)  # of an article, drawn
STEP = timedelta(minutes=15)  # between two articles: about a hundred a day
PARAGRAPHS = 200  # of each language
HEAD_BYTES = 450  # what stands above and around the paragraphs, about
NUMBER = 60_000_000  # of the first article, in its address


class Host(Value, frozen=True):
    """Where articles come from."""

    name: str
    share: int  # per cent of all articles
    language: str
    median_bytes: int  # of its files


HOSTS = (
    Host(name="www.dw.com", share=20, language="zh", median_bytes=2_400),
    Host(name="news.example.org", share=14, language="zh", median_bytes=1_200),
    Host(name="www.example.com", share=12, language="en", median_bytes=4_000),
    Host(name="daily.example.net", share=10, language="zh", median_bytes=1_500),
    Host(name="world.example.org", share=9, language="zh", median_bytes=3_000),
    Host(name="example.net", share=8, language="ar", median_bytes=2_000),
    Host(name="magazine.example.com", share=7, language="en", median_bytes=3_500),
    Host(name="science.example.org", share=6, language="zh", median_bytes=1_800),
    Host(name="culture.example.net", share=5, language="zh", median_bytes=2_800),
    Host(name="blog.example.com", share=4, language="en", median_bytes=1_300),
    Host(name="photos.example.org", share=3, language="zh", median_bytes=1_200),
    Host(name="letters.example.net", share=2, language="ar", median_bytes=2_200),
)

# Phrases of which sentences are made; what they say does not matter, how many bytes a character has does.
PHRASES = {
    "zh": (
        *("河边的图书馆", "清晨的第一班电车", "一封寄错的信", "旧城墙上的灯", "当地居民表示", "研究人员发现"),
        *("在过去的十年里", "仍然没有答案", "已经持续了三个星期", "比预期来得更早", "值得继续观察"),
        *("记者在现场看到", "孩子们把纸船放进水里", "桥的另一头传来钟声", "这份报告一共有四百页"),
        *("市场上的价格略有上涨", "他们决定明年再来", "夜里下了一场小雨", "会议将于下周举行"),
    ),
    "en": (
        *("the library by the river", "a letter that went astray", "the first tram of the morning"),
        *("people who live there say", "researchers have found", "over the past ten years"),
        *("has been going on for three weeks", "came earlier than anybody had thought"),
        *("nobody knows yet", "a bell rang at the other end of the bridge", "it rained a little at night"),
        *("the report has four hundred pages", "prices rose slightly", "they will come back next year"),
    ),
    "ar": (
        *("المكتبة عند النهر", "رسالة ضلت طريقها", "أول ترام في الصباح", "يقول سكان الحي", "وجد الباحثون"),
        *("خلال السنوات العشر الماضية", "ما زال بلا جواب", "استمر ثلاثة أسابيع", "جاء قبل موعده"),
        *(
            "دقّ جرس عند طرف الجسر",
            "في التقرير أربعمئة صفحة",
            "هطل مطر خفيف في الليل",
            "سيعودون في العام المقبل",
        ),
    ),
}
MARKS = {"zh": ("，", "。"), "en": (", ", ". "), "ar": ("، ", ". ")}


class Sample(Value, frozen=True):
    """One article, ready to be written."""

    path: str  # below the archive
    url: str
    title: str
    epoch: datetime
    raw: bytes


def fill(directory: Path, *, count: int, seed: int, newest: datetime, is_flat: bool = False) -> None:
    """Write an archive of so many files, of which the last one came at `newest`; or all in one directory."""
    folders: set[str] = set()
    for sample in samples(count=count, seed=seed, newest=newest):
        path = place_of(sample, is_flat=is_flat)
        folder, _, _ = path.rpartition("/")
        if folder not in folders:
            (directory / folder).mkdir(parents=True)
            folders.add(folder)
        (directory / path).write_bytes(sample.raw)


def place_of(sample: Sample, *, is_flat: bool) -> str:
    """Return the path of an article; where all lie in one directory, a name that says the same."""
    return sample.path.replace("/", "-") if is_flat else sample.path


def samples(*, count: int, seed: int, newest: datetime) -> Iterator[Sample]:
    """Give articles one by one, the oldest first; some of them are twins of one that was given before."""
    writer = Writer(seed)
    for number in range(count):
        epoch = newest - STEP * (count - 1 - number)
        yield writer.write_twin(epoch=epoch) or writer.write(number, epoch=epoch)


class Writer:
    """Writes articles drawn from a seed."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(f"archive {seed}")  # noqa: S311  # to be repeated, not to be secret
        self._paragraphs = {
            language: [self._paragraph(language) for _ in range(PARAGRAPHS)] for language in PHRASES
        }
        self._shares = [host.share for host in HOSTS]
        self._recent: deque[Sample] = deque(maxlen=RECENT)

    def write(self, number: int, *, epoch: datetime) -> Sample:
        """Return the next article; its number stands in its title, its name and its address."""
        rng = self._rng
        (host,) = rng.choices(HOSTS, self._shares)
        title = f"{rng.choice(PHRASES[host.language])} {number}"
        url = f"https://{host.name}/{host.language}/article-{number}/a-{NUMBER + number}"
        published = epoch - timedelta(minutes=rng.randint(1, 90))
        head = (
            f"<!--{milliseconds(epoch)}-->\n[{title}]({url})\n------\n\n"
            f"<div><i><br>{published:%Y-%m-%dT%H:%M:%S}.{rng.randrange(1000):03}Z</i></div>"
        )
        raw = (head + self._text(host, number) + "\n").encode()
        path = f"articles/{host.name}/{number}_{rng.getrandbits(64):016x}.txt"
        sample = Sample(path=path, url=url, title=title, epoch=epoch, raw=raw)
        self._recent.append(sample)
        return sample

    def write_twin(self, *, epoch: datetime) -> Sample | None:
        """Return, now and then, an article of before at another place: the same bytes, or edited."""
        rng = self._rng
        if not self._recent or rng.random() >= TWINS:
            return None
        first = rng.choice(self._recent)
        self._recent.remove(first)
        name = first.path.rpartition("/")[2]
        raw = first.raw if rng.random() < 1 / 3 else self._edited(first, epoch)
        return msgspec.structs.replace(first, path=f"archived/{epoch:%Y-%m-%d}/{name}", epoch=epoch, raw=raw)

    def _edited(self, first: Sample, epoch: datetime) -> bytes:
        """Return an article as it was scraped anew: with a later epoch, and a sentence more."""
        language = next(host.language for host in HOSTS if f"/{host.name}/" in first.path)
        more, _ = self._rng.choice(self._paragraphs[language])
        _, _, rest = first.raw.partition(b"\n")
        return f"<!--{milliseconds(epoch)}-->\n".encode() + rest.rstrip(b"\n") + f"{more}\n".encode()

    def _text(self, host: Host, number: int) -> str:
        """Return paragraphs, with pictures between them, until they are as long as was drawn."""
        wanted = min(self._rng.lognormvariate(math.log(host.median_bytes), SPREAD), MAX_BYTES)
        parts = [self._picture(number)]
        length_bytes = HEAD_BYTES
        pictures = self._rng.choice(PICTURES) - 1
        while length_bytes < wanted or len(parts) == 1:
            part, part_bytes = self._rng.choice(self._paragraphs[host.language])
            parts.append(part)
            length_bytes += part_bytes
            if pictures and self._rng.random() < 1 / 4:
                parts.append(self._picture(number))
                pictures -= 1
        return "".join(parts)

    def _picture(self, number: int) -> str:
        name = f"pictures.example.org/{number}_{self._rng.randrange(1000)}.jpg"
        return (
            f'<img src="https://images.weserv.nl/?url={name}" width="100%">'
            f'<div><small style="color: #999;">{self._rng.choice(PHRASES["en"])}</small></div>'
        )

    def _paragraph(self, language: str) -> tuple[str, int]:
        """Return a paragraph and how many bytes it has."""
        comma, stop = MARKS[language]
        sentences = (
            comma.join(self._phrase(language) for _ in range(self._rng.randint(2, 5))) + stop
            for _ in range(self._rng.randint(1, 5))
        )
        paragraph = f"<p>{''.join(sentences)}</p>"
        return paragraph, len(paragraph.encode())

    def _phrase(self, language: str) -> str:
        """Return a phrase; some are links, or stand out."""
        phrase = self._rng.choice(PHRASES[language])
        kind = self._rng.random()
        if kind < LINKS:
            return f'<a href="https://www.example.org/{self._rng.randrange(NUMBER)}" rel="ref">{phrase}</a>'
        return f"<strong>{phrase}</strong>" if kind < LINKS + STRONG else phrase
