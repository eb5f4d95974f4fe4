"""Workers that are threads of this process: coverage sees what they do, and so does who patches something."""

import threading
from collections.abc import Callable, Sequence
from multiprocessing import Pipe
from multiprocessing.connection import Connection

from feedbridge.config import Config
from feedbridge.pipeline.workers import Worker, serve


def threads(config: Config) -> Sequence[Worker]:
    """Start workers that are threads."""
    return [worker(serve, config), worker(serve, config)]


def worker(serving: Callable[..., None], *arguments: object) -> Worker:
    """Start a thread that works at what comes by a pipe."""
    mine, theirs = Pipe()
    thread = threading.Thread(target=serving, args=(theirs, *arguments))
    thread.start()
    return Worker(mine, thread)


def die(pipe: Connection, config: Config, batches: int) -> None:
    """Work at so many batches, and die while at work at the next."""
    for _ in range(batches):
        act, given = pipe.recv()
        pipe.send([act(config, one) for one in given])
    pipe.recv()
    pipe.close()
