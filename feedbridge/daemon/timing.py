"""When all is looked at: the configured schedule, kept by APScheduler."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from feedbridge.config import Schedule
from feedbridge.standards.crontab import Crontab

_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")  # APScheduler counts from Monday
_JOB = "look at all"
# A run that is late is still wanted, and several late ones are one.
_JOBS = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}


class Timer:
    """Calls `act` whenever the schedule says so, from `start` to `stop`, in a thread of its own."""

    def __init__(self, schedule: Schedule, act: Callable[[], None]) -> None:
        self._zone = ZoneInfo(schedule.timezone)
        self._schedule = schedule
        self._act = act
        self._scheduler = BackgroundScheduler(timezone=self._zone, job_defaults=_JOBS, daemon=True)

    def start(self) -> None:
        """Begin to count."""
        self._scheduler.start()
        self._scheduler.add_job(self._act, trigger(self._schedule, self._zone), id=_JOB)

    def stop(self) -> None:
        """End."""
        self._scheduler.shutdown(wait=False)

    def next(self) -> datetime | None:
        """Return when `act` is called next, None where it never is."""
        job = self._scheduler.get_job(_JOB)
        return job.next_run_time if job else None

    def restart(self) -> None:
        """Count anew from now: the clock was set, and what was to come next may be days away.

        So may the moment from which a trigger counts.
        """
        self._scheduler.reschedule_job(_JOB, trigger=trigger(self._schedule, self._zone))


def trigger(schedule: Schedule, zone: ZoneInfo) -> BaseTrigger:
    """Return what APScheduler needs for a schedule."""
    if schedule.cron is None:
        return IntervalTrigger(seconds=int(schedule.every / timedelta(seconds=1)), timezone=zone)
    return _cron(schedule.cron, zone)


def _cron(crontab: Crontab, zone: ZoneInfo) -> BaseTrigger:
    times = {
        "minute": _listed(crontab.minutes),
        "hour": _listed(crontab.hours),
        "month": _listed(crontab.months),
        "timezone": zone,
    }
    days = {"day": _listed(crontab.days)}
    weekdays = {"day_of_week": ",".join(_WEEKDAYS[number] for number in crontab.weekdays)}
    if not crontab.is_either:
        return CronTrigger(**times, **days, **weekdays)
    return OrTrigger([CronTrigger(**times, **days), CronTrigger(**times, **weekdays)])


def _listed(numbers: tuple[int, ...]) -> str:
    return ",".join(map(str, numbers))
