"""Runs that are killed, or find the disk full, at many random moments; see `tests/faults.py`.

python -m benchmarks.faults --cases 300
python -m benchmarks.faults --first 135 --cases 5       a world of which a case is broken, again
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests import faults


def main(arguments: list[str]) -> int:
    """Run the cases; return 1 if something was as it must never be."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--cases", type=int, default=300, help="how many runs are disturbed; default: 300")
    parser.add_argument("--first", type=int, default=0, help="the number of the first case; default: 0")
    asked = parser.parse_args(arguments)
    broken = 0
    for number, line in run(range(asked.first, asked.first + asked.cases)):
        broken += line.startswith("BROKEN")
        say(f"{number:5} {line}")
    say(f"{asked.cases} cases, {broken} broken")
    return int(broken > 0)


def run(cases: range) -> Iterator[tuple[int, str]]:
    """Run cases, a world after the other; give the number of each and what befell."""
    for number in range(cases.start // faults.CASES_A_WORLD, -(-cases.stop // faults.CASES_A_WORLD)):
        wanted = [case for case in faults.cases_of(number) if case in cases]
        with tempfile.TemporaryDirectory(prefix="feedbridge-") as directory:
            try:
                world = faults.make_world(number, Path(directory))
            except faults.BrokenError as exc:
                yield from ((case, f"BROKEN world {number}: {exc}") for case in wanted)
                continue
            yield from ((case, try_case(world, case)) for case in wanted)


def try_case(world: faults.World, case: int) -> str:
    """Run a case; return what befell."""
    try:
        return f"ok     {faults.run_case(world, case)}"
    except faults.BrokenError as exc:
        return f"BROKEN {exc}"


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
