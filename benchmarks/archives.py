"""Archives of any size, drawn from a seed: the same seed, the same files.

They are as the archive is for which feedbridge was made: an epoch comment, a title line, a date line, a
picture behind a proxy, paragraphs; three languages; twelve hosts, of which one has a fifth of all articles;
files of 3 kB in the middle, with a long tail. Nothing is held in memory but a few hundred paragraphs.
"""

import math
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from feedbridge.model import Value
from tests.samples import milliseconds

MEDIAN_BYTES, SPREAD = 3_000, 0.8  # of a file; the logarithms of the sizes spread normally
A_FOLDER = 1_000  # files
STEP = timedelta(minutes=15)  # between two articles: about a hundred a day
PARAGRAPHS = 200  # of each language
NUMBER = 60_000_000  # of the first article, in its address


class Host(Value, frozen=True):
    """Where articles come from."""

    name: str
    share: int  # per cent of all articles
    language: str


HOSTS = (
    Host(name="www.dw.com", share=20, language="zh"),
    Host(name="news.example.org", share=14, language="zh"),
    Host(name="www.example.com", share=12, language="en"),
    Host(name="daily.example.net", share=10, language="zh"),
    Host(name="world.example.org", share=9, language="zh"),
    Host(name="example.net", share=8, language="ar"),
    Host(name="magazine.example.com", share=7, language="en"),
    Host(name="science.example.org", share=6, language="zh"),
    Host(name="culture.example.net", share=5, language="zh"),
    Host(name="blog.example.com", share=4, language="en"),
    Host(name="photos.example.org", share=3, language="zh"),
    Host(name="letters.example.net", share=2, language="ar"),
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


def fill(directory: Path, *, count: int, seed: int, newest: datetime) -> None:
    """Write an archive of so many articles, of which the last one came at `newest`."""
    made = ""
    for sample in samples(count=count, seed=seed, newest=newest):
        folder, _, _ = sample.path.rpartition("/")
        if folder != made:
            (directory / folder).mkdir(parents=True)
            made = folder
        (directory / sample.path).write_bytes(sample.raw)


def samples(*, count: int, seed: int, newest: datetime) -> Iterator[Sample]:
    """Give articles one by one, the oldest first."""
    writer = Writer(seed)
    for number in range(count):
        yield writer.write(number, epoch=newest - STEP * (count - 1 - number))


class Writer:
    """Writes articles drawn from a seed."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(f"archive {seed}")  # noqa: S311  # to be repeated, not to be secret
        self._paragraphs = {
            language: [self._paragraph(language) for _ in range(PARAGRAPHS)] for language in PHRASES
        }
        self._shares = [host.share for host in HOSTS]

    def write(self, number: int, *, epoch: datetime) -> Sample:
        """Return the next article; its number stands in its title and address, and tells its folder."""
        rng = self._rng
        (host,) = rng.choices(HOSTS, self._shares)
        title = f"{rng.choice(PHRASES[host.language])} {number}"
        url = f"https://{host.name}/{host.language}/article-{number}/a-{NUMBER + number}"
        published = epoch - timedelta(minutes=rng.randint(1, 90))
        head = (
            f"<!--{milliseconds(epoch)}-->\n[{title}]({url})\n------\n\n"
            f"<div><i><br>{published:%Y-%m-%dT%H:%M:%S}.{rng.randrange(1000):03}Z</i></div>"
        )
        raw = (head + self._picture(number) + self._text(host.language) + "\n").encode()
        path = f"{number // A_FOLDER:03}/{number % A_FOLDER:03}_{rng.getrandbits(64):016x}.txt"
        return Sample(path=path, url=url, title=title, epoch=epoch, raw=raw)

    def _text(self, language: str) -> str:
        """Return paragraphs until they are as long as was drawn."""
        wanted = self._rng.lognormvariate(math.log(MEDIAN_BYTES), SPREAD) - 600  # what stands around them
        parts: list[str] = []
        length_bytes = 0
        while length_bytes < wanted or not parts:
            part, part_bytes = self._rng.choice(self._paragraphs[language])
            parts.append(part)
            length_bytes += part_bytes
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
            comma.join(self._rng.choices(PHRASES[language], k=self._rng.randint(2, 5))) + stop
            for _ in range(self._rng.randint(1, 5))
        )
        paragraph = f"<p>{''.join(sentences)}</p>"
        return paragraph, len(paragraph.encode())
