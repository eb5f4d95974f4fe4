"""systemd: what a service manager is told."""

import os
import socket

import pytest

from feedbridge.daemon.systemd import Notifier


@pytest.mark.parametrize("is_abstract", [False, True], ids=["a file", "an abstract name"])
def test_lines_are_sent_as_one_message(tmp_path, is_abstract):
    """To the socket that the environment names."""
    name = f"@feedbridge-test-{os.getpid()}" if is_abstract else str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(name.replace("@", "\0"))
        manager.settimeout(10)
        Notifier({"NOTIFY_SOCKET": name}).tell("READY=1", "STATUS=well")
        assert manager.recv(100) == b"READY=1\nSTATUS=well"


def test_without_a_manager_nothing_is_told(tmp_path):
    """Nor is a socket missed at which nobody listens."""
    Notifier({}).tell("READY=1")
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).tell("READY=1")
