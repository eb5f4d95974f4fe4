"""What is counted while the process lives."""

from collections import Counter


class Counts:
    """Counts of answers, each server's by itself: it has a thread of its own; and of runs."""

    def __init__(self) -> None:
        self.runs = {"succeeded": 0, "failed": 0}
        self.runs_s = 0.0  # that they took together
        self._answers: list[Counter[int]] = []

    def of_server(self) -> Counter[int]:
        """Return where a server counts its answers by their status."""
        self._answers.append(Counter())
        return self._answers[-1]

    def answers(self) -> dict[int, int]:
        """Return how many answers were given so far, by their status."""
        return dict(sum((counter.copy() for counter in self._answers), Counter()))

    def ran(self, seconds: float, *, has_failed: bool) -> None:
        """Count a run."""
        self.runs["failed" if has_failed else "succeeded"] += 1
        self.runs_s += seconds
