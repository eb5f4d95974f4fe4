"""Run a command; then print, as a last line of JSON, what it took.

python -I -S benchmarks/timed.py COMMAND [ARGUMENT …]

A program of its own, and a small one: the system hands what its parent holds down to a new process as the
most that it ever held, so a large parent would be measured instead (`/bin/true` is told 9 MiB here, which is
this program itself). Only Linux has what it needs.

Exact: `seconds`, from the start to the end; `cpu_s`, of the command and of all descendants that were waited
for; `largest_mib`, the most that any single one of these processes held. Sampled: `together_mib`, the most
that the command held together with its descendants at one of the looks, each page that several share counted
once (PSS); 0 for a command that had none at any look. A look comes every 20 ms, and more rarely where looks
take long. So what lives for less may be missed, and one process alone is asked for nothing but its children.
"""

import json
import os
import select
import sys
import time

PAUSE_S = 0.02  # between two looks
LEAST_PAUSE = 19  # times as long as the look: looking takes at most a twentieth of a core
KIB_A_MIB = 1024


def main(command: list[str]) -> int:
    """Run a command, and tell what it took; return 0, whatever the command's exit code."""
    began_s = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ)
    together_kib = follow(child)
    seconds = time.perf_counter() - began_s
    _, status, used = os.wait4(child, 0)
    took = {
        "exit": os.waitstatus_to_exitcode(status),
        "seconds": seconds,
        "cpu_s": used.ru_utime + used.ru_stime,
        "largest_mib": used.ru_maxrss / KIB_A_MIB,
        "together_mib": together_kib / KIB_A_MIB,
    }
    os.write(sys.stdout.fileno(), f"{json.dumps(took)}\n".encode())
    return 0


def follow(child: int) -> int:
    """Wait for the end of a process; return the most, in KiB, that it held together with descendants."""
    end = select.poll()
    end.register(os.pidfd_open(child), select.POLLIN)
    most_kib = 0
    pause_s = PAUSE_S
    while not end.poll(pause_s * 1000):
        looked_s = time.perf_counter()
        most_kib = max(most_kib, together(child))
        pause_s = max(PAUSE_S, LEAST_PAUSE * (time.perf_counter() - looked_s))
    return most_kib


def together(first: int) -> int:
    """Return the KiB that a process and its descendants hold together; 0 if it has none."""
    tree = [first]
    for process in tree:
        tree += children(process)
    return sum(map(proportional, tree)) if len(tree) > 1 else 0


def children(process: int) -> list[int]:
    """Return the children that all threads of a process have started; none if it is gone."""
    try:
        threads = os.listdir(f"/proc/{process}/task")  # noqa: PTH208  # pathlib would make this program larger
    except OSError:
        return []
    found = b" ".join(told(f"/proc/{process}/task/{thread}/children") for thread in threads)
    return [int(number) for number in found.split()]


def proportional(process: int) -> int:
    """Return the KiB of a process, of each shared page its part (PSS); 0 if it is gone."""
    lines = told(f"/proc/{process}/smaps_rollup").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith(b"Pss:")), 0)


def told(name: str) -> bytes:
    """Return what the system tells in a file; nothing if its process is gone."""
    try:
        descriptor = os.open(name, os.O_RDONLY)
    except OSError:
        return b""
    try:
        return b"".join(iter(lambda: os.read(descriptor, 1 << 16), b""))
    except OSError:  # gone meanwhile
        return b""
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
