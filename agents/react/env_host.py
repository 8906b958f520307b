"""Where environments live while attempts run: in this process, or in several others.

Other processes serve engines that are slow and not thread-safe (TextWorld). A process that dies takes its
episodes with it: the caller opens them anew and plays the recorded actions again.
"""

import asyncio
import multiprocessing
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from agents.runs.executors.local import begin_worker
from games.text.env import StepResult, Suite, Task, TextEnv
from games.text.suites import open_suite

T = TypeVar("T")


class EpisodeLost(Exception):
    """The process that held the episode is gone."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What an environment answered, and what can be done now (None: anything)."""

    result: StepResult
    admissible: tuple[str, ...] | None


class EnvHost(Protocol):
    """Episodes by name, many at once."""

    async def open(self, episode: str, task: Task) -> Seen:
        """Open a task; the observation is the task's text. An episode of that name is closed first.

        Raises:
            EpisodeLost: its process died.
            GameError: the task cannot be opened.
        """

    async def step(self, episode: str, action: str) -> Seen:
        """Carry out an action.

        Raises:
            EpisodeLost: its process died, or there is no such episode.
        """

    async def leave(self, episode: str) -> None:
        """Close an episode; one that is not there is no mistake."""

    def close(self) -> None:
        """End all episodes and processes."""


class LocalHost:
    """Environments in this process, for those that answer at once."""

    def __init__(self, suite: Suite) -> None:
        self._episodes = _Episodes(suite)

    async def open(self, episode: str, task: Task) -> Seen:
        return self._episodes.open(episode, task)

    async def step(self, episode: str, action: str) -> Seen:
        return self._episodes.step(episode, action)

    async def leave(self, episode: str) -> None:
        self._episodes.leave(episode)

    def close(self) -> None:
        self._episodes.close()


class ProcessHost:
    """Environments in worker processes; an episode stays with the worker that opened it."""

    def __init__(self, suite: str, data: Path | None, num_workers: int) -> None:
        self._suite = suite
        self._data = data
        self._workers: list[ProcessPoolExecutor | None] = [None] * num_workers
        self._home: dict[str, int] = {}

    async def open(self, episode: str, task: Task) -> Seen:
        await self.leave(episode)
        load = Counter(dict.fromkeys(range(len(self._workers)), 0))
        load.update(self._home.values())
        worker = min(load, key=lambda number: (load[number], number))
        self._home[episode] = worker
        return await self._run(worker, lambda pool: pool.submit(_open, episode, task))

    async def step(self, episode: str, action: str) -> Seen:
        if episode not in self._home:
            raise EpisodeLost(episode)
        return await self._run(self._home[episode], lambda pool: pool.submit(_step, episode, action))

    async def leave(self, episode: str) -> None:
        worker = self._home.pop(episode, None)
        if worker is None or self._workers[worker] is None:
            return
        try:
            await self._run(worker, lambda pool: pool.submit(_leave, episode))
        except EpisodeLost:  # its process is gone, and the episode with it
            return

    def close(self) -> None:
        for worker in self._workers:
            if worker is not None:
                worker.shutdown(wait=False, cancel_futures=True)
        self._home.clear()

    async def _run(self, number: int, submit: Callable[[ProcessPoolExecutor], Future[T]]) -> T:
        pool = self._workers[number]
        if pool is None:
            pool = self._workers[number] = ProcessPoolExecutor(
                max_workers=1,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_begin,
                initargs=(self._suite, self._data),
            )
        try:
            return await asyncio.wrap_future(submit(pool))
        except BrokenProcessPool as broken:
            if self._workers[number] is pool:  # else another episode of the dead process was here first
                self._workers[number] = None
                self._home = {name: home for name, home in self._home.items() if home != number}
            raise EpisodeLost(f"the process of environment {self._suite} died") from broken


class _Episodes:
    """The environments of one process."""

    def __init__(self, suite: Suite) -> None:
        self._suite = suite
        self._open: dict[str, TextEnv] = {}
        self._idle: list[TextEnv] = []

    def open(self, episode: str, task: Task) -> Seen:
        self.leave(episode)
        env = self._idle.pop() if self._idle else self._suite.make()
        text = env.reset(task)
        self._open[episode] = env
        return Seen(StepResult(observation=text), env.admissible())

    def step(self, episode: str, action: str) -> Seen:
        if episode not in self._open:
            raise EpisodeLost(episode)
        env = self._open[episode]
        result = env.step(action)
        return Seen(result, None if result.done else env.admissible())

    def leave(self, episode: str) -> None:
        env = self._open.pop(episode, None)
        if env is not None:
            self._idle.append(env)

    def close(self) -> None:
        for env in (*self._open.values(), *self._idle):
            env.close()
        self._open.clear()
        self._idle.clear()


_here: _Episodes | None = None


def _begin(suite: str, data: Path | None) -> None:
    begin_worker()
    global _here
    _here = _Episodes(open_suite(suite, data))


def _open(episode: str, task: Task) -> Seen:
    assert _here is not None
    return _here.open(episode, task)


def _step(episode: str, action: str) -> Seen:
    assert _here is not None
    return _here.step(episode, action)


def _leave(episode: str) -> None:
    assert _here is not None
    _here.leave(episode)
