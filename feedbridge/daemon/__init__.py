"""Feeds kept up to date for as long as the process lives.

    agenda      what is to be done next, and when: pure
    timing      the schedule, by which all is looked at
    watching    what changes, as the system tells it
    systemd     what a service manager is told
    service     the four joined: one run at a time, signals, health

Runs happen in one thread, so that no two are ever at work; the main thread waits for signals.
"""

from feedbridge.daemon.service import Alone, Beside, Daemon

__all__ = ["Alone", "Beside", "Daemon"]
