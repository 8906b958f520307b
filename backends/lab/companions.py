"""The other processes of a job that several GPUs share, and what all its processes must hear.

They find each other by the variables that torch and accelerate read, on this machine only.
"""

import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def begin_companions(processes: int, assist: Callable[[], None]) -> Iterator[None]:
    """Begin the processes beside this one, the first; they end with the block.

    `assist` must be picklable; it is called in each of them.
    """
    if processes == 1:
        yield
        return
    port = _free_port()
    _take_place(0, processes, port)
    context = multiprocessing.get_context("spawn")
    companions = [
        context.Process(target=_accompany, args=(rank, processes, port, assist))
        for rank in range(1, processes)
    ]
    for companion in companions:
        companion.start()
    try:
        yield
    finally:
        for companion in companions:
            companion.kill()
            companion.join()


def live_with_parent() -> None:
    """End this process when the one that began it is gone, however it went."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "called in a process that another one began"

    def leave() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=leave, daemon=True).start()


def _accompany(rank: int, processes: int, port: int, assist: Callable[[], None]) -> None:
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.SIG_IGN)  # the first process hears it and tells the others
    live_with_parent()
    _take_place(rank, processes, port)
    assist()


def _take_place(rank: int, processes: int, port: int) -> None:
    os.environ.update(
        RANK=str(rank),
        LOCAL_RANK=str(rank),
        WORLD_SIZE=str(processes),
        LOCAL_WORLD_SIZE=str(processes),
        MASTER_ADDR="127.0.0.1",
        MASTER_PORT=str(port),
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
