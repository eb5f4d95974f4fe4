"""What is counted while the process lives."""


class Counts:
    """Counts of answers and runs; each is written by one thread only."""

    def __init__(self) -> None:
        self.answers: dict[int, int] = {}  # by status
        self.runs = {"succeeded": 0, "failed": 0}
        self.runs_s = 0.0  # that they took together

    def answered(self, status: int) -> None:
        """Count an answer."""
        self.answers[status] = self.answers.get(status, 0) + 1

    def ran(self, seconds: float, *, has_failed: bool) -> None:
        """Count a run."""
        self.runs["failed" if has_failed else "succeeded"] += 1
        self.runs_s += seconds
