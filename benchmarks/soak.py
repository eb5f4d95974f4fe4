"""A daemon that serves while its archive grows and faults come at random; see `tests/soak.py`.

python -m benchmarks.soak --minutes 10
python -m benchmarks.soak --minutes 3 --seed 17 --keep DIR      a plan in which something broke, again
"""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.results import say
from tests import soak
from tests.faults import BrokenError


def main(arguments: list[str]) -> int:
    """Run a plan; return 1 if something was as it must never be."""
    asked = _parser().parse_args(arguments)
    planned = soak.plan(seed=asked.seed, seconds=60 * asked.minutes)
    if asked.keep:
        asked.keep.mkdir(parents=True)
        return _run(asked.keep, planned)
    with tempfile.TemporaryDirectory(prefix="feedbridge-", ignore_cleanup_errors=True) as directory:
        return _run(Path(directory), planned)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.soak",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--minutes", type=float, default=10, metavar="N", help="how long; default: 10")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the plan; default: 0")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="a new folder for all of it, and leave it")
    return parser


def _run(place: Path, planned: soak.Plan) -> int:
    say(f"seed {planned.seed}: {len(planned.events)} events in {planned.seconds:.0f} s, in {place}")
    try:
        say(soak.run(place, planned, say=say))
    except BrokenError as exc:
        say(f"BROKEN {exc}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
