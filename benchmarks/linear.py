"""Hostile articles of 250 kB and of 1 MB: four times the text takes about four times as long.

`tests/test_linear.py` counts the steps of Python; this also sees what runs within lxml, nh3 and RE2.
"""

import sys
import time

from tests import hostile
from tests.test_linear import published

SMALL, LARGE = 250_000, 1_000_000  # characters
GROWTH = 6.5  # times as long, at most: 4 are linear, give or take a busy machine; 16 quadratic
SHORT_S = 0.1  # of processor time: less is too little to be compared


def main(names: list[str]) -> int:
    """Run the articles of these names, or all; return 1 if one takes more than linear time."""
    published(hostile.ARTICLES["one word"](SMALL))  # imports and compiles all that is needed
    is_slow = False
    for name in names or sorted(hostile.ARTICLES):
        small, large = (_seconds(name, size) for size in (SMALL, LARGE))
        ratio = large / max(small, SHORT_S)
        is_slow |= ratio > GROWTH
        say(f"{'SLOW' if ratio > GROWTH else 'ok  '} {ratio:5.1f} {large:6.2f} s  {name}")
    return int(is_slow)


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _seconds(name: str, size: int) -> float:
    source = hostile.ARTICLES[name](size)
    begin = time.process_time()
    published(source)
    return time.process_time() - begin


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
