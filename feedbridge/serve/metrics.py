"""What was counted and how things stand, for Prometheus.

prometheus-client is an extra, `feedbridge[metrics]`, and imported here only, when somebody asks. Names and
units are as its documentation wants them: seconds and bytes, moments as seconds since 1970.
"""

import json
from collections.abc import Iterator
from importlib.metadata import version
from typing import TYPE_CHECKING

from feedbridge import pipeline
from feedbridge.serve.counts import Counts
from feedbridge.serve.health import Health

if TYPE_CHECKING:
    from prometheus_client import Metric

TYPE = "text/plain; version=0.0.4; charset=utf-8"
MISSING = "This needs prometheus-client: install feedbridge[metrics].\n"


def exposition(counts: Counts, found: Health) -> bytes | None:
    """Return all metrics in Prometheus' text format, None where its library is not installed."""
    try:
        from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest  # noqa: PLC0415  # an extra
    except ImportError:
        return None
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_Collector(counts, found))
    return generate_latest(registry)


class _Collector:
    """What the library asks."""

    def __init__(self, counts: Counts, found: Health) -> None:
        self._counts = counts
        self._found = found

    def collect(self) -> Iterator["Metric"]:
        """Give every metric."""
        yield _gauge("feedbridge_healthy", "1 if nobody has to look.", not self._found.troubles)
        yield from _counted(self._counts)
        if self._found.status:
            yield from _standing(self._found.status)


def _counted(counts: Counts) -> Iterator["Metric"]:
    """Give what this process has counted."""
    from prometheus_client.core import (  # noqa: PLC0415  # an extra
        CounterMetricFamily,
        InfoMetricFamily,
        SummaryMetricFamily,
    )

    yield InfoMetricFamily("feedbridge", "The program.", value={"version": version("feedbridge")})
    answers = CounterMetricFamily("feedbridge_http_requests", "Answers over HTTP.", labels=["status"])
    for status, count in sorted(counts.answers().items()):
        answers.add_metric([str(status)], count)
    yield answers
    runs = CounterMetricFamily("feedbridge_runs", "Runs of this daemon.", labels=["result"])
    for result, count in counts.runs.items():
        runs.add_metric([result], count)
    yield runs
    yield SummaryMetricFamily(
        "feedbridge_run_duration_seconds",
        "How long runs of this daemon took.",
        count_value=sum(counts.runs.values()),
        sum_value=counts.runs_s,
    )


def _standing(status: pipeline.Status) -> Iterator["Metric"]:
    """Give how things stand, whoever made the last run."""
    yield _gauge("feedbridge_running", "1 while a run is at work.", status.is_running)
    yield _gauge("feedbridge_articles", "Files of the archive that are articles.", status.articles)
    yield _gauge("feedbridge_entries", "Entries that they make.", status.entries)
    yield _gauge("feedbridge_rejected_articles", "Files that are rejected.", len(status.rejected))
    yield _gauge("feedbridge_held_articles", "Files that were lost at once.", len(status.held))
    if last := status.last_success:
        seconds = json.loads(last.report or "{}").get("seconds", 0)
        moment = last.started.timestamp()
        yield _gauge("feedbridge_last_success_timestamp_seconds", "Start of the last good run.", moment)
        yield _gauge("feedbridge_last_success_seconds", "How long it took.", seconds)
    yield from _feeds(status)


def _feeds(status: pipeline.Status) -> Iterator["Metric"]:
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415  # an extra

    entries = GaugeMetricFamily("feedbridge_feed_entries", "Entries of a feed.", labels=["feed"])
    sizes = GaugeMetricFamily("feedbridge_feed_bytes", "Size of a feed, all its formats.", labels=["feed"])
    words = "When a feed changed last; its age is time() less this."
    moments = GaugeMetricFamily("feedbridge_feed_updated_timestamp_seconds", words, labels=["feed"])
    for feed in status.feeds:
        known = feed.document
        entries.add_metric([known.name], known.entries)
        sizes.add_metric([known.name], feed.size_bytes)
        moments.add_metric([known.name], known.updated.timestamp())
    yield from (entries, sizes, moments)


def _gauge(name: str, words: str, value: float) -> "Metric":
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415  # an extra

    return GaugeMetricFamily(name, words, value=value)
