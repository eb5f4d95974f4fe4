"""The order of the stages; the only place that knows it.

    scan ─► parse ─► catalogue ─► identity ─► selection ─► normalise ─► render ─► publish
    └─ learning ───────────────┘ └ deciding ┘ └─ feeds ────────────┘ └─ publishing ───┘

(Where an article stands in several different files, or is edited in place, identity asks what they say: they
are normalised, too.) A stateless run goes the same way, with a catalogue that forgets everything.
"""

from feedbridge.pipeline.learning import Progress, no_progress
from feedbridge.pipeline.looking import Asked, Outcome
from feedbridge.pipeline.reports import as_json
from feedbridge.pipeline.running import explain, preview, run, survey
from feedbridge.pipeline.statuses import Status, ago, status
from feedbridge.pipeline.workers import forked

__all__ = [
    "Asked",
    "Outcome",
    "Progress",
    "Status",
    "ago",
    "as_json",
    "explain",
    "forked",
    "no_progress",
    "preview",
    "run",
    "status",
    "survey",
]
