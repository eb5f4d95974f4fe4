"""A short run of the fuzzing; `python -m tests.fuzzing` makes a long one."""

import pytest

from tests import fuzzing

CASES = 2000


@pytest.mark.no_cover  # what it runs is covered elsewhere, and a tracer doubles its time
@pytest.mark.parametrize("first", range(0, CASES, 500))
def test_mutated_articles_crash_nothing_and_spoil_no_feed(first):
    """Whatever is in a file, the answer is a named rejection or a valid feed."""
    summary = fuzzing.run(range(first, first + 500), longest_s=float("inf"))
    assert summary.failures == []
    assert summary.outcomes.keys() >= {"A", "Rejected", "Ignored"}  # else it would test next to nothing


def test_the_fuzzing_notices_what_it_looks_for(monkeypatch):
    """A stage that fails and a feed that is not well-formed are failures."""

    def fail(*_, **__):
        raise RuntimeError("on purpose")

    monkeypatch.setattr(fuzzing, "normalise", fail)
    assert fuzzing.run(range(50), longest_s=float("inf")).failures
    assert fuzzing.run(range(50), longest_s=0.0).failures[-1].what.startswith("it took")


@pytest.mark.parametrize(
    "content",
    ["<script>x</script>", '<a href="javascript:x">x</a>', "<p onclick=x>x</p>", '<p><img src="data:x"></p>'],
)
def test_the_fuzzing_knows_what_is_alive(content):
    """What a reader could run or fetch otherwise is no content."""
    with pytest.raises(AssertionError):
        fuzzing.check_content(f"<div>{content}</div>")
