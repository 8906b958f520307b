"""Work for executors that can be killed: which process took which chunk is written down as it is taken."""

import os
import signal
import time
from pathlib import Path

Chunk = tuple[Path, int]


def square(chunk: Chunk) -> tuple[int, int]:
    folder, number = chunk
    with (folder / "taken").open("a") as taken:
        taken.write(f"{number} {os.getpid()}\n")
    time.sleep(0.005)
    return number, number**2


def square_but_die_once(chunk: Chunk) -> tuple[int, int]:
    folder, number = chunk
    if number == 3 and not (folder / "died").exists():
        (folder / "died").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return square(chunk)


def die(chunk: Chunk) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def refuse(chunk: Chunk) -> None:
    raise ValueError(f"chunk {chunk[1]} is refused")
