"""What a service manager is told (sd_notify(3)); without one nothing is."""

import socket
from collections.abc import Mapping
from contextlib import suppress


class Notifier:
    """Tells the service manager that has started us how we are."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")

    def tell(self, *lines: str) -> None:
        """Send lines such as "READY=1"; whoever does not listen misses nothing that matters."""
        if not self._address:
            return
        with (
            suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender,
        ):
            address = self._address
            sender.connect(f"\0{address[1:]}" if address.startswith("@") else address)
            sender.sendall("\n".join(lines).encode())
